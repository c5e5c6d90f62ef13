//! The block `objective`: what stage B minimises.

use super::smoothness::SmoothnessConfig;
use losses::Goal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What stage B minimises, where it is not the sum of squares with its KL. The default changes nothing.
///
/// `likelihood: "learned_noise"` with `physics_weight: 1` and `phys_vae.detach_x_p: true` keeps the posterior from
/// collapsing and makes the physics explain what it can; docs/recipe.md says how to choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ObjectiveConfig {
    /// Distance of a reconstruction from the observation.
    pub likelihood: Likelihood,
    /// σ of the observation in standardised units: that of `fixed_noise`, or where `learned_noise` begins.
    #[schemars(range(min = 0.0112, max = 12))]
    pub noise: f64,
    /// Where `huber` turns from squares to absolute values, in standardised units.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub huber_delta: f64,
    /// Weight of the same distance of the physics' output alone, with its own noise; 0: the physics is judged by the
    /// whole reconstruction only.
    #[schemars(range(min = 0))]
    pub physics_weight: f64,
    /// What the encoder of the physical latents learns from in stage B.
    pub posterior: PosteriorName,
    /// Largest weight of the KL of the physical latents; the schedule's β goes from 0 to it.
    #[schemars(range(min = 0))]
    pub beta_max_z_phy: f64,
    /// Largest weight of the KL of the auxiliary latents.
    #[schemars(range(min = 0))]
    pub beta_max_z_aux: f64,
    /// Nats of KL per dimension that cost nothing (Kingma et al. 2016, arXiv:1606.04934).
    #[schemars(range(min = 0))]
    pub free_bits: f64,
    /// Nats of KL that the physical latents are given (capacity control): `capacity_weight` · (KL − C)² then stands in
    /// the place of β KL, with C = β · capacity rising over `kl_warmup_epochs`; null: no control. Free bits and
    /// `beta_max_z_phy` do not act beside it. (Burgess et al. 2018, arXiv:1804.03599, with a square.)
    #[schemars(range(min = 0))]
    pub capacity: Option<f64>,
    /// Weight of (KL − C)².
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub capacity_weight: f64,
    /// Prior of the physical latents that follows the aggregated posterior, N(m, σ²) per dimension with moving averages
    /// of its moments: how much of the old ones a step keeps, such as 0.99; null: the prior is N(0, I).
    #[schemars(range(min = 0, max = 1))]
    pub ema_prior_momentum: Option<f64>,
    /// Weight of the mean of (−ln z − ln(1 − z))^p over the physical latents, which keeps them off the ends of their
    /// ranges.
    #[schemars(range(min = 0))]
    pub edge_penalty_weight: f64,
    /// p of it.
    #[schemars(range(min = 1, max = 8))]
    pub edge_penalty_power: f64,
    /// What the inferred parameters of consecutive samples cost where they differ, as {"weight": 1, "samples": 7};
    /// null: nothing.
    pub temporal_smoothness: Option<SmoothnessConfig>,
}

impl Default for ObjectiveConfig {
    fn default() -> Self {
        let goal = Goal::default();
        Self {
            likelihood: Likelihood::SumOfSquares,
            noise: 0.2,
            huber_delta: 1.0,
            physics_weight: goal.physics,
            posterior: PosteriorName::Elbo,
            beta_max_z_phy: goal.beta_phy,
            beta_max_z_aux: goal.beta_aux,
            free_bits: goal.free_bits,
            capacity: None,
            capacity_weight: 10.0,
            ema_prior_momentum: None,
            edge_penalty_weight: goal.edge,
            edge_penalty_power: goal.edge_power,
            temporal_smoothness: None,
        }
    }
}

/// Distance of a reconstruction x̂ from the observation x, summed over channels, averaged over samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Likelihood {
    /// (x̂ − x)²: a Gaussian likelihood with σ² = ½ in standardised units, far above the data's noise.
    SumOfSquares,
    /// ½ ((x̂ − x)²/σ² + ln σ²) with σ = `noise`.
    FixedNoise,
    /// The same with one learned σ per channel (Rybkin et al. 2021, arXiv:2006.13202).
    LearnedNoise,
    /// |x̂ − x|.
    L1,
    /// Squares up to `huber_delta`, absolute values beyond (Huber 1964).
    Huber,
}

/// What the encoder of the physical latents learns from in stage B.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PosteriorName {
    /// The observations, as everything else does: the evidence lower bound, which finds the narrowest posterior that
    /// the parameters' correlations allow.
    Elbo,
    /// Spectra as those of stage A, new ones in every step: drawn latents, physics, calibration, noise (neural posterior
    /// estimation: Papamakarios & Murray 2016, arXiv:1605.06376). The posterior then covers whatever could have made a
    /// spectrum, as far as the simulation is right; decoder and auxiliary latents learn from the observations. Needs
    /// `pretrain.loss: "likelihood"`. Without a residual the epoch that is kept, early stopping and a plateau go by the
    /// loss on simulations that are the same in every epoch, not by the reconstruction.
    Simulation,
}
