//! The block `phys_vae.low_rank`: a residual of a few learned directions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A residual of low rank, used with `residual: "low_rank"`:
/// x_PB = x_P + r (c ⊙ s) Bᵀ with c = tanh((W [z_aux, x_P] + b)/τ) and k learned directions, the columns of B.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LowRankConfig {
    /// Number k of directions, at most that of the channels; null: `dim_z_aux`.
    #[schemars(range(min = 1, max = 1024))]
    pub rank: Option<usize>,
    /// τ in stage A and at its end.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_init: f64,
    /// τ from the end of its warm-up on.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_final: f64,
    /// Epochs from the end of stage A over which τ goes from one to the other.
    pub tau_warmup_epochs: usize,
    /// r in stage A and at its end.
    #[schemars(range(min = 0))]
    pub r_init: f64,
    /// r from the end of its warm-up on.
    #[schemars(range(min = 0))]
    pub r_final: f64,
    /// Epochs from the end of stage A over which r goes from one to the other.
    pub r_warmup_epochs: usize,
    /// Weight of ‖BᵀB − I‖², the squares of all elements summed.
    #[schemars(range(min = 0))]
    pub ortho_penalty_weight: f64,
    /// Weight of the coefficients' squares Σ c², averaged over samples. That of δ's is `balance_residual`.
    #[schemars(range(min = 0))]
    pub coeff_penalty_weight: f64,
    /// `true`: the coefficients see the time of year as well, sin and cos of one and of two turns, from the date of
    /// each sample (`data.labels.date`).
    pub use_time: bool,
}

impl Default for LowRankConfig {
    fn default() -> Self {
        Self {
            rank: None,
            tau_init: 3.0,
            tau_final: 1.0,
            tau_warmup_epochs: 20,
            r_init: 0.0,
            r_final: 1.0,
            r_warmup_epochs: 20,
            ortho_penalty_weight: 0.1,
            coeff_penalty_weight: 1e-4,
            use_time: false,
        }
    }
}
