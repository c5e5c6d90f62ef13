//! The physics-integrated variational autoencoder: encoder, physics as one differentiable operation, gated residual.

#![forbid(unsafe_code)]
