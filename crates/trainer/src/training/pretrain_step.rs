//! A step of Stage A: synthetic spectra whose latents are known.

use super::learner::{Learner, ShardOutcome, StepOutcome, extremes, part};
use super::{Disturbance, Shards};
use crate::TrainerError;
use dfdx::prelude::Trace;
use latent::logit;
use losses::{Objective, Weights};
use model::PhysVae;
use ndarray::ArrayView2;
use nn::{OwnedTape, Scalar, from_rows};
use rand::Rng;
use std::ops::Range;

impl<E: Scalar, D: Shards<E>> Learner<E, D> {
    /// One step of Stage A on synthetic samples of z (n × p, inside (0, 1)).
    ///
    /// # Errors
    /// The physics or the device refuses.
    pub fn pretrain_step(
        &mut self,
        z: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        rng: &mut impl Rng,
        weights: &Weights,
        learning_rate: f64,
    ) -> Result<StepOutcome, TrainerError> {
        let n = z.nrows();
        let channels = self.model.architecture().channels;
        let disturbance = self.stage_a.disturbance(n, channels, rng);
        let shards = D::on_shards(self, n, |learner, rows| {
            let share = rows.len() as f64 / n as f64;
            let conditions = conditions.map(|c| part(c, &rows));
            let z = part(z, &rows);
            learner.pretrain_shard(z, conditions, (&disturbance, &rows), weights, share)
        });
        let variances = self.stage_a.likelihood;
        self.update(shards, learning_rate, |name| {
            PhysVae::<E, D>::learns_in_pretraining(name, variances)
        })
    }

    fn pretrain_shard(
        &self,
        z: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        disturbance: (&Disturbance, &Range<usize>),
        weights: &Weights,
        share: f64,
    ) -> Result<ShardOutcome<E, D>, TrainerError> {
        let objective = self.stage_a_objective(z, conditions, disturbance, weights)?;
        let variances = self.stage_a.likelihood;
        let learns = |name: &str| PhysVae::<E, D>::learns_in_pretraining(name, variances);
        Ok(ShardOutcome {
            z_seen: extremes(z),
            ..self.gradients(objective, share, learns)?
        })
    }

    /// What the encoder has to learn from spectra of known z (n × p): those of the physics through the calibration,
    /// disturbed as these rows of a batch.
    pub(super) fn stage_a_objective(
        &self,
        z: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        (disturbance, rows): (&Disturbance, &Range<usize>),
        weights: &Weights,
    ) -> Result<Objective<E, D, OwnedTape<E, D>>, TrainerError> {
        let Some(physics) = self.model.physics() else {
            return Err(TrainerError::NoPhysics);
        };
        let mut spectra = physics.signals(z, conditions)?;
        if let Some(calibration) = &self.model.buffers().calibration {
            calibration.apply_in_place(&mut spectra);
        }
        disturbance.apply(rows, &mut spectra, physics.standardization());
        let x = self.load(spectra.view())?.leaky_traced();
        let target = from_rows(
            &self.device,
            z.nrows(),
            z.ncols(),
            z.iter().map(|&z| logit(z)),
        )?;
        let model = &self.model;
        Ok(if self.stage_a.likelihood {
            let gaussian = model.encode_physical(x, conditions)?;
            let gaussian = gaussian.ok_or(TrainerError::NoPhysics)?;
            let pair = (gaussian.mean, gaussian.lnvar);
            Objective::pretrain_likelihood(pair, target, weights)?
        } else {
            let u = model.encode_physical_mean(x, conditions)?;
            let u = u.ok_or(TrainerError::NoPhysics)?;
            Objective::pretrain(u, target, weights)?
        })
    }
}
