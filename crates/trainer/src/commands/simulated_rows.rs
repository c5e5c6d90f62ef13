//! The rows of a simulated table.

use crate::config::Precision;
use ndarray::{Array2, Array3};

/// Rows simulated at once, so that memory does not grow with the table.
pub(super) const CHUNK: usize = 4096;

/// All digits of the precision, the shortest that read back to the same number.
pub(super) fn write_rows(
    out: &mut String,
    values: &Array2<f64>,
    jacobian: &Array3<f64>,
    precision: Precision,
) {
    let digits = |v: f64| match precision {
        Precision::F32 => (v as f32).to_string(),
        Precision::F64 => v.to_string(),
    };
    for (i, row) in values.rows().into_iter().enumerate() {
        let mut cells: Vec<String> = row.iter().map(|&v| digits(v)).collect();
        if !jacobian.is_empty() {
            cells.extend(
                jacobian
                    .index_axis(ndarray::Axis(0), i)
                    .iter()
                    .map(|&v| digits(v)),
            );
        }
        *out += &cells.join(",");
        out.push('\n');
    }
}
