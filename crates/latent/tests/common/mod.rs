//! What the tests of this crate share.
#![allow(dead_code)] // each test file uses its part

use dfdx::prelude::{Backward, SumTo, TryMul};
use nn::{Backend, Cpu, Gradients, Matrix, OwnedTape};

/// A matrix for checks.
pub type M = Matrix<f64, Cpu>;
/// A matrix on its tape.
pub type Taped = Matrix<f64, Cpu, OwnedTape<f64, Cpu>>;

/// A matrix on the CPU.
pub fn matrix(rows: usize, columns: usize, values: &[f64]) -> M {
    nn::matrix(&Cpu::default(), rows, columns, values.to_vec()).unwrap()
}

/// Gradients of Σ weights ⊙ y.
pub fn backward(y: Taped, weights: &M) -> Gradients<f64, Cpu> {
    y.try_mul(weights.clone())
        .unwrap()
        .sum::<(), _>()
        .backward()
}

/// The gradient of one matrix, zeros if nothing reached it.
pub fn gradient(gradients: &mut Gradients<f64, Cpu>, of: &M) -> Vec<f64> {
    <Cpu as Backend<f64>>::with_gradient(gradients, of, |g| g.to_vec()).unwrap()
}

/// Fails unless all elements agree to `tolerance` · max(1, |expected|).
#[track_caller]
pub fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (f, e) in found.iter().zip(expected) {
        assert!(
            (f - e).abs() <= tolerance * e.abs().max(1.0),
            "{f} instead of {e}"
        );
    }
}
