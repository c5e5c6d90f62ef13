//! What the KL of a block of latents costs, where that is not its plain mean: free bits and capacity control.

use crate::distances::{elementwise, kl_by_dimension};
use dfdx::prelude::SumTo;
use nn::{Backend, Matrix, NnError, Scalar, Tape, Value, to_host};

/// The KL of each dimension, nats, mean over the rows of a whole batch, for one of its shards.
///
/// Free bits and capacity control are curved in these means. A shard takes the plane that touches the curve there: the
/// shards' mean is then value and gradient of the whole batch, however it was cut.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KlOfBatch {
    /// Of the physical latents, p.
    pub physical: Vec<f64>,
    /// Of the auxiliary latents, a.
    pub auxiliary: Vec<f64>,
}

/// How the KL of a block is weighed.
pub(crate) struct KlCost {
    /// Nats per dimension that cost nothing.
    pub(crate) free_bits: f64,
    /// Weight γ and target C of γ (KL − C)² in the place of KL.
    pub(crate) controlled: Option<(f64, f64)>,
}

impl KlCost {
    /// What the block costs, and its plain KL in nats. `of_batch`: the KL of each dimension over the whole batch; these
    /// rows' own where they are all of it.
    ///
    /// # Errors
    /// The device refuses.
    pub(crate) fn of<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
        &self,
        mean: Matrix<E, D, T>,
        lnvar: Matrix<E, D, T>,
        of_batch: Option<&[f64]>,
    ) -> Result<(Value<E, D, T>, f64), NnError> {
        let here = kl_by_dimension(mean, lnvar)?;
        let own: Vec<f64> = to_host(&here).into_iter().map(E::wide).collect();
        let batch = of_batch.unwrap_or(&own);
        let free = self.free_bits;
        // written so that NaN stays
        let counted = |kl: f64| if kl < free { free } else { kl };
        let total: f64 = batch.iter().map(|&kl| counted(kl)).sum();
        let dimensions = batch.len() as f64;
        // value of the whole, spread over the dimensions, and slope of each
        let (value, slope) = match self.controlled {
            None => (None, 1.0),
            Some((weight, target)) => {
                let beyond = total - target;
                (Some(weight * beyond * beyond / dimensions), 2.0 * weight * beyond)
            }
        };
        let planes: Vec<(f64, f64, f64)> = batch
            .iter()
            .map(|&kl| {
                let slope = if kl < free { 0.0 } else { slope };
                (value.unwrap_or_else(|| counted(kl)), slope, kl)
            })
            .collect();
        let mut next = planes.into_iter().cycle();
        let cost = elementwise(here, |kl| {
            let (value, slope, at) = next.next().unwrap_or_default();
            (value + slope * (kl - at), slope)
        })?;
        let cost = cost.try_sum().map_err(|e: D::Err| NnError::device(&e))?;
        Ok((cost, own.iter().sum()))
    }
}
