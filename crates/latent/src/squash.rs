//! Between unbounded u and z ∈ (0, 1).

use dfdx::prelude::HasShape;
use nn::{Backend, Matrix, NnError, Scalar, Tape, host_op, to_host};

/// 1 / (1 + e⁻ᵘ), without overflow for any u.
pub fn sigmoid<E: Scalar>(u: E) -> E {
    if u >= E::zero() {
        E::one() / (E::one() + (-u).exp())
    } else {
        let e = u.exp();
        e / (E::one() + e)
    }
}

/// ln(z / (1 − z)), the inverse of [`sigmoid`]; ±∞ at the ends of (0, 1).
pub fn logit<E: Scalar>(z: E) -> E {
    z.ln() - (-z).ln_1p()
}

/// [`sigmoid`] of every element, as one differentiable operation: dz/du = z (1 − z).
///
/// # Errors
/// The device refuses.
pub fn sigmoid_op<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    u: Matrix<E, D, T>,
) -> Result<Matrix<E, D, T>, NnError> {
    let z: Vec<E> = to_host(&u).into_iter().map(sigmoid).collect();
    let columns = u.shape().1;
    let kept = if T::OWNS_TAPE { z.clone() } else { vec![] };
    host_op(u, columns, z, move |dz| {
        dz.iter()
            .zip(&kept)
            .map(|(&g, &z)| g * z * (E::one() - z))
            .collect()
    })
}
