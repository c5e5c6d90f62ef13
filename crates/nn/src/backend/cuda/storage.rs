//! Tensors and the memory under them, without a way over the host.

use crate::{Matrix, NnError, Scalar};
use dfdx::optim::{Momentum, SgdConfig, WeightDecay};
use dfdx::prelude::*;
use dfdx::tensor::Gradients;

/// A copy of a matrix's memory, which lies in what is returned under the matrix's own id.
///
/// dfdx lets nobody at a tensor's memory but through gradients: v ← 0·v + (0 + 1·x) with a step of size 0.
/// It lies there as in the matrix: row after row in what products, sums and operations of this crate give, not in a
/// permuted view, which nobody can tell from outside dfdx.
pub(super) fn memory_of<E: Scalar, D: Device<E>>(
    x: &Matrix<E, D>,
) -> Result<Gradients<E, D>, NnError> {
    let (mut out, mut zero) = (Gradients::leaky(), Gradients::leaky());
    let copy = SgdConfig {
        lr: 0.0,
        momentum: Some(Momentum::Classic(0.0)),
        weight_decay: Some(WeightDecay::L2(1.0)),
    };
    let mut unchanged = x.clone();
    out.get_or_alloc_mut(x)
        .and_then(|to| copy.try_update(&mut unchanged, to, zero.get_or_alloc_mut(x)?))
        .map_err(|e| NnError::device(&e))?;
    Ok(out)
}

/// A new matrix (rows × columns) whose memory `fill` writes.
pub(super) fn filled<E: Scalar, D: Device<E>>(
    device: &D,
    rows: usize,
    columns: usize,
    fill: impl FnOnce(&mut <D as Storage<E>>::Vec) -> Result<(), NnError>,
) -> Result<Matrix<E, D>, NnError> {
    let shape: Matrix<E, D> = device
        .try_zeros_like(&(rows, columns))
        .map_err(|e| NnError::device(&e))?;
    let mut memory = Gradients::leaky();
    fill(
        memory
            .get_or_alloc_mut(&shape)
            .map_err(|e| NnError::device(&e))?,
    )?;
    Ok(memory.get(&shape))
}
