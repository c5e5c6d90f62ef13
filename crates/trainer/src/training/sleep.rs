//! The other half of a wake-sleep step: the decoder dreams spectra, and the encoder of the physical latents learns
//! what they were made of.

use super::Shards;
use super::learner::{Learner, ShardOutcome, array, normal, part};
use crate::TrainerError;
use latent::logit;
use losses::Weights;
use model::{Gaussian, PhysVae, Posterior};
use ndarray::{Array2, ArrayView2};
use nn::named::parameters;
use nn::{NoneTape, Scalar, to_host};
use rand::Rng;
use std::ops::Range;

/// Latents drawn from their priors, and what disturbs the spectra made of them.
pub(super) struct Dreams {
    /// z of the physical latents, n × p.
    z: Array2<f64>,
    /// Auxiliary latents, n × a.
    auxiliary: Array2<f64>,
    /// Added to the spectra, n × d, standardised.
    disturbance: Array2<f64>,
}

impl<E: Scalar, D: Shards<E>> Learner<E, D> {
    /// n draws, where the encoder of the physical latents learns from dreams; z as Stage A draws it.
    pub(super) fn dream(&self, n: usize, rng: &mut impl Rng) -> Option<Dreams> {
        let a = self.model.architecture();
        (self.sleeps && a.dim_z_phy > 0).then(|| Dreams {
            z: self.stage_a.draw(n, a.dim_z_phy, rng),
            auxiliary: normal(n, a.dim_z_aux, rng),
            disturbance: self.stage_a.disturbance(n, a.channels, rng),
        })
    }

    /// What the whole decoder makes of some of the dreams, and what the encoder has to learn from that.
    fn dream_shard(
        &self,
        dreams: &Dreams,
        rows: &Range<usize>,
        conditions: Option<ArrayView2<f64>>,
        weights: &Weights,
        share: f64,
    ) -> Result<ShardOutcome<E>, TrainerError> {
        let z = part(dreams.z.view(), rows);
        // the decoder takes the means: these are the draws
        let certain = |values: ArrayView2<f64>| {
            let mean = self.load(values)?;
            let lnvar = mean.clone();
            Ok::<_, TrainerError>(Gaussian { mean, lnvar })
        };
        let has_auxiliary = dreams.auxiliary.ncols() > 0;
        let latents = Posterior::<E, D, NoneTape> {
            physical: Some(certain(z.mapv(logit).view())?),
            auxiliary: has_auxiliary
                .then(|| certain(part(dreams.auxiliary.view(), rows)))
                .transpose()?,
        };
        let x_pb = self.model.decode(latents, None, conditions)?.x_pb;
        let spectra = array(rows.len(), dreams.disturbance.ncols(), &to_host(&x_pb));
        let spectra = spectra + part(dreams.disturbance.view(), rows);
        let objective = self.synthetic_objective(z, spectra.view(), weights)?;
        self.gradients(objective, share, |_| true)
    }

    /// Puts the gradients of dreams in the place of those that a shard of observations has for the encoder of the
    /// physical latents; the loss is then the sum of both.
    pub(super) fn sleep(
        &self,
        mut awake: ShardOutcome<E>,
        dreams: &Dreams,
        rows: &Range<usize>,
        conditions: Option<ArrayView2<f64>>,
        weights: &Weights,
    ) -> Result<ShardOutcome<E>, TrainerError> {
        let mut asleep = self.dream_shard(dreams, rows, conditions, weights, awake.share)?;
        awake.loss += asleep.loss;
        awake.synthetic = asleep.synthetic;
        let (Some(own), Some(dreamt)) = (&mut awake.gradients, &mut asleep.gradients) else {
            awake.gradients = None;
            return Ok(awake);
        };
        let names = parameters(&self.model).into_iter().map(|(name, _)| name);
        for ((name, own), dreamt) in names.zip(own).zip(dreamt) {
            if PhysVae::<E, D>::learns_in_pretraining(&name, true) {
                *own = std::mem::take(dreamt);
            }
        }
        Ok(awake)
    }
}
