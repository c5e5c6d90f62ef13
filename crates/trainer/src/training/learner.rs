//! A model with its optimiser: one step of one batch.

use super::{Shards, StageA, StepBatch};
use crate::TrainerError;
use crate::experiment::Experiment;
use data::{Purpose, stream};
use losses::{Averages, Goal, Objective, Statistics};
use model::{Noise, PhysVae};
use ndarray::{Array2, ArrayView2, Axis, Slice};
use nn::named::{parameters, parameters_mut};
use nn::{Adam, Backend, Matrix, OwnedTape, Scalar, StepReport, from_rows, take_gradients};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use schedules::Phase;
use std::ops::Range;

/// A model with its optimiser on a device.
pub struct Learner<E: Scalar, D: Backend<E>> {
    /// Where it computes.
    pub device: D,
    /// The model.
    pub model: PhysVae<E, D>,
    /// The optimiser and its moments.
    pub adam: Adam<E, D>,
    /// Channel means and scales, for what is monitored in physical units.
    pub standardization: (Vec<f64>, Vec<f64>),
    /// What Stage B minimises beside its weights.
    pub goal: Goal,
    /// σ of the observation in standardised units, where it is known.
    pub fixed_noise: Option<f64>,
    /// How Stage A makes its spectra and what it learns.
    pub stage_a: StageA,
    /// Whether the encoder of the physical latents learns from simulated spectra in Stage B too.
    pub posterior_is_simulated: bool,
}

/// What one step did.
#[derive(Clone, Debug)]
pub struct StepOutcome {
    /// The minimised loss.
    pub loss: f64,
    /// The plain KL of all latents, nats.
    pub kl: f64,
    /// What the KL costs in the loss, its weight included.
    pub kl_cost: f64,
    /// The β that it was weighed with.
    pub beta: f64,
    /// The unweighted synthetic loss in it.
    pub synthetic: f64,
    /// What was monitored of the batch; `None` in pretraining, which sees no observation.
    pub averages: Option<Averages>,
    /// What the optimiser did; `None` when the loss was not finite and the step was left out.
    pub update: Option<StepReport>,
    /// Means over the batch of u and u² of the physical latents' posteriors, where the prior follows them.
    pub u_moments: Option<[Vec<f64>; 2]>,
    /// Smallest and largest z seen per physical parameter, for messages about divergence.
    pub z_seen: Vec<(f64, f64)>,
}

/// Standard normal numbers for a draw, n × p and n × a, on the host.
pub(super) struct HostNoise {
    physical: Array2<f64>,
    auxiliary: Array2<f64>,
}

/// n × k standard normal numbers of a stream.
fn normal(n: usize, k: usize, rng: &mut impl Rng) -> Array2<f64> {
    Array2::from_shape_simple_fn((n, k), || StandardNormal.sample(rng))
}

/// Some rows of a table.
pub(super) fn part<'a>(table: ArrayView2<'a, f64>, rows: &Range<usize>) -> ArrayView2<'a, f64> {
    table.slice_axis_move(Axis(0), Slice::from(rows.clone()))
}

/// What one shard of a batch has to say.
pub(super) struct ShardOutcome<E: Scalar, D: Backend<E>> {
    /// Its part of the batch's rows.
    pub(super) share: f64,
    pub(super) loss: f64,
    pub(super) kl: f64,
    pub(super) kl_cost: f64,
    pub(super) beta: f64,
    pub(super) synthetic: f64,
    pub(super) statistics: Option<Statistics>,
    /// Means over its rows of u and u².
    pub(super) u_moments: Option<[Vec<f64>; 2]>,
    pub(super) z_seen: Vec<(f64, f64)>,
    /// Of share · loss to the learning parameters; `None` where the loss is not finite.
    pub(super) gradients: Option<Vec<D::Gradient>>,
}

pub(super) fn array<E: Scalar>(n: usize, k: usize, values: &[E]) -> Array2<f64> {
    let mut out = Array2::zeros((n, k));
    for (to, from) in out.iter_mut().zip(values) {
        *to = from.wide();
    }
    out
}

impl<E: Scalar, D: Shards<E>> Learner<E, D> {
    /// A learner at its beginning: weights drawn by the experiment's seed.
    ///
    /// # Errors
    /// Physics and architecture do not agree, or the device refuses.
    pub fn new(experiment: &Experiment, device: D) -> Result<Self, TrainerError> {
        let mut rng = stream(experiment.seed, Purpose::Initialisation, 0, 0);
        let (architecture, physics) = (&experiment.architecture, &experiment.physics);
        let mut model = PhysVae::new(&device, architecture.clone(), physics.clone(), &mut rng)?;
        model.buffers_mut().residual = experiment.residual_scale_at(0);
        let standardization = &experiment.standardization;
        Ok(Self {
            device,
            model,
            adam: Adam::new(experiment.adam),
            standardization: (
                standardization.mean().to_vec(),
                standardization.scale().to_vec(),
            ),
            goal: experiment.goal.clone(),
            fixed_noise: experiment.fixed_noise,
            stage_a: experiment.stage_a,
            posterior_is_simulated: experiment.posterior_is_simulated,
        })
    }

    /// Rows of a table on the device, n × d.
    pub(super) fn load(&self, x: ArrayView2<f64>) -> Result<Matrix<E, D>, TrainerError> {
        Ok(from_rows(
            &self.device,
            x.nrows(),
            x.ncols(),
            x.iter().copied(),
        )?)
    }

    /// Noise for a draw of n rows from `rng`: physical latents first, then auxiliary ones.
    pub(super) fn draw_noise(&self, n: usize, rng: &mut impl Rng) -> HostNoise {
        let a = self.model.architecture();
        HostNoise {
            physical: normal(n, a.dim_z_phy, rng),
            auxiliary: normal(n, a.dim_z_aux, rng),
        }
    }

    /// Some rows of the noise on the device.
    pub(super) fn load_noise(
        &self,
        noise: &HostNoise,
        rows: &Range<usize>,
    ) -> Result<Noise<E, D>, TrainerError> {
        let block = |all: &Array2<f64>| {
            (all.ncols() > 0)
                .then(|| self.load(part(all.view(), rows)))
                .transpose()
        };
        Ok(Noise {
            physical: block(&noise.physical)?,
            auxiliary: block(&noise.auxiliary)?,
        })
    }

    /// One step of either stage, with the random numbers of its place in the run.
    ///
    /// # Errors
    /// The physics or the device refuses.
    pub fn step(
        &mut self,
        batch: &StepBatch,
        experiment: &Experiment,
        learning_rate: f64,
        epoch: &mut Statistics,
    ) -> Result<StepOutcome, TrainerError> {
        let weights = experiment.weights_at(batch.place.epoch);
        self.model.buffers_mut().residual = experiment.residual_scale_at(batch.place.epoch);
        let (inputs, conditions) = (batch.inputs.view(), batch.conditions());
        match batch.place.phase {
            Phase::Pretrain => {
                let mut noise = batch.stage_a_noise_of(experiment);
                self.pretrain_step(inputs, conditions, &mut noise, &weights, learning_rate)
            }
            Phase::Train => {
                let mut noise = batch.noise_of(experiment);
                let outcome = self.train_step(
                    inputs,
                    conditions,
                    &mut noise,
                    &weights,
                    learning_rate,
                    epoch,
                )?;
                self.prior_follows(experiment, batch.place.epoch, &outcome);
                Ok(outcome)
            }
        }
    }

    /// Moves the prior of u_phy after a step that was taken.
    fn prior_follows(&mut self, experiment: &Experiment, epoch: usize, outcome: &StepOutcome) {
        let applied = outcome.update.is_some_and(|report| report.applied);
        let prior = self.model.buffers_mut().prior.as_mut();
        if let (Some(prior), Some([mean, square])) = (prior, &outcome.u_moments)
            && let Some(momentum) = experiment.prior_momentum_at(epoch)
            && applied
        {
            prior.follow(mean, square, momentum);
        }
    }

    /// Backward pass of share · loss, unless it is not finite.
    pub(super) fn gradients(
        &self,
        objective: Objective<E, D, OwnedTape<E, D>>,
        share: f64,
        learns: impl Fn(&str) -> bool,
    ) -> Result<ShardOutcome<E, D>, TrainerError> {
        let objective = objective.times(share)?;
        let mut outcome = ShardOutcome {
            share,
            loss: objective.loss,
            kl: objective.kl,
            kl_cost: objective.kl_cost,
            beta: objective.beta,
            synthetic: objective.synthetic,
            statistics: None,
            u_moments: None,
            z_seen: vec![],
            gradients: None,
        };
        if outcome.loss.is_finite() {
            let mut gradients = nn::backward(objective.total)?;
            let learning = parameters(&self.model)
                .into_iter()
                .filter(|(name, _)| learns(name))
                .map(|(_, parameter)| parameter);
            outcome.gradients = Some(take_gradients(&mut gradients, learning)?);
        }
        Ok(outcome)
    }

    /// Sums the shards of a batch and updates the parameters that `learns` names, unless the loss is not
    /// finite.
    pub(super) fn update(
        &mut self,
        shards: Vec<Result<ShardOutcome<E, D>, TrainerError>>,
        learning_rate: f64,
        learns: impl Fn(&str) -> bool,
    ) -> Result<StepOutcome, TrainerError> {
        let mut outcome = StepOutcome {
            loss: 0.0,
            kl: 0.0,
            kl_cost: 0.0,
            beta: 0.0,
            synthetic: 0.0,
            averages: None,
            update: None,
            u_moments: None,
            z_seen: vec![],
        };
        let mut gradients = vec![];
        for shard in shards {
            let shard = shard?;
            outcome.loss += shard.share * shard.loss;
            outcome.kl += shard.share * shard.kl;
            outcome.kl_cost += shard.share * shard.kl_cost;
            outcome.beta = shard.beta;
            outcome.synthetic += shard.share * shard.synthetic;
            widen(&mut outcome.z_seen, &shard.z_seen);
            add_share(&mut outcome.u_moments, shard.u_moments, shard.share);
            gradients.extend(shard.gradients);
        }
        if !outcome.loss.is_finite() {
            return Ok(outcome);
        }
        let mut parameters = parameters_mut(&mut self.model);
        parameters.retain(|(name, _)| learns(name));
        let report = self
            .adam
            .step_on_shards(learning_rate, parameters, gradients)?;
        outcome.update = Some(report);
        Ok(outcome)
    }

    /// Empty statistics of this model's blocks.
    pub fn statistics(&self) -> Statistics {
        let a = self.model.architecture();
        let (mean, scale) = &self.standardization;
        Statistics::new(mean, scale, a.dim_z_phy, a.dim_z_aux)
    }
}

/// Adds a shard's part of a mean over the batch.
fn add_share(all: &mut Option<[Vec<f64>; 2]>, means: Option<[Vec<f64>; 2]>, share: f64) {
    let Some(means) = means else { return };
    let all = all.get_or_insert_with(|| means.clone().map(|m| vec![0.0; m.len()]));
    for (all, means) in all.iter_mut().zip(means) {
        for (sum, mean) in all.iter_mut().zip(means) {
            *sum += share * mean;
        }
    }
}

/// Makes room for more values between smallest and largest; NaN stays NaN.
fn widen(all: &mut Vec<(f64, f64)>, more: &[(f64, f64)]) {
    if all.is_empty() {
        more.clone_into(all);
        return;
    }
    for ((low, high), &(lower, higher)) in all.iter_mut().zip(more) {
        if low.is_nan() || lower.is_nan() {
            (*low, *high) = (f64::NAN, f64::NAN);
        } else {
            (*low, *high) = (low.min(lower), high.max(higher));
        }
    }
}

/// Smallest and largest of each column; NaN shows as NaN.
pub(super) fn extremes(z: ArrayView2<f64>) -> Vec<(f64, f64)> {
    z.columns()
        .into_iter()
        .map(|column| {
            column
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| {
                    if v.is_nan() {
                        (v, v)
                    } else {
                        (low.min(v), high.max(v))
                    }
                })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use losses::Weights;
    use model::Architecture;
    use ndarray::array;
    use nn::{AdamConfig, Cpu, named};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn a_loss_that_is_not_finite_changes_nothing() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let device = Cpu::default();
        let model = PhysVae::new(&device, Architecture::new(2, 0, 1), None, &mut rng).unwrap();
        let mut learner = Learner::<f32, Cpu> {
            device,
            model,
            adam: Adam::new(AdamConfig::default()),
            standardization: (vec![0.0; 2], vec![1.0; 2]),
            goal: Goal::default(),
            fixed_noise: None,
            stage_a: StageA::default(),
            posterior_is_simulated: false,
        };
        let weights = Weights {
            beta: 1.0,
            gate: 0.0,
            residual: 0.0,
            data_aug: 1.0,
        };
        let mut epoch = learner.statistics();
        let (empty, start) = (epoch.clone(), named::to_host_tensors(&learner.model));
        let mut step = |learner: &mut Learner<f32, Cpu>, x: f64, epoch: &mut Statistics| {
            let x = array![[x, 1.0]];
            learner
                .train_step(x.view(), None, &mut rng, &weights, 1e-3, epoch)
                .unwrap()
        };

        // its square overflows f32
        let skipped = step(&mut learner, 1e30, &mut epoch);
        assert!(skipped.update.is_none() && !skipped.loss.is_finite());
        assert_eq!(epoch, empty);
        assert_eq!(named::to_host_tensors(&learner.model), start);
        assert!(learner.adam.moments.is_empty());

        let taken = step(&mut learner, 0.5, &mut epoch);
        assert!(taken.update.unwrap().applied);
        assert_ne!(epoch, empty);
        assert_ne!(named::to_host_tensors(&learner.model), start);
    }
}
