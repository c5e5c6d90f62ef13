//! The Kullback-Leibler divergence to the prior N(0, I).

use crate::{LNVAR_MAX, LNVAR_MIN, clamp_lnvar};
use dfdx::prelude::{HasShape, SumTo, TryAdd, TryMul, TrySub, WithEmptyTape};
use nn::{Backend, Matrix, NnError, Scalar, Tape, Value};

/// KL(N(m, eᵛ) ‖ N(0, I)) = ½ Σ (eᵛ − 1 − v + m²), summed over the dimensions, averaged over the n
/// samples; in nats.
///
/// The dimensions are summed, not averaged: each weighs the same whatever block it belongs to.
/// `mean` and `lnvar` are n × k. The log-variance is clamped here ([`clamp_lnvar`]), as in [`crate::draw`]; one that was
/// clamped before stays as it is.
///
/// # Errors
/// The device refuses.
pub fn kl_mean<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    mean: Matrix<E, D, T>,
    lnvar: Matrix<E, D, T>,
) -> Result<Value<E, D, T>, NnError> {
    kl_mean_relative(mean, clamp_lnvar(lnvar)?)
}

/// The same of a Gaussian that is given relative to its prior N(m₀, σ₀²): `mean` is (m − m₀)/σ₀ and `lnvar` is v − ln σ₀²
/// of a clamped v. That difference has no limits of its own, so nothing is clamped here.
///
/// # Errors
/// The device refuses.
pub fn kl_mean_relative<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    mean: Matrix<E, D, T>,
    lnvar: Matrix<E, D, T>,
) -> Result<Value<E, D, T>, NnError> {
    let n = mean.shape().0;
    (|| {
        let spread = lnvar
            .with_empty_tape()
            .try_exp()?
            .try_sub(lnvar)?
            .try_sub(E::one())?;
        let sum: Value<E, D, T> = mean.try_square()?.try_add(spread)?.try_sum()?;
        sum.try_mul(E::of(0.5 / n as f64))
    })()
    .map_err(|e: D::Err| NnError::device(&e))
}

/// The same per dimension, summed over samples, on the host: `mean` and `lnvar` (clamped here too) are n × k
/// in row-major order; returns k sums in nats.
pub fn kl_per_dimension<E: Scalar>(mean: &[E], lnvar: &[E], k: usize) -> Vec<f64> {
    kl_from_prior(mean, lnvar, k, |_| (0.0, 1.0))
}

/// The same from the prior N(m₀, σ₀²) of each dimension, which `prior` gives as (m₀, σ₀²).
pub fn kl_from_prior<E: Scalar>(
    mean: &[E],
    lnvar: &[E],
    k: usize,
    prior: impl Fn(usize) -> (f64, f64),
) -> Vec<f64> {
    let mut sums = vec![0.0; k];
    let prior: Vec<(f64, f64)> = (0..k)
        .map(|k| {
            let (mean, variance) = prior(k);
            (mean, variance.ln())
        })
        .collect();
    if k == 0 {
        return sums;
    }
    for (m, v) in mean.chunks_exact(k).zip(lnvar.chunks_exact(k)) {
        for (((sum, m), v), (centre, scale)) in sums.iter_mut().zip(m).zip(v).zip(&prior) {
            // `clamp` leaves NaN as it is
            let v = v.wide().clamp(LNVAR_MIN, LNVAR_MAX);
            let (m, v) = (m.wide() - centre, v - scale);
            *sum += 0.5 * (v.exp_m1() - v + m * m * (-scale).exp());
        }
    }
    sums
}
