//! The kinds of number the physics is written over.
//!
//! A formula is written once over [`Real`] and runs as `f64` (the oracle), as registers of 4, 8 or 16
//! `f32` (the speed), or as [`Dual`] numbers over either: a value with its exact partial derivatives.

mod coefficients;
mod double;
mod dual;
mod lane;
mod pair;
mod portable;
mod real;
mod single;
mod sloped;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use dual::Dual;
pub(crate) use lane::Lane;
pub(crate) use pair::Pair;
pub(crate) use real::{J1Beam, Real};
pub(crate) use sloped::{Sloped, phi_of_each};
#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{F32x4, F32x8, F32x16};
