//! A step of Stage B: observations, reconstructed from what is inferred of them.

use super::Shards;
use super::learner::{Learner, ShardOutcome, StepOutcome, array, extremes, part};
use crate::TrainerError;
use dfdx::prelude::{HasShape, Trace};
use latent::{kl_from_prior, kl_per_dimension};
use losses::{Batch, KlOfBatch, Objective, Statistics, Terms, Weights};
use model::{AroundBoth, Decoded, Gaussian, Noise, Posterior, Residual, RunningPrior};
use ndarray::ArrayView2;
use nn::{Backend, Matrix, NoneTape, OwnedTape, Scalar, Tape, from_rows, to_host};
use rand::Rng;

impl<E: Scalar, D: Shards<E>> Learner<E, D> {
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
        let simulations = self.draw_simulations(n, rng);
        let kl_of_batch = self.kl_of_batch(x, conditions)?;
        let shards = D::on_shards(self, n, |learner, rows| {
            let share = rows.len() as f64 / n as f64;
            let noise = learner.load_noise(&noise, &rows)?;
            let conditions = conditions.map(|c| part(c, &rows));
            let kl_of_batch = kl_of_batch.as_ref();
            let place = (weights, share, kl_of_batch);
            let observed = learner.train_shard(part(x, &rows), conditions, noise, place)?;
            let Some(simulations) = &simulations else {
                return Ok(observed);
            };
            learner.learn_simulations(observed, simulations, &rows, conditions, weights)
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

    /// The KL of the whole batch by dimension, where its shards must know it.
    fn kl_of_batch(
        &self,
        x: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
    ) -> Result<Option<KlOfBatch>, TrainerError> {
        let n = x.nrows();
        if !self.goal.needs_kl_of_batch() || D::parts(self, n) < 2 {
            return Ok(None);
        }
        let a = self.model.architecture();
        let by_dimension = |g: Option<Gaussian<E, D, NoneTape>>, k: usize| {
            g.map_or(vec![], |g| {
                kl_per_dimension(&to_host(&g.mean), &to_host(&g.lnvar), k)
            })
        };
        let shards = D::on_shards(self, n, |learner, rows| {
            let input = learner.load(part(x, &rows))?;
            let posterior = (learner.model).encode(input, conditions.map(|c| part(c, &rows)))?;
            let prior = learner.model.buffers().prior.as_ref();
            let physical = match (&posterior.physical, prior) {
                (Some(g), Some(prior)) => {
                    let variance = prior.variance();
                    let of = |k: usize| (prior.mean()[k], variance[k]);
                    kl_from_prior(&to_host(&g.mean), &to_host(&g.lnvar), a.dim_z_phy, of)
                }
                _ => by_dimension(posterior.physical, a.dim_z_phy),
            };
            let auxiliary = by_dimension(posterior.auxiliary, a.dim_z_aux);
            Ok::<_, TrainerError>([physical, auxiliary])
        });
        let mut sums = [vec![0.0; a.dim_z_phy], vec![0.0; a.dim_z_aux]];
        for shard in shards {
            for (sums, more) in sums.iter_mut().zip(shard?) {
                sums.iter_mut().zip(more).for_each(|(sum, kl)| *sum += kl);
            }
        }
        let [physical, auxiliary] =
            sums.map(|sums| sums.into_iter().map(|sum| sum / n as f64).collect());
        Ok(Some(KlOfBatch {
            physical,
            auxiliary,
        }))
    }

    fn train_shard(
        &self,
        x: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        noise: Noise<E, D>,
        (weights, share, kl_of_batch): (&Weights, f64, Option<&KlOfBatch>),
    ) -> Result<ShardOutcome<E, D>, TrainerError> {
        let observed = self.load(x)?;
        // a matrix of its own: the observation must not share its identity with the encoder's input
        let input = self.load(x)?;
        let posterior = self.model.encode(input.leaky_traced(), conditions)?;
        let shown = Posterior {
            physical: posterior.physical.as_ref().map(Gaussian::with_empty_tape),
            auxiliary: posterior.auxiliary.as_ref().map(Gaussian::with_empty_tape),
        };
        let decoded = self.model.decode(posterior, Some(noise), conditions)?;
        let mut statistics = self.statistics();
        let prior = self.model.buffers().prior.as_ref();
        add_batch(&mut statistics, &observed, &shown, &decoded, prior);
        let u_moments = prior.zip(shown.physical.as_ref()).map(|(_, u)| moments(u));
        let z_seen = decoded.z_phy.as_ref().map_or(vec![], |z| {
            let p = self.model.architecture().dim_z_phy;
            extremes(array(x.nrows(), p, &to_host(z)).view())
        });
        let pair = |g: Gaussian<E, D, OwnedTape<E, D>>| (g.mean, g.lnvar);
        let physical = shown
            .physical
            .map(|u| self.model.relative_to_prior(u))
            .transpose()?;
        let (delta, gate, coefficients) = decoded.residual.map_or((None, None, None), |r| {
            (Some(r.delta), r.gate, r.coefficients)
        });
        let terms = Terms {
            x_pb: decoded.x_pb,
            x_p: decoded.x_p_calibrated.or(decoded.x_p),
            z_phy: decoded.z_phy,
            physical: physical.map(pair),
            auxiliary: shown.auxiliary.map(pair),
            delta,
            gate,
            coefficients,
            directions: self.model.residual().and_then(Residual::directions),
            noise: self.noise()?,
        };
        let objective =
            Objective::train_on_shard(terms, observed, weights, &self.goal, kl_of_batch)?;
        Ok(ShardOutcome {
            z_seen,
            statistics: Some(statistics),
            u_moments,
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
}

/// Adds a batch.
pub(super) fn add_batch<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
    statistics: &mut Statistics,
    observed: &Matrix<E, D>,
    posterior: &Posterior<E, D, T>,
    decoded: &Decoded<E, D, T>,
    prior: Option<&RunningPrior>,
) {
    let on_host = |m: Option<&Matrix<E, D, T>>| m.map_or(vec![], to_host);
    let (x, x_pb) = (to_host(observed), to_host(&decoded.x_pb));
    let x_p = on_host(decoded.x_p.as_ref());
    let gate = on_host(decoded.residual.as_ref().and_then(|r| r.gate.as_ref()));
    let delta = on_host(decoded.residual.as_ref().map(|r| &r.delta));
    let (physical, auxiliary) = (posterior.physical.as_ref(), posterior.auxiliary.as_ref());
    let u_mean = on_host(physical.map(|g| &g.mean));
    let u_lnvar = on_host(physical.map(|g| &g.lnvar));
    let aux_mean = on_host(auxiliary.map(|g| &g.mean));
    let aux_lnvar = on_host(auxiliary.map(|g| &g.lnvar));
    let variance = prior.map_or(vec![], RunningPrior::variance);
    statistics.add(&Batch {
        x: &x,
        x_pb: &x_pb,
        x_p: &x_p,
        gate: &gate,
        delta: &delta,
        u_mean: &u_mean,
        u_lnvar: &u_lnvar,
        prior: prior.map(|prior| (prior.mean(), &variance[..])),
        aux_mean: &aux_mean,
        aux_lnvar: &aux_lnvar,
    });
}

/// Means over the rows of u and of u² = m² + eᵛ, per dimension.
fn moments<E: Scalar, D: Backend<E>, T: Tape<E, D>>(u: &Gaussian<E, D, T>) -> [Vec<f64>; 2] {
    let (n, p) = *u.mean.shape();
    let (mean, lnvar) = (to_host(&u.mean), to_host(&u.lnvar));
    let mut means = [vec![0.0; p], vec![0.0; p]];
    for (at, (m, v)) in mean.iter().zip(&lnvar).enumerate() {
        let (m, v) = (m.wide(), v.wide());
        means[0][at % p] += m / n as f64;
        means[1][at % p] += (m * m + v.exp()) / n as f64;
    }
    means
}
