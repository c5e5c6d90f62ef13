//! The kernels for a GPU hold the same formulas: run on the processor, thread by thread, they agree with the Rust ones.
//!
//! This is no test of a GPU. In double precision it compares formulas, in single precision it says what `float` does to
//! them with the processor's rounding.

mod on_host;

use cuda_on_host::Buffer;
use ndarray::{Array2, Array3};
use on_host::Given;
use physics::{
    BandQuadrature, Canopy, DeviceNumber, DeviceProgram, ForwardModel, Illumination, LeafAngles,
    LeafVersion, Mogi, Parameter, ReflectanceModel, SENTINEL2_TRAINING_BANDS, SpectralSampling,
    Station, Variant,
};
use std::ops::RangeInclusive;

/// Rounding of doubles through formulas in another order; relative to the largest value of a column.
const DOUBLE: f64 = 1e-12;
/// Bands in single precision, absolute.
const BANDS: f64 = 5e-6;
/// Jacobians in single precision, of the largest of their column …
const JACOBIAN: f64 = 3e-4;
/// … or, for columns that nearly vanish, in reflectance over the parameter's range.
const JACOBIAN_FLOOR: f64 = 1e-6;
const SAMPLES: usize = 40;

/// A linear congruential generator: the same samples everywhere.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = (self.0)
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Parameters in (0, 1), exact in single precision, and conditions.
fn inputs(model: &dyn ForwardModel, n: usize) -> (Array2<f64>, Array2<f64>) {
    let mut random = Random(7);
    let z = Array2::from_shape_simple_fn((n, model.parameters().len()), || {
        f64::from(random.unit() as f32)
    });
    let conditions = Array2::from_shape_fn((n, model.conditions().len()), |(_, k)| {
        let q = &model.conditions()[k];
        let value = q.min + (q.max - q.min) * random.unit();
        if q.name == "leaf_angles" {
            value.round()
        } else {
            value
        }
    });
    (z, conditions)
}

/// Values and Jacobian over 0 to 1 by the Rust code.
fn expected(
    model: &dyn ForwardModel,
    z: &Array2<f64>,
    conditions: &Array2<f64>,
) -> (Array2<f64>, Array3<f64>) {
    let ranges: Vec<_> = model.parameters().iter().map(|q| (q.min, q.max)).collect();
    let physical = Array2::from_shape_fn(z.dim(), |(i, k)| {
        let (min, max) = ranges[k];
        (z[[i, k]] * (max - min) + min).clamp(min, max)
    });
    let (n, d) = (z.nrows(), model.outputs().len());
    let (mut values, mut jacobian) = (Array2::zeros((n, d)), Array3::zeros((n, d, ranges.len())));
    model
        .evaluate_with_jacobian(
            physical.view(),
            Some(conditions.view()),
            values.view_mut(),
            jacobian.view_mut(),
        )
        .unwrap();
    for ((_, _, k), slope) in jacobian.indexed_iter_mut() {
        *slope *= ranges[k].1 - ranges[k].0;
    }
    (values, jacobian)
}

fn wide(buffer: &Buffer) -> Vec<f64> {
    match buffer {
        Buffer::F32(v) => v.iter().map(|v| f64::from(*v)).collect(),
        other => other.f64().to_vec(),
    }
}

/// How what a program gets and gives is arranged.
struct Order<'a> {
    /// Parameter k is this one of the model.
    parameters: &'a [usize],
    outputs: usize,
}

/// Values and Jacobian by the program on the processor.
fn found(
    model: &dyn ForwardModel,
    program: &DeviceProgram,
    number: DeviceNumber,
    z: &Array2<f64>,
    conditions: &Array2<f64>,
) -> Option<(Vec<f64>, Vec<f64>)> {
    let parameters: Vec<usize> = (0..z.ncols()).collect();
    let order = Order {
        parameters: &parameters,
        outputs: model.outputs().len(),
    };
    found_in(model, program, number, z, conditions, &order)
}

fn found_in(
    model: &dyn ForwardModel,
    program: &DeviceProgram,
    number: DeviceNumber,
    z: &Array2<f64>,
    conditions: &Array2<f64>,
    order: &Order<'_>,
) -> Option<(Vec<f64>, Vec<f64>)> {
    let (n, p, d) = (z.nrows(), z.ncols(), order.outputs);
    let ranges = || order.parameters.iter().map(|k| &model.parameters()[*k]);
    let affine = ranges()
        .map(|q| q.min)
        .chain(ranges().map(|q| q.max - q.min));
    let affine = affine.chain(vec![0.0; d]).chain(vec![1.0; d]);
    let given = Given {
        n,
        z: &mut z.iter().copied(),
        conditions: conditions.iter().copied().collect(),
        affine: affine.collect(),
        out: (n * d, n * d * p),
    };
    let found = on_host::run(program, number, given, false)?;
    Some((wide(&found.values), wide(&found.jacobian)))
}

/// Worst errors of values and Jacobian: absolute, and relative to what is allowed for a column.
fn compare(name: &str, model: &dyn ForwardModel) {
    let (z, conditions) = inputs(model, SAMPLES);
    let (values, jacobian) = expected(model, &z, &conditions);
    let program = model.device_program().unwrap();
    let (d, p) = (values.ncols(), z.ncols());
    for number in [DeviceNumber::Double, DeviceNumber::Single] {
        let Some((found_values, found_jacobian)) = found(model, &program, number, &z, &conditions)
        else {
            return;
        };
        let in_values = values.iter().zip(&found_values).map(|(a, b)| (a - b).abs());
        let worst_value = in_values.fold(0.0, |worst: f64, e| {
            if e.is_nan() {
                f64::INFINITY
            } else {
                worst.max(e)
            }
        });
        let (mut worst, mut at) = (0.0_f64, (0, 0, 0));
        for i in 0..SAMPLES {
            for k in 0..p {
                let top = (0..d).fold(0.0, |top: f64, b| top.max(jacobian[[i, b, k]].abs()));
                let allowed = (JACOBIAN * top).max(JACOBIAN_FLOOR);
                for b in 0..d {
                    let error =
                        (found_jacobian[(i * d + b) * p + k] - jacobian[[i, b, k]]).abs() / allowed;
                    if error.is_nan() || error > worst {
                        (worst, at) = (
                            if error.is_nan() { f64::INFINITY } else { error },
                            (i, b, k),
                        );
                    }
                }
            }
        }
        let scale = values.iter().fold(1.0, |top: f64, v| top.max(v.abs()));
        println!(
            "{name} {number:?}: values {:.1e}, Jacobian {:.1e} of a column, at {at:?}",
            worst_value / scale,
            worst * JACOBIAN
        );
        let (bands, slopes) = match number {
            DeviceNumber::Double => (DOUBLE, DOUBLE / JACOBIAN),
            DeviceNumber::Single => (BANDS, 1.0),
        };
        assert!(
            worst_value < bands * scale,
            "{name} {number:?}: values {worst_value:e}"
        );
        assert!(
            worst < slopes,
            "{name} {number:?}: Jacobian {worst:e} of what is allowed at {at:?}"
        );
    }
}

/// Ranges as in configurations.
const USUAL: [(Parameter, RangeInclusive<f64>); 7] = [
    (Parameter::N, 1.0..=3.0),
    (Parameter::Cab, 10.0..=80.0),
    (Parameter::Cw, 0.001..=0.02),
    (Parameter::Cm, 0.005..=0.05),
    (Parameter::Lai, 0.01..=5.0),
    (Parameter::LaiU, 0.01..=1.0),
    (Parameter::Fc, 0.1..=1.0),
];

fn forest() -> physics::ReflectanceModelBuilder {
    USUAL.into_iter().fold(
        ReflectanceModel::builder(),
        |builder, (parameter, range)| builder.free_within(parameter, range),
    )
}

#[test]
fn both_variants_of_inform() {
    for variant in [Variant::Published, Variant::EnmapBox] {
        compare(
            &format!("{variant:?}"),
            &forest().variant(variant).build().unwrap(),
        );
    }
}

#[test]
fn a_quadrature() {
    let fitted = BandQuadrature::built_in("published_s2a").unwrap();
    let model = forest()
        .bands(SENTINEL2_TRAINING_BANDS)
        .per_sample([])
        .sampling(SpectralSampling::Fitted(fitted))
        .build()
        .unwrap();
    compare("quadrature", &model);
}

#[test]
fn every_direction_of_the_scene() {
    let free = [
        (Parameter::Ala, 20.0..=80.0),
        (Parameter::Hspot, 0.01..=0.5),
        (Parameter::Psoil, 0.0..=1.0),
        (Parameter::Rsoil, 0.3..=1.0),
        (Parameter::Skyl, 0.05..=0.9),
        (Parameter::Tts, 20.0..=60.0),
        (Parameter::Tto, 1.0..=20.0),
        (Parameter::Psi, 5.0..=175.0),
        (Parameter::Sd, 200.0..=900.0),
        (Parameter::H, 5.0..=30.0),
    ];
    for variant in [Variant::Published, Variant::EnmapBox] {
        let builder = free.iter().fold(
            forest().variant(variant).bands(["B03", "B8A", "B12"]),
            |builder, (p, range)| builder.free_within(*p, range.clone()),
        );
        compare(
            &format!("directions of {variant:?}"),
            &builder.build().unwrap(),
        );
    }
}

#[test]
fn a_canopy_with_verhoefs_leaf_angles_under_a_measured_sky() {
    let model = ReflectanceModel::builder()
        .canopy(Canopy::Sail)
        .leaf(LeafVersion::ProspectPro)
        .illumination(Illumination::Measured {
            direct: (0..2101).map(|i| 1.0 + f64::from(i) / 2000.0).collect(),
            diffuse: (0..2101).map(|i| 0.5 - f64::from(i) / 5000.0).collect(),
        })
        .free_within(Parameter::Lai, 0.1..=6.0)
        .free_within(Parameter::Cp, 0.0001..=0.005)
        .free_within(Parameter::LidfA, -0.6..=0.6)
        .free_within(Parameter::LidfB, -0.3..=0.3)
        .build()
        .unwrap();
    compare("4SAIL", &model);
}

#[test]
fn classes_of_leaf_angles_by_sample() {
    let model = forest()
        .bands(["B04", "B8A"])
        .leaf_angle_classes([
            LeafAngles::Uniform,
            LeafAngles::Spherical,
            LeafAngles::PLANOPHILE,
        ])
        .build()
        .unwrap();
    compare("classes", &model);
}

#[test]
fn weak_absorbers_are_computed_again_in_double() {
    let model = ReflectanceModel::builder()
        .bands(["B06", "B8A", "B12"])
        .free_within(Parameter::Cm, 1e-6..=4e-4)
        .free_within(Parameter::Cw, 1e-6..=4e-4)
        .free_within(Parameter::Hspot, 0.01..=0.2)
        .fix(Parameter::Cbrown, 0.0)
        .build()
        .unwrap();
    compare("weak absorbers", &model);
}

#[test]
fn the_volcano() {
    let station = |name: &str, x_m: f64, y_m: f64| Station {
        name: name.into(),
        x_m,
        y_m,
    };
    let mogi = Mogi::new(
        vec![station("A", 0.0, 0.0), station("B", 3000.0, -900.0)],
        0.25,
    )
    .unwrap();
    compare("Mogi", &mogi);
}

#[test]
fn a_row_with_a_nan_answers_nan_and_the_others_do_not() {
    let model = forest().bands(["B04", "B8A"]).build().unwrap();
    let (mut z, conditions) = inputs(&model, 3);
    let (values, _) = expected(&model, &z, &conditions);
    z[[1, 4]] = f64::NAN;
    let program = model.device_program().unwrap();
    let Some((found, jacobian)) = found(&model, &program, DeviceNumber::Single, &z, &conditions)
    else {
        return;
    };
    assert!(found[2].is_nan() && found[3].is_nan());
    assert!((found[0] - values[[0, 0]]).abs() < BANDS && (found[5] - values[[2, 1]]).abs() < BANDS);
    assert!(jacobian.iter().all(|v| v.is_finite()));
}

#[test]
fn parameters_and_outputs_in_another_order() {
    let station = |name: &str, x_m: f64| Station {
        name: name.into(),
        x_m,
        y_m: 500.0,
    };
    let mogi = Mogi::new(vec![station("A", 0.0), station("B", 3000.0)], 0.25).unwrap();
    let forest = forest().bands(["B04", "B8A", "B12"]).build().unwrap();
    let models: [(&dyn ForwardModel, &[usize], &[usize]); 2] = [
        (&mogi, &[2, 0, 3, 1], &[5, 0, 3]),
        (&forest, &[6, 0, 4, 1, 2, 3, 5], &[2, 0]),
    ];
    for (model, parameters, outputs) in models {
        let (own, conditions) = inputs(model, 3);
        let (values, jacobian) = expected(model, &own, &conditions);
        let z = Array2::from_shape_fn(own.dim(), |(i, k)| own[[i, parameters[k]]]);
        let program = model
            .device_program()
            .unwrap()
            .rearranged(parameters, outputs);
        let order = Order {
            parameters,
            outputs: outputs.len(),
        };
        let Some((found_values, found_slopes)) = found_in(
            model,
            &program,
            DeviceNumber::Double,
            &z,
            &conditions,
            &order,
        ) else {
            return;
        };
        for i in 0..3 {
            for (j, output) in outputs.iter().enumerate() {
                let at = i * outputs.len() + j;
                let scale = values[[i, *output]].abs().max(1.0);
                assert!((found_values[at] - values[[i, *output]]).abs() < DOUBLE * scale);
                for (k, parameter) in parameters.iter().enumerate() {
                    let slope = jacobian[[i, *output, *parameter]];
                    let error = (found_slopes[at * parameters.len() + k] - slope).abs();
                    assert!(
                        error < DOUBLE * slope.abs().max(1.0),
                        "{i} {j} {k}: {error:e}"
                    );
                }
            }
        }
    }
}
