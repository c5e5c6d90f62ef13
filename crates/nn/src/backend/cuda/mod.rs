//! CUDA: the same operations from dfdx's own kernels, host copies and kernels of the caller's. Type-checked without a
//! toolkit; not yet run on a GPU.

mod adam;
mod kernels;
mod program;
mod storage;

use super::composed::compose;
use crate::adam::{Adam, Moments, StepReport};
use crate::program::Program;
use crate::{Backend, Dense, Matrix, NnError};
use adam::MomentsOnCard;
use cudarc::driver::CudaSlice;
use dfdx::prelude::*;
use dfdx::tensor::Gradients;
use std::collections::BTreeMap;

macro_rules! cuda_backend {
    ($E:ty, $run:path, $step:path) => {
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

            type Gradient = CudaSlice<$E>;

            fn take_gradient(
                gradients: &mut Gradients<$E, Self>,
                parameter: &Matrix<$E, Self>,
            ) -> Result<CudaSlice<$E>, NnError> {
                let gradient = gradients
                    .get_or_alloc_mut(parameter)
                    .map_err(|e| NnError::device(&e))?;
                gradient.try_clone().map_err(|e| NnError::device(&e))
            }

            type Moments = MomentsOnCard<$E>;

            fn adam_step(
                adam: &mut Adam<$E, Self>,
                learning_rate: f64,
                parameters: Vec<(String, &mut Matrix<$E, Self>)>,
                shards: Vec<Vec<CudaSlice<$E>>>,
            ) -> Result<StepReport, NnError> {
                $step(
                    &adam.config,
                    &mut adam.moments,
                    learning_rate,
                    parameters,
                    shards,
                )
            }

            fn moments_to_host(
                moments: &MomentsOnCard<$E>,
            ) -> Result<BTreeMap<String, Moments<$E>>, NnError> {
                moments.to_host()
            }

            fn moments_from_host(moments: BTreeMap<String, Moments<$E>>) -> MomentsOnCard<$E> {
                MomentsOnCard::from_host(moments)
            }
        }
    };
}
cuda_backend!(f32, program::run_single, adam::step_single);
cuda_backend!(f64, program::run_double, adam::step_double);
