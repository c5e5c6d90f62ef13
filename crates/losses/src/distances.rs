//! Distances of a reconstruction, and the penalty on latents at the ends of their ranges.

use crate::goal::Distance;
use crate::kl_cost::KlCost;
use crate::terms::{mean_of_elements, squared_error};
use dfdx::prelude::{HasShape, SumTo, TryAdd, TryDiv, TryMatMul, TryMul, TrySub};
use latent::clamp_lnvar;
use nn::{Backend, Matrix, NnError, Scalar, Tape, Value, host_op, to_host};

/// The distance of x̂ (n × d) from x (n × d).
///
/// `lnvar`: ln σ² per channel, d × 1, which [`Distance::Gaussian`] needs; without it σ is 1.
///
/// # Errors
/// The device refuses.
pub fn distance<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    kind: Distance,
    reconstruction: Matrix<E, D, T>,
    x: Matrix<E, D>,
    lnvar: Option<Matrix<E, D, T>>,
) -> Result<Value<E, D, T>, NnError> {
    match (kind, lnvar) {
        (Distance::Squares, _) => squared_error(reconstruction, x),
        (Distance::Gaussian, Some(lnvar)) => gaussian(reconstruction, x, lnvar),
        (Distance::Gaussian, None) => squared_error(reconstruction, x)?
            .try_mul(E::of(0.5))
            .map_err(|e| NnError::device(&e)),
        (Distance::Absolute, _) => of_elements(reconstruction, x, |r| (r.abs(), r.signum())),
        (Distance::Huber { delta }, _) => of_elements(reconstruction, x, move |r| {
            if r.abs() <= delta {
                (0.5 * r * r, r)
            } else {
                (delta * (r.abs() - 0.5 * delta), delta * r.signum())
            }
        }),
    }
}

/// Mean over the n rows of Σ_d ½ ((x̂ − x)² e^{−s_d} + s_d); x̂ and x: n × d, s = ln σ²: d × 1.
///
/// # Errors
/// The device refuses.
pub fn gaussian<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    reconstruction: Matrix<E, D, T>,
    x: Matrix<E, D>,
    lnvar: Matrix<E, D, T>,
) -> Result<Value<E, D, T>, NnError> {
    let n = reconstruction.shape().0;
    (|| {
        use dfdx::prelude::WithEmptyTape;
        let precision = lnvar.with_empty_tape().try_negate()?.try_exp()?;
        let squares = reconstruction.try_sub(x)?.try_square()?;
        let weighted: Value<E, D, T> = squares.try_matmul(precision)?.try_sum()?;
        let logarithms: Value<E, D, T> = lnvar.try_sum()?;
        weighted
            .try_div(E::of(n as f64))?
            .try_add(logarithms)?
            .try_mul(E::of(0.5))
    })()
    .map_err(|e: D::Err| NnError::device(&e))
}

/// Mean over the n rows of Σ over columns of ½ ((m − t)² e^{−v} + v): the negative log-likelihood of t under N(m, eᵛ)
/// without its constant; all n × p.
///
/// # Errors
/// The device refuses.
pub fn negative_log_likelihood<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    mean: Matrix<E, D, T>,
    lnvar: Matrix<E, D, T>,
    target: Matrix<E, D>,
) -> Result<Value<E, D, T>, NnError> {
    let n = mean.shape().0;
    (|| {
        use dfdx::prelude::WithEmptyTape;
        let precision = lnvar.with_empty_tape().try_negate()?.try_exp()?;
        let squares = mean.try_sub(target)?.try_square()?;
        let sum: Value<E, D, T> = squares.try_mul(precision)?.try_add(lnvar)?.try_sum()?;
        sum.try_mul(E::of(0.5 / n as f64))
    })()
    .map_err(|e: D::Err| NnError::device(&e))
}

/// Mean over the n rows of Σ_d f(x̂ − x); `f` gives value and derivative.
fn of_elements<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    reconstruction: Matrix<E, D, T>,
    x: Matrix<E, D>,
    f: impl Fn(f64) -> (f64, f64),
) -> Result<Value<E, D, T>, NnError> {
    let refused = |e: D::Err| NnError::device(&e);
    let n = reconstruction.shape().0;
    let difference = reconstruction.try_sub(x).map_err(refused)?;
    let sum: Value<E, D, T> = elementwise(difference, f)?.try_sum().map_err(refused)?;
    sum.try_div(E::of(n as f64)).map_err(refused)
}

/// Mean over rows and dimensions of (−ln z − ln(1 − z))ᵖ; z ∈ (0, 1), n × k, kept 1e-6 from the ends.
///
/// # Errors
/// The device refuses.
pub fn edge<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    z: Matrix<E, D, T>,
    power: f64,
) -> Result<Value<E, D, T>, NnError> {
    const MARGIN: f64 = 1e-6;
    let penalty = elementwise(z, move |z| {
        // NaN stays NaN
        let kept = z.clamp(MARGIN, 1.0 - MARGIN);
        let height = -kept.ln() - (-kept).ln_1p();
        let slope = 1.0 / (1.0 - kept) - 1.0 / kept;
        (height.powf(power), power * height.powf(power - 1.0) * slope)
    })?;
    mean_of_elements(penalty)
}

/// Mean over the n rows of KL(N(m, eᵛ) ‖ N(0, 1)) per dimension, each at least `free` nats, then summed. The
/// log-variance is clamped here, as in [`latent::kl_mean`].
///
/// # Errors
/// The device refuses.
pub fn kl_above<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    mean: Matrix<E, D, T>,
    lnvar: Matrix<E, D, T>,
    free: f64,
) -> Result<Value<E, D, T>, NnError> {
    let cost = KlCost {
        free_bits: free,
        controlled: None,
    };
    Ok(cost.of(mean, clamp_lnvar(lnvar)?, None)?.0)
}

/// Mean over the n rows of KL(N(m, eᵛ) ‖ N(0, 1)) of each dimension, 1 × k.
pub(crate) fn kl_by_dimension<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    mean: Matrix<E, D, T>,
    lnvar: Matrix<E, D, T>,
) -> Result<Matrix<E, D, T>, NnError> {
    let (n, device) = (mean.shape().0, mean.device().clone());
    let of_rows = nn::from_rows(&device, 1, n, std::iter::repeat_n(0.5 / n as f64, n))?;
    (|| {
        use dfdx::prelude::{PutTape, WithEmptyTape};
        let spread = lnvar
            .with_empty_tape()
            .try_exp()?
            .try_sub(lnvar)?
            .try_sub(E::one())?;
        let all = mean.try_square()?.try_add(spread)?;
        of_rows.put_tape(T::default()).try_matmul(all)
    })()
    .map_err(|e: D::Err| NnError::device(&e))
}

/// f of each element, with its derivative.
pub(crate) fn elementwise<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    x: Matrix<E, D, T>,
    mut f: impl FnMut(f64) -> (f64, f64),
) -> Result<Matrix<E, D, T>, NnError> {
    let columns = x.shape().1;
    let (values, slopes): (Vec<E>, Vec<E>) = to_host(&x)
        .into_iter()
        .map(|x| f(x.wide()))
        .map(|(value, slope)| (E::of(value), E::of(slope)))
        .unzip();
    host_op(x, columns, values, move |dy| {
        dy.iter().zip(&slopes).map(|(&g, &s)| g * s).collect()
    })
}
