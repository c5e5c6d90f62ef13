//! The physics-integrated variational autoencoder.
//!
//! ```text
//! x ─ encoder ─┬─ u_phy ~ N(mean, e^lnvar) ─ sigmoid ─ z_phy ─ physics ─ x_P ─┬─ x_PB = x_P + g ⊙ δ
//!              └─ z_aux ~ N(mean, e^lnvar) ─ context([z_phy, z_aux]) ─ residual ┘
//! ```
//!
//! The residual is gated, or of low rank: x_PB = x_P + r (c ⊙ s) Bᵀ with c = tanh((W [z_aux, x_P] + b)/τ), where W may
//! see the time of year as well.
//!
//! A calibration, constant over samples, may stand between the physics and the channels: a ⊙ x_P + b in the place of
//! x_P in the sum.
//!
//! Variants: **A** has no physics (z_aux is decoded by an MLP), **B** has no residual at all
//! (`dim_z_aux` = 0), **C** has both.

#![forbid(unsafe_code)]

mod architecture;
mod buffers;
mod calibration;
mod decoder;
mod encoder;
mod error;
mod noise;
mod physics_layer;
mod residual;
mod vae;

pub use architecture::{Architecture, ResidualKind, SEASON};
pub use buffers::{Buffers, RunningPrior};
pub use calibration::Calibration;
pub use encoder::{Encoder, Gaussian, Posterior};
pub use error::ModelError;
pub use noise::{AroundBoth, ObservationNoise};
pub use physics_layer::PhysicsLayer;
pub use residual::{
    Corrected, GatedResidual, LowRankResidual, Residual, ResidualOutput, ResidualScale,
};
pub use vae::{Decoded, Noise, PhysVae};
