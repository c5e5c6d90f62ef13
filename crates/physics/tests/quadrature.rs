//! Fitted quadratures: their certified errors on fresh samples, what they refuse, files.

use ndarray::{Array2, Array3};
use physics::{
    BandQuadrature, Canopy, CanopyParameters, ForwardModel, LeafAngles, LeafVersion, Parameter,
    PhysicsError, Precision, QuadratureFit, ReflectanceModel, ReflectanceModelBuilder,
    SENTINEL2_TRAINING_BANDS, Sensor, Soil, SpectralSampling, Variant,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Fresh samples, certified ones are 100,000.
const SAMPLES: usize = 500;
/// The reference is exact to rounding: no error of fresh samples should exceed the largest of two hundred
/// times as many. A little more may, once in several hundred runs of other seeds.
const CHANCE: f64 = 1.2;
/// Of single precision in bands, absolute, and in Jacobians, of the largest of their column: as
/// `Precision::F32` says of all wavelengths.
const F32_BANDS: f64 = 5e-6;
const F32_JACOBIAN: f64 = 3e-4;
/// The project's bound on bands over the ranges served.
const LARGEST_BAND_ERROR: f64 = 4e-5;
/// Of a fit with few samples and 24 nodes, as tried.
const SMALL_FIT: f64 = 1e-3;

/// The ranges of `configs/ranges/rtm.json`.
const RANGES: [(Parameter, f64, f64); 7] = [
    (Parameter::N, 1.0, 3.0),
    (Parameter::Cab, 10.0, 80.0),
    (Parameter::Cw, 0.001, 0.02),
    (Parameter::Cm, 0.005, 0.05),
    (Parameter::Lai, 0.01, 5.0),
    (Parameter::LaiU, 0.01, 1.0),
    (Parameter::Fc, 0.1, 1.0),
];
const ANGLES: [(f64, f64); 3] = [(15.0, 75.0), (0.0, 12.0), (0.0, 180.0)];

fn builder(name: &str) -> ReflectanceModelBuilder {
    let variant = if name.starts_with("published") {
        Variant::Published
    } else {
        Variant::EnmapBox
    };
    let builder = ReflectanceModel::builder()
        .variant(variant)
        .bands(SENTINEL2_TRAINING_BANDS);
    RANGES
        .iter()
        .fold(builder, |builder, (parameter, min, max)| {
            builder.free_within(*parameter, *min..=*max)
        })
}

fn fitted(name: &str) -> SpectralSampling {
    SpectralSampling::Fitted(BandQuadrature::built_in(name).unwrap())
}

/// Parameters, and angles where the quadrature has them.
fn inputs(name: &str, seed: u64, count: usize) -> (Array2<f64>, Option<Array2<f64>>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let parameters = Array2::from_shape_fn((count, 7), |(_, k)| {
        let (_, min, max) = RANGES[k];
        random.gen_range(min..=max)
    });
    let conditions = Array2::from_shape_fn((count, 3), |(_, k)| {
        let (min, max) = ANGLES[k];
        random.gen_range(min..=max)
    });
    (parameters, name.ends_with("angles").then_some(conditions))
}

fn evaluate(
    model: &ReflectanceModel,
    (parameters, conditions): &(Array2<f64>, Option<Array2<f64>>),
) -> (Array2<f64>, Array3<f64>) {
    let (n, d, p) = (
        parameters.nrows(),
        model.outputs().len(),
        model.parameters().len(),
    );
    let (mut values, mut jacobian) = (Array2::zeros((n, d)), Array3::zeros((n, d, p)));
    model
        .evaluate_with_jacobian(
            parameters.view(),
            conditions.as_ref().map(Array2::view),
            values.view_mut(),
            jacobian.view_mut(),
        )
        .unwrap();
    (values, jacobian)
}

/// Largest errors of bands, and of Jacobians per unit z.
fn errors(found: &(Array2<f64>, Array3<f64>), expected: &(Array2<f64>, Array3<f64>)) -> (f64, f64) {
    let bands = (&found.0 - &expected.0).fold(0.0_f64, |m, e| m.max(e.abs()));
    let mut jacobian = 0.0_f64;
    for ((_, _, k), error) in (&found.1 - &expected.1).indexed_iter() {
        jacobian = jacobian.max(error.abs() * (RANGES[k].2 - RANGES[k].1));
    }
    (bands, jacobian)
}

#[test]
fn certified_errors_hold_on_fresh_samples() {
    for name in BandQuadrature::BUILT_IN {
        let certificate = BandQuadrature::built_in(name)
            .unwrap()
            .certificate()
            .clone();
        let inputs = inputs(name, 20, SAMPLES);
        let exact = evaluate(&builder(name).build().unwrap(), &inputs);
        let model = builder(name).sampling(fitted(name)).build().unwrap();
        let (bands, jacobian) = errors(&evaluate(&model, &inputs), &exact);
        println!("{name}: bands {bands:.1e}, Jacobian {jacobian:.1e}");
        assert!(
            bands < CHANCE * certificate.largest_band_error,
            "{name} {bands:e}"
        );
        assert!(
            jacobian < CHANCE * certificate.largest_jacobian_error,
            "{name} {jacobian:e}"
        );
        assert!(certificate.largest_band_error < LARGEST_BAND_ERROR);
        assert!(certificate.samples >= 100_000 && certificate.seed != certificate.fitted_seed);
    }
}

#[test]
fn single_precision_is_as_close_as_at_all_wavelengths() {
    for name in BandQuadrature::BUILT_IN {
        let inputs = inputs(name, 21, SAMPLES);
        let builder = builder(name).sampling(fitted(name));
        let double = evaluate(&builder.clone().build().unwrap(), &inputs);
        for lanes in physics::Lanes::available() {
            let single = builder.clone().precision(Precision::F32).lanes(lanes);
            let single = evaluate(&single.build().unwrap(), &inputs);
            let bands = (&single.0 - &double.0).fold(0.0_f64, |m, e| m.max(e.abs()));
            let mut jacobian = 0.0_f64;
            for k in 0..RANGES.len() {
                let column = |j: &Array3<f64>| j.index_axis(ndarray::Axis(2), k).to_owned();
                let (single, double) = (column(&single.1), column(&double.1));
                let top = double.fold(0.0_f64, |m, v| m.max(v.abs()));
                let error = (&single - &double).fold(0.0_f64, |m, e| m.max(e.abs()));
                jacobian = jacobian.max(error / top);
            }
            println!("{name} {lanes:?}: bands {bands:.1e}, Jacobian {jacobian:.1e}");
            assert!(bands < F32_BANDS, "{name} {lanes:?} {bands:e}");
            assert!(jacobian < F32_JACOBIAN, "{name} {lanes:?} {jacobian:e}");
        }
    }
}

#[test]
fn threads_change_nothing() {
    let name = "published_s2a_angles";
    let inputs = inputs(name, 22, 200);
    let model = builder(name)
        .sampling(fitted(name))
        .precision(Precision::F32)
        .build()
        .unwrap();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| evaluate(&model, &inputs))
    };
    assert!(with(1) == with(2));
    // nor do they change the fit
    let fit = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build()
            .unwrap()
            .install(|| small_fit().with_nodes(8).unwrap())
    };
    assert_eq!(fit(1), fit(2));
}

#[test]
fn fewer_bands_and_parameters_are_served() {
    let name = "published_s2a";
    let some = ReflectanceModel::builder()
        .bands(["B12", "B04"])
        .free_within(Parameter::Lai, 1.0..=4.0)
        .fix(Parameter::Cw, 0.01)
        .fix(Parameter::Cm, 0.01)
        .fix(Parameter::LaiU, 0.5);
    let exact = some.clone().build().unwrap();
    let model = some.sampling(fitted(name)).build().unwrap();
    let sample = CanopyParameters {
        lai: 3.0,
        ..exact.base().clone()
    };
    let found = model
        .bands_with_jacobian(std::slice::from_ref(&sample))
        .unwrap();
    let expected = exact.bands_with_jacobian(&[sample]).unwrap();
    let certificate = BandQuadrature::built_in(name)
        .unwrap()
        .certificate()
        .clone();
    let error = (&found.0 - &expected.0).fold(0.0_f64, |m, e| m.max(e.abs()));
    assert!(error < certificate.largest_band_error, "{error:e}");
    let error = (&found.1 - &expected.1).fold(0.0_f64, |m, e| m.max(e.abs())) * (5.0 - 0.01);
    assert!(error < certificate.largest_jacobian_error, "{error:e}");
}

/// The message of a model that is refused.
fn refused(builder: ReflectanceModelBuilder, name: &str) -> String {
    let error = builder.sampling(fitted(name)).build().unwrap_err();
    assert!(
        matches!(error, PhysicsError::Inconsistent { .. }),
        "{error:?}"
    );
    error.to_string()
}

#[test]
fn what_it_was_not_fitted_for_is_refused() {
    let name = "published_s2a";
    let base = || builder(name);
    let cases = [
        (
            base().variant(Variant::EnmapBox),
            "canopy published, not for enmap_box",
        ),
        (
            ReflectanceModel::builder().canopy(Canopy::Sail),
            "canopy published, not for sail",
        ),
        (
            base().leaf(LeafVersion::Prospect5),
            "leaf prospect_d, not for prospect_5",
        ),
        (
            base().sensor(Sensor::sentinel2b()),
            "sensor s2a, not for s2b",
        ),
        (base().bands(["B01"]), "B12, not for B01"),
        (
            base().soil(Soil::Spectrum(vec![0.2; 2101])),
            "tables of leaf, soil and sky with fingerprint",
        ),
        (
            base().fixed(CanopyParameters {
                leaf_angles: LeafAngles::Spherical,
                ..Default::default()
            }),
            "leaf angles uniform, not for spherical",
        ),
        (
            base().free([Parameter::Car]),
            "car = 10 ug/cm2, not for a free one",
        ),
        (
            base().per_sample([Parameter::Sd]),
            "sd = 500 1/ha, not for one per sample",
        ),
        (
            base().fix(Parameter::Hspot, 0.05),
            "hspot = 0.01, not for 0.05",
        ),
        (base().fix(Parameter::H, 20.0), "h = none, not for 20 m"),
        (
            base().fix(Parameter::Tts, 40.0),
            "tts from 30 to 30 deg, not for 40",
        ),
        (
            base().free([Parameter::Tts]),
            "tts from 30 to 30 deg, not for 0 to 80",
        ),
        (
            ReflectanceModel::builder()
                .bands(["B04"])
                .free_within(Parameter::Cab, 10.0..=90.0),
            "cab from 10 to 80 ug/cm2, not for 10 to 90",
        ),
    ];
    for (builder, expected) in cases {
        let message = refused(builder, name);
        assert!(message.contains(expected), "{message}");
        assert!(
            message.contains("cargo xtask quadrature --variant"),
            "{message}"
        );
    }
    // the same name with another response
    let narrow = Sensor::parse("s2a", "wavelength_nm,B04\n664,1\n665,1\n").unwrap();
    let message = refused(base().bands(["B04"]).sensor(narrow), name);
    assert!(
        message.contains("a response of B04 with fingerprint"),
        "{message}"
    );
    // fitted as a condition, without derivatives
    let free = builder("published_s2a_angles").free_within(Parameter::Tts, 20.0..=60.0);
    let message = refused(free, "published_s2a_angles");
    assert!(
        message.contains("tts is free, and was fitted as a condition"),
        "{message}"
    );
}

#[test]
fn samples_outside_the_ranges_are_refused() {
    let model = builder("published_s2a_angles")
        .sampling(fitted("published_s2a_angles"))
        .build()
        .unwrap();
    let inside = CanopyParameters {
        n: 1.5,
        cab: 40.0,
        cw: 0.01,
        cm: 0.01,
        lai: 3.0,
        laiu: 0.5,
        fc: 0.7,
        tts: 40.0,
        ..Default::default()
    };
    assert!(model.bands(std::slice::from_ref(&inside)).is_ok());
    let cases: [(Parameter, f64, &str); 4] = [
        (
            Parameter::Tts,
            10.0,
            "row 1: tts = 10 deg is outside the fitted range 15 to 75",
        ),
        (
            Parameter::Cab,
            90.0,
            "row 1: cab = 90 ug/cm2 is outside the fitted range 10 to 80",
        ),
        (
            Parameter::Skyl,
            0.2,
            "row 1: skyl = 0.2 is not the fitted none",
        ),
        (
            Parameter::Ala,
            50.0,
            "row 1: ALA = 50 deg is not the fitted none",
        ),
    ];
    for (parameter, value, expected) in cases {
        let mut outside = inside.clone();
        outside.put(parameter, value);
        let message = model
            .bands(&[inside.clone(), outside])
            .unwrap_err()
            .to_string();
        assert!(message.contains(expected), "{message}");
        assert!(message.contains("cargo xtask quadrature"), "{message}");
    }
    let spherical = CanopyParameters {
        leaf_angles: LeafAngles::Spherical,
        ..inside.clone()
    };
    let message = model.bands(&[spherical]).unwrap_err().to_string();
    assert!(
        message.contains("leaf angles spherical are not among the fitted uniform"),
        "{message}"
    );
    // spectra are not bands: they are exact anywhere
    let sample = CanopyParameters {
        tts: 10.0,
        ..inside
    };
    assert!(model.spectra(&[sample], &[550]).is_ok());
}

fn small_fit() -> physics::DrawnFit {
    let builder = ReflectanceModel::builder()
        .canopy(Canopy::Sail)
        .sensor(Sensor::landsat8())
        .leaf_angle_classes([LeafAngles::Spherical, LeafAngles::Ellipsoidal(30.0)])
        .free_within(Parameter::Cab, 10.0..=80.0)
        .free_within(Parameter::Lai, 0.1..=6.0)
        .free_within(Parameter::Psoil, 0.0..=1.0);
    QuadratureFit::new(builder)
        .condition(Parameter::Tts, 20.0..=60.0)
        .spectra(200)
        .jacobians(20)
        .certify(200, 9)
        .draw()
        .unwrap()
}

#[test]
fn another_model_is_fitted_written_read_and_used() {
    let quadrature = small_fit().with_nodes(24).unwrap();
    assert_eq!(quadrature.nodes_nm().len(), 24);
    let certificate = quadrature.certificate();
    assert!(
        certificate.largest_band_error < SMALL_FIT,
        "{certificate:?}"
    );
    let read = BandQuadrature::parse("text", &quadrature.to_json()).unwrap();
    assert_eq!(read, quadrature);
    let model = ReflectanceModel::builder()
        .canopy(Canopy::Sail)
        .sensor(Sensor::landsat8())
        .leaf_angle_classes([LeafAngles::Ellipsoidal(30.0)])
        .free_within(Parameter::Lai, 1.0..=6.0)
        .fix(Parameter::Psoil, 0.5)
        .sampling(SpectralSampling::Fitted(read.clone()));
    assert!(model.clone().build().is_ok());
    let other = model.leaf_angle_classes([LeafAngles::Ellipsoidal(31.0)]);
    let message = other.build().unwrap_err().to_string();
    assert!(
        message.contains("leaf angles spherical, ellipsoidal 30, not for ellipsoidal 31"),
        "{message}"
    );
}

#[test]
fn a_fit_without_sense_is_refused() {
    let fit = || QuadratureFit::new(builder("published_s2a"));
    let cases = [
        (fit().spectra(0), "0 spectra to fit, expected at least 1"),
        (
            fit().certify(0, 2),
            "0 samples to compare, expected at least 1",
        ),
        (
            fit().seed(2),
            "have the seed 2 of those fitted, expected another",
        ),
        (
            fit().condition(Parameter::Cab, 1.0..=2.0),
            "cab is not given per sample",
        ),
        (
            fit().condition(Parameter::Tts, 60.0..=90.0),
            "tts from 60 to 90 deg, expected a range within 0 to 80",
        ),
    ];
    for (fit, expected) in cases {
        let message = fit.draw().unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
    let message = small_fit().with_nodes(0).unwrap_err().to_string();
    assert!(
        message.contains("nodes = 0 is outside the allowed range 1 to"),
        "{message}"
    );
}

#[test]
fn files_that_do_not_fit_together_are_refused() {
    let good = BandQuadrature::built_in("published_s2a").unwrap().to_json();
    let broken = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        let text = good.replacen(from, to, 1);
        BandQuadrature::parse("f.json", &text)
            .unwrap_err()
            .to_string()
    };
    for (from, to, expected) in [
        (
            "\"format\":1",
            "\"format\":2",
            "f.json: format 2, expected 1",
        ),
        ("\"format\"", "\"form\"", "f.json: unknown field `form`"),
        (
            "\"nodes_nm\":[",
            "\"nodes_nm\":[2499,",
            "nodes_nm is empty or not ascending",
        ),
        (
            "\"nodes_nm\":[",
            "\"nodes_nm\":[399,",
            "wavelength = 399 nm is outside",
        ),
        (
            "\"nodes_nm\":[",
            "\"nodes_nm\":[400,",
            "band B02 has 48 weights, expected 49",
        ),
        (
            "\"bands\":[",
            "\"bands\":[\"B01\",",
            "12 bands, 11 responses and 11 rows",
        ),
        (
            "\"name\":\"cab\"",
            "\"name\":\"cub\"",
            "unknown parameter 'cub'",
        ),
        (
            "\"min\":10.0",
            "\"min\":-10.0",
            "cab from -10 to 80, expected a range within",
        ),
        ("\"samples\":100000", "\"samples\":0", "it is not certified"),
    ] {
        let message = broken(from, to);
        assert!(message.contains(expected), "{message}");
    }
    let error = BandQuadrature::read("/nowhere/f.json").unwrap_err();
    assert!(matches!(error, PhysicsError::ReadFile { .. }));
    let message = BandQuadrature::built_in("s2a").unwrap_err().to_string();
    assert!(message.contains("unknown quadrature 's2a', expected one of: published_s2a"));
}
