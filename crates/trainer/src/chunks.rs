//! Samples, some at a time.

use data::Samples;
use ndarray::{Array2, ArrayView2, Axis, Slice};

/// Rows evaluated at once.
const CHUNK: usize = 1024;

/// Rows of x and conditions, some at a time, in order.
pub(crate) fn chunks(
    samples: &Samples,
) -> impl Iterator<Item = (Array2<f64>, Option<Array2<f64>>)> + '_ {
    let n = samples.len();
    (0..n).step_by(CHUNK).map(move |from| {
        let to = (from + CHUNK).min(n);
        let part = |all: ArrayView2<f64>| all.slice_axis(Axis(0), Slice::from(from..to)).to_owned();
        (
            part(samples.x()),
            samples.conditions().map(|c| part(c.values().view())),
        )
    })
}
