//! CUDA: the same operations from dfdx's own kernels and host copies. Type-checked without a toolkit;
//! not yet run on a GPU.

use crate::{Activation, Backend, Matrix, NnError, Scalar};
use dfdx::prelude::*;
use dfdx::tensor::Gradients;

macro_rules! cuda_backend {
    ($E:ty) => {
        impl Backend<$E> for Cuda {
            fn dense<T: Tape<$E, Self>>(
                x: Matrix<$E, Self, T>,
                second: Option<Matrix<$E, Self, T>>,
                weight: &Matrix<$E, Self>,
                bias: &Matrix<$E, Self>,
                activation: Activation,
                slope: Option<&Matrix<$E, Self>>,
            ) -> Result<Matrix<$E, Self, T>, NnError> {
                compose(x, second, weight, bias, activation, slope).map_err(|e| NnError::device(&e))
            }

            fn add_to_gradient(
                &self,
                gradient: &mut <Self as Storage<$E>>::Vec,
                values: &[$E],
            ) -> Result<(), Self::Err> {
                let device = gradient.device();
                let mut host = device.dtoh_sync_copy(&**gradient)?;
                for (g, v) in host.iter_mut().zip(values) {
                    *g += *v;
                }
                Ok(device.htod_sync_copy_into(&host, &mut **gradient)?)
            }

            fn with_gradient<R>(
                gradients: &mut Gradients<$E, Self>,
                parameter: &Matrix<$E, Self>,
                f: impl FnOnce(&mut [$E]) -> R,
            ) -> Result<R, NnError> {
                let gradient = gradients
                    .get_or_alloc_mut(parameter)
                    .map_err(|e| NnError::device(&e))?;
                let device = gradient.device();
                let mut host = device
                    .dtoh_sync_copy(&**gradient)
                    .map_err(|e| NnError::device(&e))?;
                let result = f(&mut host);
                device
                    .htod_sync_copy_into(&host, &mut **gradient)
                    .map_err(|e| NnError::device(&e))?;
                Ok(result)
            }
        }
    };
}
cuda_backend!(f32);
cuda_backend!(f64);

/// The weight is cut in two instead of joining the inputs: concatenation needs kernels compiled at run
/// time with include paths of the building machine.
fn compose<E: Scalar, D: Device<E>, T: Tape<E, D>>(
    x: Matrix<E, D, T>,
    second: Option<Matrix<E, D, T>>,
    weight: &Matrix<E, D>,
    bias: &Matrix<E, D>,
    activation: Activation,
    slope: Option<&Matrix<E, D>>,
) -> Result<Matrix<E, D, T>, D::Err> {
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
    match activation {
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
