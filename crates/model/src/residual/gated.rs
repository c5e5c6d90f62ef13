//! A correction of every channel behind a gate.

use super::ResidualOutput;
use crate::architecture::Architecture;
use dfdx::prelude::WithEmptyTape;
use nn::named::{Named, join};
use nn::{Activation, Backend, Matrix, Mlp, NnError, Scalar, Tape, detach};
use rand::Rng;

/// Width of the context's hidden layer.
const CONTEXT_HIDDEN: usize = 64;
/// Width of the context.
const CONTEXT: usize = 128;
/// Width of the correction's hidden layer.
const DELTA_HIDDEN: usize = 128;
/// Width of the gate's hidden layer.
const GATE_HIDDEN: usize = 64;
/// The gate starts near sigmoid(−4.6) ≈ 0.01.
const GATE_BIAS: f64 = -4.6;

/// δ and g from the context c = MLP([z_phy, z_aux]) and x_P.
#[derive(Clone, Debug)]
pub struct GatedResidual<E: Scalar, D: Backend<E>> {
    context: Mlp<E, D>,
    delta: Mlp<E, D>,
    gate: Mlp<E, D>,
}

impl<E: Scalar, D: Backend<E>> GatedResidual<E, D> {
    /// Draws fresh weights; the gate's last bias is set so that it starts near 0.01.
    ///
    /// # Errors
    /// The device refuses.
    pub fn new(device: &D, a: &Architecture, rng: &mut impl Rng) -> Result<Self, NnError> {
        let latents = a.dim_z_phy + a.dim_z_aux;
        let inner = a.channels + CONTEXT;
        let mut mlp = |sizes: &[usize]| Mlp::new(device, sizes, a.activation, rng);
        let context = mlp(&[latents, CONTEXT_HIDDEN, CONTEXT])?;
        let delta = mlp(&[inner, DELTA_HIDDEN, a.channels])?;
        let mut gate = mlp(&[inner, GATE_HIDDEN, a.channels])?;
        gate.set_last_bias(GATE_BIAS)?;
        Ok(Self {
            context,
            delta,
            gate,
        })
    }

    /// * `z_phy`: n × p, seen without gradient; `z_aux`: n × a; `x_p`: n × d
    ///
    /// # Errors
    /// A matrix has the wrong width, or the device refuses.
    pub fn forward<T: Tape<E, D>>(
        &self,
        z_phy: &Matrix<E, D, T>,
        z_aux: Matrix<E, D, T>,
        x_p: Matrix<E, D, T>,
    ) -> Result<ResidualOutput<E, D, T>, NnError> {
        let context = self.context.forward_pair(detach(z_phy)?, z_aux)?;
        let delta = self
            .delta
            .forward_pair(x_p.with_empty_tape(), context.with_empty_tape())?;
        let gate = self
            .gate
            .forward_then(x_p, Some(context), Activation::Sigmoid)?;
        Ok(ResidualOutput {
            delta,
            gate: Some(gate),
            coefficients: None,
        })
    }
}

impl<E: Scalar, D: Backend<E>> Named<E, D> for GatedResidual<E, D> {
    fn visit<'a>(&'a self, prefix: &str, f: &mut dyn FnMut(String, &'a Matrix<E, D>)) {
        self.context.visit(&join(prefix, "context"), f);
        self.delta.visit(&join(prefix, "delta"), f);
        self.gate.visit(&join(prefix, "gate"), f);
    }
    fn visit_mut<'a>(&'a mut self, prefix: &str, f: &mut dyn FnMut(String, &'a mut Matrix<E, D>)) {
        self.context.visit_mut(&join(prefix, "context"), f);
        self.delta.visit_mut(&join(prefix, "delta"), f);
        self.gate.visit_mut(&join(prefix, "gate"), f);
    }
}
