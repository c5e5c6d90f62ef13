//! The reparameterised draw.

use crate::clamp_lnvar;
use dfdx::prelude::{TryAdd, TryMul};
use nn::{Backend, Matrix, NnError, Scalar, Tape};

/// mean + exp(½ lnvar) · ε, all n × k (Kingma & Welling 2014, arXiv:1312.6114).
///
/// The log-variance is clamped here ([`clamp_lnvar`]); one that was clamped before stays as it is. `noise` is
/// ε ~ N(0, 1) and carries no gradient.
///
/// # Errors
/// The device refuses.
pub fn draw<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    mean: Matrix<E, D, T>,
    lnvar: Matrix<E, D, T>,
    noise: Matrix<E, D>,
) -> Result<Matrix<E, D, T>, NnError> {
    let refused = |e| NnError::device::<D::Err>(&e);
    let sd = clamp_lnvar(lnvar)?
        .try_mul(E::of(0.5))
        .and_then(dfdx::prelude::Tensor::try_exp)
        .map_err(refused)?;
    mean.try_add(sd.try_mul(noise).map_err(refused)?)
        .map_err(refused)
}
