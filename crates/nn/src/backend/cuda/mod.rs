//! CUDA: the same operations from dfdx's own kernels, host copies and kernels of the caller's. Type-checked without a
//! toolkit; not yet run on a GPU.

mod program;
mod storage;

pub(crate) use program::Loaded;

use super::composed::compose;
use crate::program::Program;
use crate::{Backend, Dense, Matrix, NnError};
use dfdx::prelude::*;
use dfdx::tensor::Gradients;

macro_rules! cuda_backend {
    ($E:ty, $run:path) => {
        impl Backend<$E> for Cuda {
            fn chain<T: Tape<$E, Self>>(
                x: Matrix<$E, Self, T>,
                second: Option<Matrix<$E, Self, T>>,
                layers: &[Dense<'_, $E, Self>],
                slope: Option<&Matrix<$E, Self>>,
            ) -> Result<Matrix<$E, Self, T>, NnError> {
                let (mut y, mut second) = (x, second);
                for layer in layers {
                    y = compose(y, second.take(), layer, slope).map_err(|e| NnError::device(&e))?;
                }
                Ok(y)
            }

            const RUNS_PROGRAMS: bool = true;

            fn run_program<T: Tape<$E, Self>>(
                x: Matrix<$E, Self, T>,
                program: &Program,
                beside: &[f64],
            ) -> Result<Matrix<$E, Self, T>, NnError> {
                $run(x, program, beside)
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
cuda_backend!(f32, program::run_single);
cuda_backend!(f64, program::run_double);
