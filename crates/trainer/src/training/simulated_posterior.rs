//! The encoder of the physical latents learns from simulated spectra in Stage B too, while all else learns from the
//! observations.

use super::Shards;
use super::learner::{Learner, ShardOutcome, part};
use crate::TrainerError;
use losses::Weights;
use model::PhysVae;
use ndarray::{Array2, ArrayView2};
use nn::Scalar;
use nn::named::parameters;
use rand::Rng;
use std::ops::Range;

/// Latents drawn as Stage A draws them, and what disturbs the spectra made of them.
pub(super) struct Simulations {
    /// z, n × p.
    z: Array2<f64>,
    /// Added to the spectra, n × d, standardised.
    disturbance: Array2<f64>,
}

impl<E: Scalar, D: Shards<E>> Learner<E, D> {
    /// n draws, where the posterior is one of simulations.
    pub(super) fn draw_simulations(&self, n: usize, rng: &mut impl Rng) -> Option<Simulations> {
        let a = self.model.architecture();
        self.posterior_is_simulated.then(|| Simulations {
            z: self.stage_a.draw(n, a.dim_z_phy, rng),
            disturbance: self.stage_a.disturbance(n, a.channels, rng),
        })
    }

    /// Puts the gradients of as many simulations in the place of those that a shard of observations has for the
    /// encoder of the physical latents; the loss is then the sum of both.
    pub(super) fn learn_simulations(
        &self,
        mut observed: ShardOutcome<E>,
        simulations: &Simulations,
        rows: &Range<usize>,
        conditions: Option<ArrayView2<f64>>,
        weights: &Weights,
    ) -> Result<ShardOutcome<E>, TrainerError> {
        let z = part(simulations.z.view(), rows);
        let disturbance = part(simulations.disturbance.view(), rows);
        let objective = self.stage_a_objective(z, conditions, disturbance, weights)?;
        let simulated = self.gradients(objective, observed.share, |_| true)?;
        observed.loss += simulated.loss;
        observed.synthetic = simulated.synthetic;
        let (Some(own), Some(replacing)) = (&mut observed.gradients, simulated.gradients) else {
            observed.gradients = None;
            return Ok(observed);
        };
        let names = parameters(&self.model).into_iter().map(|(name, _)| name);
        for ((name, own), replacing) in names.zip(own).zip(replacing) {
            if PhysVae::<E, D>::learns_in_pretraining(&name, true) {
                *own = replacing;
            }
        }
        Ok(observed)
    }
}
