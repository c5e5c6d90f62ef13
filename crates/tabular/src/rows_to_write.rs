//! What every writer asks of the rows it is given.

use crate::error::{TabularError, require_size};
use ndarray::ArrayView2;

/// `Ok` if the sizes fit, else [`TabularError::Shape`].
pub(crate) fn check(
    kept: &[Vec<String>],
    values: ArrayView2<'_, f32>,
    kept_columns: usize,
    columns: usize,
) -> Result<(), TabularError> {
    require_size("the number of kept columns", kept.len(), kept_columns)?;
    require_size("the number of columns of values", values.ncols(), columns)?;
    for texts in kept {
        require_size(
            "the number of rows of a kept column",
            texts.len(),
            values.nrows(),
        )?;
    }
    Ok(())
}
