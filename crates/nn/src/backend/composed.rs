//! The dense layer from dfdx's own operations, for devices without a fused one. It runs on any device, so
//! that the CPU's tests check what CUDA uses.

use crate::{Activation, Backend, Dense, Matrix, Scalar};
use dfdx::prelude::*;

/// activation([x, second] Wᵀ + b). At x = 0 exactly the derivative is dfdx's: 0 for ELU and softplus, 1 for
/// the leaky ones.
///
/// The weight is cut in two instead of joining the inputs: concatenation needs kernels compiled at run
/// time with include paths of the building machine.
pub(super) fn compose<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    x: Matrix<E, D, T>,
    second: Option<Matrix<E, D, T>>,
    layer: &Dense<'_, E, D>,
    slope: Option<&Matrix<E, D>>,
) -> Result<Matrix<E, D, T>, D::Err> {
    let Dense { weight, bias, .. } = layer;
    let (n, i) = *x.shape();
    let (o, inputs) = *weight.shape();
    let part = |from: usize, to: usize| {
        weight
            .retaped::<T>()
            .try_slice((.., from..to))?
            .try_permute::<(usize, usize), Axes2<1, 0>>()
    };
    let mut y = x.try_matmul(part(0, i)?)?;
    if let Some(second) = second {
        y = y.try_add(second.try_matmul(part(i, inputs)?)?)?;
    }
    // 1 × o, repeated over rows by a product with a column of ones
    let ones: Matrix<E, D> = bias.device().try_ones_like(&(n, 1))?;
    debug_assert_eq!(bias.shape().1, o);
    let y = y.try_add(
        ones.put_tape(T::default())
            .try_matmul(bias.retaped::<T>())?,
    )?;
    let other = |y: &Matrix<E, D, T>| y.with_empty_tape();
    match layer.activation {
        Activation::Identity => Ok(y),
        Activation::Relu => y.try_relu(),
        Activation::Tanh => y.try_tanh(),
        Activation::Sigmoid => y.try_sigmoid(),
        Activation::LeakyRelu => y.try_prelu(E::of(0.01)),
        Activation::Elu => {
            let below = other(&y)
                .try_negate()?
                .try_relu()?
                .try_negate()?
                .try_exp()?;
            y.try_relu()?.try_add(below.try_sub(E::one())?)
        }
        Activation::Softplus => {
            // ln(1 + e^−|x|) + max(x, 0)
            let tail = other(&y)
                .try_abs()?
                .try_negate()?
                .try_exp()?
                .try_add(E::one())?
                .try_ln()?;
            y.try_relu()?.try_add(tail)
        }
        Activation::Prelu => {
            let columns: Matrix<E, D> = bias.device().try_ones_like(&(n, 1))?;
            let row: Matrix<E, D> = bias.device().try_ones_like(&(1, o))?;
            let Some(slope) = slope else { return Ok(y) };
            let spread = columns
                .put_tape(T::default())
                .try_matmul(slope.retaped::<T>())?
                .try_matmul(row.put_tape(T::default()))?;
            let below = other(&y).try_negate()?.try_relu()?.try_mul(spread)?;
            y.try_relu()?.try_sub(below)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{HostCopy, matrix};
    use rand::{Rng, SeedableRng};

    /// Rounding of sums of a dozen terms in f64, taken in another order.
    const ROUNDING: f64 = 1e-13;

    type M<T = NoneTape> = Matrix<f64, Cpu, T>;

    /// Value and the gradients of x, second, weight, bias and slope of Σ c ⊙ y.
    fn run(y: M<OwnedTape<f64, Cpu>>, c: &M, of: [&M; 5]) -> Vec<Vec<f64>> {
        let values = y.as_vec();
        let mut g = y.try_mul(c.clone()).unwrap().sum::<(), _>().backward();
        let mut all = vec![values];
        all.extend(of.map(|m| Cpu::with_gradient(&mut g, m, |g| g.to_vec()).unwrap()));
        all
    }

    #[test]
    fn values_and_gradients_are_the_fused_operations() {
        let dev = Cpu::default();
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(11);
        let mut draw = |rows: usize, columns: usize| -> M {
            let values = (0..rows * columns).map(|_| rng.gen_range(-2.0..2.0));
            matrix(&dev, rows, columns, values.collect()).unwrap()
        };
        for activation in [
            Activation::Identity,
            Activation::Elu,
            Activation::Relu,
            Activation::LeakyRelu,
            Activation::Softplus,
            Activation::Tanh,
            Activation::Sigmoid,
            Activation::Prelu,
        ] {
            for (n, i, j, o) in [(1, 1, 0, 1), (3, 4, 0, 5), (5, 2, 3, 4), (1, 3, 1, 7)] {
                let (x, second) = (draw(n, i), draw(n, j.max(1)));
                let (w, b, c) = (draw(o, i + j), draw(1, o), draw(n, o));
                let slope = matrix(&dev, 1, 1, vec![0.3]).unwrap();
                let of = [&x, &second, &w, &b, &slope];
                let pair = || (j > 0).then(|| second.retaped());
                let layer = Dense {
                    weight: &w,
                    weight_on_host: &HostCopy::default(),
                    bias: &b,
                    activation,
                };
                let composed = compose(x.retaped(), pair(), &layer, Some(&slope));
                let composed = run(composed.unwrap(), &c, of);
                let fused = Cpu::dense(x.retaped(), pair(), &w, &b, activation, Some(&slope));
                let fused = run(fused.unwrap(), &c, of);
                for (k, (a, b)) in composed.iter().zip(&fused).enumerate() {
                    for (a, b) in a.iter().zip(b) {
                        assert!((a - b).abs() < ROUNDING, "{activation:?}, {k}: {a} {b}");
                    }
                }
            }
        }
    }
}
