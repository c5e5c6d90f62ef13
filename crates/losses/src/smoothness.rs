//! How much latents change within windows of consecutive samples.

use dfdx::prelude::{HasShape, SumTo, TryMul};
use nn::{Backend, Matrix, NnError, Scalar, Tape, Value, host_op, to_host};
use std::num::NonZeroUsize;

/// Mean over windows of T rows and over `columns` of the unbiased variance over a window's rows,
/// Σₜ (zₜ − z̄)²/(T − 1).
///
/// * `z`: n × p, the rows of a window one after the other; rows beyond the last whole window count nothing
/// * `window`: T; of one row there is no variance, and the term is 0
/// * `columns`: which of the p columns
///
/// # Errors
/// A column is not below p, or the device refuses.
pub fn smoothness<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    z: Matrix<E, D, T>,
    window: NonZeroUsize,
    columns: &[usize],
) -> Result<Value<E, D, T>, NnError> {
    let (n, p) = *z.shape();
    if let Some(&column) = columns.iter().find(|&&column| column >= p) {
        return Err(NnError::Width {
            layer: "smoothness".into(),
            expected: column + 1,
            found: p,
        });
    }
    let t = window.get();
    let whole = n - n % t;
    let k = columns.len();
    // z − z̄, whole × k
    let mut apart: Vec<f64> = vec![0.0; whole * k];
    let values = to_host(&z);
    for first in (0..whole).step_by(t) {
        for (to, &column) in columns.iter().enumerate() {
            let of = |row: usize| values[row * p + column].wide();
            let mean = (first..first + t).map(of).sum::<f64>() / t as f64;
            for row in first..first + t {
                apart[row * k + to] = of(row) - mean;
            }
        }
    }
    let mut of_rows = vec![E::zero(); n];
    for (to, apart) in of_rows.iter_mut().zip(apart.chunks_exact(k.max(1))) {
        *to = E::of(apart.iter().map(|a| a * a).sum());
    }
    let chosen = columns.to_vec();
    let squares = host_op(z, 1, of_rows, move |dy| {
        // dz = 2 (dy (z − z̄) − mean over the window of dy (z − z̄)), for z̄ moves with each z
        let mut dz = vec![E::zero(); n * p];
        for first in (0..whole).step_by(t) {
            for (from, &column) in chosen.iter().enumerate() {
                let weighted = |row: usize| dy[row].wide() * apart[row * k + from];
                let mean = (first..first + t).map(weighted).sum::<f64>() / t as f64;
                for row in first..first + t {
                    dz[row * p + column] += E::of(2.0 * (weighted(row) - mean));
                }
            }
        }
        dz
    })?;
    let counted = ((t - 1) * (whole / t) * k).max(1);
    (|| {
        let sum: Value<E, D, T> = squares.try_sum()?;
        sum.try_mul(E::of(1.0 / counted as f64))
    })()
    .map_err(|e: D::Err| NnError::device(&e))
}
