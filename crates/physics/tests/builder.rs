//! Choosing what a model is made of: what can be chosen, what comes out, and what is refused.

use ndarray::{Array2, Array3, array};
use physics::tables::WAVELENGTHS;
use physics::{
    Canopy, CanopyParameters, ForwardModel, Illumination, LeafAngleClasses, LeafAngles,
    LeafVersion, Parameter, PhysicsError, Precision, ReflectanceModel, ReflectanceModelBuilder,
    Soil, SpectralTables, Variant,
};
use std::sync::Arc;

/// Rounding of sums of a few hundred terms in double precision.
const ROUNDING: f64 = 1e-13;

const CANOPIES: [Canopy; 3] = [
    Canopy::Sail,
    Canopy::Inform(Variant::Published),
    Canopy::Inform(Variant::EnmapBox),
];

fn builder() -> ReflectanceModelBuilder {
    ReflectanceModel::builder().bands(["B03", "B8A"])
}

fn message<T>(result: Result<T, PhysicsError>) -> String {
    result.err().map(|error| error.to_string()).unwrap()
}

#[test]
fn the_columns_are_the_free_parameters_in_their_order() {
    let sample = [CanopyParameters::default()];
    let all = builder().build().unwrap();
    assert_eq!(all.free(), Parameter::USUAL);
    let (_, expected) = all.bands_with_jacobian(&sample).unwrap();
    let free = [
        Parameter::Fc,
        Parameter::Hspot,
        Parameter::Cab,
        Parameter::Lai,
    ];
    let some = builder().free(free).build().unwrap();
    assert_eq!(some.free(), free);
    let (_, jacobian) = some.bands_with_jacobian(&sample).unwrap();
    for band in 0..2 {
        for (k, usual) in [(0, 6), (2, 1), (3, 4)] {
            assert_eq!(jacobian[[0, band, k]], expected[[0, band, usual]]);
        }
        assert!(jacobian[[0, band, 1]] != 0.0);
    }
    // 4SAIL alone has neither understorey nor cover, PROSPECT-PRO no dry matter
    let sail = builder()
        .leaf(LeafVersion::ProspectPro)
        .canopy(Canopy::Sail);
    assert_eq!(
        sail.build().unwrap().free(),
        [Parameter::N, Parameter::Cab, Parameter::Cw, Parameter::Lai]
    );
}

#[test]
fn every_known_parameter_has_an_effect() {
    for canopy in CANOPIES {
        for leaf in LeafVersion::ALL {
            // proteins absorb in the short-wave infrared only
            let builder = builder().bands(["B03", "B12"]).canopy(canopy).leaf(leaf);
            for parameter in builder.known_parameters() {
                let model = builder.clone().free([parameter]).build().unwrap();
                // off the kinks: the exact hot spot, nadir, a relative azimuth of 0
                let mut sample = model.base().clone();
                (sample.tts, sample.tto, sample.psi, sample.hspot) = (40.0, 15.0, 50.0, 0.2);
                let (_, jacobian) = model.bands_with_jacobian(&[sample]).unwrap();
                assert!(
                    jacobian.iter().any(|slope| *slope != 0.0),
                    "{canopy:?} {leaf:?} {parameter}"
                );
            }
        }
    }
}

#[test]
fn the_free_range_is_kept_and_shown() {
    let model = builder()
        .free([Parameter::Lai])
        .free_within(Parameter::Cab, 20.0..=30.0)
        .build()
        .unwrap();
    let cab = &model.parameters()[1];
    assert_eq!((cab.min, cab.max, cab.default), (20.0, 30.0, 30.0));
    let mut values = Array2::zeros((1, 2));
    let outside = array![[3.0, 40.0]];
    let refused = message(model.evaluate(outside.view(), None, values.view_mut()));
    assert_eq!(
        refused,
        "row 0: cab = 40 ug/cm2 is outside the allowed range 20 to 30"
    );
    // samples are free of it
    model.bands(&[CanopyParameters::default()]).unwrap();
}

#[test]
fn conditions_are_what_is_given_per_sample() {
    let model = builder().build().unwrap();
    let names = |model: &ReflectanceModel| -> Vec<String> {
        model.conditions().iter().map(|q| q.name.clone()).collect()
    };
    assert_eq!(names(&model), ["tts", "tto", "psi"]);
    let free_sun = builder().free([Parameter::Tts, Parameter::Lai]).build();
    assert_eq!(names(&free_sun.unwrap()), ["tto", "psi"]);

    let flat = LeafAngleClasses::new(&[10.0], &[1.0]).unwrap();
    let classes = [
        LeafAngles::Spherical,
        LeafAngles::PLANOPHILE,
        LeafAngles::Classes(Arc::new(flat)),
    ];
    let model = builder()
        .free([Parameter::Lai])
        .per_sample([Parameter::Psoil, Parameter::Tts])
        .leaf_angle_classes(classes.clone())
        .build()
        .unwrap();
    assert_eq!(names(&model), ["psoil", "tts", "leaf_angles"]);
    let lai = array![[2.0], [2.0], [3.0]];
    let conditions = array![[0.1, 20.0, 2.0], [0.9, 50.0, 0.0], [0.5, 30.0, 1.0]];
    let (mut values, mut jacobian) = (Array2::zeros((3, 2)), Array3::zeros((3, 2, 1)));
    model
        .evaluate_with_jacobian(
            lai.view(),
            Some(conditions.view()),
            values.view_mut(),
            jacobian.view_mut(),
        )
        .unwrap();
    let samples: Vec<CanopyParameters> = (0..3)
        .map(|i| CanopyParameters {
            lai: lai[[i, 0]],
            psoil: conditions[[i, 0]],
            tts: conditions[[i, 1]],
            leaf_angles: classes[conditions[[i, 2]] as usize].clone(),
            ..CanopyParameters::default()
        })
        .collect();
    let expected = model.bands_with_jacobian(&samples).unwrap();
    assert_eq!((values.clone(), jacobian), expected);

    for (class, refused) in [
        (
            0.5,
            "leaf_angles: row 0: 0.5, expected a whole number from 0 to 2",
        ),
        (
            3.0,
            "row 0: leaf_angles = 3 is outside the allowed range 0 to 2",
        ),
        (
            f64::NAN,
            "row 0: leaf_angles = NaN is outside the allowed range 0 to 2",
        ),
    ] {
        let mut conditions = conditions.clone();
        conditions[[0, 2]] = class;
        let result = model.evaluate(lai.view(), Some(conditions.view()), values.view_mut());
        assert_eq!(message(result), refused);
    }
}

#[test]
fn a_soil_of_ones_own_is_seen_where_there_are_no_leaves() {
    let spectrum: Vec<f64> = (0..WAVELENGTHS)
        .map(|i| 0.1 + 0.6 * i as f64 / WAVELENGTHS as f64)
        .collect();
    let at = [450, 1000, 2400];
    // `enmap_box` shows a bare crown as something else
    for canopy in [Canopy::Sail, Canopy::Inform(Variant::Published)] {
        let builder = builder()
            .canopy(canopy)
            .soil(Soil::Spectrum(spectrum.clone()));
        assert!(!builder.known_parameters().contains(&Parameter::Psoil));
        let model = builder.free([Parameter::Rsoil]).build().unwrap();
        let bare = CanopyParameters {
            lai: 0.0,
            laiu: 0.0,
            rsoil: 1.2,
            ..Default::default()
        };
        let seen = model.spectra(&[bare], &at).unwrap();
        for (i, nm) in at.into_iter().enumerate() {
            let soil = 1.2 * spectrum[(nm - 400) as usize];
            assert!((seen[[0, i]] - soil).abs() < ROUNDING, "{canopy:?}");
        }
        // brighter than white is refused
        let white = 1.0 / spectrum[WAVELENGTHS - 1];
        assert!((model.parameters()[0].max - white).abs() < ROUNDING);
        let too_bright = CanopyParameters {
            rsoil: white + 1e-3,
            ..Default::default()
        };
        assert!(message(model.bands(&[too_bright])).contains("rsoil = 1.43"));
    }
}

#[test]
fn measured_irradiance_takes_the_place_of_the_sky_fraction() {
    let soil_and_sky = SpectralTables::built_in().soil_and_sky;
    let sky = 0.31;
    // what the sky fraction makes of the tables
    let direct: Vec<f64> = soil_and_sky
        .direct
        .iter()
        .map(|e| e * (1.0 - sky))
        .collect();
    let diffuse: Vec<f64> = soil_and_sky.diffuse.iter().map(|e| e * sky).collect();
    let builder = builder().canopy(Canopy::Sail);
    let measured = builder
        .clone()
        .illumination(Illumination::Measured { direct, diffuse })
        .build()
        .unwrap();
    let given = builder.fix(Parameter::Skyl, sky).build().unwrap();
    let sample =
        |model: &ReflectanceModel| model.bands(std::slice::from_ref(model.base())).unwrap();
    assert!(
        (sample(&measured) - sample(&given))
            .iter()
            .all(|d| d.abs() < ROUNDING)
    );

    // under diffuse light alone the direction of the sun does not matter
    for canopy in CANOPIES {
        let overcast = ReflectanceModel::builder()
            .canopy(canopy)
            .bands(["B03", "B8A"])
            .illumination(Illumination::Measured {
                direct: vec![0.0; WAVELENGTHS],
                diffuse: vec![1.0; WAVELENGTHS],
            })
            .build()
            .unwrap();
        let at = |tts: f64| {
            let sample = CanopyParameters {
                tts,
                fc: 5.0,
                lai: 3.0,
                ..Default::default()
            };
            overcast.bands(&[sample]).unwrap()
        };
        if canopy == Canopy::Sail {
            assert!((at(20.0) - at(60.0)).iter().all(|d| d.abs() < ROUNDING));
        }
        assert!(at(60.0).iter().all(|r| r.is_finite()));
    }
}

#[test]
fn both_precisions_serve_every_canopy_and_leaf() {
    let sample = [CanopyParameters {
        tts: 35.0,
        tto: 8.0,
        psi: 70.0,
        ..Default::default()
    }];
    for canopy in CANOPIES {
        for leaf in LeafVersion::ALL {
            let builder = builder().canopy(canopy).leaf(leaf).free([
                Parameter::Cab,
                Parameter::Lai,
                Parameter::Tto,
            ]);
            let exact = builder.clone().build().unwrap();
            let single = builder.precision(Precision::F32).build().unwrap();
            let (values, slopes) = exact.bands_with_jacobian(&sample).unwrap();
            let (found, found_slopes) = single.bands_with_jacobian(&sample).unwrap();
            assert!((&found - &values).iter().all(|d| d.abs() < 5e-6));
            for k in 0..3 {
                let top = (0..2).map(|b| slopes[[0, b, k]].abs()).fold(0.0, f64::max);
                for band in 0..2 {
                    let error = found_slopes[[0, band, k]] - slopes[[0, band, k]];
                    assert!(error.abs() < 3e-4 * top, "{canopy:?} {leaf:?} {k}");
                }
            }
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_the_reason() {
    let free = |parameters: &[Parameter]| builder().free(parameters.to_vec()).build();
    for (result, expected) in vec![
        (
            free(&[Parameter::Cp]),
            "unknown parameter 'cp', expected one of: N, cab, car",
        ),
        (
            builder().canopy(Canopy::Sail).free([Parameter::Fc]).build(),
            "unknown parameter 'fc', expected one of: N, cab",
        ),
        (
            free(&[Parameter::Cab, Parameter::Cab]),
            "free parameters: cab appears twice",
        ),
        (
            free(&[Parameter::Ala, Parameter::LidfB]),
            "free parameters: ALA shapes the ellipsoidal",
        ),
        (
            free(&[Parameter::Fc, Parameter::Cd]),
            "free parameters: a crown diameter of its own (cd) leaves the free parameter fc without effect",
        ),
        (
            builder()
                .fix(Parameter::Cd, 4.0)
                .free([Parameter::Fc])
                .build(),
            "free parameters: a given crown diameter (cd = 4 m) leaves the free parameter fc without effect",
        ),
        (
            builder().free_within(Parameter::Cab, 30.0..=20.0).build(),
            "free parameters: cab within 30 to 20 ug/cm2, expected a range within 0 to 120",
        ),
        (
            builder().free_within(Parameter::Cab, -1.0..=20.0).build(),
            "free parameters: cab within -1 to 20 ug/cm2",
        ),
        (
            builder()
                .free_within(Parameter::Cab, 0.0..=f64::NAN)
                .build(),
            "free parameters: cab within 0 to NaN",
        ),
        (
            builder()
                .free([Parameter::Tts])
                .per_sample([Parameter::Tts])
                .build(),
            "parameters given per sample: tts is free or appears twice",
        ),
        (
            builder().per_sample([Parameter::Cbc]).build(),
            "unknown parameter 'cbc'",
        ),
        (
            builder()
                .leaf_angle_classes([LeafAngles::Uniform])
                .free([Parameter::Ala])
                .build(),
            "unknown parameter 'ALA'",
        ),
        (
            builder().fix(Parameter::Cab, 150.0).build(),
            "fixed parameters: cab = 150 ug/cm2 is outside the allowed range 0 to 120",
        ),
        (
            builder().bands(["B99"]).build(),
            "unknown band 'B99', expected one of: B01, B02",
        ),
        (
            builder().soil(Soil::Spectrum(vec![0.2; 10])).build(),
            "soil reflectance has shape [10], expected [2101]",
        ),
        (
            builder()
                .soil(Soil::Spectrum(vec![1.5; WAVELENGTHS]))
                .build(),
            "soil reflectance: 1.5 at 400 nm, expected 0 to 1",
        ),
        (
            builder()
                .illumination(Illumination::Measured {
                    direct: vec![0.0; WAVELENGTHS],
                    diffuse: vec![0.0; WAVELENGTHS],
                })
                .build(),
            "irradiance: direct and diffuse are both 0 at 400 nm",
        ),
        (
            builder()
                .leaf(LeafVersion::ProspectPro)
                .leaf_constants(LeafVersion::ProspectD.constants())
                .build(),
            "leaf constants: no column 'k_prot'",
        ),
    ] {
        let found = message(result);
        assert!(found.starts_with(expected), "{found}\nexpected {expected}");
    }
    // a Jacobian to something a sample does not have
    let model = builder().free([Parameter::Ala]).build().unwrap();
    let error = message(model.bands_with_jacobian(&[CanopyParameters::default()]));
    assert_eq!(error, "free parameters: row 0 has no ALA");
    // parts of a canopy that has none
    let sail = builder().canopy(Canopy::Sail).build().unwrap();
    assert!(message(sail.crown_cover(sail.base())).contains("4SAIL alone has no understorey"));
}
