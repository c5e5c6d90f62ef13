//! From a spectrum, and where wanted the conditions it was taken under, to the statistics of the latents.

use crate::architecture::{Architecture, sizes};
use dfdx::prelude::WithEmptyTape;
use nn::named::{Named, join};
use nn::{Activation, Backend, Matrix, Mlp, NnError, NoneTape, Scalar, Tape};
use rand::Rng;

/// A diagonal Gaussian per sample, n × k.
pub struct Gaussian<E: Scalar, D: Backend<E>, T = NoneTape> {
    /// Means.
    pub mean: Matrix<E, D, T>,
    /// Log-variances, clamped.
    pub lnvar: Matrix<E, D, T>,
}

impl<E: Scalar, D: Backend<E>, T: Tape<E, D>> Gaussian<E, D, T> {
    /// The same on an empty tape: for a second use of both.
    #[must_use]
    pub fn with_empty_tape(&self) -> Self {
        Self {
            mean: self.mean.with_empty_tape(),
            lnvar: self.lnvar.with_empty_tape(),
        }
    }
}

/// What the encoder says of each sample.
pub struct Posterior<E: Scalar, D: Backend<E>, T = NoneTape> {
    /// Of the physical latents in u-space, n × p; `None` without physics.
    pub physical: Option<Gaussian<E, D, T>>,
    /// Of the auxiliary latents, n × a; `None` without any.
    pub auxiliary: Option<Gaussian<E, D, T>>,
}

/// Mean and log-variance heads of one block of latents.
#[derive(Clone, Debug)]
struct Heads<E: Scalar, D: Backend<E>> {
    mean: Mlp<E, D>,
    lnvar: Mlp<E, D>,
}

impl<E: Scalar, D: Backend<E>> Heads<E, D> {
    fn new(
        device: &D,
        a: &Architecture,
        hidden: &[usize],
        dimensions: usize,
        rng: &mut impl Rng,
    ) -> Result<Self, NnError> {
        let sizes = sizes(a.num_units_feat, hidden, dimensions);
        Ok(Self {
            mean: Mlp::new(device, &sizes, a.activation, rng)?,
            lnvar: Mlp::new(device, &sizes, a.activation, rng)?,
        })
    }

    fn forward<T: Tape<E, D>>(
        &self,
        features: Matrix<E, D, T>,
    ) -> Result<Gaussian<E, D, T>, NnError> {
        let mean = self.mean.forward(features.with_empty_tape())?;
        let lnvar = latent::clamp_lnvar(self.lnvar.forward(features)?)?;
        Ok(Gaussian { mean, lnvar })
    }
}

/// Feature MLP and heads.
///
/// Its input is x (n × d, standardised) and, of an architecture that sees c conditions, these behind it (n × c, as
/// [`crate::PhysicsLayer::scaled_conditions`] gives them); [`crate::PhysVae::encode`] puts both together.
#[derive(Clone, Debug)]
pub struct Encoder<E: Scalar, D: Backend<E>> {
    features: Mlp<E, D>,
    physical: Option<Heads<E, D>>,
    auxiliary: Option<Heads<E, D>>,
}

impl<E: Scalar, D: Backend<E>> Encoder<E, D> {
    /// Draws fresh weights.
    ///
    /// # Errors
    /// The device refuses.
    pub fn new(device: &D, a: &Architecture, rng: &mut impl Rng) -> Result<Self, NnError> {
        let features = Mlp::new(
            device,
            &sizes(
                a.channels + a.sees_conditions,
                &a.hidlayers_feat,
                a.num_units_feat,
            ),
            a.activation,
            rng,
        )?;
        let mut heads = |hidden: &[usize], dimensions: usize| {
            (dimensions > 0)
                .then(|| Heads::new(device, a, hidden, dimensions, rng))
                .transpose()
        };
        Ok(Self {
            features,
            physical: heads(&a.hidlayers_z_phy, a.dim_z_phy)?,
            auxiliary: heads(&a.hidlayers_z_aux, a.dim_z_aux)?,
        })
    }

    /// x and conditions → features.
    fn features<T: Tape<E, D>>(
        &self,
        x: Matrix<E, D, T>,
        conditions: Option<Matrix<E, D, T>>,
    ) -> Result<Matrix<E, D, T>, NnError> {
        self.features
            .forward_then(x, conditions, Activation::Identity)
    }

    /// x (n × d, standardised) and the conditions it sees (n × c, scaled) → posterior.
    ///
    /// Every part of the result shares the tape of the features: a loss must use all of them, or the
    /// operations behind the unused part are not differentiated.
    ///
    /// # Errors
    /// Both together have the wrong width, or the device refuses.
    pub fn forward<T: Tape<E, D>>(
        &self,
        x: Matrix<E, D, T>,
        conditions: Option<Matrix<E, D, T>>,
    ) -> Result<Posterior<E, D, T>, NnError> {
        let features = self.features(x, conditions)?;
        let block = |heads: &Option<Heads<E, D>>, features: Matrix<E, D, T>| {
            heads.as_ref().map(|h| h.forward(features)).transpose()
        };
        let empty = features.with_empty_tape();
        // the features' own tape goes with the last block there is
        let (first, second) = if self.auxiliary.is_some() {
            (empty, features)
        } else {
            (features, empty)
        };
        Ok(Posterior {
            physical: block(&self.physical, first)?,
            auxiliary: block(&self.auxiliary, second)?,
        })
    }

    /// x (n × d, standardised) and the conditions it sees (n × c, scaled) → mean and log-variance of u_phy alone.
    ///
    /// # Errors
    /// As [`Encoder::forward`].
    pub fn physical<T: Tape<E, D>>(
        &self,
        x: Matrix<E, D, T>,
        conditions: Option<Matrix<E, D, T>>,
    ) -> Result<Option<Gaussian<E, D, T>>, NnError> {
        let features = self.features(x, conditions)?;
        let heads = self.physical.as_ref();
        heads.map(|heads| heads.forward(features)).transpose()
    }

    /// x (n × d, standardised) and the conditions it sees (n × c, scaled) → the mean of u_phy alone, n × p: all that
    /// pretraining needs.
    ///
    /// # Errors
    /// As [`Encoder::forward`].
    pub fn physical_mean<T: Tape<E, D>>(
        &self,
        x: Matrix<E, D, T>,
        conditions: Option<Matrix<E, D, T>>,
    ) -> Result<Option<Matrix<E, D, T>>, NnError> {
        let features = self.features(x, conditions)?;
        self.physical
            .as_ref()
            .map(|heads| heads.mean.forward(features))
            .transpose()
    }
}

impl<E: Scalar, D: Backend<E>> Named<E, D> for Encoder<E, D> {
    fn visit<'a>(&'a self, prefix: &str, f: &mut dyn FnMut(String, &'a Matrix<E, D>)) {
        self.features.visit(&join(prefix, "features"), f);
        for (heads, name) in [(&self.physical, "u_phy"), (&self.auxiliary, "z_aux")] {
            if let Some(heads) = heads {
                heads.mean.visit(&join(prefix, &format!("{name}_mean")), f);
                heads
                    .lnvar
                    .visit(&join(prefix, &format!("{name}_lnvar")), f);
            }
        }
    }
    fn visit_mut<'a>(&'a mut self, prefix: &str, f: &mut dyn FnMut(String, &'a mut Matrix<E, D>)) {
        self.features.visit_mut(&join(prefix, "features"), f);
        for (heads, name) in [
            (&mut self.physical, "u_phy"),
            (&mut self.auxiliary, "z_aux"),
        ] {
            if let Some(heads) = heads {
                heads
                    .mean
                    .visit_mut(&join(prefix, &format!("{name}_mean")), f);
                heads
                    .lnvar
                    .visit_mut(&join(prefix, &format!("{name}_lnvar")), f);
            }
        }
    }
}
