//! What a network adds to the physics' output.

mod gated;
mod low_rank;

pub use gated::GatedResidual;
pub use low_rank::{LowRankResidual, ResidualScale};

use crate::architecture::{Architecture, ResidualKind};
use dfdx::prelude::{TryMul, WithEmptyTape};
use nn::named::Named;
use nn::{Backend, Matrix, NnError, NoneTape, Scalar, Tape, detach};
use rand::Rng;

/// What a residual says of n samples.
pub struct ResidualOutput<E: Scalar, D: Backend<E>, T = NoneTape> {
    /// δ, n × d: the correction before the gate, or before the scale r.
    pub delta: Matrix<E, D, T>,
    /// g ∈ (0, 1), n × d, of a gated residual.
    pub gate: Option<Matrix<E, D, T>>,
    /// c ∈ (−1, 1), n × k, of a low-rank residual.
    pub coefficients: Option<Matrix<E, D, T>>,
}

impl<E: Scalar, D: Backend<E>, T: Tape<E, D>> ResidualOutput<E, D, T> {
    /// The same on empty tapes: for a second use.
    #[must_use]
    pub fn with_empty_tape(&self) -> Self {
        let again = |m: &Option<Matrix<E, D, T>>| m.as_ref().map(WithEmptyTape::with_empty_tape);
        Self {
            delta: self.delta.with_empty_tape(),
            gate: again(&self.gate),
            coefficients: again(&self.coefficients),
        }
    }
}

/// A correction, n × d, with what it is made of.
pub type Corrected<E, D, T> = (Matrix<E, D, T>, ResidualOutput<E, D, T>);

/// A network that adds to the physics' output.
#[derive(Clone, Debug)]
pub enum Residual<E: Scalar, D: Backend<E>> {
    /// x_P + g ⊙ δ.
    Gated(GatedResidual<E, D>),
    /// x_P + r (c ⊙ s) Bᵀ.
    LowRank(LowRankResidual<E, D>),
}

impl<E: Scalar, D: Backend<E>> Residual<E, D> {
    /// Draws fresh weights.
    ///
    /// # Errors
    /// The device refuses.
    pub fn new(device: &D, a: &Architecture, rng: &mut impl Rng) -> Result<Self, NnError> {
        Ok(match a.residual {
            ResidualKind::Gated => Self::Gated(GatedResidual::new(device, a, rng)?),
            ResidualKind::LowRank { rank, season } => {
                Self::LowRank(LowRankResidual::new(device, a, rank, season, rng)?)
            }
        })
    }

    /// * `z_phy`: n × p, seen without gradient; `z_aux`: n × a
    /// * `x_p`: n × d, which receives gradient if `x_p_learns`
    /// * `scale`: τ and r of a low-rank residual
    /// * `season`: n × 4, of a low-rank residual that sees it
    ///
    /// Returns the correction, n × d, and what it is made of, on empty tapes.
    ///
    /// # Errors
    /// A matrix has the wrong width, or the device refuses.
    pub fn forward<T: Tape<E, D>>(
        &self,
        z_phy: &Matrix<E, D, T>,
        z_aux: Matrix<E, D, T>,
        x_p: &Matrix<E, D, T>,
        x_p_learns: bool,
        scale: ResidualScale,
        season: Option<Matrix<E, D>>,
    ) -> Result<Corrected<E, D, T>, NnError> {
        let x_p: Matrix<E, D, T> = if x_p_learns {
            x_p.with_empty_tape()
        } else {
            detach(x_p)?
        };
        let output = match self {
            Self::Gated(gated) => gated.forward(z_phy, z_aux, x_p)?,
            Self::LowRank(low_rank) => low_rank.forward(z_aux, x_p, season, scale.tau)?,
        };
        let shown = output.with_empty_tape();
        let correction = match output.gate {
            Some(gate) => gate.try_mul(output.delta),
            None => output.delta.try_mul(E::of(scale.r)),
        };
        Ok((correction.map_err(|e| NnError::device(&e))?, shown))
    }

    /// The directions of a low-rank residual, k × d, on a tape of their own.
    pub fn directions<T: Tape<E, D>>(&self) -> Option<Matrix<E, D, T>> {
        match self {
            Self::Gated(_) => None,
            Self::LowRank(low_rank) => Some(low_rank.directions()),
        }
    }
}

impl<E: Scalar, D: Backend<E>> Named<E, D> for Residual<E, D> {
    fn visit<'a>(&'a self, prefix: &str, f: &mut dyn FnMut(String, &'a Matrix<E, D>)) {
        match self {
            Self::Gated(gated) => gated.visit(prefix, f),
            Self::LowRank(low_rank) => low_rank.visit(prefix, f),
        }
    }
    fn visit_mut<'a>(&'a mut self, prefix: &str, f: &mut dyn FnMut(String, &'a mut Matrix<E, D>)) {
        match self {
            Self::Gated(gated) => gated.visit_mut(prefix, f),
            Self::LowRank(low_rank) => low_rank.visit_mut(prefix, f),
        }
    }
}
