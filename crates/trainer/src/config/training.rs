//! The blocks `optimizer` and `trainer`.

use super::simulation::BandNoiseConfig;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// The optimizer, with the meaning and defaults of `PyTorch`'s.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OptimizerConfig {
    /// Kind of optimizer.
    #[serde(rename = "type")]
    pub kind: OptimizerKind,
    /// Initial learning rate.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub lr: f64,
    /// Decay rates of the running means of the gradient and of its square.
    #[schemars(schema_with = "decay_rates")]
    pub betas: [f64; 2],
    /// Added to the denominator.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub eps: f64,
    /// L2 penalty, added to the gradient of every parameter, biases too.
    #[schemars(range(min = 0))]
    pub weight_decay: f64,
    /// `true`: divide by the largest second moment so far.
    pub amsgrad: bool,
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self {
            kind: OptimizerKind::Adam,
            lr: 3e-4,
            betas: [0.9, 0.999],
            eps: 1e-8,
            weight_decay: 1e-4,
            amsgrad: true,
        }
    }
}

/// Two numbers in [0, 1).
fn decay_rates(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
        "minItems": 2,
        "maxItems": 2,
    })
}

/// Kinds of optimizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OptimizerKind {
    /// Adam (Kingma & Ba 2015); with `amsgrad` that of Reddi et al. 2018.
    Adam,
}

/// Stage A.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PretrainConfig {
    /// Synthetic spectra drawn in each epoch; null: as many as there are training rows.
    #[schemars(range(min = 1, max = 100000000))]
    pub spectra_per_epoch: Option<usize>,
    /// What the encoder learns of the known parameters.
    pub loss: PretrainLoss,
    /// How they are drawn.
    pub draw: PretrainDraw,
    /// Standard deviation of the noise on the synthetic spectra, in standardised units.
    #[schemars(range(min = 0, max = 10))]
    pub noise: f64,
    /// Noise on the synthetic spectra that grows with the signal, beside `noise`: as
    /// {"absolute": 0.005, "relative": 0.03} for a standard deviation of 0.005 + 0.03 R on a reflectance R, before
    /// standardisation. Null: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub band_noise: Option<BandNoiseConfig>,
    /// Size of a smooth error of the model on each synthetic spectrum, in standardised units: a wave over the channels
    /// with a drawn height (of this standard deviation), length and phase.
    #[schemars(range(min = 0, max = 10))]
    pub model_error: f64,
}

/// What the encoder learns of the known parameters z of a synthetic spectrum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PretrainLoss {
    /// The squared error of logit z.
    #[default]
    SquaredError,
    /// The likelihood of logit z under the encoder's mean and variance: trains the variances too.
    Likelihood,
}

/// How the parameters of a synthetic spectrum are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PretrainDraw {
    /// z ~ U(0, 1).
    #[default]
    UniformZ,
    /// logit z ~ N(0, 1), the prior.
    NormalU,
}

/// The training loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TrainerConfig {
    /// Number of epochs, the `phys_vae.epochs_pretrain` of stage A included.
    #[schemars(range(min = 1, max = 1000000))]
    pub epochs: usize,
    /// Samples in a step; the last, shorter batch of an epoch is kept.
    #[schemars(range(min = 1, max = 1048576))]
    pub batch_size: usize,
    /// Learning rate of stage A; null: `optimizer.lr`.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub pretrain_lr: Option<f64>,
    /// Stop after so many epochs at β = 1 without a better validation reconstruction; null: never.
    #[schemars(range(min = 1))]
    pub early_stop: Option<usize>,
    /// Largest norm of the whole gradient, longer ones are scaled down to it; null: no limit.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub grad_clip_norm: Option<f64>,
    /// `true`: set non-finite elements of the gradient to 0 (and count them).
    pub stablize_grad: bool,
    /// Stop with an error after so many steps in a row with a non-finite loss.
    #[schemars(range(min = 1))]
    pub max_skipped_steps: usize,
}

impl Default for TrainerConfig {
    fn default() -> Self {
        Self {
            epochs: 150,
            batch_size: 256,
            pretrain_lr: None,
            early_stop: None,
            grad_clip_norm: Some(1.0),
            stablize_grad: true,
            max_skipped_steps: 20,
        }
    }
}
