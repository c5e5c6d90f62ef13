//! Single terms. The reductions matter: a sum over channels is not a mean.

use dfdx::prelude::{HasShape, MeanTo, SumTo, TryDiv, TrySub};
use ndarray::{Array2, Axis};
use nn::{Backend, Matrix, NnError, Scalar, Tape, Value, host_op, to_host};

/// Mean over the n rows of Σ over columns of (a − b)²; both n × d.
///
/// The reconstruction (a = x_PB, b = x) and the synthetic loss (a = û, b = logit z).
///
/// # Errors
/// The device refuses.
pub fn squared_error<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    a: Matrix<E, D, T>,
    b: Matrix<E, D>,
) -> Result<Value<E, D, T>, NnError> {
    mean_of_row_sums(a.try_sub(b).map_err(|e| NnError::device(&e))?)
}

/// Mean over the n rows of Σ over columns of a²: the pre-gate residual, for a = δ.
///
/// # Errors
/// The device refuses.
pub fn mean_of_row_sums<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    a: Matrix<E, D, T>,
) -> Result<Value<E, D, T>, NnError> {
    let n = E::of(a.shape().0 as f64);
    (|| {
        let sum: Value<E, D, T> = a.try_square()?.try_sum()?;
        sum.try_div(n)
    })()
    .map_err(|e: D::Err| NnError::device(&e))
}

/// Mean over all elements: the gate penalty.
///
/// # Errors
/// The device refuses.
pub fn mean_of_elements<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    a: Matrix<E, D, T>,
) -> Result<Value<E, D, T>, NnError> {
    a.try_mean().map_err(|e: D::Err| NnError::device(&e))
}

/// ‖R Rᵀ − I‖², the squares of all elements summed; the rows of R (k × d) are directions.
///
/// # Errors
/// The device refuses.
pub fn not_orthonormal<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    directions: Matrix<E, D, T>,
) -> Result<Value<E, D, T>, NnError> {
    let (k, d) = *directions.shape();
    let values = to_host(&directions);
    let rows = Array2::from_shape_fn((k, d), |(row, column)| values[row * d + column].wide());
    // symmetric
    let excess = rows.dot(&rows.t()) - Array2::<f64>::eye(k);
    let of_rows = excess.map_axis(Axis(1), |row| E::of(row.dot(&row)));
    host_op(directions, 1, of_rows.to_vec(), move |dy| {
        let weighted = Array2::from_shape_fn((k, k), |(a, b)| {
            2.0 * (dy[a].wide() + dy[b].wide()) * excess[[a, b]]
        });
        weighted.dot(&rows).into_iter().map(E::of).collect()
    })?
    .try_sum()
    .map_err(|e| NnError::device(&e))
}
