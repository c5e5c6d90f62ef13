//! The tensors of this project: matrices of run-time shape.

use crate::{Backend, NnError, Scalar};
use dfdx::prelude::*;

/// A matrix (rows × columns) of run-time shape; `T` is its tape.
pub type Matrix<E, D, T = NoneTape> = Tensor<(usize, usize), E, D, T>;

/// A single number, such as a loss.
pub type Value<E, D, T = NoneTape> = Tensor<(), E, D, T>;

/// A matrix from row-major values.
///
/// # Errors
/// The device refuses, or `values` does not hold rows × columns numbers.
pub fn matrix<E: Scalar, D: Backend<E>>(
    device: &D,
    rows: usize,
    columns: usize,
    values: Vec<E>,
) -> Result<Matrix<E, D>, NnError> {
    device
        .try_tensor_from_vec(values, (rows, columns))
        .map_err(|e| NnError::device(&e))
}

/// A matrix from f64 values in row-major order, rounded to `E`.
///
/// # Errors
/// As [`matrix`].
pub fn from_rows<E: Scalar, D: Backend<E>>(
    device: &D,
    rows: usize,
    columns: usize,
    values: impl IntoIterator<Item = f64>,
) -> Result<Matrix<E, D>, NnError> {
    matrix(
        device,
        rows,
        columns,
        values.into_iter().map(E::of).collect(),
    )
}

/// The values in row-major order.
pub fn to_host<E: Scalar, D: Backend<E>, T>(x: &Matrix<E, D, T>) -> Vec<E> {
    x.as_vec()
}

/// The number in a [`Value`].
pub fn value<E: Scalar, D: Backend<E>, T>(x: &Value<E, D, T>) -> f64 {
    x.as_vec()[0].wide()
}

/// A copy with an identity of its own: no gradient flows back to `x`.
///
/// dfdx keys gradients by a tensor's id, and every clone shares it; dropping the tape of a clone would
/// therefore not stop the gradient.
///
/// # Errors
/// The device refuses.
pub fn detach<E: Scalar, D: Backend<E>, T, New: Tape<E, D>>(
    x: &Matrix<E, D, T>,
) -> Result<Matrix<E, D, New>, NnError> {
    let (rows, columns) = *x.shape();
    Ok(matrix(x.device(), rows, columns, to_host(x))?.put_tape(New::default()))
}

/// The gradients of a loss: runs the tape backwards.
///
/// # Errors
/// The device refuses.
pub fn backward<E: Scalar, D: Backend<E>>(
    loss: Value<E, D, OwnedTape<E, D>>,
) -> Result<Gradients<E, D>, NnError> {
    loss.try_backward().map_err(|e| NnError::device(&e))
}
