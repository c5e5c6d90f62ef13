//! Floating-point operations and bytes of a spectrum with its Jacobian in the kernels for a GPU: counted on the processor
//! and held to the figures on file, by which `cargo xtask gpu-check` judges the rates on a card.
//!
//! A figure is what the built-in forest needs on average over its parameters' ranges, as the source writes it (what
//! counts: `cuda_on_host::Operations`). Lanes that wait for others of their warp are not in it.

mod on_host;

use on_host::Given;
use physics::{
    BandQuadrature, DeviceNumber, ForwardModel, Parameter, ReflectanceModel,
    SENTINEL2_TRAINING_BANDS, SpectralSampling,
};
use serde_json::{Value, json};

/// Samples that are averaged over.
const SAMPLES: usize = 64;
/// Another library's functions may send a sample through another branch.
const TOLERANCE: f64 = 0.01;
/// What a card's rates are judged by.
const ON_FILE: &str = include_str!("golden/device_operations.json");

const RANGES: [(Parameter, f64, f64); 7] = [
    (Parameter::N, 1.0, 3.0),
    (Parameter::Cab, 10.0, 80.0),
    (Parameter::Cw, 0.001, 0.02),
    (Parameter::Cm, 0.005, 0.05),
    (Parameter::Lai, 0.01, 5.0),
    (Parameter::LaiU, 0.01, 1.0),
    (Parameter::Fc, 0.1, 1.0),
];

/// That of crates/trainer/tests/gpu.rs.
fn forest(quadrature: bool) -> ReflectanceModel {
    let mut builder = ReflectanceModel::builder()
        .bands(SENTINEL2_TRAINING_BANDS)
        .per_sample([]);
    for (parameter, min, max) in RANGES {
        builder = builder.free_within(parameter, min..=max);
    }
    if quadrature {
        let fitted = BandQuadrature::built_in("published_s2a").unwrap();
        builder = builder.sampling(SpectralSampling::Fitted(fitted));
    }
    builder.build().unwrap()
}

/// Per spectrum: operations by precision, bytes. `None` where there is no compiler.
fn counted(quadrature: bool) -> Option<Value> {
    let model = forest(quadrature);
    let program = model.device_program().unwrap();
    let (p, d) = (RANGES.len(), model.outputs().len());
    // a sequence that fills the cube evenly: multiples of powers of the root of x^8 = x + 1
    let root = 1.0_f64 / 1.096_981_557_798_559_8;
    let at =
        |i: usize| f64::from(((i / p + 1) as f64 * root.powi((i % p) as i32 + 1)).fract() as f32);
    let widths = RANGES.map(|(_, min, max)| max - min);
    let affine = RANGES.map(|(_, min, _)| min).into_iter().chain(widths);
    let given = Given {
        n: SAMPLES,
        z: &mut (0..SAMPLES * p).map(at),
        conditions: vec![],
        affine: affine.chain(vec![0.0; d]).chain(vec![1.0; d]).collect(),
        out: (SAMPLES * d, SAMPLES * d * p),
    };
    let found = on_host::run(&program, DeviceNumber::Single, given, true)?;
    for numbers in [&found.values, &found.jacobian] {
        assert!(numbers.f32().iter().all(|v| v.is_finite()));
    }
    let (mut single, mut double) = (0.0, 0.0);
    for (function, of) in found.operations {
        let each = |count: u64| count as f64 / SAMPLES as f64;
        println!(
            "quadrature {quadrature}, {function}: {} in single, {} in double",
            each(of.single),
            each(of.double)
        );
        single += each(of.single);
        double += each(of.double);
    }
    let bytes = program.bytes_with_jacobian(DeviceNumber::Single, model.conditions().len());
    Some(json!({ "single": single.round(), "double": double.round(), "bytes": bytes }))
}

#[test]
fn operations_and_bytes_are_those_on_file() {
    let on_file: Value = serde_json::from_str(ON_FILE).unwrap();
    for (name, quadrature) in [("exact", false), ("quadrature", true)] {
        let Some(found) = counted(quadrature) else {
            return;
        };
        println!("{name}: {found}");
        for key in ["single", "double", "bytes"] {
            let (a, b) = (found[key].as_f64().unwrap(), on_file[name][key].as_f64());
            let b = b.unwrap_or(f64::NAN);
            assert!(
                (a - b).abs() <= TOLERANCE * b,
                "{name}, {key}: {a}, on file {b}"
            );
        }
    }
}
