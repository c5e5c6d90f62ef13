//! What a training step costs and how much of it is matrix products: the built-in experiment's model and
//! physics at batch 256, with the physics at all wavelengths and at those of the quadrature.
//!
//! Every figure is the median of many repetitions in turn, with the smallest in brackets: on a busy machine
//! the smallest is the one to compare.
//!
//! ```text
//! cargo run --release -p trainer --example step_cost
//! cargo run --release -p trainer --example step_cost -- --threads 1 --json
//! ```

use clap::Parser;
use data::{Purpose, Splits, draw_unit_parameters, stream};
use dfdx::prelude::HasShape;
use ndarray::s;
use nn::{Cpu, View, add_product, named};
use std::time::Instant;
use trainer::assemble::{assemble, check};
use trainer::config::{ConfigSource, Overrides, load};
use trainer::experiment::Experiment;
use trainer::training::Learner;

const BATCH: usize = 256;
const VALIDATION: usize = 2048;
const LEARNING_RATE: f64 = 1e-3;

/// What a training step costs and how much of it is matrix products
#[derive(Debug, Parser)]
#[command(name = "step_cost")]
struct Arguments {
    /// Numbers of threads
    #[arg(long, value_delimiter = ',', default_value = "1,2")]
    threads: Vec<usize>,
    /// Repetitions of everything
    #[arg(long, default_value_t = 60)]
    repetitions: usize,
    /// The medians as one line of JSON for each number of threads
    #[arg(long)]
    json: bool,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let with = |sampling: &str| -> Result<_, Failure> {
        let overrides = Overrides {
            set: vec![format!("physics.spectral.sampling={sampling}")],
            ..Overrides::default()
        };
        let loaded = load(&ConfigSource::BuiltIn, &overrides)?;
        let assembled = assemble(&check(&loaded)?)?;
        Ok((assembled.experiment, assembled.samples))
    };
    let (exact, samples) = with("exact")?;
    let (quadrature, _) = with("quadrature")?;
    for &threads in &arguments.threads {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        let times = pool.install(|| -> Result<_, Failure> {
            let mut times = products(&exact, arguments.repetitions)?;
            for (experiment, sampling) in [(&exact, "exact"), (&quadrature, "quadrature")] {
                times.extend(steps(
                    experiment,
                    &samples,
                    sampling,
                    arguments.repetitions,
                )?);
            }
            Ok(times)
        })?;
        report(threads, times, arguments.json);
    }
    Ok(())
}

/// What is timed, by name, in milliseconds.
type Times = Vec<(String, Vec<f64>)>;

fn report(threads: usize, times: Times, json: bool) {
    let medians = times.into_iter().map(|(name, mut times)| {
        times.sort_by(f64::total_cmp);
        (name, times[times.len() / 2], times[0])
    });
    if json {
        let medians: serde_json::Map<_, _> = medians
            .map(|(name, median, _)| (name, median.into()))
            .collect();
        let line = serde_json::json!({"threads": threads, "batch": BATCH, "milliseconds": medians});
        println!("{line}");
        return;
    }
    println!("{threads} thread(s), milliseconds");
    for (name, median, least) in medians {
        println!("  {name:36} {median:7.2} [{least:.2}]");
    }
}

/// The matrix products of a step B, forward and backward, on one thread.
fn products(experiment: &Experiment, repetitions: usize) -> Result<Times, Failure> {
    let learner = Learner::<f32, Cpu>::new(experiment, Cpu::default())?;
    let mut layers: Vec<Layer> = named::parameters(&learner.model)
        .into_iter()
        .filter(|(name, _)| name.ends_with("weight"))
        .map(|(_, weight)| Layer::new(BATCH, *weight.shape()))
        .collect();
    let mut times = vec![];
    for _ in 0..repetitions {
        time(&mut times, || layers.iter_mut().for_each(Layer::products));
    }
    Ok(vec![("products".to_owned(), times)])
}

/// The physics alone, steps of both phases, and validation.
fn steps(
    experiment: &Experiment,
    samples: &Splits,
    sampling: &str,
    repetitions: usize,
) -> Result<Times, Failure> {
    let mut learner = Learner::new(experiment, Cpu::default())?;
    let mut rng = stream(experiment.seed, Purpose::LatentNoise, 0, 0);
    let physics = experiment.physics.as_ref().ok_or("no physics")?;
    let z = draw_unit_parameters(BATCH, physics.parameters(), &mut rng);
    let x = samples.train.x().slice(s![..BATCH, ..]).to_owned();
    let valid = samples.valid.x().slice(s![..VALIDATION, ..]).to_owned();
    let weights = experiment.weights_at(40);
    let mut sums = learner.statistics();
    let mut times = [const { vec![] }; 4];
    for _ in 0..repetitions {
        time(&mut times[0], || physics.signals(z.view(), None).map(drop))?;
        let mut step = |learner: &mut Learner<f32, Cpu>| {
            learner.pretrain_step(z.view(), None, &mut rng, &weights, LEARNING_RATE)
        };
        time(&mut times[1], || step(&mut learner).map(drop))?;
        time(&mut times[2], || {
            let (x, rate) = (x.view(), LEARNING_RATE);
            learner.train_step(x, None, &mut rng, &weights, rate, &mut sums)
        })?;
        time(&mut times[3], || {
            let mut seen = learner.statistics();
            learner.reconstruct(valid.view(), None, None, &mut seen)
        })?;
    }
    let names = ["physics", "step_a", "step_b", "validation_of_2048"];
    let named = |(name, times): (&str, Vec<f64>)| (format!("{name}_{sampling}"), times);
    Ok(names.into_iter().zip(times).map(named).collect())
}

fn time<R>(times: &mut Vec<f64>, work: impl FnOnce() -> R) -> R {
    let start = Instant::now();
    let result = work();
    times.push(start.elapsed().as_secs_f64() * 1e3);
    result
}

/// One layer's operands, all made before the clock starts.
struct Layer {
    sizes: (usize, usize, usize),
    x: Vec<f32>,
    w: Vec<f32>,
    y: Vec<f32>,
    dx: Vec<f32>,
    dw: Vec<f32>,
}

impl Layer {
    fn new(rows: usize, (o, i): (usize, usize)) -> Self {
        Self {
            sizes: (rows, o, i),
            x: vec![0.5; rows * i],
            w: vec![0.5; o * i],
            y: vec![0.0; rows * o],
            dx: vec![0.0; rows * i],
            dw: vec![0.0; o * i],
        }
    }

    /// Forward, and backward to weight and input.
    fn products(&mut self) {
        let (n, o, i) = self.sizes;
        let (x, w) = (View::new(&self.x, i), View::new(&self.w, i));
        self.y.fill(0.0);
        add_product((n, o, i), &mut self.y, (0, o), x, w.t());
        let dy = View::new(&self.y, o);
        self.dw.fill(0.0);
        add_product((o, i, n), &mut self.dw, (0, i), dy.t(), x);
        self.dx.fill(0.0);
        add_product((n, i, o), &mut self.dx, (0, i), dy, w);
    }
}
