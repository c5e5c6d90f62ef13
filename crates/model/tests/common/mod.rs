//! What the tests of this crate share.
#![allow(dead_code)] // each test file uses its part

pub mod reference;
pub mod toy;

use losses::{Objective, Terms, Weights};
use model::{Architecture, Gaussian, Noise, PhysVae, PhysicsLayer, Posterior, Residual};
use nn::named::{self, HostTensors};
use nn::{Activation, Backend, Cpu, Gradients, Matrix, OwnedTape};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A matrix for checks.
pub type M = Matrix<f64, Cpu>;
/// A matrix on its tape.
pub type Taped = Matrix<f64, Cpu, OwnedTape<f64, Cpu>>;
/// The model for checks.
pub type Vae = PhysVae<f64, Cpu>;

/// A seeded generator.
pub fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// A matrix on the CPU.
pub fn matrix(rows: usize, columns: usize, values: &[f64]) -> M {
    nn::matrix(&Cpu::default(), rows, columns, values.to_vec()).unwrap()
}

/// `n` numbers from U(−size, size).
pub fn numbers(rng: &mut impl Rng, n: usize, size: f64) -> Vec<f64> {
    (0..n).map(|_| rng.gen_range(-size..size)).collect()
}

/// The toy between standardised quantities.
pub fn layer() -> PhysicsLayer {
    PhysicsLayer::new(
        Arc::new(toy::Toy::new()),
        toy::RANGES.to_vec(),
        toy::MEAN.to_vec(),
        toy::SCALE.to_vec(),
    )
    .unwrap()
}

/// The three variants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Variant {
    A,
    B,
    C,
}

/// Small widths, so that every kind of layer is there and nothing else.
pub fn architecture(variant: Variant, activation: Activation, detach_x_p: bool) -> Architecture {
    let (p, a) = match variant {
        Variant::A => (0, 3),
        Variant::B => (3, 0),
        Variant::C => (3, 2),
    };
    Architecture {
        activation,
        num_units_feat: 6,
        hidlayers_feat: vec![7],
        hidlayers_z_phy: vec![5, 4],
        hidlayers_z_aux: vec![5],
        detach_x_p,
        ..Architecture::new(toy::CHANNELS, p, a)
    }
}

/// A model with fresh weights.
pub fn vae(architecture: Architecture, seed: u64) -> Vae {
    let physics = (architecture.dim_z_phy > 0).then(layer);
    PhysVae::new(&Cpu::default(), architecture, physics, &mut rng(seed)).unwrap()
}

/// The gradient of every parameter by name, zeros if nothing reached it.
pub fn gradients(model: &Vae, mut all: Gradients<f64, Cpu>) -> BTreeMap<String, Vec<f64>> {
    named::parameters(model)
        .into_iter()
        .map(|(name, m)| {
            let g = <Cpu as Backend<f64>>::with_gradient(&mut all, m, |g| g.to_vec()).unwrap();
            (name, g)
        })
        .collect()
}

/// A batch with everything a step needs, row-major.
pub struct Batch {
    pub n: usize,
    pub x: Vec<f64>,
    /// The toy's condition.
    pub condition: Vec<f64>,
    pub noise_phy: Vec<f64>,
    pub noise_aux: Vec<f64>,
    /// For pretraining.
    pub z: Vec<f64>,
}

impl Batch {
    pub fn new(n: usize, a: &Architecture, seed: u64) -> Self {
        let mut rng = rng(seed);
        Self {
            n,
            x: numbers(&mut rng, n * a.channels, 2.0),
            condition: (0..n).map(|_| rng.gen_range(0.2..1.8)).collect(),
            noise_phy: numbers(&mut rng, n * a.dim_z_phy, 1.5),
            noise_aux: numbers(&mut rng, n * a.dim_z_aux, 1.5),
            z: (0..n * a.dim_z_phy)
                .map(|_| rng.gen_range(0.05..0.95))
                .collect(),
        }
    }

    pub fn conditions(&self) -> ndarray::Array2<f64> {
        ndarray::Array2::from_shape_vec((self.n, 1), self.condition.clone()).unwrap()
    }

    pub fn z(&self) -> ndarray::Array2<f64> {
        let p = self.z.len() / self.n;
        ndarray::Array2::from_shape_vec((self.n, p), self.z.clone()).unwrap()
    }

    pub fn noise(&self, a: &Architecture) -> Noise<f64, Cpu> {
        let block = |k: usize, values: &[f64]| (k > 0).then(|| matrix(self.n, k, values));
        Noise {
            physical: block(a.dim_z_phy, &self.noise_phy),
            auxiliary: block(a.dim_z_aux, &self.noise_aux),
        }
    }
}

/// One step of Stage B as the trainer takes it, up to the loss; `x` replaces the observation in the loss.
pub fn train_loss(
    model: &Vae,
    batch: &Batch,
    weights: &Weights,
    x: Option<&[f64]>,
) -> Objective<f64, Cpu, OwnedTape<f64, Cpu>> {
    let a = model.architecture();
    let input: Taped = matrix(batch.n, a.channels, &batch.x).retaped();
    let conditions = batch.conditions();
    let posterior = model.encode(input, Some(conditions.view())).unwrap();
    let shown = Posterior {
        physical: posterior.physical.as_ref().map(Gaussian::with_empty_tape),
        auxiliary: posterior.auxiliary.as_ref().map(Gaussian::with_empty_tape),
    };
    let decoded = model
        .decode(posterior, Some(batch.noise(a)), Some(conditions.view()))
        .unwrap();
    let (delta, gate, coefficients) = decoded.residual.map_or((None, None, None), |r| {
        (Some(r.delta), r.gate, r.coefficients)
    });
    let terms = Terms {
        x_pb: decoded.x_pb,
        x_p: decoded.x_p,
        z_phy: decoded.z_phy,
        physical: shown.physical.map(|g| (g.mean, g.lnvar)),
        auxiliary: shown.auxiliary.map(|g| (g.mean, g.lnvar)),
        delta,
        gate,
        coefficients,
        directions: model.residual().and_then(Residual::directions),
        noise: [None, None],
    };
    let observed = matrix(batch.n, a.channels, x.unwrap_or(&batch.x));
    Objective::train(terms, observed, weights, &losses::Goal::default()).unwrap()
}

/// One step of Stage A, up to the loss.
pub fn pretrain_loss(
    model: &Vae,
    batch: &Batch,
    weights: &Weights,
) -> Objective<f64, Cpu, OwnedTape<f64, Cpu>> {
    let physics = model.physics().unwrap();
    let conditions = batch.conditions();
    let signals = physics
        .signals(batch.z().view(), Some(conditions.view()))
        .unwrap();
    let x: Vec<f64> = signals.iter().copied().collect();
    let x: Taped = matrix(batch.n, physics.channels(), &x).retaped();
    let target: Vec<f64> = batch.z.iter().map(|&z| latent::logit(z)).collect();
    let u = model
        .encode_physical_mean(x, Some(conditions.view()))
        .unwrap()
        .unwrap();
    let target = matrix(batch.n, physics.parameters(), &target);
    Objective::pretrain(u, target, weights).unwrap()
}

/// All parameters on the host.
pub fn tensors(model: &Vae) -> HostTensors<f64> {
    named::to_host_tensors(model)
}
