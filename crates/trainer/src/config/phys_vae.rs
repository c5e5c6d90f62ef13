//! The block `phys_vae`: the network, its latent space and the weights of its losses.

use super::low_rank::LowRankConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Network, latent space and loss weights of the physics-integrated variational autoencoder.
///
/// The variant follows from two keys: `no_phy: true` is variant A (no physics in the decoder),
/// `dim_z_aux: 0` variant B (physics only, no residual), anything else variant C (physics and a
/// residual, gated or of low rank).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of its own in the file"
)]
pub struct PhysVaeConfig {
    /// `true`: variant A, decoded by a network from z_aux alone; needs `dim_z_phy: 0`,
    /// `dim_z_aux` ≥ 1 and `epochs_pretrain: 0`.
    pub no_phy: bool,
    /// Number of physical latents; must equal the number of entries of `physics.ranges`, 0 with `no_phy`.
    #[schemars(range(max = 1024))]
    pub dim_z_phy: usize,
    /// Number of auxiliary latents that drive the residual; 0 means no residual at all (variant B).
    #[schemars(range(max = 1024))]
    pub dim_z_aux: usize,
    /// `true`: the encoder sees, beside the channels, the conditions of each sample: sun zenith, view zenith and relative
    /// azimuth, those of them that are not free, each scaled from the range that the physics accepts to −1 … 1. A sample
    /// without its own has those of `physics.fixed`. Needs a physics with conditions.
    #[serde(skip_serializing_if = "is_false")]
    #[schemars(extend("default" = false))]
    pub sees_conditions: bool,
    /// `true`: no latent is drawn and there is no KL. The decoder takes the encoder's means, and the model is an
    /// autoencoder without intervals; the encoder's variances are not trained in stage B.
    #[serde(skip_serializing_if = "is_false")]
    #[schemars(extend("default" = false))]
    pub deterministic_latents: bool,
    /// What corrects the physics' output where `dim_z_aux` is not 0.
    pub residual: ResidualName,
    /// The residual of `residual: "low_rank"`.
    pub low_rank: LowRankConfig,
    /// A constant part of the residual: gain and offset of each channel between the physics and the instrument, found
    /// before training from moments. The physics' outputs over the prior then have mean and spread of the training
    /// samples; stage A learns from spectra seen through it. Right as far as the samples' parameters are spread as
    /// the prior is.
    pub calibration: CalibrationName,
    /// Activation between linear layers, never after the last one.
    pub activation: Activation,
    /// Width of the features that the encoder's heads read.
    #[schemars(range(min = 1, max = 65536))]
    pub num_units_feat: usize,
    /// Widths of the hidden layers from the channels to the features; may be empty.
    #[schemars(inner(range(min = 1, max = 65536)))]
    pub hidlayers_feat: Vec<usize>,
    /// Widths of the hidden layers of the heads of the physical latents; may be empty.
    #[schemars(inner(range(min = 1, max = 65536)))]
    pub hidlayers_z_phy: Vec<usize>,
    /// Widths of the hidden layers of the heads of the auxiliary latents; may be empty.
    #[schemars(inner(range(min = 1, max = 65536)))]
    pub hidlayers_z_aux: Vec<usize>,
    /// Epochs of stage A (synthetic pretraining of the encoder), from epoch 0; part of
    /// `trainer.epochs`, so at most that.
    pub epochs_pretrain: usize,
    /// Epochs over which the KL weight β rises linearly from 0 to 1, counted from the end of stage A.
    pub kl_warmup_epochs: usize,
    /// Weight λ_g of the mean gate value of a gated residual.
    #[schemars(range(min = 0))]
    pub balance_gate: f64,
    /// Weight λ_Δ of the squared residual before its gate or scale, summed over channels.
    #[schemars(range(min = 0))]
    pub balance_residual: f64,
    /// Weight of the synthetic loss of stage A.
    #[schemars(range(min = 0))]
    pub balance_data_aug: f64,
    /// `true`: the residual network sees the physics' output without passing gradients back to it.
    pub detach_x_p: bool,
    /// Variant A only. `false` switches its KL off (β = 0), as the Python code of MAGIC does (arXiv:2405.18953v1).
    pub kl_without_physics: bool,
}

impl Default for PhysVaeConfig {
    fn default() -> Self {
        Self {
            no_phy: false,
            dim_z_phy: 7,
            dim_z_aux: 2,
            sees_conditions: false,
            deterministic_latents: false,
            residual: ResidualName::Gated,
            low_rank: LowRankConfig::default(),
            calibration: CalibrationName::None,
            activation: Activation::Elu,
            num_units_feat: 128,
            hidlayers_feat: vec![128],
            hidlayers_z_phy: vec![128],
            hidlayers_z_aux: vec![128],
            epochs_pretrain: 20,
            kl_warmup_epochs: 50,
            balance_gate: 1e-3,
            balance_residual: 1e-4,
            balance_data_aug: 1.0,
            detach_x_p: false,
            kl_without_physics: true,
        }
    }
}

/// A switch that is off is not written: a configuration without it stays the same text.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_false(switch: &bool) -> bool {
    !switch
}

impl PhysVaeConfig {
    /// The variant that the keys describe.
    pub fn variant(&self) -> ModelVariant {
        match (self.no_phy, self.dim_z_aux) {
            (true, _) => ModelVariant::NoPhysics,
            (false, 0) => ModelVariant::PhysicsOnly,
            (false, _) => ModelVariant::PhysicsAndResidual,
        }
    }
}

/// What the decoder consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelVariant {
    /// A: a network decodes z_aux; no physics.
    NoPhysics,
    /// B: the physics alone; no residual.
    PhysicsOnly,
    /// C: the physics plus a residual.
    PhysicsAndResidual,
}

/// What corrects the physics' output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResidualName {
    /// A network of every channel, behind a gate of its own.
    Gated,
    /// A few learned directions, whose coefficients come from z_aux and the physics' output.
    LowRank,
    /// Nothing: variant B; needs `dim_z_aux: 0`.
    None,
}

/// What of the physics' outputs is matched to the training samples before training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CalibrationName {
    /// Nothing.
    None,
    /// The mean of each channel.
    Offset,
    /// Mean and standard deviation of each channel.
    GainAndOffset,
}

/// Activation between linear layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// x for x > 0, else eˣ − 1.
    Elu,
    /// max(0, x).
    Relu,
    /// x for x > 0, else 0.01 x.
    LeakyRelu,
    /// ln(1 + eˣ).
    Softplus,
    /// Hyperbolic tangent.
    Tanh,
    /// x for x > 0, else a x with one learned slope a, from 0.25.
    Prelu,
}
