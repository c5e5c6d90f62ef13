//! How well each row of a split is reconstructed, and the channels of some rows.

use crate::TrainerError;
use crate::chunks::chunks;
use crate::training::{Learner, Reconstruction, Shards};
use data::Samples;
use ndarray::{Array2, ArrayView2, Axis};
use nn::Scalar;

/// Rows whose channels are kept at most: quantiles of so many are known to 0.5 %, and memory does not grow with a
/// table.
const KEPT: usize = 4096;

/// The reconstruction of the rows of a split, mean latents.
#[derive(Clone, Debug)]
pub struct FitByRow {
    /// Mean over the channels of (x_PB − x)², standardised units², of every row.
    pub errors: Vec<f64>,
    /// The rows whose channels are kept, rising: all, or evenly spread ones of a large split.
    pub kept: Vec<usize>,
    /// x of these rows, k × d, standardised.
    pub x: Array2<f64>,
    /// x_P of these rows, k × d, standardised; no rows without physics.
    pub x_p: Array2<f64>,
    /// x_PB of these rows, k × d, standardised.
    pub x_pb: Array2<f64>,
    step: usize,
}

impl FitByRow {
    /// Nothing yet of so many rows and channels.
    pub(crate) fn of(rows: usize, channels: usize) -> Self {
        let none = || Array2::zeros((0, channels));
        Self {
            errors: Vec::with_capacity(rows),
            kept: vec![],
            x: none(),
            x_p: none(),
            x_pb: none(),
            step: rows.div_ceil(KEPT).max(1),
        }
    }

    /// The next rows and what became of them.
    pub(crate) fn add(
        &mut self,
        x: ArrayView2<f64>,
        of: &Reconstruction,
    ) -> Result<(), TrainerError> {
        let first = self.errors.len();
        self.errors.extend(squares(x, of.x_pb.view()));
        let chosen: Vec<usize> = (0..x.nrows())
            .filter(|row| (first + row).is_multiple_of(self.step))
            .collect();
        let append = |to: &mut Array2<f64>, from: ArrayView2<f64>| {
            to.append(Axis(0), from.select(Axis(0), &chosen).view())
                .map_err(|e| TrainerError::Internal(e.to_string()))
        };
        append(&mut self.x, x)?;
        append(&mut self.x_pb, of.x_pb.view())?;
        if let Some(x_p) = &of.x_p {
            append(&mut self.x_p, x_p.view())?;
        }
        self.kept.extend(chosen.iter().map(|row| first + row));
        Ok(())
    }
}

/// Mean over the channels of (x_PB − x)² of every row, mean latents, standardised units².
///
/// # Errors
/// The physics or the device refuses.
pub fn row_errors<E: Scalar, D: Shards<E>>(
    learner: &Learner<E, D>,
    samples: &Samples,
) -> Result<Vec<f64>, TrainerError> {
    let (mut unused, mut errors) = (learner.statistics(), vec![]);
    for (x, conditions) in chunks(samples) {
        let conditions = conditions.as_ref().map(Array2::view);
        let mean = learner.reconstruct(x.view(), conditions, None, &mut unused)?;
        errors.extend(squares(x.view(), mean.x_pb.view()));
    }
    Ok(errors)
}

fn squares(x: ArrayView2<f64>, x_pb: ArrayView2<f64>) -> Vec<f64> {
    let rows = x.rows().into_iter().zip(x_pb.rows());
    let mean = |(a, b): (ndarray::ArrayView1<f64>, ndarray::ArrayView1<f64>)| {
        let sum: f64 = a.iter().zip(&b).map(|(a, b)| (a - b).powi(2)).sum();
        sum / a.len() as f64
    };
    rows.map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn shifted(x: &Array2<f64>) -> Reconstruction {
        Reconstruction {
            x_pb: x + 1.0,
            x_p: Some(x + 2.0),
            z_phy: None,
            z_90: None,
        }
    }

    #[test]
    fn errors_by_hand() {
        let mut fit = FitByRow::of(2, 2);
        let x = array![[0.0, 0.0], [1.0, 5.0]];
        let mut of = shifted(&x);
        of.x_pb = array![[1.0, 3.0], [1.0, 5.0]];
        fit.add(x.view(), &of).unwrap();
        assert_eq!(fit.errors, [5.0, 0.0]);
        assert_eq!((fit.kept, fit.x), (vec![0, 1], x));
    }

    #[test]
    fn of_many_rows_evenly_spread_ones_are_kept_whatever_the_chunks() {
        let n = 2 * KEPT + 5;
        let x = Array2::from_shape_fn((n, 1), |(row, _)| row as f64);
        for chunk in [n, 1000] {
            let mut fit = FitByRow::of(n, 1);
            for part in x.axis_chunks_iter(Axis(0), chunk) {
                fit.add(part, &shifted(&part.to_owned())).unwrap();
            }
            assert_eq!(fit.errors.len(), n);
            assert!(fit.kept.len() <= KEPT && fit.kept.len() > KEPT / 2);
            for (i, row) in fit.kept.iter().enumerate() {
                assert_eq!(*row, 3 * i);
                assert_eq!(fit.x[[i, 0]], *row as f64);
                assert_eq!(fit.x_p[[i, 0]], *row as f64 + 2.0);
            }
        }
    }
}
