//! The latent space: reparameterised draw, Kullback-Leibler divergence, clamp, sigmoid and logit.

#![forbid(unsafe_code)]
