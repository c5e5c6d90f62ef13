//! The latent space: reparameterised draw, Kullback-Leibler divergence, clamp, sigmoid and logit.
//!
//! Physical parameters live as unbounded u ∈ ℝ; z = sigmoid(u) ∈ (0, 1) is what the physics takes,
//! scaled to each parameter's range. The prior of u, and of the auxiliary latents, is N(0, I).

#![forbid(unsafe_code)]

mod clamp;
mod divergence;
mod draw;
mod squash;

pub use clamp::{LNVAR_MAX, LNVAR_MIN, clamp_lnvar};
pub use divergence::{kl_from_prior, kl_mean, kl_mean_relative, kl_per_dimension};
pub use draw::draw;
pub use squash::{logit, sigmoid, sigmoid_op};
