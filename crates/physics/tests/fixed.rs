//! A value that is held fixed is looked at, or refused: every parameter, alone and beside every other.

use ndarray::Array2;
use physics::{
    Canopy, CanopyParameters, ForwardModel, LeafVersion, Parameter, PhysicsError, ReflectanceModel,
    ReflectanceModelBuilder, Variant,
};

/// Far above the rounding of a band, far below what any parameter does.
const LEAST_CHANGE: f64 = 1e-10;

const CANOPIES: [Canopy; 3] = [
    Canopy::Inform(Variant::Published),
    Canopy::Inform(Variant::EnmapBox),
    Canopy::Sail,
];

/// Two values of a parameter in an ordinary stand.
fn two_values(parameter: Parameter) -> [f64; 2] {
    match parameter {
        Parameter::N => [1.4, 1.6],
        Parameter::Cab => [30.0, 40.0],
        Parameter::Car => [6.0, 9.0],
        Parameter::Anth => [2.0, 4.0],
        Parameter::Cbrown => [0.1, 0.25],
        Parameter::Cw => [0.01, 0.012],
        Parameter::Cm => [0.005, 0.008],
        Parameter::Cp => [0.001, 0.002],
        Parameter::Cbc => [0.005, 0.007],
        Parameter::Lai => [2.0, 3.0],
        Parameter::LaiU => [0.3, 0.6],
        Parameter::Fc => [0.5, 0.6],
        Parameter::Sd => [400.0, 500.0],
        Parameter::Cd => [4.0, 5.0],
        Parameter::H => [15.0, 20.0],
        Parameter::Hspot => [0.02, 0.05],
        Parameter::Psoil => [0.4, 0.6],
        Parameter::Rsoil => [0.7, 0.9],
        Parameter::Skyl => [0.1, 0.2],
        Parameter::Tts => [35.0, 40.0],
        Parameter::Tto => [8.0, 12.0],
        Parameter::Psi => [60.0, 90.0],
        Parameter::Ala => [45.0, 55.0],
        Parameter::LidfA => [-0.3, -0.2],
        Parameter::LidfB => [-0.1, 0.1],
    }
}

/// A view from the side: from nadir the azimuth is no matter, whatever is fixed.
fn seen_from_the_side() -> ReflectanceModelBuilder {
    ReflectanceModel::builder().fixed(CanopyParameters {
        tto: 9.0,
        psi: 50.0,
        ..Default::default()
    })
}

/// Bands with every column of parameters and conditions at the first of its two values.
fn bands(model: &ReflectanceModel) -> Array2<f64> {
    let row = |quantities: &[physics::Quantity]| {
        Array2::from_shape_fn((1, quantities.len()), |(_, k)| {
            two_values(quantities[k].name.parse().unwrap())[0]
        })
    };
    let mut values = Array2::zeros((1, model.outputs().len()));
    let (given, at) = (row(model.parameters()), row(model.conditions()));
    let at = (at.ncols() > 0).then_some(at.view());
    model.evaluate(given.view(), at, values.view_mut()).unwrap();
    values
}

/// Whether a model is built with these values fixed; if so each of them changes its bands.
fn is_used(with: &ReflectanceModelBuilder, held: &[Parameter], what: &str) -> bool {
    let model = |changed: Option<Parameter>| {
        let hold = |builder: ReflectanceModelBuilder, parameter: &Parameter| {
            let second = usize::from(changed == Some(*parameter));
            builder.fix(*parameter, two_values(*parameter)[second])
        };
        held.iter().fold(with.clone(), hold).build()
    };
    let base = match model(None) {
        Ok(model) => bands(&model),
        Err(PhysicsError::Inconsistent { what, .. }) => {
            assert!(what.contains("parameters"), "{what}");
            return false;
        }
        Err(PhysicsError::UnknownName { .. }) => return false,
        Err(other) => panic!("{what}: {other}"),
    };
    for parameter in held {
        let changed = bands(&model(Some(*parameter)).unwrap());
        let change = (changed - &base)
            .iter()
            .fold(0.0_f64, |m, c| m.max(c.abs()));
        assert!(change > LEAST_CHANGE, "{what}: {parameter} changes nothing");
    }
    true
}

#[test]
fn every_parameter_alone() {
    let (mut used, mut tried) = (0, 0);
    for canopy in CANOPIES {
        for leaf in LeafVersion::ALL {
            for parameter in Parameter::ALL {
                let free = if parameter == Parameter::Lai {
                    Parameter::Cab
                } else {
                    Parameter::Lai
                };
                let with = seen_from_the_side().canopy(canopy).leaf(leaf);
                let known = with.known_parameters().contains(&parameter);
                let what = format!("{canopy:?} {leaf} {parameter}");
                let taken = is_used(&with.free([free]), &[parameter], &what);
                // one of Verhoef's two is half a distribution
                let half = matches!(parameter, Parameter::LidfA | Parameter::LidfB);
                assert_eq!(taken, known && !half, "{what}");
                used += usize::from(taken);
                tried += 1;
            }
        }
    }
    println!("{tried} models, {used} built");
    assert_eq!(tried, 375);
}

#[test]
fn every_parameter_beside_every_other() {
    let (mut used, mut tried) = (0, 0);
    for canopy in CANOPIES {
        for leaf in [LeafVersion::ProspectD] {
            let with = seen_from_the_side().canopy(canopy).leaf(leaf);
            let known = with.known_parameters();
            for one in known.iter().copied() {
                for other in known.iter().copied().filter(|other| *other != one) {
                    let what = format!("{canopy:?} {leaf} {one} beside {other}");
                    let spare = *known.iter().find(|p| ![one, other].contains(p)).unwrap();
                    let alone = with.clone().free([spare]);
                    used += usize::from(is_used(&alone, &[one, other], &what));
                    used += usize::from(is_used(&with.clone().free([other]), &[one], &what));
                    let given = alone.per_sample([other]);
                    used += usize::from(is_used(&given, &[one], &what));
                    tried += 3;
                }
            }
        }
    }
    println!("{tried} models, {used} built");
    assert!(tried > 3500 && used > 2500, "{tried} {used}");
}

fn message(builder: ReflectanceModelBuilder) -> String {
    builder.build().map(|_| ()).unwrap_err().to_string()
}

#[test]
fn why_it_is_refused() {
    let cab = || ReflectanceModel::builder().free([Parameter::Cab]);
    for (builder, expected) in [
        (
            cab().fix(Parameter::Cab, 10.0),
            "fixed parameters: cab is free, so that its fixed value would not be looked at",
        ),
        (
            cab().per_sample([Parameter::Tts]).fix(Parameter::Tts, 60.0),
            "fixed parameters: tts is given per sample, so that its fixed value would not be looked at",
        ),
        (
            cab().fix(Parameter::Cp, 0.001),
            "unknown parameter 'cp', expected one of: N, cab",
        ),
        (
            cab().canopy(Canopy::Sail).fix(Parameter::Fc, 0.1),
            "unknown parameter 'fc', expected one of: N, cab",
        ),
        (
            cab().fix(Parameter::Ala, 57.0).fix(Parameter::LidfA, 0.2),
            "fixed parameters: ALA shapes the ellipsoidal",
        ),
        (
            cab().fix(Parameter::LidfA, -0.35),
            "fixed parameters: LIDFa shapes Verhoef's leaf angle distribution together with LIDFb, which is missing",
        ),
        (
            cab().fix(Parameter::Fc, 0.8).fix(Parameter::Cd, 2.0),
            "fixed parameters: a crown diameter (cd) leaves fc without effect",
        ),
        (
            cab().per_sample([Parameter::Fc, Parameter::Cd]),
            "parameters given per sample: a crown diameter (cd) leaves fc without effect",
        ),
        (
            cab().fix(Parameter::Lai, f64::NAN),
            "fixed parameters: LAI = NaN m2/m2 is outside the allowed range 0 to 15",
        ),
    ] {
        let found = message(builder);
        assert!(found.starts_with(expected), "{found}\nexpected {expected}");
    }
}

#[test]
fn what_is_fixed_is_not_a_column_unless_it_is_chosen() {
    let model = ReflectanceModel::builder()
        .fix(Parameter::Tts, 60.0)
        .fix(Parameter::Cw, 0.01)
        .build()
        .unwrap();
    let names = |all: &[physics::Quantity]| all.iter().map(|q| q.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(model.conditions()), ["tto", "psi"]);
    assert_eq!(
        names(model.parameters()),
        ["N", "cab", "cm", "LAI", "LAIu", "fc"]
    );
    // Verhoef's two may come from different places
    let split = ReflectanceModel::builder()
        .free([Parameter::LidfA])
        .fix(Parameter::LidfB, 0.1);
    assert_eq!(
        split.build().unwrap().base().get(Parameter::LidfB),
        Some(0.1)
    );
}
