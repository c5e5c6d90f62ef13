//! Run-time shaped neural network layers, fused operations and optimiser on dfdx 0.13.
//!
//! This is the only crate that knows dfdx's quirks. What it offers to the others:
//!
//! * [`Matrix`]: a two-dimensional tensor of run-time shape, the only kind of tensor in this project;
//! * [`Scalar`] and [`Backend`]: the number types (f32 trains, f64 is checked) and the devices;
//! * [`host_op`]: any differentiable operation whose arithmetic runs on the host;
//! * [`Program`]: one whose arithmetic is kernels of the caller's, on a GPU;
//! * [`Linear`], [`Mlp`], [`Activation`]: layers, each one fused operation on the CPU;
//! * [`named`]: parameters by name, for checkpoints and the optimiser;
//! * [`Adam`]: PyTorch's Adam with AMSGrad, the non-finite guard and clipping before it;
//! * [`check`]: finite-difference checks of gradients, for tests.
//!
//! # Traps of dfdx that this crate keeps away
//! A tensor that shares its id with another one shares its gradient: use [`detach`] to stop a gradient,
//! never `retaped`. `relu` and `maximum` swallow NaN: losses and gradients are checked, not activations.

mod activation;
mod adam;
mod backend;
pub mod check;
mod error;
mod gemm;
mod host_copy;
mod host_op;
mod layers;
pub mod named;
mod program;
mod scalar;
mod tensor;
mod vectors;

pub use activation::Activation;
pub use adam::{Adam, AdamConfig, Moments, StepReport};
pub use backend::{Backend, Dense};
pub use error::NnError;
pub use gemm::{View, add_product};
pub use host_copy::HostCopy;
pub use host_op::host_op;
pub use layers::{Linear, Mlp};
pub use program::{Program, ProgramLaunch};
pub use scalar::Scalar;
pub use tensor::{
    Matrix, Value, backward, detach, from_rows, matrix, take_gradients, to_host, value,
};

#[cfg(feature = "cuda")]
pub use dfdx::tensor::Cuda;
pub use dfdx::tensor::{Cpu, Gradients, NoneTape, OwnedTape, Tape};
