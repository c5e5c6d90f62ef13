//! A model with its optimiser: one step, or one reconstruction, of one batch.

use crate::TrainerError;
use latent::{logit, sigmoid};
use losses::{Averages, Batch, Objective, Statistics, Terms, Weights};
use model::{Decoded, Gaussian, Noise, PhysVae, Posterior};
use ndarray::{Array2, ArrayView2};
use nn::{
    Adam, Backend, Matrix, NoneTape, OwnedTape, Scalar, StepReport, Tape, from_rows, to_host,
};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use dfdx::prelude::Trace;
use nn::named::parameters_mut;

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

/// A reconstruction on the host, row-major f64; blocks that a variant lacks have no columns.
#[derive(Clone, Debug)]
pub struct Reconstruction {
    /// x_PB, n × d, standardised.
    pub x_pb: Array2<f64>,
    /// x_P, n × d, standardised.
    pub x_p: Option<Array2<f64>>,
    /// Physical latents in (0, 1) of the posterior means, n × p.
    pub z_phy: Option<Array2<f64>>,
}

/// n × k standard normal numbers of a stream.
fn noise<E: Scalar, D: Backend<E>>(
    device: &D,
    n: usize,
    k: usize,
    rng: &mut impl Rng,
) -> Result<Option<Matrix<E, D>>, TrainerError> {
    if k == 0 {
        return Ok(None);
    }
    let draws = (0..n * k).map(|_| {
        let v: f64 = StandardNormal.sample(rng);
        v
    });
    Ok(Some(from_rows(device, n, k, draws)?))
}

fn array<E: Scalar>(n: usize, k: usize, values: &[E]) -> Array2<f64> {
    let mut out = Array2::zeros((n, k));
    for (to, from) in out.iter_mut().zip(values) {
        *to = from.wide();
    }
    out
}

impl<E: Scalar, D: Backend<E>> Learner<E, D> {
    /// Rows of a table on the device, n × d.
    fn load(&self, x: ArrayView2<f64>) -> Result<Matrix<E, D>, TrainerError> {
        Ok(from_rows(
            &self.device,
            x.nrows(),
            x.ncols(),
            x.iter().copied(),
        )?)
    }

    /// Noise for a draw of n rows from `rng`: physical latents first, then auxiliary ones.
    ///
    /// # Errors
    /// The device refuses.
    pub fn draw_noise(&self, n: usize, rng: &mut impl Rng) -> Result<Noise<E, D>, TrainerError> {
        let a = self.model.architecture();
        Ok(Noise {
            physical: noise(&self.device, n, a.dim_z_phy, rng)?,
            auxiliary: noise(&self.device, n, a.dim_z_aux, rng)?,
        })
    }

    /// One step of Stage A on synthetic samples of z (n × p, inside (0, 1)).
    ///
    /// # Errors
    /// The physics or the device refuses.
    pub fn pretrain_step(
        &mut self,
        z: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        weights: &Weights,
        learning_rate: f64,
    ) -> Result<StepOutcome, TrainerError> {
        let Some(physics) = self.model.physics() else {
            return Err(TrainerError::NoPhysics);
        };
        let signals = physics.signals(z, conditions)?;
        let x = self.load(signals.view())?.leaky_traced();
        let target = from_rows(
            &self.device,
            z.nrows(),
            z.ncols(),
            z.iter().map(|&z| logit(z)),
        )?;
        let Some(u) = self.model.encoder().physical_mean(x)? else {
            return Err(TrainerError::NoPhysics);
        };
        let objective = Objective::pretrain(u, target, weights)?;
        let update = self.update(
            objective,
            learning_rate,
            PhysVae::<E, D>::learns_in_pretraining,
        )?;
        Ok(StepOutcome {
            z_seen: extremes(z),
            averages: None,
            ..update
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
        let noise = self.draw_noise(x.nrows(), rng)?;
        let observed = self.load(x)?;
        // a matrix of its own: the observation must not share its identity with the encoder's input
        let input = self.load(x)?;
        let posterior = self.model.encoder().forward(input.leaky_traced())?;
        let shown = Posterior {
            physical: posterior.physical.as_ref().map(Gaussian::with_empty_tape),
            auxiliary: posterior.auxiliary.as_ref().map(Gaussian::with_empty_tape),
        };
        let decoded = self.model.decode(posterior, Some(noise), conditions)?;
        let before = epoch.clone();
        let mut batch = self.statistics();
        add_batch(&mut batch, epoch, &observed, &shown, &decoded);
        let z_seen = decoded.z_phy.as_ref().map_or(vec![], |z| {
            let p = self.model.architecture().dim_z_phy;
            extremes(array(x.nrows(), p, &to_host(z)).view())
        });
        let latents = [shown.physical, shown.auxiliary]
            .into_iter()
            .flatten()
            .map(|g| (g.mean, g.lnvar))
            .collect();
        let terms = Terms {
            x_pb: decoded.x_pb,
            latents,
            gate_and_delta: decoded.residual.map(|r| (r.gate, r.delta)),
        };
        let objective = Objective::train(terms, observed, weights)?;
        let update = self.update(objective, learning_rate, |_| true)?;
        if !update.update.is_some_and(|report| report.applied) {
            // what is left out must not turn the epoch's averages into NaN
            *epoch = before;
        }
        Ok(StepOutcome {
            z_seen,
            averages: Some(batch.averages()),
            ..update
        })
    }

    /// Backward pass and update of the parameters that `learns` names, unless the loss is not finite.
    fn update(
        &mut self,
        objective: Objective<E, D, OwnedTape<E, D>>,
        learning_rate: f64,
        learns: impl Fn(&str) -> bool,
    ) -> Result<StepOutcome, TrainerError> {
        let mut outcome = StepOutcome {
            loss: objective.loss,
            kl: objective.kl,
            synthetic: objective.synthetic,
            averages: None,
            update: None,
            z_seen: vec![],
        };
        let loss = objective.loss;
        if !loss.is_finite() {
            return Ok(outcome);
        }
        let mut gradients = nn::backward(objective.total)?;
        let mut parameters = parameters_mut(&mut self.model);
        parameters.retain(|(name, _)| learns(name));
        outcome.update = Some(self.adam.step(learning_rate, parameters, &mut gradients)?);
        Ok(outcome)
    }

    /// Empty statistics of this model's blocks.
    pub fn statistics(&self) -> Statistics {
        let a = self.model.architecture();
        let (mean, scale) = &self.standardization;
        Statistics::new(mean, scale, a.dim_z_phy, a.dim_z_aux)
    }

    /// Reconstructs observations (n × d, standardised) without a tape; `rng: None` decodes the means.
    /// What is monitored is added to `statistics`.
    ///
    /// # Errors
    /// The physics or the device refuses.
    pub fn reconstruct(
        &self,
        x: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        rng: Option<&mut dyn rand::RngCore>,
        statistics: &mut Statistics,
    ) -> Result<Reconstruction, TrainerError> {
        let noise = match rng {
            Some(mut rng) => Some(self.draw_noise(x.nrows(), &mut rng)?),
            None => None,
        };
        let observed = self.load(x)?;
        let posterior = self.model.encoder().forward(observed.clone())?;
        let shown = Posterior {
            physical: posterior.physical.as_ref().map(Gaussian::with_empty_tape),
            auxiliary: posterior.auxiliary.as_ref().map(Gaussian::with_empty_tape),
        };
        let decoded = self.model.decode(posterior, noise, conditions)?;
        let mut unused = self.statistics();
        add_batch(statistics, &mut unused, &observed, &shown, &decoded);
        let (n, d) = x.dim();
        let a = self.model.architecture();
        let z_phy = shown.physical.map(|g| {
            let z: Vec<E> = to_host(&g.mean).into_iter().map(sigmoid).collect();
            array(n, a.dim_z_phy, &z)
        });
        Ok(Reconstruction {
            x_pb: array(n, d, &to_host(&decoded.x_pb)),
            x_p: decoded.x_p.map(|x_p| array(n, d, &to_host(&x_p))),
            z_phy,
        })
    }

    /// Infers z ∈ (0, 1) of the physical parameters (posterior means), n × p.
    ///
    /// # Errors
    /// The device refuses, or there is no physics.
    pub fn infer_z(&self, x: ArrayView2<f64>) -> Result<Array2<f64>, TrainerError> {
        let u = self
            .model
            .encoder()
            .physical_mean::<NoneTape>(self.load(x)?)?;
        let u = u.ok_or(TrainerError::NoPhysics)?;
        let z: Vec<E> = to_host(&u).into_iter().map(sigmoid).collect();
        Ok(array(x.nrows(), self.model.architecture().dim_z_phy, &z))
    }
}

/// Adds a batch to two statistics.
fn add_batch<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    one: &mut Statistics,
    other: &mut Statistics,
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
    let batch = Batch {
        x: &x,
        x_pb: &x_pb,
        x_p: &x_p,
        gate: &gate,
        delta: &delta,
        u_mean: &u_mean,
        u_lnvar: &u_lnvar,
        aux_mean: &aux_mean,
        aux_lnvar: &aux_lnvar,
    };
    one.add(&batch);
    other.add(&batch);
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
