//! A model with its optimiser: one step of one batch.

use super::{Shards, StageA, StepBatch};
use crate::TrainerError;
use crate::experiment::Experiment;
use data::{Purpose, stream};
use latent::logit;
use losses::{Averages, Batch, Goal, Objective, Statistics, Terms, Weights};
use model::{AroundBoth, Decoded, Gaussian, Noise, PhysVae, Posterior};
use ndarray::{Array2, ArrayView2, Axis, Slice};
use nn::{
    Adam, Backend, Matrix, OwnedTape, Scalar, StepReport, Tape, from_rows, take_gradients, to_host,
};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use schedules::Phase;

use dfdx::prelude::Trace;
use nn::named::{parameters, parameters_mut};
use std::ops::Range;

/// A model with its optimiser on a device.
pub struct Learner<E: Scalar, D: Backend<E>> {
    /// Where it computes.
    pub device: D,
    /// The model.
    pub model: PhysVae<E, D>,
    /// The optimiser and its moments.
    pub adam: Adam<E>,
    /// Channel means and scales, for what is monitored in physical units.
    pub standardization: (Vec<f64>, Vec<f64>),
    /// What Stage B minimises beside its weights.
    pub goal: Goal,
    /// σ of the observation in standardised units, where it is known.
    pub fixed_noise: Option<f64>,
    /// How Stage A makes its spectra and what it learns.
    pub stage_a: StageA,
}

/// What one step did.
#[derive(Clone, Debug)]
pub struct StepOutcome {
    /// The minimised loss.
    pub loss: f64,
    /// The unweighted KL in it, nats.
    pub kl: f64,
    /// The unweighted synthetic loss in it.
    pub synthetic: f64,
    /// What was monitored of the batch; `None` in pretraining, which sees no observation.
    pub averages: Option<Averages>,
    /// What the optimiser did; `None` when the loss was not finite and the step was left out.
    pub update: Option<StepReport>,
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
struct ShardOutcome<E> {
    /// Its part of the batch's rows.
    share: f64,
    loss: f64,
    kl: f64,
    synthetic: f64,
    statistics: Option<Statistics>,
    z_seen: Vec<(f64, f64)>,
    /// Of share · loss to the learning parameters; `None` where the loss is not finite.
    gradients: Option<Vec<Vec<E>>>,
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
        let model = PhysVae::new(&device, architecture.clone(), physics.clone(), &mut rng)?;
        let standardization = &experiment.standardization;
        Ok(Self {
            device,
            model,
            adam: Adam::new(experiment.adam),
            standardization: (
                standardization.mean().to_vec(),
                standardization.scale().to_vec(),
            ),
            goal: experiment.goal,
            fixed_noise: experiment.fixed_noise,
            stage_a: experiment.stage_a,
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
        let (inputs, conditions) = (batch.inputs.view(), batch.conditions());
        match batch.place.phase {
            Phase::Pretrain => {
                let mut noise = batch.stage_a_noise_of(experiment);
                self.pretrain_step(inputs, conditions, &mut noise, &weights, learning_rate)
            }
            Phase::Train => {
                let mut noise = batch.noise_of(experiment);
                self.train_step(
                    inputs,
                    conditions,
                    &mut noise,
                    &weights,
                    learning_rate,
                    epoch,
                )
            }
        }
    }

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
        let mut disturbance = Array2::zeros((n, self.model.architecture().channels));
        if !self.stage_a.is_exact() {
            self.stage_a.disturb(&mut disturbance, rng);
        }
        let shards = D::on_shards(self, n, |learner, rows| {
            let share = rows.len() as f64 / n as f64;
            let conditions = conditions.map(|c| part(c, &rows));
            let disturbance = part(disturbance.view(), &rows);
            learner.pretrain_shard(part(z, &rows), conditions, disturbance, weights, share)
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
        disturbance: ArrayView2<f64>,
        weights: &Weights,
        share: f64,
    ) -> Result<ShardOutcome<E>, TrainerError> {
        let Some(physics) = self.model.physics() else {
            return Err(TrainerError::NoPhysics);
        };
        let signals = physics.signals(z, conditions)? + disturbance;
        let x = self.load(signals.view())?.leaky_traced();
        let target = from_rows(
            &self.device,
            z.nrows(),
            z.ncols(),
            z.iter().map(|&z| logit(z)),
        )?;
        let encoder = self.model.encoder();
        let likelihood = self.stage_a.likelihood;
        let objective = if likelihood {
            let gaussian = encoder.physical(x)?.ok_or(TrainerError::NoPhysics)?;
            let pair = (gaussian.mean, gaussian.lnvar);
            Objective::pretrain_likelihood(pair, target, weights)?
        } else {
            let u = encoder.physical_mean(x)?.ok_or(TrainerError::NoPhysics)?;
            Objective::pretrain(u, target, weights)?
        };
        let learns = |name: &str| PhysVae::<E, D>::learns_in_pretraining(name, likelihood);
        Ok(ShardOutcome {
            z_seen: extremes(z),
            ..self.gradients(objective, share, learns)?
        })
    }

    /// One step of Stage B on observations (n × d, standardised).
    ///
    /// # Errors
    /// The physics or the device refuses.
    pub fn train_step(
        &mut self,
        x: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        rng: &mut impl Rng,
        weights: &Weights,
        learning_rate: f64,
        epoch: &mut Statistics,
    ) -> Result<StepOutcome, TrainerError> {
        let n = x.nrows();
        let noise = self.draw_noise(n, rng);
        let shards = D::on_shards(self, n, |learner, rows| {
            let share = rows.len() as f64 / n as f64;
            let noise = learner.load_noise(&noise, &rows)?;
            let conditions = conditions.map(|c| part(c, &rows));
            learner.train_shard(part(x, &rows), conditions, noise, weights, share)
        });
        let mut batch = self.statistics();
        for shard in shards.iter().flatten() {
            if let Some(statistics) = &shard.statistics {
                batch.merge(statistics);
            }
        }
        let outcome = self.update(shards, learning_rate, |_| true)?;
        if outcome.update.is_some_and(|report| report.applied) {
            // what is left out must not turn the epoch's averages into NaN
            epoch.merge(&batch);
        }
        Ok(StepOutcome {
            averages: Some(batch.averages()),
            ..outcome
        })
    }

    fn train_shard(
        &self,
        x: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        noise: Noise<E, D>,
        weights: &Weights,
        share: f64,
    ) -> Result<ShardOutcome<E>, TrainerError> {
        let observed = self.load(x)?;
        // a matrix of its own: the observation must not share its identity with the encoder's input
        let input = self.load(x)?;
        let posterior = self.model.encoder().forward(input.leaky_traced())?;
        let shown = Posterior {
            physical: posterior.physical.as_ref().map(Gaussian::with_empty_tape),
            auxiliary: posterior.auxiliary.as_ref().map(Gaussian::with_empty_tape),
        };
        let decoded = self.model.decode(posterior, Some(noise), conditions)?;
        let mut statistics = self.statistics();
        add_batch(&mut statistics, &observed, &shown, &decoded);
        let z_seen = decoded.z_phy.as_ref().map_or(vec![], |z| {
            let p = self.model.architecture().dim_z_phy;
            extremes(array(x.nrows(), p, &to_host(z)).view())
        });
        let pair = |g: Gaussian<E, D, OwnedTape<E, D>>| (g.mean, g.lnvar);
        let terms = Terms {
            x_pb: decoded.x_pb,
            x_p: decoded.x_p,
            z_phy: decoded.z_phy,
            physical: shown.physical.map(pair),
            auxiliary: shown.auxiliary.map(pair),
            gate_and_delta: decoded.residual.map(|r| (r.gate, r.delta)),
            noise: self.noise()?,
        };
        let objective = Objective::train(terms, observed, weights, &self.goal)?;
        Ok(ShardOutcome {
            z_seen,
            statistics: Some(statistics),
            ..self.gradients(objective, share, |_| true)?
        })
    }

    /// ln σ² per channel of the observation around x_PB and x_P: learned, known or none.
    fn noise(&self) -> Result<AroundBoth<E, D, OwnedTape<E, D>>, TrainerError> {
        if let Some(learned) = self.model.noise() {
            return Ok(learned.lnvar()?);
        }
        let Some(sigma) = self.fixed_noise else {
            return Ok([None, None]);
        };
        let d = self.model.architecture().channels;
        let known = || {
            let values = std::iter::repeat_n(2.0 * sigma.ln(), d);
            Ok::<_, TrainerError>(from_rows(&self.device, d, 1, values)?.leaky_traced())
        };
        Ok([Some(known()?), Some(known()?)])
    }

    /// Backward pass of share · loss, unless it is not finite.
    fn gradients(
        &self,
        objective: Objective<E, D, OwnedTape<E, D>>,
        share: f64,
        learns: impl Fn(&str) -> bool,
    ) -> Result<ShardOutcome<E>, TrainerError> {
        let objective = objective.times(share)?;
        let mut outcome = ShardOutcome {
            share,
            loss: objective.loss,
            kl: objective.kl,
            synthetic: objective.synthetic,
            statistics: None,
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
    fn update(
        &mut self,
        shards: Vec<Result<ShardOutcome<E>, TrainerError>>,
        learning_rate: f64,
        learns: impl Fn(&str) -> bool,
    ) -> Result<StepOutcome, TrainerError> {
        let mut outcome = StepOutcome {
            loss: 0.0,
            kl: 0.0,
            synthetic: 0.0,
            averages: None,
            update: None,
            z_seen: vec![],
        };
        let mut gradients = vec![];
        for shard in shards {
            let shard = shard?;
            outcome.loss += shard.share * shard.loss;
            outcome.kl += shard.share * shard.kl;
            outcome.synthetic += shard.share * shard.synthetic;
            widen(&mut outcome.z_seen, &shard.z_seen);
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

/// Adds a batch.
pub(super) fn add_batch<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    statistics: &mut Statistics,
    observed: &Matrix<E, D>,
    posterior: &Posterior<E, D, T>,
    decoded: &Decoded<E, D, T>,
) {
    let on_host = |m: Option<&Matrix<E, D, T>>| m.map_or(vec![], to_host);
    let (x, x_pb) = (to_host(observed), to_host(&decoded.x_pb));
    let x_p = on_host(decoded.x_p.as_ref());
    let gate = on_host(decoded.residual.as_ref().map(|r| &r.gate));
    let delta = on_host(decoded.residual.as_ref().map(|r| &r.delta));
    let (physical, auxiliary) = (posterior.physical.as_ref(), posterior.auxiliary.as_ref());
    let u_mean = on_host(physical.map(|g| &g.mean));
    let u_lnvar = on_host(physical.map(|g| &g.lnvar));
    let aux_mean = on_host(auxiliary.map(|g| &g.mean));
    let aux_lnvar = on_host(auxiliary.map(|g| &g.lnvar));
    statistics.add(&Batch {
        x: &x,
        x_pb: &x_pb,
        x_p: &x_p,
        gate: &gate,
        delta: &delta,
        u_mean: &u_mean,
        u_lnvar: &u_lnvar,
        aux_mean: &aux_mean,
        aux_lnvar: &aux_lnvar,
    });
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
fn extremes(z: ArrayView2<f64>) -> Vec<(f64, f64)> {
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
