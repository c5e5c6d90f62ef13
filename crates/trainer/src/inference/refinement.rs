//! Steps from the encoder's answer towards the spectrum that was seen.

use super::noise::Noise;
use crate::TrainerError;
use crate::experiment::Experiment;
use crate::levenberg_marquardt::{LARGEST_U, Prior, Problem};
use model::{Buffers, PhysicsLayer};
use ndarray::{Array2, Array3, ArrayView2, Axis};

/// How a refinement is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Refinement {
    /// Levenberg-Marquardt steps of each observation.
    pub steps: usize,
    /// What errors are weighed with.
    pub noise: Noise,
}

/// The curvature of −ln prior(u) that the training drew or assumed, by parameter.
#[derive(Clone, Debug)]
pub(super) enum PriorCurvature {
    /// Of N(m₀, σ₀²): 1/σ₀².
    Normal(Vec<f64>),
    /// Of z = sigmoid(u) uniform in (0, 1), for which −ln prior = −ln z(1 − z): 2 z(1 − z).
    Uniform,
}

impl PriorCurvature {
    /// That of a posterior of simulations is what they were drawn from, else what the divergence is taken from.
    pub(super) fn of(experiment: &Experiment, buffers: &Buffers) -> Self {
        let p = experiment.architecture.dim_z_phy;
        if experiment.posterior_is_simulated && !experiment.stage_a.normal {
            return Self::Uniform;
        }
        Self::Normal(match &buffers.prior {
            Some(prior) => prior.variance().iter().map(|v| v.recip()).collect(),
            None => vec![1.0; p],
        })
    }

    fn at(&self, u: ndarray::ArrayView1<f64>) -> Vec<f64> {
        match self {
            Self::Normal(precision) => precision.clone(),
            Self::Uniform => u
                .iter()
                .map(|&u| {
                    let z = latent::sigmoid(u);
                    2.0 * z * (1.0 - z)
                })
                .collect(),
        }
    }
}

/// What a refinement makes of the encoder's answers.
pub(super) struct Refined {
    /// u, n × p.
    pub(super) u: Array2<f64>,
    /// The Laplace covariance of u, n × p × p.
    pub(super) covariance: Array3<f64>,
    /// Observations whose encoder's answer stands, as no step helped or there is no covariance.
    pub(super) failed: Vec<bool>,
}

/// What is known of n observations.
pub(super) struct Seen<'a> {
    pub(super) physics: &'a PhysicsLayer,
    pub(super) buffers: &'a Buffers,
    /// n × d, standardised.
    pub(super) x: ArrayView2<'a, f64>,
    pub(super) conditions: Option<ArrayView2<'a, f64>>,
    /// Mean and standard deviation of u as the encoder says, n × p each.
    pub(super) mean: ArrayView2<'a, f64>,
    pub(super) sd: ArrayView2<'a, f64>,
}

impl Refinement {
    /// Steps from the encoder's mean with its posterior N(m, s²) as prior: Σ ((x̂ − x)/σ)² + Σ ((u − m)/s)² falls.
    ///
    /// The covariance is that of Laplace, (JᵀJ + Λ)⁻¹ at the end, with J in units of σ and Λ the curvature of the
    /// *training's* prior, for the encoder has seen the spectrum already; each variance is raised to s² + (u − m)² where
    /// that is more, the correlations kept. The steps count the spectrum a second time and so leave the posterior's mean;
    /// if that posterior is right, s² + (u − m)² is the mean square of the truth around u. Without it the intervals are too
    /// narrow (docs/inference.md has the figures).
    pub(super) fn refine(
        &self,
        seen: &Seen,
        curvature: &PriorCurvature,
    ) -> Result<Refined, TrainerError> {
        let (n, p) = seen.mean.dim();
        let (means, scales) = seen.physics.standardization();
        let inverse_noise = Array2::from_shape_fn(seen.x.dim(), |(i, k)| {
            let value = seen.x[[i, k]] * scales[k] + means[k];
            self.noise.inverse(k, value, scales[k])
        });
        let precision = seen.sd.mapv(|s| 1.0 / (s * s));
        let start = seen.mean.mapv(|u| u.clamp(-LARGEST_U, LARGEST_U));
        let problem = Problem {
            physics: seen.physics,
            calibration: seen.buffers.calibration.as_ref(),
            x: seen.x.reborrow(),
            conditions: seen.conditions.map(ArrayView2::reborrow),
            inverse_noise: Some(inverse_noise.view()),
            prior: Some(Prior {
                mean: start.view(),
                precision: precision.view(),
            }),
        };
        let mut end = problem.descend(start.clone(), self.steps)?;
        let mut covariance = Array3::zeros((n, p, p));
        let mut failed = vec![false; n];
        for (row, failed) in failed.iter_mut().enumerate() {
            let found = end.covariance(row, &curvature.at(end.u.row(row)));
            let sound = found.filter(|c| c.diag().iter().all(|v| v.is_finite() && *v > 0.0));
            let mut covariance = covariance.index_axis_mut(Axis(0), row);
            match sound {
                Some(found) if end.moved[row] => {
                    let wider = |k: usize| {
                        let away = end.u[[row, k]] - seen.mean[[row, k]];
                        let least = seen.sd[[row, k]].powi(2) + away * away;
                        (least / found[[k, k]]).sqrt().max(1.0)
                    };
                    let factors: Vec<f64> = (0..p).map(wider).collect();
                    covariance.assign(&Array2::from_shape_fn((p, p), |(i, j)| {
                        found[[i, j]] * factors[i] * factors[j]
                    }));
                }
                _ => {
                    *failed = true;
                    end.u.row_mut(row).assign(&seen.mean.row(row));
                    for (diagonal, s) in covariance.diag_mut().iter_mut().zip(seen.sd.row(row)) {
                        *diagonal = s * s;
                    }
                }
            }
        }
        Ok(Refined {
            u: end.u,
            covariance,
            failed,
        })
    }
}
