//! What a model carries beside its weights: numbers that training moves and no gradient does.

use crate::calibration::Calibration;
use crate::residual::ResidualScale;
use serde::{Deserialize, Serialize};

/// The part of a model's state that an optimiser does not touch; saved with the weights.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Buffers {
    /// τ and r of a low-rank residual.
    pub residual: ResidualScale,
    /// What lies between the physics and the channels, where that is allowed for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// The prior of u_phy, where it follows the posterior.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior: Option<RunningPrior>,
}

/// A Gaussian prior of u_phy per dimension that follows the aggregated posterior: exponential moving averages of its
/// first two moments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunningPrior {
    mean: Vec<f64>,
    /// Mean of u².
    square: Vec<f64>,
}

/// Least and largest variance of the prior.
const VARIANCE: (f64, f64) = (1e-3, 50.0);

impl RunningPrior {
    /// N(0, 1) in each of p dimensions.
    pub fn standard(p: usize) -> Self {
        Self {
            mean: vec![0.0; p],
            square: vec![1.0; p],
        }
    }

    /// a ← momentum · a + (1 − momentum) · (moments of a batch), for the means of u and of u² = m² + eᵛ over the
    /// posteriors of a batch, p each. Moments that are not finite change nothing.
    pub fn follow(&mut self, mean: &[f64], square: &[f64], momentum: f64) {
        if !mean.iter().chain(square).all(|v| v.is_finite()) {
            return;
        }
        for (own, batch) in [(&mut self.mean, mean), (&mut self.square, square)] {
            for (own, batch) in own.iter_mut().zip(batch) {
                *own = momentum * *own + (1.0 - momentum) * batch;
            }
        }
    }

    /// Means, p.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Variances, p, from 0.001 to 50.
    pub fn variance(&self) -> Vec<f64> {
        let variance =
            |(square, mean): (&f64, &f64)| (square - mean * mean).clamp(VARIANCE.0, VARIANCE.1);
        self.square.iter().zip(&self.mean).map(variance).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_follow_the_batches() {
        let mut prior = RunningPrior::standard(2);
        assert_eq!(
            (prior.mean(), prior.variance()),
            (&[0.0; 2][..], vec![1.0; 2])
        );
        prior.follow(&[1.0, -2.0], &[3.0, 4.0], 0.75);
        assert_eq!(prior.mean(), [0.25, -0.5]);
        assert_eq!(prior.variance(), [1.5 - 0.0625, 1.75 - 0.25]);
        let before = prior.clone();
        prior.follow(&[f64::NAN, 0.0], &[1.0, 1.0], 0.75);
        assert_eq!(prior, before);
    }

    #[test]
    fn variances_stay_within_their_limits() {
        let mut prior = RunningPrior::standard(2);
        prior.follow(&[0.0, 3.0], &[1e9, 9.0], 0.0);
        assert_eq!(prior.variance(), [50.0, 1e-3]);
    }
}
