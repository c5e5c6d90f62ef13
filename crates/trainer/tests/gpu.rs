//! On a GPU: what it computes against the processor, and how fast. Skips, and says so, where there is none.
//!
//! `cargo xtask gpu-check` runs this. Not run on a GPU yet.
#![cfg(feature = "cuda")]

use dfdx::prelude::{Trace, TryMatMul};
use dfdx::tensor::Synchronize;
use dfdx::tensor_ops::SumTo;
use gpus::{Requirement, Version};
use losses::Weights;
use model::PhysicsLayer;
use ndarray::{Array2, Array3};
use nn::{Backend, Cpu, Cuda, Matrix, backward, from_rows, to_host};
use physics::{
    BandQuadrature, ForwardModel, Parameter, ReflectanceModel, SENTINEL2_TRAINING_BANDS,
    SpectralSampling,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use std::sync::Arc;
use std::time::Instant;
use trainer::assemble::{assemble, check};
use trainer::config::{ConfigSource, Overrides, load};
use trainer::device::Device;
use trainer::experiment::Experiment;
use trainer::inference::{Estimator, Observations, Request};
use trainer::trained_model::TrainedModel;
use trainer::training::{Learner, Shards};

/// Bands against double precision, absolute.
const BANDS: f64 = 5e-6;
/// Jacobians against double precision, of the largest of their column …
const JACOBIAN: f64 = 3e-4;
/// … or, for columns that nearly vanish, in reflectance over the parameter's range.
const JACOBIAN_FLOOR: f64 = 1e-6;
/// Loss and gradients of a step against the processor's, relative.
const STEP: f64 = 1e-4;
/// Memory that may go between the 2,000th step and the last, bytes.
const FLAT: u64 = 32 << 20;

/// The first GPU, or `None` with the reason on the standard error.
fn gpu() -> Option<Cuda> {
    let needed = Requirement {
        cuda: Version::new(13, 0),
        compute_capability: Version::new(7, 5),
        bytes_free: 1 << 30,
    };
    match gpus::check(0, &needed) {
        Ok(gpu) => {
            println!("cuda:0  {}", gpu.name);
            Some(Cuda::try_build(0, 0).unwrap())
        }
        Err(error) => {
            eprintln!("skipped: {error}");
            None
        }
    }
}

/// Operations and bytes of a spectrum with its Jacobian, counted without a GPU.
const NEEDED_BY_A_SPECTRUM: &str = include_str!("../../../tests/golden/device_operations.json");
/// Threads of the processor beside which a card's steps are set.
const THREADS: usize = 2;

const RANGES: [(Parameter, f64, f64); 7] = [
    (Parameter::N, 1.0, 3.0),
    (Parameter::Cab, 10.0, 80.0),
    (Parameter::Cw, 0.001, 0.02),
    (Parameter::Cm, 0.005, 0.05),
    (Parameter::Lai, 0.01, 5.0),
    (Parameter::LaiU, 0.01, 1.0),
    (Parameter::Fc, 0.1, 1.0),
];

/// The built-in forest over 0 to 1, bands as they are; exact or with the built-in quadrature.
fn forest(quadrature: bool) -> PhysicsLayer {
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
    let model = builder.build().unwrap();
    let d = model.outputs().len();
    let ranges = RANGES.map(|(_, min, max)| (min, max)).to_vec();
    PhysicsLayer::new(Arc::new(model), ranges, vec![0.0; d], vec![1.0; d]).unwrap()
}

fn uniform(n: usize, seed: u64) -> Array2<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // exact in single precision
    Array2::from_shape_simple_fn((n, RANGES.len()), || f64::from(rng.r#gen::<f32>()))
}

/// Bands, and the Jacobian by pulling one band after the other back.
fn on_gpu(layer: &PhysicsLayer, device: &Cuda, z: &Array2<f64>) -> (Vec<f32>, Array3<f64>) {
    let (n, p) = z.dim();
    let d = layer.channels();
    let mut values = vec![];
    let mut jacobian = Array3::zeros((n, d, p));
    for j in 0..d {
        let z: Matrix<f32, Cuda> = from_rows(device, n, p, z.iter().copied()).unwrap();
        let y = layer.apply(z.leaky_trace(), None).unwrap();
        values = to_host(&y);
        let pick = (0..d).map(|k| if k == j { 1.0 } else { 0.0 });
        let pick: Matrix<f32, Cuda> = from_rows(device, d, 1, pick).unwrap();
        let mut gradients = backward(y.try_matmul(pick).unwrap().sum()).unwrap();
        let dz = Cuda::with_gradient(&mut gradients, &z, |g| g.to_vec()).unwrap();
        for (at, v) in dz.into_iter().enumerate() {
            jacobian[[at / p, j, at % p]] = f64::from(v);
        }
    }
    (values, jacobian)
}

#[test]
fn bands_and_jacobians_are_those_of_double_precision() {
    let Some(device) = gpu() else { return };
    for quadrature in [false, true] {
        let layer = forest(quadrature);
        let z = uniform(4096, 5);
        let (values, jacobian) = layer.signals_with_jacobian(z.view(), None).unwrap();
        let (found, slopes) = on_gpu(&layer, &device, &z);
        let in_bands = values
            .iter()
            .zip(&found)
            .map(|(a, b)| (a - f64::from(*b)).abs());
        let worst_band = in_bands.fold(0.0, f64::max);
        let mut worst = 0.0_f64;
        for (own, found) in jacobian.outer_iter().zip(slopes.outer_iter()) {
            for (own, found) in own.columns().into_iter().zip(found.columns()) {
                let top = own.iter().fold(0.0, |top: f64, v| top.max(v.abs()));
                let allowed = (JACOBIAN * top).max(JACOBIAN_FLOOR);
                for (a, b) in own.iter().zip(found) {
                    worst = worst.max((a - b).abs() / allowed);
                }
            }
        }
        println!(
            "quadrature {quadrature}: bands {worst_band:.1e}, Jacobian {:.1e}",
            worst * JACOBIAN
        );
        assert!(worst_band < BANDS && found.iter().all(|v| v.is_finite()));
        assert!(worst < 1.0);
    }
}

/// The built-in experiment with a few samples.
fn experiment(network: &[&str]) -> Experiment {
    let few = [
        "data.train_samples=64",
        "data.valid_samples=10",
        "data.test_samples=10",
    ];
    let overrides = Overrides {
        set: few.iter().chain(network).map(ToString::to_string).collect(),
        ..Overrides::default()
    };
    let loaded = load(&ConfigSource::BuiltIn, &overrides).unwrap();
    assemble(&check(&loaded).unwrap()).unwrap().experiment
}

fn observations(n: usize, d: usize) -> Array2<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    Array2::from_shape_simple_fn((n, d), || f64::from(rng.sample::<f32, _>(StandardNormal)))
}

const WEIGHTS: Weights = Weights {
    beta: 1.0,
    gate: 0.1,
    residual: 0.1,
    data_aug: 0.0,
};

/// A step of Stage B; the noise is the same on every device.
fn step<D: Shards<f32>>(learner: &mut Learner<f32, D>, x: &Array2<f64>, seed: u64) -> (f64, f64) {
    let mut epoch = learner.statistics();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let outcome = learner
        .train_step(x.view(), None, &mut rng, &WEIGHTS, 1e-3, &mut epoch)
        .unwrap();
    (
        outcome.loss,
        outcome.update.map_or(f64::NAN, |u| u.gradient_norm),
    )
}

#[test]
fn a_steps_loss_and_gradients_are_the_processors() {
    let Some(device) = gpu() else { return };
    let experiment = experiment(&[]);
    let mut there = Learner::<f32, Cuda>::new(&experiment, device).unwrap();
    let mut here = Learner::<f32, Cpu>::new(&experiment, Cpu::default()).unwrap();
    let x = observations(256, experiment.dimensions.channels.len());
    let (a, b) = (step(&mut here, &x, 1), step(&mut there, &x, 1));
    println!("loss {} {}, norm {} {}", a.0, b.0, a.1, b.1);
    assert!((a.0 - b.0).abs() <= STEP * a.0.abs());
    assert!((a.1 - b.1).abs() <= STEP * a.1.abs());
    // after the first step the first moments are the gradients, but for two factors that are the same
    let (own, found) = (
        here.adam.host_moments().unwrap(),
        there.adam.host_moments().unwrap(),
    );
    assert!(own.keys().eq(found.keys()));
    let largest = |of: &[f32]| of.iter().fold(0.0_f32, |top, v| top.max(v.abs()));
    let top = own
        .values()
        .fold(0.0_f32, |top, m| top.max(largest(&m.mean)));
    for (name, m) in &own {
        for (a, b) in m.mean.iter().zip(&found[name].mean) {
            let allowed = STEP as f32 * largest(&m.mean).max(1e-3 * top);
            assert!((a - b).abs() <= allowed, "{name}: {a} {b}");
        }
    }
}

/// Median seconds of a few runs after two that do not count.
fn median(mut run: impl FnMut()) -> f64 {
    let mut seconds: Vec<f64> = (0..9)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64()
        })
        .skip(2)
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// One line of JSON for each rate, read by `cargo xtask gpu-check`: shares of what the card can do at most, `null` where its
/// driver does not tell.
#[test]
fn spectra_per_second() {
    let Some(device) = gpu() else { return };
    let peak = gpus::list().unwrap().gpus[0].peak();
    let needed: serde_json::Value = serde_json::from_str(NEEDED_BY_A_SPECTRUM).unwrap();
    for (sampling, quadrature) in [("exact", false), ("quadrature", true)] {
        let layer = forest(quadrature);
        for n in [256, 1024, 4096, 16_384, 65_536, 262_144, 1 << 20] {
            let z = uniform(n, 3);
            let z: Matrix<f32, Cuda> =
                from_rows(&device, n, RANGES.len(), z.iter().copied()).unwrap();
            let seconds = median(|| {
                let _kept = layer.apply(z.leaky_trace(), None).unwrap();
                device.synchronize();
            });
            assert!(seconds > 0.0);
            let rate = n as f64 / seconds;
            let share = |what: &str, most: Option<f64>| {
                let each = needed[sampling][what].as_f64().unwrap();
                most.map(|most| rate * each / most)
            };
            println!(
                "{}",
                serde_json::json!({
                    "sampling": sampling,
                    "batch": n,
                    "spectra_per_second": rate,
                    "of_single": share("single", peak.single),
                    "of_double": share("double", peak.double),
                    "of_bandwidth": share("bytes", peak.bandwidth),
                })
            );
        }
    }
}

/// One line of JSON for each batch, read by `cargo xtask gpu-check`.
#[test]
fn steps_per_second() {
    let Some(device) = gpu() else { return };
    let experiment = experiment(&[]);
    let d = experiment.dimensions.channels.len();
    let mut there = Learner::<f32, Cuda>::new(&experiment, device).unwrap();
    let mut here = Learner::<f32, Cpu>::new(&experiment, Cpu::default()).unwrap();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(THREADS)
        .build()
        .unwrap();
    for n in [256, 1024, 4096, 16_384, 65_536] {
        let x = observations(n, d);
        let gpu = median(|| {
            step(&mut there, &x, 1);
        });
        let cpu = median(|| {
            pool.install(|| step(&mut here, &x, 1));
        });
        println!(
            "{}",
            serde_json::json!({
                "step": n,
                "gpu_seconds": gpu,
                "cpu_seconds": cpu,
                "cpu_threads": pool.current_num_threads(),
            })
        );
    }
}

#[test]
fn memory_is_flat_over_twenty_thousand_steps() {
    let Some(device) = gpu() else { return };
    let small = [
        "phys_vae.num_units_feat=8",
        "phys_vae.hidlayers_feat=[8]",
        "physics.spectral.sampling=quadrature",
    ];
    let experiment = experiment(&small);
    let mut learner = Learner::<f32, Cuda>::new(&experiment, device).unwrap();
    let x = observations(16, experiment.dimensions.channels.len());
    let free = || gpus::list().unwrap().gpus[0].memory_free.unwrap();
    let mut warm = 0;
    for k in 0..20_000 {
        step(&mut learner, &x, k);
        if k == 2_000 {
            warm = free();
        }
    }
    let end = free();
    println!(
        "{} MiB free after 2,000 steps, {} MiB after 20,000",
        warm >> 20,
        end >> 20
    );
    assert!(warm.saturating_sub(end) < FLAT);
}

/// Estimates of the shipped model on the card are those of the processor, of more rows than go there at once.
#[test]
fn estimates_are_those_of_the_processor() {
    if gpu().is_none() {
        return;
    }
    let model =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/s2_midlatitude");
    let on = |device| {
        let trained = TrainedModel::open(&model, Cpu::default()).unwrap();
        Estimator::on(device, trained, Request::default()).unwrap()
    };
    let (here, there) = (on(Device::Cpu), on(Device::Cuda(0)));
    let n = 100_000;
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let standardization = &here.experiment().standardization;
    let of = standardization.mean().iter().zip(standardization.scale());
    let channels: Vec<f32> = of
        .flat_map(|(mean, scale)| {
            let draw = |_| (mean + 0.3 * scale * rng.sample::<f64, _>(StandardNormal)) as f32;
            (0..n).map(draw).collect::<Vec<_>>()
        })
        .collect();
    let seen = Observations {
        channels: &channels,
        conditions: None,
        masked: None,
    };
    let infer = |estimator: &Estimator| {
        let mut out = vec![0.0; n * estimator.columns().len()];
        estimator.infer(&seen, &mut out).unwrap();
        out
    };
    let (expected, found) = (infer(&here), infer(&there));
    let columns = expected.chunks_exact(n).zip(found.chunks_exact(n));
    for (column, (expected, found)) in here.columns().iter().zip(columns) {
        if column.name == "flags" {
            continue;
        }
        let largest = expected.iter().fold(0.0_f32, |max, v| max.max(v.abs()));
        let pairs = expected.iter().zip(found);
        let error = pairs.fold(0.0_f32, |max, (a, b)| max.max((a - b).abs()));
        let relative = f64::from(error / largest);
        println!("{:<24} {relative:.1e}", column.name);
        assert!(relative <= STEP, "{}: {relative}", column.name);
    }
}
