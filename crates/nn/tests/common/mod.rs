//! What the tests of this crate share.
#![allow(dead_code)] // each test file uses its part

use dfdx::prelude::{Backward, SumTo, TryMul};
use nn::{Activation, Backend, Cpu, Gradients, Matrix, OwnedTape, Value};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A matrix for checks.
pub type M = Matrix<f64, Cpu>;
/// A matrix on its tape.
pub type Taped = Matrix<f64, Cpu, OwnedTape<f64, Cpu>>;

/// All there are.
pub const ACTIVATIONS: [Activation; 8] = [
    Activation::Identity,
    Activation::Elu,
    Activation::Relu,
    Activation::LeakyRelu,
    Activation::Softplus,
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::Prelu,
];

/// A seeded generator.
pub fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// `n` numbers from U(−size, size).
pub fn numbers(rng: &mut impl Rng, n: usize, size: f64) -> Vec<f64> {
    (0..n).map(|_| rng.gen_range(-size..size)).collect()
}

/// A matrix on the CPU.
pub fn matrix(rows: usize, columns: usize, values: &[f64]) -> M {
    nn::matrix(&Cpu::default(), rows, columns, values.to_vec()).unwrap()
}

/// Σ weights ⊙ y.
pub fn weighted_sum(y: Taped, weights: &M) -> Value<f64, Cpu, OwnedTape<f64, Cpu>> {
    y.try_mul(weights.clone()).unwrap().sum()
}

/// Gradients of Σ weights ⊙ y.
pub fn backward(y: Taped, weights: &M) -> Gradients<f64, Cpu> {
    weighted_sum(y, weights).backward()
}

/// The gradient of one matrix, zeros if nothing reached it.
pub fn gradient(gradients: &mut Gradients<f64, Cpu>, of: &M) -> Vec<f64> {
    <Cpu as Backend<f64>>::with_gradient(gradients, of, |g| g.to_vec()).unwrap()
}

/// Fails unless all elements agree to `tolerance` · max(1, |expected|).
#[track_caller]
pub fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}: length");
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!(
            (f - e).abs() <= tolerance * e.abs().max(1.0),
            "{what}[{i}]: {f} instead of {e}"
        );
    }
}
