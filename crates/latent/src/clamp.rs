//! The clamp on log-variances.

use dfdx::prelude::HasShape;
use nn::{Backend, Matrix, NnError, Scalar, Tape, host_op, to_host};

/// Smallest log-variance used (σ ≈ 0.011).
pub const LNVAR_MIN: f64 = -9.0;
/// Largest log-variance used (σ ≈ 12).
pub const LNVAR_MAX: f64 = 5.0;

/// Clamps log-variances to [[`LNVAR_MIN`], [`LNVAR_MAX`]], n × k.
///
/// The gradient is 1 inside and at the bounds. Outside it passes only where a descent step leads back
/// in (a positive gradient above the range, a negative one below), else it is 0: a plain clamp, whose
/// gradient vanishes outside, would hold a head that has left the range for ever.
///
/// # Errors
/// The device refuses.
pub fn clamp_lnvar<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    lnvar: Matrix<E, D, T>,
) -> Result<Matrix<E, D, T>, NnError> {
    let (low, high) = (E::of(LNVAR_MIN), E::of(LNVAR_MAX));
    let x = to_host(&lnvar);
    if !x.iter().any(|&v| v < low || v > high) {
        // nothing to do, and nothing for the way back
        return Ok(lnvar);
    }
    // `max` and `min` would turn NaN into a bound and hide it
    let y = x
        .iter()
        .map(|&v| {
            if v < low {
                low
            } else if v > high {
                high
            } else {
                v
            }
        })
        .collect();
    let columns = lnvar.shape().1;
    host_op(lnvar, columns, y, move |dy| {
        dy.iter()
            .zip(&x)
            .map(|(&g, &v)| {
                let leads_away = (v > high && g <= E::zero()) || (v < low && g >= E::zero());
                if leads_away { E::zero() } else { g }
            })
            .collect()
    })
}
