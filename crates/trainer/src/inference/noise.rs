//! How far a spectrum may be off, as declared.

use crate::TrainerError;
use crate::trained_model::TrainedModel;
use crate::training::Shards;
use data::BandNoise;
use nn::{NoneTape, to_host};
use std::fmt;

/// The noise of each channel that a refinement weighs errors with: √(a² + b²) of two independent parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Noise {
    /// Grows with the signal, in the channels' unit.
    band: Option<BandNoise>,
    /// σ of each standardised channel; none: 0.
    standardized: Vec<f64>,
}

impl Noise {
    /// As a user declares it.
    pub fn declared(band: BandNoise) -> Self {
        Self {
            band: Some(band),
            standardized: vec![],
        }
    }

    /// What the training says of errors around the physics: the noise that its simulations carried where the posterior
    /// is of simulations, else σ as it was learned or declared.
    ///
    /// # Errors
    /// It says nothing.
    pub fn of_training<D: Shards<f32>>(trained: &TrainedModel<D>) -> Result<Self, TrainerError> {
        let experiment = &trained.experiment;
        let d = experiment.dimensions.channels.len();
        let standardized = |sigma: Vec<f64>| Self {
            band: None,
            standardized: sigma,
        };
        let stage_a = &experiment.stage_a;
        if experiment.posterior_is_simulated
            && (stage_a.noise > 0.0 || stage_a.band_noise.is_some())
        {
            return Ok(Self {
                band: stage_a.band_noise,
                standardized: vec![stage_a.noise; d],
            });
        }
        if let Some(noise) = trained.learner.model.noise() {
            let [_, around_physics] = noise.lnvar::<NoneTape>()?;
            if let Some(lnvar) = around_physics {
                let sigma = to_host::<f32, D, NoneTape>(&lnvar).into_iter();
                return Ok(standardized(
                    sigma.map(|v| f64::from(0.5 * v).exp()).collect(),
                ));
            }
        }
        let fixed = experiment.fixed_noise.ok_or(TrainerError::NoNoise)?;
        Ok(standardized(vec![fixed; d]))
    }

    /// 1/σ of a standardised channel.
    ///
    /// * `value`: of the channel in its unit; `scale`: units to one of the standardised channel
    pub(super) fn inverse(&self, channel: usize, value: f64, scale: f64) -> f64 {
        let of_band = self.band.map_or(0.0, |band| band.std(value) / scale);
        let own = self.standardized.get(channel).copied().unwrap_or(0.0);
        of_band.hypot(own).recip()
    }
}

impl fmt::Display for Noise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(BandNoise { absolute, relative }) = self.band {
            write!(f, "{absolute} + {relative} of the value")?;
        }
        if self.standardized.iter().any(|sigma| *sigma > 0.0) {
            let and = if self.band.is_some() { ", and " } else { "" };
            write!(
                f,
                "{and}{:.3?} of the standardised channels",
                self.standardized
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_add_as_variances() {
        let band = BandNoise {
            absolute: 0.01,
            relative: 0.1,
        };
        // 0.01 + 0.1·0.2 = 0.03 of a channel with scale 0.1: 0.3; with 0.4 that is 0.5
        assert!((Noise::declared(band).inverse(0, 0.2, 0.1) - 1.0 / 0.3).abs() < 1e-12);
        let both = Noise {
            band: Some(band),
            standardized: vec![0.4],
        };
        assert!((both.inverse(0, 0.2, 0.1) - 2.0).abs() < 1e-12);
        assert_eq!(
            both.to_string(),
            "0.01 + 0.1 of the value, and [0.400] of the standardised channels"
        );
    }
}
