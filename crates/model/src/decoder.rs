//! The learned parts of the decoder: the gated residual, and the decoder without physics.

use crate::architecture::{Architecture, sizes};
use dfdx::prelude::WithEmptyTape;
use nn::named::{Named, join};
use nn::{Activation, Backend, Matrix, Mlp, NnError, NoneTape, Scalar, Tape, detach};
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
/// Hidden widths of the decoder without physics.
const PLAIN_HIDDEN: [usize; 3] = [16, 32, 64];

/// What the residual network adds, n × d each.
pub struct ResidualOutput<E: Scalar, D: Backend<E>, T = NoneTape> {
    /// g ∈ (0, 1).
    pub gate: Matrix<E, D, T>,
    /// δ, before the gate.
    pub delta: Matrix<E, D, T>,
}

/// δ and g from the context c = MLP([z_phy, z_aux]) and x_P.
#[derive(Clone, Debug)]
pub struct Residual<E: Scalar, D: Backend<E>> {
    context: Mlp<E, D>,
    delta: Mlp<E, D>,
    gate: Mlp<E, D>,
    detach_x_p: bool,
}

impl<E: Scalar, D: Backend<E>> Residual<E, D> {
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
            detach_x_p: a.detach_x_p,
        })
    }

    /// * `z_phy`: n × p, seen without gradient; `z_aux`: n × a
    /// * `x_p`: n × d; whether it receives gradient is the architecture's `detach_x_p`
    ///
    /// # Errors
    /// A matrix has the wrong width, or the device refuses.
    pub fn forward<T: Tape<E, D>>(
        &self,
        z_phy: &Matrix<E, D, T>,
        z_aux: Matrix<E, D, T>,
        x_p: &Matrix<E, D, T>,
    ) -> Result<ResidualOutput<E, D, T>, NnError> {
        let context = self.context.forward_pair(detach(z_phy)?, z_aux)?;
        let x_p: Matrix<E, D, T> = if self.detach_x_p {
            detach(x_p)?
        } else {
            x_p.with_empty_tape()
        };
        let delta = self
            .delta
            .forward_pair(x_p.with_empty_tape(), context.with_empty_tape())?;
        let gate = self
            .gate
            .forward_then(x_p, Some(context), Activation::Sigmoid)?;
        Ok(ResidualOutput { gate, delta })
    }
}

impl<E: Scalar, D: Backend<E>> Named<E, D> for Residual<E, D> {
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

/// The decoder of variant A: z_aux → 16 → 32 → 64 → d.
///
/// # Errors
/// The device refuses.
pub(crate) fn plain<E: Scalar, D: Backend<E>>(
    device: &D,
    a: &Architecture,
    rng: &mut impl Rng,
) -> Result<Mlp<E, D>, NnError> {
    Mlp::new(
        device,
        &sizes(a.dim_z_aux, &PLAIN_HIDDEN, a.channels),
        a.activation,
        rng,
    )
}
