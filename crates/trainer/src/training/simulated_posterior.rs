//! The encoder of the physical latents learns from simulated spectra in Stage B too, while all else learns from the
//! observations.

use super::learner::{Learner, ShardOutcome, part};
use super::{Disturbance, Shards};
use crate::TrainerError;
use crate::experiment::Experiment;
use data::{Purpose, Samples, stream};
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
    disturbance: Disturbance,
}

/// Simulations that an epoch is judged by: their mean loss is good to 0.02 nat or so, and the same ones are taken
/// in every epoch, so that two epochs differ by less than that.
const VALIDATION: usize = 8192;

impl<E: Scalar, D: Shards<E>> Learner<E, D> {
    /// Whether all that learns in Stage B learns from simulations, so that how well observations are reconstructed says
    /// little of how well it has learned.
    pub(super) fn is_judged_by_simulations(&self) -> bool {
        self.posterior_is_simulated && !self.model.architecture().has_residual()
    }

    /// The loss of Stage A on 8,192 simulations, the same in every epoch, under conditions of the validation samples.
    pub(super) fn loss_of_simulations(
        &self,
        experiment: &Experiment,
        validation: &Samples,
        weights: &Weights,
    ) -> Result<f64, TrainerError> {
        let mut rng = stream(experiment.seed, Purpose::SimulatedValidation, 0, 0);
        let a = self.model.architecture();
        let z = self.stage_a.draw(VALIDATION, a.dim_z_phy, &mut rng);
        let conditions = validation.resample_conditions(VALIDATION, &mut rng);
        let disturbance = self.stage_a.disturbance(VALIDATION, a.channels, &mut rng);
        let parts = D::on_shards(self, VALIDATION, |learner, rows| {
            let conditions = conditions.as_ref().map(|c| part(c.view(), &rows));
            let z = part(z.view(), &rows);
            let objective =
                learner.stage_a_objective(z, conditions, (&disturbance, &rows), weights)?;
            Ok::<_, TrainerError>(objective.loss * rows.len() as f64 / VALIDATION as f64)
        });
        parts.into_iter().sum()
    }

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
        mut observed: ShardOutcome<E, D>,
        simulations: &Simulations,
        rows: &Range<usize>,
        conditions: Option<ArrayView2<f64>>,
        weights: &Weights,
    ) -> Result<ShardOutcome<E, D>, TrainerError> {
        let z = part(simulations.z.view(), rows);
        let disturbance = (&simulations.disturbance, rows);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assemble::{assemble, check};
    use crate::config::{ConfigSource, Overrides, load};
    use losses::Weights;
    use nn::Cpu;
    use nn::named::to_host_tensors;

    /// The epoch that is kept is the one that says most of simulations, not the one that reconstructs best.
    #[test]
    fn a_posterior_of_simulations_alone_is_judged_by_them() {
        let set = [
            "data.train_samples=8",
            "data.valid_samples=4",
            "data.test_samples=2",
            "pretrain.loss=likelihood",
            "objective.posterior=simulation",
        ];
        let learner = |more: &str| {
            let overrides = Overrides {
                set: set.iter().chain([&more]).map(|&s| s.to_owned()).collect(),
                ..Overrides::default()
            };
            let loaded = load(&ConfigSource::BuiltIn, &overrides).unwrap();
            let assembled = assemble(&check(&loaded).unwrap()).unwrap();
            let learner = Learner::<f32, _>::new(&assembled.experiment, Cpu::default()).unwrap();
            (assembled, learner)
        };
        let (assembled, mut alone) = learner("phys_vae.dim_z_aux=0");
        assert!(alone.is_judged_by_simulations());
        assert!(!learner("phys_vae.dim_z_aux=2").1.is_judged_by_simulations());
        let (experiment, valid) = (&assembled.experiment, &assembled.samples.valid);
        let weights = experiment.weights_at(0);
        let loss = |learner: &Learner<f32, Cpu>| {
            learner
                .loss_of_simulations(experiment, valid, &weights)
                .unwrap()
        };
        let before = loss(&alone);
        assert_eq!(loss(&alone), before);
        for step in 0..20 {
            let mut rng = data::stream(1, data::Purpose::StageA, 0, step);
            let z = alone.stage_a.draw(64, 7, &mut rng);
            alone
                .pretrain_step(z.view(), None, &mut rng, &weights, 1e-3)
                .unwrap();
        }
        assert!(loss(&alone) < before - 0.1, "{} {before}", loss(&alone));
    }

    /// The encoder of the physical latents moves alike whatever is observed, all else does not.
    #[test]
    fn observations_do_not_move_a_simulated_posterior() {
        let set = [
            "data.train_samples=8",
            "data.valid_samples=2",
            "data.test_samples=2",
            "pretrain.loss=likelihood",
            "objective.posterior=simulation",
            // clipping by the norm of all gradients would couple them
            "trainer.grad_clip_norm=null",
            "phys_vae.calibration=gain_and_offset",
        ];
        let overrides = Overrides {
            set: set.map(str::to_owned).to_vec(),
            ..Overrides::default()
        };
        let loaded = load(&ConfigSource::BuiltIn, &overrides).unwrap();
        let assembled = assemble(&check(&loaded).unwrap()).unwrap();
        let weights = Weights {
            beta: 1.0,
            ..assembled.experiment.weights
        };
        let moved = |factor: f64| {
            let mut learner =
                Learner::<f32, _>::new(&assembled.experiment, Cpu::default()).unwrap();
            let x = assembled.samples.train.x().mapv(|x| factor * x);
            let mut rng = data::stream(1, data::Purpose::LatentNoise, 0, 0);
            let mut epoch = learner.statistics();
            let outcome = learner
                .train_step(x.view(), None, &mut rng, &weights, 1e-3, &mut epoch)
                .unwrap();
            assert!(outcome.update.unwrap().applied && outcome.synthetic > 0.0);
            to_host_tensors(&learner.model)
        };
        let start = Learner::<f32, _>::new(&assembled.experiment, Cpu::default()).unwrap();
        let (start, one, other) = (to_host_tensors(&start.model), moved(1.0), moved(0.5));
        let (mut simulated, mut differ) = (0, 0);
        for (name, tensor) in &start {
            assert_ne!(&one[name], tensor, "{name} does not learn");
            if PhysVae::<f32, Cpu>::learns_in_pretraining(name, true) {
                assert_eq!(one[name], other[name], "{name}");
                simulated += 1;
            } else {
                // the first step of Adam has one length: it shows the signs of a gradient only
                differ += usize::from(one[name] != other[name]);
            }
        }
        assert!(simulated >= 12 && differ >= 8, "{simulated} {differ}");
    }
}
