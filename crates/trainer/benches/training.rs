//! Steps of both phases by batch size, and an epoch, of the built-in experiment: all wavelengths or the quadrature,
//! all threads.
//!
//! `cargo bench -p trainer --bench training -- 'step_b/quadrature'`

#![allow(
    missing_docs,
    reason = "the macro of criterion makes a public function"
)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use data::{Purpose, Splits, draw_unit_parameters, epoch_order, stream};
use nn::Cpu;
use std::time::Duration;
use trainer::assemble::{assemble, check};
use trainer::config::{ConfigSource, Overrides, load};
use trainer::experiment::Experiment;
use trainer::training::Learner;

const BATCHES: [usize; 5] = [1, 16, 256, 4096, 65_536];
/// A whole epoch of Stage B, KL weight included.
const EPOCH: usize = 40;
const LEARNING_RATE: f64 = 1e-3;

fn experiment(sampling: &str) -> (Experiment, Splits) {
    let overrides = Overrides {
        set: vec![format!("physics.spectral.sampling={sampling}")],
        ..Overrides::default()
    };
    let loaded = load(&ConfigSource::BuiltIn, &overrides).expect("the built-in configuration");
    let checked = check(&loaded).expect("it is good");
    let assembled = assemble(&checked).expect("it can be assembled");
    (assembled.experiment, assembled.samples)
}

fn learner(experiment: &Experiment) -> Learner<f32, Cpu> {
    Learner::new(experiment, Cpu::default()).expect("a learner")
}

fn steps(c: &mut Criterion) {
    for sampling in ["exact", "quadrature"] {
        let (experiment, samples) = experiment(sampling);
        let mut learner = learner(&experiment);
        let weights = experiment.weights_at(EPOCH);
        let mut rng = stream(experiment.seed, Purpose::LatentNoise, 0, 0);
        for batch in BATCHES {
            let parameters = experiment.architecture.dim_z_phy;
            let z = draw_unit_parameters(batch, parameters, &mut rng);
            let mut group = c.benchmark_group("step_a");
            group.throughput(Throughput::Elements(batch as u64));
            group.bench_function(BenchmarkId::new(sampling, batch), |b| {
                b.iter(|| learner.pretrain_step(z.view(), None, &mut rng, &weights, LEARNING_RATE));
            });
            group.finish();

            let rows: Vec<usize> = (0..batch).map(|i| i % samples.train.len()).collect();
            let taken = samples.train.gather::<f64>(&rows);
            let mut sums = learner.statistics();
            let mut group = c.benchmark_group("step_b");
            group.throughput(Throughput::Elements(batch as u64));
            group.bench_function(BenchmarkId::new(sampling, batch), |b| {
                b.iter(|| {
                    let x = taken.x.view();
                    learner.train_step(x, None, &mut rng, &weights, LEARNING_RATE, &mut sums)
                });
            });
            group.finish();
        }
    }
}

fn epochs(c: &mut Criterion) {
    for sampling in ["exact", "quadrature"] {
        let (experiment, samples) = experiment(sampling);
        let mut learner = learner(&experiment);
        let weights = experiment.weights_at(EPOCH);
        let mut rng = stream(experiment.seed, Purpose::LatentNoise, 0, 0);
        let n = samples.train.len();
        let order = epoch_order(experiment.seed, 0, n);
        let mut group = c.benchmark_group("epoch_b_and_validation");
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(BenchmarkId::new(sampling, n), |b| {
            b.iter(|| {
                let mut sums = learner.statistics();
                for rows in order.chunks(experiment.batch_size.get()) {
                    let x = samples.train.gather::<f64>(rows).x;
                    let x = x.view();
                    let done =
                        learner.train_step(x, None, &mut rng, &weights, LEARNING_RATE, &mut sums);
                    done.expect("a step");
                }
                let mut seen = learner.statistics();
                learner.reconstruct(samples.valid.x(), None, None, &mut seen)
            });
        });
        group.finish();
    }
}

criterion_group! {
    name = training;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2));
    targets = steps, epochs
}
criterion_main!(training);
