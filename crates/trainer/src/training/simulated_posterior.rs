//! The encoder of the physical latents learns from simulated spectra in Stage B too, while all else learns from the
//! observations.

use super::learner::{Learner, ShardOutcome, part};
use super::{Disturbance, Shards};
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
    disturbance: Disturbance,
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
