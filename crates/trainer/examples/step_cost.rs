//! What a training step costs and how much of it is matrix products: the built-in experiment's model and
//! physics at batch 256, one thread and two.
//!
//! Every figure is the median of many repetitions in turn, with the smallest in brackets: on a busy machine
//! the smallest is the one to compare.
//!
//! ```text
//! cargo run --release --example step_cost
//! ```

use data::{Purpose, draw_unit_parameters, stream};
use dfdx::prelude::HasShape;
use model::PhysVae;
use ndarray::s;
use nn::{Adam, Cpu, View, add_product, named};
use std::time::Instant;
use trainer::assemble::{assemble, check};
use trainer::config::{ConfigSource, Overrides, load};
use trainer::experiment::Experiment;
use trainer::training::Learner;

const BATCH: usize = 256;
const VALIDATION: usize = 2048;
const REPETITIONS: usize = 60;
const LEARNING_RATE: f64 = 1e-3;

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let loaded = load(&ConfigSource::BuiltIn, &Overrides::default())?;
    let (experiment, samples) = assemble(&check(&loaded)?)?;
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        println!("{threads} thread(s), milliseconds");
        pool.install(|| measure(&experiment, &samples))?;
    }
    Ok(())
}

fn measure(
    experiment: &Experiment,
    samples: &data::Splits,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let device = Cpu::default();
    let mut rng = stream(experiment.seed, Purpose::Initialisation, 0, 0);
    let model = PhysVae::<f32, Cpu>::new(
        &device,
        experiment.architecture.clone(),
        experiment.physics.clone(),
        &mut rng,
    )?;
    let shapes: Vec<(usize, usize)> = named::parameters(&model)
        .into_iter()
        .filter(|(name, _)| name.ends_with("weight"))
        .map(|(_, weight)| *weight.shape())
        .collect();
    let layers = |rows| {
        shapes
            .iter()
            .map(|&s| Layer::new(rows, s))
            .collect::<Vec<_>>()
    };
    let (mut whole, mut shard) = (layers(BATCH), layers(BATCH / 4));
    let standardization = &experiment.standardization;
    let mut learner = Learner {
        device,
        model,
        adam: Adam::new(experiment.adam),
        standardization: (
            standardization.mean().to_vec(),
            standardization.scale().to_vec(),
        ),
    };
    let physics = experiment.physics.as_ref().ok_or("no physics")?;
    let z = draw_unit_parameters(BATCH, physics.parameters(), &mut rng);
    let x = samples.train.x().slice(s![..BATCH, ..]).to_owned();
    let valid = samples.valid.x().slice(s![..VALIDATION, ..]).to_owned();
    let weights = experiment.weights_at(40);
    let mut sums = learner.statistics();
    let mut times = [const { vec![] }; 6];
    for _ in 0..REPETITIONS {
        time(&mut times[0], || whole.iter_mut().for_each(Layer::products));
        time(&mut times[1], || {
            for _ in 0..4 {
                shard.iter_mut().for_each(Layer::products);
            }
        });
        time(&mut times[2], || physics.signals(z.view(), None).map(drop))?;
        let step = |learner: &mut Learner<f32, Cpu>| {
            learner.pretrain_step(z.view(), None, &weights, LEARNING_RATE)
        };
        time(&mut times[3], || step(&mut learner).map(drop))?;
        time(&mut times[4], || {
            let (x, rate) = (x.view(), LEARNING_RATE);
            learner.train_step(x, None, &mut rng, &weights, rate, &mut sums)
        })?;
        time(&mut times[5], || {
            let mut seen = learner.statistics();
            learner.reconstruct(valid.view(), None, None, &mut seen)
        })?;
    }
    let names = [
        "products of a step B, whole batch, one thread",
        "products of a step B, in four shards, one thread",
        "physics, values of a batch",
        "step of Stage A",
        "step of Stage B",
        "validation of 2,048 rows",
    ];
    for (name, times) in names.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        println!(
            "  {name:50} {:7.2} [{:.2}]",
            times[times.len() / 2],
            times[0]
        );
    }
    Ok(())
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
