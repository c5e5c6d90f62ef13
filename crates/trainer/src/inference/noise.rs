//! How far a spectrum may be off, as declared.

use crate::TrainerError;
use crate::trained_model::TrainedModel;
use nn::{Cpu, NoneTape, to_host};
use std::fmt;

/// σ = absolute + relative · |value| of a channel, in its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BandNoise {
    /// In the unit of the channels.
    pub absolute: f64,
    /// Share of the value.
    pub relative: f64,
}

impl BandNoise {
    /// σ of a channel with this value, in its unit.
    pub fn sigma(self, value: f64) -> f64 {
        self.absolute + self.relative * value.abs()
    }
}

/// The noise of each channel that a refinement weighs errors with.
#[derive(Clone, Debug, PartialEq)]
pub enum Noise {
    /// Declared by the user or by the configuration of the training.
    Declared(BandNoise),
    /// σ of each standardised channel, d: learned, or the same for all.
    Standardized(Vec<f64>),
}

impl fmt::Display for Noise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Declared(BandNoise { absolute, relative }) => {
                write!(f, "{absolute} + {relative} of the value")
            }
            Self::Standardized(sigma) => write!(f, "{sigma:.3?} of the standardised channels"),
        }
    }
}

impl Noise {
    /// What the training says of errors around the physics: the noise that its simulations carried where the posterior
    /// is of simulations, else σ as it was learned or declared.
    ///
    /// # Errors
    /// It says nothing.
    pub fn of_training(trained: &TrainedModel) -> Result<Self, TrainerError> {
        let experiment = &trained.experiment;
        let d = experiment.dimensions.channels.len();
        if experiment.posterior_is_simulated && experiment.stage_a.noise > 0.0 {
            return Ok(Self::Standardized(vec![experiment.stage_a.noise; d]));
        }
        if let Some(noise) = trained.learner.model.noise() {
            let [_, around_physics] = noise.lnvar::<NoneTape>()?;
            if let Some(lnvar) = around_physics {
                let sigma = to_host::<f32, Cpu, NoneTape>(&lnvar).into_iter();
                return Ok(Self::Standardized(
                    sigma.map(|v| f64::from(0.5 * v).exp()).collect(),
                ));
            }
        }
        let fixed = experiment.fixed_noise.ok_or(TrainerError::NoNoise)?;
        Ok(Self::Standardized(vec![fixed; d]))
    }

    /// 1/σ of a standardised channel.
    ///
    /// * `value`: of the channel in its unit; `scale`: units to one of the standardised channel
    pub(super) fn inverse(&self, channel: usize, value: f64, scale: f64) -> f64 {
        match self {
            Self::Declared(noise) => scale / noise.sigma(value),
            Self::Standardized(sigma) => 1.0 / sigma[channel],
        }
    }
}
