//! Operations whose arithmetic runs on the host, as one node of dfdx's tape.

use crate::tensor::{matrix, to_host};
use crate::{Backend, Matrix, NnError, Scalar};
use dfdx::prelude::*;
use dfdx::tensor::Gradients;

/// A differentiable operation y = f(x) computed on the host by the caller.
///
/// * `x`: rows × p, the input on its tape
/// * `columns`: columns of y; `values`: y in row-major order, rows × columns
/// * `pull_back`: given ∂loss/∂y (rows × columns, row-major), returns ∂loss/∂x (rows × p)
///
/// The derivative is whatever `pull_back` says: check it with [`crate::check`].
///
/// # Errors
/// The device refuses, or `values` does not hold rows × columns numbers.
///
/// # Panics
/// The backward pass does if `pull_back` returns another number of elements than x has.
pub fn host_op<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    x: Matrix<E, D, T>,
    columns: usize,
    values: Vec<E>,
    pull_back: impl FnOnce(&[E]) -> Vec<E> + 'static,
) -> Result<Matrix<E, D, T>, NnError> {
    // gradients lie in memory as their tensor does: a permuted one must be laid out by rows first
    let x = x.try_contiguous().map_err(|e| NnError::device(&e))?;
    let (x, mut tape) = x.split_tape();
    let rows = x.shape().0;
    let device = x.device().clone();
    let y = matrix(&device, rows, columns, values)?;
    if T::OWNS_TAPE {
        let (x_ghost, y_ghost) = (x.ghost(), y.ghost());
        tape.add_backward_op(move |gradients: &mut Gradients<E, D>| {
            gradients.try_alloc_for(&y_ghost)?;
            let dy = to_host(&gradients.get(&y_ghost));
            let dx = pull_back(&dy);
            assert_eq!(dx.len(), x_ghost.shape().num_elements(), "∂loss/∂x");
            device.add_to_gradient(gradients.get_or_alloc_mut(&x_ghost)?, &dx)
        });
    }
    Ok(y.put_tape(tape))
}
