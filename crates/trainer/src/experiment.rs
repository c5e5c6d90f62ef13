//! Everything a training needs but the samples.

use crate::metrics::Dimensions;
use crate::training::StageA;
use data::Standardization;
use losses::{Goal, Weights};
use model::{Architecture, PhysicsLayer, ResidualScale};
use ndarray::{Array2, ArrayView2};
use nn::AdamConfig;
use schedules::{Phase, Ramp, Schedule};
use std::num::NonZeroUsize;

/// An experiment ready to run, whatever its physics: made from a configuration by
/// [`crate::assemble::assemble`], or by hand to train on a model of one's own.
pub struct Experiment {
    /// Name, for the run directory.
    pub name: String,
    /// Name of the physics, for reports; `none` without.
    pub physics_name: String,
    /// Seed of weights, draws and order.
    pub seed: u64,
    /// Sizes of the networks.
    pub architecture: Architecture,
    /// The physics with ranges and standardisation; `None` for variant A.
    pub physics: Option<PhysicsLayer>,
    /// The exact physics, for evaluation, where that of training is an approximation.
    pub exact_physics: Option<PhysicsLayer>,
    /// Names of latents and channels.
    pub dimensions: Dimensions,
    /// Name and unit of each physical parameter, in the order of the latents.
    pub units: Vec<(String, String)>,
    /// Unit of the channels (`reflectance`, `mm`).
    pub channel_unit: String,
    /// Mean and scale per channel.
    pub standardization: Standardization,
    /// Phases, KL weight, learning rate.
    pub schedule: Schedule,
    /// Weights of the losses; `beta` is the schedule's and ignored here.
    pub weights: Weights,
    /// What else Stage B minimises.
    pub goal: Goal,
    /// σ of the observation in standardised units, where it is known.
    pub fixed_noise: Option<f64>,
    /// How Stage A makes its spectra and what it learns.
    pub stage_a: StageA,
    /// Whether the encoder of the physical latents learns from simulated spectra in Stage B, not from the
    /// observations.
    pub posterior_is_simulated: bool,
    /// Whether the decoder has a calibration, and of what.
    pub calibration: CalibrationKind,
    /// τ and r of a low-rank residual over the epochs.
    pub residual_ramps: ResidualRamps,
    /// How slowly the prior of u_phy follows the posterior, 0 to 1; `None`: it stays N(0, I).
    pub prior_momentum: Option<f64>,
    /// Whether latents are the encoder's means throughout: nothing is drawn, there is no KL, and no posterior has a width.
    pub deterministic_latents: bool,
    /// Whether β is the schedule's; otherwise 0 (variant A with `kl_without_physics: false`, deterministic latents).
    pub kl_is_used: bool,
    /// The optimiser.
    pub adam: AdamConfig,
    /// Rows per batch.
    pub batch_size: NonZeroUsize,
    /// Synthetic spectra of an epoch of Stage A, in batches of `batch_size`, the last one shorter; `None`:
    /// as many as there are training rows.
    pub spectra_per_epoch: Option<NonZeroUsize>,
    /// Patience of early stopping in epochs; `None`: off.
    pub early_stop: Option<usize>,
    /// Losses in a row that may be not finite.
    pub max_skipped_steps: usize,
}

/// What of the physics' outputs is matched to the observations before training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CalibrationKind {
    /// Nothing.
    #[default]
    None,
    /// The mean of each channel.
    Offset,
    /// Mean and standard deviation of each channel.
    GainAndOffset,
}

/// τ and r of a low-rank residual over the epochs of Stage B; the default leaves both at 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResidualRamps {
    /// Of the temperature τ.
    pub tau: Ramp,
    /// Of the scale r.
    pub r: Ramp,
}

impl Default for ResidualRamps {
    fn default() -> Self {
        let one = Ramp {
            from: 1.0,
            to: 1.0,
            epochs: 0,
        };
        Self { tau: one, r: one }
    }
}

impl Experiment {
    /// The physics that evaluation decodes with: the exact one.
    pub fn physics_of_evaluation(&self) -> Option<&PhysicsLayer> {
        self.exact_physics.as_ref().or(self.physics.as_ref())
    }

    /// Rows that an epoch trains on, of which `observed` are there to be observed.
    pub fn rows_in_epoch(&self, epoch: usize, observed: usize) -> usize {
        match (self.schedule.phase(epoch), self.spectra_per_epoch) {
            (Phase::Pretrain, Some(spectra)) => spectra.get(),
            _ => observed,
        }
    }

    /// τ and r of an epoch.
    pub fn residual_scale_at(&self, epoch: usize) -> ResidualScale {
        let clock = self.schedule.phases().train_clock(epoch);
        ResidualScale {
            tau: self.residual_ramps.tau.at(clock),
            r: self.residual_ramps.r.at(clock),
        }
    }

    /// How slowly the prior of u_phy follows the posterior in an epoch: it does from the second one of Stage B on.
    pub fn prior_momentum_at(&self, epoch: usize) -> Option<f64> {
        let clock = self.schedule.phases().train_clock(epoch);
        self.prior_momentum.filter(|_| clock.is_some_and(|t| t > 0))
    }

    /// Standard deviation of the noise that simulated spectra carry in Stage A (and, where the posterior is simulated,
    /// throughout), for these standardised spectra (n × d), in standardised units: the declared noise of the bands.
    pub fn noise_std(&self, x: ArrayView2<f64>) -> Array2<f64> {
        let (mean, scale) = (self.standardization.mean(), self.standardization.scale());
        self.stage_a.noise_std(x, mean, scale)
    }

    /// KL weight of an epoch.
    pub fn beta(&self, epoch: usize) -> f64 {
        if self.kl_is_used {
            self.schedule.beta(epoch)
        } else {
            0.0
        }
    }

    /// Weights of an epoch.
    pub fn weights_at(&self, epoch: usize) -> Weights {
        Weights {
            beta: self.beta(epoch),
            ..self.weights
        }
    }
}
