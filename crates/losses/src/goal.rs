//! What Stage B minimises, where it is not the plain sum of squares with its KL.

use std::num::NonZeroUsize;

/// How far a reconstruction is from the observation, summed over channels, averaged over rows; r = x̂ − x.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Distance {
    /// r².
    #[default]
    Squares,
    /// −ln N(x; x̂, σ²) without its constant, ½ (r²/σ² + ln σ²) with one σ per channel: with it β = 1 is the true
    /// evidence lower bound. Where σ is learned it settles at the reconstruction's error (Rybkin, Daniilidis &
    /// Levine 2021, arXiv:2006.13202).
    Gaussian,
    /// |r|.
    Absolute,
    /// ½ r² for |r| ≤ δ, δ (|r| − ½ δ) beyond (Huber 1964, doi:10.1214/aoms/1177703732).
    Huber {
        /// Where squares end, in standardised units.
        delta: f64,
    },
}

/// Consecutive samples of a series are alike: the variance of latents within windows costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Smoothness {
    /// Weight of the mean over windows and columns of the unbiased variance of z ∈ (0, 1).
    pub weight: f64,
    /// Rows T of a window; the rows that are worked on together are whole windows, then what is left over.
    pub window: NonZeroUsize,
    /// Which of the physical latents.
    pub columns: Vec<usize>,
}

/// Terms and weights beyond those of [`crate::Weights`]; the default adds and changes nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// Of x_PB, and of x_P where that counts.
    pub distance: Distance,
    /// Weight of the same distance of x_P: the physics then explains what it can, whatever the residual does.
    pub physics: f64,
    /// β of the physical latents, in parts of the schedule's (β-VAE: Higgins et al. 2017).
    pub beta_phy: f64,
    /// β of the auxiliary latents, in parts of the schedule's.
    pub beta_aux: f64,
    /// Nats per dimension that cost nothing: max(λ, KL) of each, KL being the mean over the rows of the whole batch
    /// (Kingma et al. 2016, arXiv:1606.04934, eq. 15), in however many shards it is worked on.
    pub free_bits: f64,
    /// Weight γ of (KL − C)², which then stands in the place of β KL of the physical latents (capacity control, Burgess
    /// et al. 2018, arXiv:1804.03599, with a square). KL is the mean over the rows of the whole batch, in however many
    /// shards it is worked on; C is β times `capacity`, so that it rises with the schedule's warm-up. 0: no control.
    pub capacity_weight: f64,
    /// Nats that the physical latents are given at β = 1.
    pub capacity: f64,
    /// Weight of the mean of (−ln z − ln(1 − z))ᵖ over rows and physical latents, least at z = ½.
    pub edge: f64,
    /// p of it.
    pub edge_power: f64,
    /// Weight of ‖BᵀB − I‖² of the directions of a low-rank residual.
    pub orthogonality: f64,
    /// Weight of the mean over rows of Σ c² of its coefficients.
    pub coefficients: f64,
    /// What the physical latents of consecutive samples cost where they differ.
    pub smoothness: Option<Smoothness>,
}

impl Goal {
    /// Whether what the KL costs is no plain mean over rows, so that a shard must know the KL of its whole batch.
    pub fn needs_kl_of_batch(&self) -> bool {
        self.free_bits > 0.0 || self.capacity_weight > 0.0
    }
}

impl Default for Goal {
    fn default() -> Self {
        Self {
            distance: Distance::Squares,
            physics: 0.0,
            beta_phy: 1.0,
            beta_aux: 1.0,
            free_bits: 0.0,
            capacity_weight: 0.0,
            capacity: 0.0,
            edge: 0.0,
            edge_power: 1.0,
            orthogonality: 0.0,
            coefficients: 0.0,
            smoothness: None,
        }
    }
}
