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
pub fn to_host<E: Scalar, D: Backend<E>, T: Tape<E, D>>(x: &Matrix<E, D, T>) -> Vec<E> {
    // `as_vec` walks element by element; `copy_into` copies at once, but as the values lie in memory
    match x.retaped::<NoneTape>().try_contiguous() {
        Ok(by_rows) => {
            let mut values = vec![E::zero(); by_rows.shape().num_elements()];
            by_rows.copy_into(&mut values);
            values
        }
        Err(_) => x.as_vec(),
    }
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
pub fn detach<E: Scalar, D: Backend<E>, T: Tape<E, D>, New: Tape<E, D>>(
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

/// Takes the gradients of the given parameters out, in their order, to where the optimiser works on them; a parameter
/// that no operation reached has none: an empty one, which stands for zeros.
///
/// # Errors
/// The device refuses.
pub fn take_gradients<'a, E: Scalar, D: Backend<E>>(
    gradients: &mut Gradients<E, D>,
    parameters: impl IntoIterator<Item = &'a Matrix<E, D>>,
) -> Result<Vec<D::Gradient>, NnError> {
    parameters
        .into_iter()
        .map(|parameter| D::take_gradient(gradients, parameter))
        .collect()
}
