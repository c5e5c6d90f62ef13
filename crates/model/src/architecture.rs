//! Sizes of the networks.

use nn::Activation;

/// Numbers that say the time of year: sin and cos of one and of two turns.
pub const SEASON: usize = 4;

/// Sizes and choices of a [`crate::PhysVae`]; the names are those of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    /// Observed channels d.
    pub channels: usize,
    /// Physical latents p; 0 for variant A.
    pub dim_z_phy: usize,
    /// Auxiliary latents a; 0 for variant B.
    pub dim_z_aux: usize,
    /// Conditions of the physics that the encoder sees beside the channels: all of them, or 0.
    pub sees_conditions: usize,
    /// Between linear layers, never after the last.
    pub activation: Activation,
    /// Width of the features.
    pub num_units_feat: usize,
    /// Hidden widths of the feature MLP.
    pub hidlayers_feat: Vec<usize>,
    /// Hidden widths of the heads of the physical latents.
    pub hidlayers_z_phy: Vec<usize>,
    /// Hidden widths of the heads of the auxiliary latents.
    pub hidlayers_z_aux: Vec<usize>,
    /// Whether the residual network sees `x_P` without passing gradient to it.
    pub detach_x_p: bool,
    /// What the residual is, where there is one.
    pub residual: ResidualKind,
    /// Whether the prior of u_phy follows the posterior.
    pub running_prior: bool,
    /// σ at which learned observation noise begins, in standardised units; `None`: it is not learned.
    pub learned_noise: Option<f64>,
}

/// How the residual corrects the physics' output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResidualKind {
    /// Every channel by itself, behind a gate of its own.
    Gated,
    /// Within a few learned directions.
    LowRank {
        /// Number of directions k, at most the number of channels.
        rank: usize,
        /// Whether the coefficients see the time of year, [`SEASON`] numbers behind the conditions of each sample.
        season: bool,
    },
}

impl Architecture {
    /// Variant C with the project's default widths.
    pub fn new(channels: usize, dim_z_phy: usize, dim_z_aux: usize) -> Self {
        Self {
            channels,
            dim_z_phy,
            dim_z_aux,
            sees_conditions: 0,
            activation: Activation::Elu,
            num_units_feat: 128,
            hidlayers_feat: vec![128],
            hidlayers_z_phy: vec![128],
            hidlayers_z_aux: vec![128],
            detach_x_p: false,
            residual: ResidualKind::Gated,
            running_prior: false,
            learned_noise: None,
        }
    }

    /// Whether there is a residual network (variant C).
    pub fn has_residual(&self) -> bool {
        self.dim_z_phy > 0 && self.dim_z_aux > 0
    }

    /// Whether its residual sees the time of year.
    pub fn sees_season(&self) -> bool {
        self.has_residual() && matches!(self.residual, ResidualKind::LowRank { season: true, .. })
    }
}

/// `[first, hidden…, last]`.
pub(crate) fn sizes(first: usize, hidden: &[usize], last: usize) -> Vec<usize> {
    let mut all = vec![first];
    all.extend_from_slice(hidden);
    all.push(last);
    all
}
