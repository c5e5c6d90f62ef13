//! The weighted total.

use crate::distances::{distance, edge, negative_log_likelihood};
use crate::goal::Goal;
use crate::kl_cost::{KlCost, KlOfBatch};
use crate::smoothness::smoothness;
use crate::terms::{mean_of_elements, mean_of_row_sums, not_orthonormal, squared_error};
use dfdx::prelude::{TryAdd, TryMul, WithEmptyTape};
use latent::kl_mean_relative;
use nn::{Backend, Matrix, NnError, Scalar, Tape, Value, value};

/// Weights of the terms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// β of the Kullback-Leibler term, from the schedule.
    pub beta: f64,
    /// λ_g (`balance_gate`) of the mean gate.
    pub gate: f64,
    /// λ_Δ (`balance_residual`) of the pre-gate residual.
    pub residual: f64,
    /// `balance_data_aug` of the synthetic loss.
    pub data_aug: f64,
}

/// Two matrices of one shape that belong together.
pub type Pair<E, D, T> = (Matrix<E, D, T>, Matrix<E, D, T>);

/// What Stage B is computed from; every matrix on its tape.
pub struct Terms<E: Scalar, D: Backend<E>, T> {
    /// Reconstruction, n × d.
    pub x_pb: Matrix<E, D, T>,
    /// The physics' own reconstruction, n × d.
    pub x_p: Option<Matrix<E, D, T>>,
    /// The physical latents as drawn, in (0, 1), n × p.
    pub z_phy: Option<Matrix<E, D, T>>,
    /// Mean and clamped log-variance of the physical latents relative to their prior, n × p.
    pub physical: Option<Pair<E, D, T>>,
    /// Mean and clamped log-variance of the auxiliary latents, n × a.
    pub auxiliary: Option<Pair<E, D, T>>,
    /// ln σ² of the observation around x_PB and around x_P, d × 1 each, where they have one.
    pub noise: [Option<Matrix<E, D, T>>; 2],
    /// Correction before its gate or scale, n × d.
    pub delta: Option<Matrix<E, D, T>>,
    /// Gate, n × d.
    pub gate: Option<Matrix<E, D, T>>,
    /// Coefficients of a low-rank residual, n × k.
    pub coefficients: Option<Matrix<E, D, T>>,
    /// Directions of a low-rank residual, k × d.
    pub directions: Option<Matrix<E, D, T>>,
}

/// A total on its tape and the unweighted terms in it.
pub struct Objective<E: Scalar, D: Backend<E>, T> {
    /// What is minimised.
    pub total: Value<E, D, T>,
    /// The total as a number.
    pub loss: f64,
    /// The plain KL of all latents, nats, whatever it costs; 0 in Stage A.
    pub kl: f64,
    /// What the KL costs in the total, its weight included; 0 in Stage A.
    pub kl_cost: f64,
    /// The β that it was weighed with; 0 in Stage A.
    pub beta: f64,
    /// The unweighted synthetic loss in it; 0 in Stage B.
    pub synthetic: f64,
}

impl<E: Scalar, D: Backend<E>, T: Tape<E, D>> Objective<E, D, T> {
    /// Stage A: `data_aug` · mean over n of Σ_p (û − logit z)².
    ///
    /// `u_mean`: the encoder's means for the synthetic spectra, n × p; `target`: logit z, n × p.
    ///
    /// # Errors
    /// The device refuses.
    pub fn pretrain(
        u_mean: Matrix<E, D, T>,
        target: Matrix<E, D>,
        weights: &Weights,
    ) -> Result<Self, NnError> {
        let synthetic = squared_error(u_mean, target)?;
        let unweighted = value(&synthetic);
        let total = synthetic
            .try_mul(E::of(weights.data_aug))
            .map_err(|e| NnError::device(&e))?;
        Ok(Self::of(total, KlSeen::default(), unweighted))
    }

    /// Stage A as a likelihood: `data_aug` · the mean over n of −ln N(logit z; û, eᵛ) without its constant, which
    /// trains the heads of the variances too. What it says of itself as synthetic loss is the squared error, so that
    /// both can be compared.
    ///
    /// # Errors
    /// The device refuses.
    pub fn pretrain_likelihood(
        (mean, lnvar): Pair<E, D, T>,
        target: Matrix<E, D>,
        weights: &Weights,
    ) -> Result<Self, NnError> {
        let plain: Matrix<E, D> = nn::detach(&mean)?;
        let unweighted = value(&squared_error(plain, target.clone())?);
        let likelihood = negative_log_likelihood(mean, lnvar, target)?;
        let total = likelihood
            .try_mul(E::of(weights.data_aug))
            .map_err(|e| NnError::device(&e))?;
        Ok(Self::of(total, KlSeen::default(), unweighted))
    }

    /// Stage B: rec + β·kl + λ_g·gate + λ_Δ·pre-gate, as far as `goal` does not say otherwise; `x`: n × d, the
    /// observation.
    ///
    /// # Errors
    /// The device refuses.
    pub fn train(
        terms: Terms<E, D, T>,
        x: Matrix<E, D>,
        weights: &Weights,
        goal: &Goal,
    ) -> Result<Self, NnError> {
        Self::train_on_shard(terms, x, weights, goal, None)
    }

    /// The same on a shard of a batch whose KL is known, where `goal` needs that ([`Goal::needs_kl_of_batch`]): the
    /// shards' mean is then that of the whole batch. `None`: these rows are the whole batch.
    ///
    /// # Errors
    /// The device refuses.
    pub fn train_on_shard(
        terms: Terms<E, D, T>,
        x: Matrix<E, D>,
        weights: &Weights,
        goal: &Goal,
        batch: Option<&KlOfBatch>,
    ) -> Result<Self, NnError> {
        let refused = |e: D::Err| NnError::device(&e);
        let [around_pb, around_p] = terms.noise;
        let mut total = distance(goal.distance, terms.x_pb, x.clone(), around_pb)?;
        let add = |term: Value<E, D, T>, weight: f64, total: Value<E, D, T>| {
            term.try_mul(E::of(weight))
                .and_then(|t| total.try_add(t))
                .map_err(refused)
        };
        let mut seen = KlSeen {
            beta: weights.beta,
            ..KlSeen::default()
        };
        let controlled = (goal.capacity_weight > 0.0)
            .then_some((goal.capacity_weight, weights.beta * goal.capacity));
        for (block, share, controlled, of_batch) in [
            (terms.physical, goal.beta_phy, controlled, batch.map(|b| &b.physical[..])),
            (terms.auxiliary, goal.beta_aux, None, batch.map(|b| &b.auxiliary[..])),
        ] {
            let Some((mean, lnvar)) = block else {
                continue;
            };
            let (cost, plain) = if goal.free_bits > 0.0 || controlled.is_some() {
                let cost = KlCost {
                    free_bits: goal.free_bits,
                    controlled,
                };
                cost.of(mean, lnvar, of_batch)?
            } else {
                let block = kl_mean_relative(mean, lnvar)?;
                let plain = value(&block);
                (block, plain)
            };
            let weight = if controlled.is_some() {
                1.0
            } else {
                weights.beta * share
            };
            let weighed = cost.try_mul(E::of(weight)).map_err(refused)?;
            seen.plain += plain;
            seen.cost += value(&weighed);
            total = total.try_add(weighed).map_err(refused)?;
        }
        if let Some(x_p) = terms.x_p
            && goal.physics > 0.0
        {
            let physics = distance(goal.distance, x_p, x, around_p)?;
            total = add(physics, goal.physics, total)?;
        }
        if let Some(z) = &terms.z_phy
            && let Some(smooth) = &goal.smoothness
        {
            let variance = smoothness(z.with_empty_tape(), smooth.window, &smooth.columns)?;
            total = add(variance, smooth.weight, total)?;
        }
        if let Some(z) = terms.z_phy
            && goal.edge > 0.0
        {
            total = add(edge(z, goal.edge_power)?, goal.edge, total)?;
        }
        if let Some(gate) = terms.gate {
            total = add(mean_of_elements(gate)?, weights.gate, total)?;
        }
        if let Some(delta) = terms.delta {
            total = add(mean_of_row_sums(delta)?, weights.residual, total)?;
        }
        if let Some(coefficients) = terms.coefficients
            && goal.coefficients > 0.0
        {
            total = add(mean_of_row_sums(coefficients)?, goal.coefficients, total)?;
        }
        if let Some(directions) = terms.directions
            && goal.orthogonality > 0.0
        {
            total = add(not_orthonormal(directions)?, goal.orthogonality, total)?;
        }
        Ok(Self::of(total, seen, 0.0))
    }

    /// With `factor` · total to be minimised: the part of a batch's mean that a shard of it holds. The
    /// numbers stay those of the shard.
    ///
    /// # Errors
    /// The device refuses.
    pub fn times(self, factor: f64) -> Result<Self, NnError> {
        let total = self
            .total
            .try_mul(E::of(factor))
            .map_err(|e| NnError::device(&e))?;
        Ok(Self { total, ..self })
    }

    fn of(total: Value<E, D, T>, kl: KlSeen, synthetic: f64) -> Self {
        let loss = value(&total);
        Self {
            total,
            loss,
            kl: kl.plain,
            kl_cost: kl.cost,
            beta: kl.beta,
            synthetic,
        }
    }
}

/// The KL in a total, as the total has it.
#[derive(Clone, Copy, Default)]
struct KlSeen {
    plain: f64,
    cost: f64,
    beta: f64,
}
