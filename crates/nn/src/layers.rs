//! Linear layers and multi-layer perceptrons of run-time sizes.

use crate::named::{self, Named};
use crate::tensor::matrix;
use crate::{Activation, Backend, Dense, HostCopy, Matrix, NnError, Scalar};
use dfdx::prelude::{HasShape, Tape};
use rand::Rng;

/// y = x Wᵀ + b.
#[derive(Clone, Debug)]
pub struct Linear<E: Scalar, D: Backend<E>> {
    weight: Matrix<E, D>,
    weight_on_host: HostCopy<E>,
    bias: Matrix<E, D>,
}

impl<E: Scalar, D: Backend<E>> Linear<E, D> {
    /// Weight and bias drawn from U(±1/√inputs), PyTorch's default.
    ///
    /// # Errors
    /// The device refuses.
    pub fn new(
        device: &D,
        inputs: usize,
        outputs: usize,
        rng: &mut impl Rng,
    ) -> Result<Self, NnError> {
        let bound = 1.0 / (inputs as f64).sqrt();
        let mut draw = |n: usize| -> Vec<E> {
            (0..n)
                .map(|_| E::of(rng.gen_range(-bound..=bound)))
                .collect()
        };
        Ok(Self {
            weight: matrix(device, outputs, inputs, draw(inputs * outputs))?,
            weight_on_host: HostCopy::default(),
            bias: matrix(device, 1, outputs, draw(outputs))?,
        })
    }

    /// W, out × in, as PyTorch has it.
    pub fn weight(&self) -> &Matrix<E, D> {
        &self.weight
    }

    /// b, 1 × out.
    pub fn bias(&self) -> &Matrix<E, D> {
        &self.bias
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.weight.shape().1
    }
}

impl<E: Scalar, D: Backend<E>> Named<E, D> for Linear<E, D> {
    fn visit<'a>(&'a self, prefix: &str, f: &mut dyn FnMut(String, &'a Matrix<E, D>)) {
        f(named::join(prefix, "weight"), &self.weight);
        f(named::join(prefix, "bias"), &self.bias);
    }
    fn visit_mut<'a>(&'a mut self, prefix: &str, f: &mut dyn FnMut(String, &'a mut Matrix<E, D>)) {
        self.weight_on_host.forget();
        f(named::join(prefix, "weight"), &mut self.weight);
        f(named::join(prefix, "bias"), &mut self.bias);
    }
}

/// Linear layers with one activation between them, none after the last.
#[derive(Clone, Debug)]
pub struct Mlp<E: Scalar, D: Backend<E>> {
    /// The layers, first to last.
    pub layers: Vec<Linear<E, D>>,
    /// Applied after every layer but the last.
    pub activation: Activation,
    /// The learned slope of [`Activation::Prelu`], 1 × 1.
    pub slope: Option<Matrix<E, D>>,
}

impl<E: Scalar, D: Backend<E>> Mlp<E, D> {
    /// Layers of the given sizes, inputs first: `[11, 128, 7]` has two.
    ///
    /// # Errors
    /// The device refuses.
    pub fn new(
        device: &D,
        sizes: &[usize],
        activation: Activation,
        rng: &mut impl Rng,
    ) -> Result<Self, NnError> {
        let layers = sizes
            .windows(2)
            .map(|pair| Linear::new(device, pair[0], pair[1], rng))
            .collect::<Result<Vec<_>, _>>()?;
        let slope = (activation == Activation::Prelu && layers.len() > 1)
            .then(|| matrix(device, 1, 1, vec![E::of(0.25)]))
            .transpose()?;
        Ok(Self {
            layers,
            activation,
            slope,
        })
    }

    /// Sets every element of the last layer's bias.
    ///
    /// # Errors
    /// The device refuses.
    pub fn set_last_bias(&mut self, to: f64) -> Result<(), NnError> {
        if let Some(last) = self.layers.last_mut() {
            let n = last.bias.shape().1;
            let device = last.bias.device().clone();
            last.bias = matrix(&device, 1, n, vec![E::of(to); n])?;
        }
        Ok(())
    }

    /// n × inputs → n × outputs, `last` applied to the last layer.
    ///
    /// # Errors
    /// `x` has the wrong number of columns, or the device refuses.
    pub fn forward_then<T: Tape<E, D>>(
        &self,
        x: Matrix<E, D, T>,
        second: Option<Matrix<E, D, T>>,
        last: Activation,
    ) -> Result<Matrix<E, D, T>, NnError> {
        let expected = self.layers.first().map_or(0, Linear::inputs);
        let found = x.shape().1 + second.as_ref().map_or(0, |s| s.shape().1);
        if expected != found {
            return Err(NnError::Width {
                layer: "mlp".into(),
                expected,
                found,
            });
        }
        let count = self.layers.len();
        let layers: Vec<Dense<E, D>> = self
            .layers
            .iter()
            .enumerate()
            .map(|(i, layer)| Dense {
                weight: &layer.weight,
                weight_on_host: &layer.weight_on_host,
                bias: &layer.bias,
                activation: if i + 1 < count { self.activation } else { last },
            })
            .collect();
        D::chain(x, second, &layers, self.slope.as_ref())
    }

    /// n × inputs → n × outputs.
    ///
    /// # Errors
    /// As [`Mlp::forward_then`].
    pub fn forward<T: Tape<E, D>>(&self, x: Matrix<E, D, T>) -> Result<Matrix<E, D, T>, NnError> {
        self.forward_then(x, None, Activation::Identity)
    }

    /// The same with the input in two matrices, as if `second` stood behind `first` (n × i and n × j).
    ///
    /// # Errors
    /// As [`Mlp::forward_then`].
    pub fn forward_pair<T: Tape<E, D>>(
        &self,
        first: Matrix<E, D, T>,
        second: Matrix<E, D, T>,
    ) -> Result<Matrix<E, D, T>, NnError> {
        self.forward_then(first, Some(second), Activation::Identity)
    }
}

impl<E: Scalar, D: Backend<E>> Named<E, D> for Mlp<E, D> {
    fn visit<'a>(&'a self, prefix: &str, f: &mut dyn FnMut(String, &'a Matrix<E, D>)) {
        for (i, layer) in self.layers.iter().enumerate() {
            layer.visit(&named::join(prefix, &i.to_string()), f);
        }
        if let Some(slope) = &self.slope {
            f(named::join(prefix, "slope"), slope);
        }
    }
    fn visit_mut<'a>(&'a mut self, prefix: &str, f: &mut dyn FnMut(String, &'a mut Matrix<E, D>)) {
        for (i, layer) in self.layers.iter_mut().enumerate() {
            layer.visit_mut(&named::join(prefix, &i.to_string()), f);
        }
        if let Some(slope) = &mut self.slope {
            f(named::join(prefix, "slope"), slope);
        }
    }
}
