//! What a device must offer beyond dfdx's own operations.

#[cfg(any(test, feature = "cuda"))]
mod composed;
mod cpu;
#[cfg(feature = "cuda")]
mod cuda;

use crate::adam::{Adam, Moments, StepReport};
use crate::program::Program;
use crate::{Activation, HostCopy, Matrix, NnError, Scalar};
use dfdx::prelude::*;
use dfdx::tensor::Gradients;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// One layer: activation(x Wᵀ + b).
#[derive(Clone, Copy, Debug)]
pub struct Dense<'a, E: Scalar, D: Backend<E>> {
    /// W, o × i.
    pub weight: &'a Matrix<E, D>,
    /// W where products run on the host.
    pub weight_on_host: &'a HostCopy<E>,
    /// b, 1 × o.
    pub bias: &'a Matrix<E, D>,
    /// What follows the sum.
    pub activation: Activation,
}

/// A dfdx device with the operations this project needs in one piece.
pub trait Backend<E: Scalar>: Device<E> {
    /// Layers one after the other: n × i → n × o of the last, one node of the tape where the device can.
    ///
    /// * `x`: n × i; `second`: n × j, as if its columns stood behind those of `x`
    /// * `layers`: at least one, each as wide as what it is given; `slope`: 1 × 1, read by
    ///   [`Activation::Prelu`]
    ///
    /// # Errors
    /// The device refuses.
    fn chain<T: Tape<E, Self>>(
        x: Matrix<E, Self, T>,
        second: Option<Matrix<E, Self, T>>,
        layers: &[Dense<'_, E, Self>],
        slope: Option<&Matrix<E, Self>>,
    ) -> Result<Matrix<E, Self, T>, NnError>;

    /// activation([x, x₂] Wᵀ + b), one layer.
    ///
    /// * `x`: n × i; `second`: n × j, as if its columns stood behind those of `x`
    /// * `weight`: o × (i + j); `bias`: 1 × o; `slope`: 1 × 1, read by [`Activation::Prelu`]
    ///
    /// # Errors
    /// The device refuses.
    fn dense<T: Tape<E, Self>>(
        x: Matrix<E, Self, T>,
        second: Option<Matrix<E, Self, T>>,
        weight: &Matrix<E, Self>,
        bias: &Matrix<E, Self>,
        activation: Activation,
        slope: Option<&Matrix<E, Self>>,
    ) -> Result<Matrix<E, Self, T>, NnError> {
        let layer = Dense {
            weight,
            weight_on_host: &HostCopy::default(),
            bias,
            activation,
        };
        Self::chain(x, second, &[layer], slope)
    }

    /// Whether [`Backend::run_program`] is there.
    const RUNS_PROGRAMS: bool = false;

    /// A program as one node of the tape: x (n × p) → y (n × d), all of it on the device.
    ///
    /// * `beside`: n × [`Program::beside`], row after row
    ///
    /// # Errors
    /// Sizes that do not fit the program, a source that does not compile, the device refuses; always on a device
    /// that runs no programs.
    fn run_program<T: Tape<E, Self>>(
        x: Matrix<E, Self, T>,
        program: &Program,
        beside: &[f64],
    ) -> Result<Matrix<E, Self, T>, NnError> {
        let _ = (x, program, beside);
        Err(NnError::Kernel("this device runs no programs".to_owned()))
    }

    /// gradient += host values.
    ///
    /// # Errors
    /// The device refuses.
    fn add_to_gradient(
        &self,
        gradient: &mut <Self as Storage<E>>::Vec,
        values: &[E],
    ) -> Result<(), Self::Err>;

    /// Lets `f` read and change a parameter's gradient on the host; a parameter that no operation
    /// reached has a gradient of zeros.
    ///
    /// # Errors
    /// The device refuses.
    fn with_gradient<R>(
        gradients: &mut Gradients<E, Self>,
        parameter: &Matrix<E, Self>,
        f: impl FnOnce(&mut [E]) -> R,
    ) -> Result<R, NnError>;

    /// A parameter's gradient where the optimiser works on it; an empty one stands for zeros.
    type Gradient: Send + Debug;

    /// Moves a parameter's gradient out, leaving none behind.
    ///
    /// # Errors
    /// The device refuses.
    fn take_gradient(
        gradients: &mut Gradients<E, Self>,
        parameter: &Matrix<E, Self>,
    ) -> Result<Self::Gradient, NnError>;

    /// State of [`Adam`] by parameter name, where it works.
    type Moments: Default + Clone + Debug + Send;

    /// Guard, clip, update: what [`Adam::step_on_shards`] does.
    ///
    /// # Errors
    /// As there.
    fn adam_step(
        adam: &mut Adam<E, Self>,
        learning_rate: f64,
        parameters: Vec<(String, &mut Matrix<E, Self>)>,
        shards: Vec<Vec<Self::Gradient>>,
    ) -> Result<StepReport, NnError>;

    /// A copy of the state on the host.
    ///
    /// # Errors
    /// The device refuses.
    fn moments_to_host(moments: &Self::Moments) -> Result<BTreeMap<String, Moments<E>>, NnError>;

    /// The state of these moments, which come to the device when it steps next.
    fn moments_from_host(moments: BTreeMap<String, Moments<E>>) -> Self::Moments;
}
