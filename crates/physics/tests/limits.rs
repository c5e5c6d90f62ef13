//! Limiting cases, edges of the allowed range, and what may not depend on anything else.

use ndarray::{Array2, Array3, Axis};
use physics::{
    Canopy, CanopyParameters, ForwardModel, LeafAngleClasses, LeafAngles, Parameter, PhysicsError,
    Precision, ReflectanceModel, SENTINEL2_TRAINING_BANDS, SpectralTables, Variant,
};
use std::sync::Arc;

/// Rounding of sums of a few hundred terms in double precision.
const ROUNDING: f64 = 1e-13;

fn inform(variant: Variant, precision: Precision, bands: &[&str]) -> ReflectanceModel {
    ReflectanceModel::builder()
        .variant(variant)
        .precision(precision)
        .bands(bands.iter().copied())
        .build()
        .unwrap()
}

const AT: [u32; 5] = [400, 550, 800, 1450, 2200];

#[test]
fn without_crown_leaves_the_understorey_is_seen() {
    let inform = ReflectanceModel::builder().build().unwrap();
    let forest = CanopyParameters {
        lai: 0.0,
        laiu: 1.3,
        tts: 40.0,
        tto: 10.0,
        psi: 30.0,
        ..Default::default()
    };
    let parts = &inform.spectra_of_parts(&[forest], &AT).unwrap()[0];
    for i in 0..AT.len() {
        assert!((parts.crown_to_sun[i] - 1.0).abs() < ROUNDING);
        assert!((parts.forest[i] - parts.understorey[i]).abs() < ROUNDING);
    }
}

#[test]
fn without_any_leaves_the_soil_is_seen() {
    let inform = ReflectanceModel::builder().build().unwrap();
    let forest = CanopyParameters {
        lai: 0.0,
        laiu: 0.0,
        psoil: 0.3,
        ..Default::default()
    };
    let spectrum = inform.spectra(&[forest], &AT).unwrap();
    let tables = SpectralTables::built_in().soil_and_sky;
    for (i, nm) in AT.iter().enumerate() {
        let place = (nm - 400) as usize;
        let soil = 0.3 * tables.dry_soil[place] + 0.7 * tables.wet_soil[place];
        assert!((spectrum[[0, i]] - soil).abs() < ROUNDING);
    }
}

#[test]
fn without_crowns_the_understorey_is_seen() {
    for variant in [Variant::Published, Variant::EnmapBox] {
        let inform = inform(variant, Precision::F64, &["B04"]);
        let forest = CanopyParameters {
            fc: 1e-6,
            laiu: 2.0,
            ..Default::default()
        };
        let parts = &inform.spectra_of_parts(&[forest], &AT).unwrap()[0];
        for i in 0..AT.len() {
            // what is left is of the order of the cover
            let difference = parts.forest[i] - parts.understorey[i];
            assert!(difference.abs() < 5e-6, "{variant:?} {difference:e}");
        }
    }
}

/// Every combination of the edges of the allowed range.
fn edges() -> Vec<CanopyParameters> {
    let classes = |angle: f64| {
        LeafAngles::Classes(Arc::new(LeafAngleClasses::new(&[angle], &[1.0]).unwrap()))
    };
    let mut forests = Vec::new();
    for leaf_angles in [LeafAngles::Uniform, classes(0.0), classes(90.0)] {
        for (tts, tto, psi) in [
            (0.0, 0.0, 0.0),
            (30.0, 30.0, 0.0),
            (30.0, 0.0, 0.0),
            (80.0, 80.0, 180.0),
        ] {
            for hspot in [0.0, 0.01, 1.0] {
                for (lai, laiu) in [(0.0, 0.0), (15.0, 10.0), (0.0, 1.0), (3.0, 0.0)] {
                    for n in [1.0, 1.7, 4.0] {
                        for absorbers in [0.0, 1.0] {
                            for fc in [1e-6, 0.5, 10.0] {
                                forests.push(CanopyParameters {
                                    n,
                                    cab: 120.0 * absorbers,
                                    car: 30.0 * absorbers,
                                    anth: 40.0 * absorbers,
                                    cbrown: absorbers,
                                    cw: 0.1 * absorbers,
                                    cm: 0.06 * absorbers,
                                    lai,
                                    laiu,
                                    fc,
                                    hspot,
                                    psoil: absorbers,
                                    tts,
                                    tto,
                                    psi,
                                    leaf_angles: leaf_angles.clone(),
                                    ..Default::default()
                                });
                            }
                        }
                    }
                }
            }
        }
    }
    forests
}

#[test]
fn everything_allowed_is_finite() {
    let forests = edges();
    for precision in [Precision::F64, Precision::F32] {
        for variant in [Variant::Published, Variant::EnmapBox] {
            // one band with and one without chlorophyll
            let inform = inform(variant, precision, &["B01", "B11"]);
            let (bands, jacobian) = inform.bands_with_jacobian(&forests).unwrap();
            assert!(bands.iter().chain(&jacobian).all(|v| v.is_finite()));
        }
    }
}

/// Jacobians to everything that has a sweep of its own, at every combination of edges of it.
#[test]
fn derivatives_to_the_scene_are_finite_at_its_edges() {
    use Parameter::{Ala, Cd, H, Hspot, LidfA, LidfB, Psi, Psoil, Rsoil, Sd, Skyl, Tto, Tts};
    let ellipsoidal = [Cd, H, Sd, Hspot, Psoil, Rsoil, Skyl, Tts, Tto, Psi, Ala];
    let verhoef = [Hspot, Tts, Tto, Psi, LidfA, LidfB];
    let shapes = |two: bool| -> Vec<LeafAngles> {
        if two {
            let corners = [
                (1.0, 0.0),
                (-1.0, 0.0),
                (0.0, 1.0),
                (0.0, -1.0),
                (0.5, -0.5),
                (0.0, 0.0),
            ];
            corners.map(|(a, b)| LeafAngles::Verhoef { a, b }).to_vec()
        } else {
            [0.0, 58.435, 90.0].map(LeafAngles::Ellipsoidal).to_vec()
        }
    };
    for (free, two) in [(&ellipsoidal[..], false), (&verhoef[..], true)] {
        for canopy in [
            Canopy::Sail,
            Canopy::Inform(Variant::Published),
            Canopy::Inform(Variant::EnmapBox),
        ] {
            let builder = ReflectanceModel::builder().canopy(canopy).bands(["B8A"]);
            let known = builder.known_parameters();
            let free = free.iter().copied().filter(|p| known.contains(p));
            let model = builder.free(free).build().unwrap();
            let mut samples = Vec::new();
            for leaf_angles in shapes(two) {
                for (tts, tto) in [
                    (0.0, 0.0),
                    (30.0, 30.0),
                    (80.0, 80.0),
                    (80.0, 0.0),
                    (0.0, 45.0),
                ] {
                    for psi in [0.0, 90.0, 180.0] {
                        for hspot in [0.0, 1e-6, 1.0] {
                            for (lai, laiu) in [(0.0, 0.0), (15.0, 10.0), (1e-9, 2.0)] {
                                for extreme in [0.0, 1.0] {
                                    samples.push(CanopyParameters {
                                        leaf_angles: leaf_angles.clone(),
                                        tts,
                                        tto,
                                        psi,
                                        hspot,
                                        lai,
                                        laiu,
                                        psoil: extreme,
                                        rsoil: extreme,
                                        skyl: Some(extreme),
                                        cd: Some(if extreme > 0.0 { 1e3 } else { 1e-3 }),
                                        h: Some(if extreme > 0.0 { 1e-3 } else { 200.0 }),
                                        sd: if extreme > 0.0 { 1e6 } else { 1e-3 },
                                        ..Default::default()
                                    });
                                }
                            }
                        }
                    }
                }
            }
            let (bands, jacobian) = model.bands_with_jacobian(&samples).unwrap();
            assert!(bands.iter().chain(&jacobian).all(|v| v.is_finite()));
        }
    }
}

#[test]
fn leaves_that_absorb_next_to_nothing_are_right_in_single_precision() {
    let forests: Vec<CanopyParameters> = (0..40)
        .map(|i| CanopyParameters {
            cab: 1.0,
            car: 0.0,
            anth: 0.0,
            cbrown: 0.0,
            cw: 0.002,
            cm: 1e-6 * 1.4_f64.powi(i),
            ..Default::default()
        })
        .map(|forest| CanopyParameters {
            cm: forest.cm.min(0.06),
            ..forest
        })
        .collect();
    let run = |precision| {
        let inform = inform(Variant::Published, precision, &SENTINEL2_TRAINING_BANDS);
        inform.bands_with_jacobian(&forests).unwrap()
    };
    let ((exact, slopes), (single, single_slopes)) = (run(Precision::F64), run(Precision::F32));
    let error = (&single - &exact)
        .iter()
        .fold(0.0_f64, |m, e| m.max(e.abs()));
    println!("weakly absorbing leaves, bands in single precision: {error:.1e}");
    assert!(error < 5e-6, "{error:e}");
    for (found, expected) in single_slopes.outer_iter().zip(slopes.outer_iter()) {
        for (found, expected) in found.axis_iter(Axis(1)).zip(expected.axis_iter(Axis(1))) {
            let top = expected.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
            for (a, b) in found.iter().zip(expected) {
                assert!((a - b).abs() <= 3e-4 * top, "{a} {b} {top}");
            }
        }
    }
}

fn some_forests() -> Vec<CanopyParameters> {
    (0..101)
        .map(|i| {
            let x = f64::from(i) / 100.0;
            CanopyParameters {
                n: 1.0 + 2.0 * x,
                cab: 10.0 + 70.0 * (x * 7.0).fract(),
                lai: 5.0 * (x * 3.0).fract(),
                laiu: 3.0 * (x * 5.0).fract(),
                fc: 0.1 + 0.9 * (x * 11.0).fract(),
                // runs of equal geometry of different lengths
                tts: 20.0 + f64::from(i * i / 700),
                ..Default::default()
            }
        })
        .collect()
}

#[test]
fn results_do_not_depend_on_the_threads() {
    let forests = some_forests();
    for precision in [Precision::F64, Precision::F32] {
        let inform = inform(Variant::EnmapBox, precision, &["B02", "B8A"]);
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let pool = pool.build().unwrap();
            pool.install(|| inform.bands_with_jacobian(&forests).unwrap())
        };
        let one = with(1);
        assert_eq!(one, with(2));
        assert_eq!(one, with(5));
        // nor on the batch
        let alone = inform.bands(&forests[40..41]).unwrap();
        assert_eq!(alone.row(0), inform.bands(&forests).unwrap().row(40));
    }
}

#[test]
fn the_forward_model_is_the_same_inform() {
    let base = CanopyParameters {
        psoil: 0.4,
        tts: 45.0,
        ..Default::default()
    };
    let model = ReflectanceModel::builder()
        .bands(SENTINEL2_TRAINING_BANDS)
        .fixed(base.clone())
        .build()
        .unwrap();
    assert_eq!(model.name(), "inform published s2a");
    assert_eq!(model.outputs(), SENTINEL2_TRAINING_BANDS);
    assert_eq!(model.conditions()[0].default, 45.0);
    let rows = Array2::from_shape_fn((3, 7), |(i, j)| {
        [1.5, 40.0, 0.01, 0.01, 3.0, 0.5, 0.7][j] * (1.0 + 0.1 * i as f64)
    });
    let angles = Array2::from_shape_fn((3, 3), |(i, j)| [30.0, 5.0, 90.0][j] + i as f64);
    let forests: Vec<CanopyParameters> = (0..3)
        .map(|i| CanopyParameters {
            n: rows[[i, 0]],
            cab: rows[[i, 1]],
            cw: rows[[i, 2]],
            cm: rows[[i, 3]],
            lai: rows[[i, 4]],
            laiu: rows[[i, 5]],
            fc: rows[[i, 6]],
            tts: angles[[i, 0]],
            tto: angles[[i, 1]],
            psi: angles[[i, 2]],
            ..base.clone()
        })
        .collect();
    let expected = model.bands_with_jacobian(&forests).unwrap();

    let (mut values, mut jacobian) = (Array2::zeros((3, 11)), Array3::zeros((3, 11, 7)));
    let conditions = Some(angles.view());
    model
        .evaluate_with_jacobian(
            rows.view(),
            conditions,
            values.view_mut(),
            jacobian.view_mut(),
        )
        .unwrap();
    assert_eq!((&values, &jacobian), (&expected.0, &expected.1));

    // views that are not laid out row after row
    let (mut turned, mut turned_jacobian) = (Array2::zeros((11, 3)), Array3::zeros((7, 11, 3)));
    model
        .evaluate_with_jacobian(
            rows.view(),
            conditions,
            turned.view_mut().reversed_axes(),
            turned_jacobian.view_mut().reversed_axes(),
        )
        .unwrap();
    assert_eq!(turned.reversed_axes(), expected.0);
    assert_eq!(turned_jacobian.reversed_axes(), expected.1);

    // without conditions, those of the base
    model
        .evaluate(rows.view(), None, values.view_mut())
        .unwrap();
    assert_ne!(values, expected.0);
}

#[test]
fn errors_name_row_quantity_and_range() {
    let model = ReflectanceModel::builder().build().unwrap();
    let mut rows = Array2::from_shape_fn((2, 7), |(_, j)| model.parameters()[j].default);
    let mut values = Array2::zeros((2, 13));
    rows[[1, 4]] = f64::NAN;
    let error = model
        .evaluate(rows.view(), None, values.view_mut())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "row 1: LAI = NaN m2/m2 is outside the allowed range 0 to 15"
    );
    let mut narrow = Array2::zeros((2, 12));
    let error = model
        .evaluate(rows.view(), None, narrow.view_mut())
        .unwrap_err();
    assert!(matches!(error, PhysicsError::Shape { what: "values", .. }));
    let error = ReflectanceModel::builder().bands(["B99"]).build();
    let error = error.unwrap_err().to_string();
    assert!(error.starts_with("unknown band 'B99', expected one of: B01, B02"));
}
