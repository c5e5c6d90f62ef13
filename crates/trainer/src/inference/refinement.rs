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

#[cfg(test)]
mod tests {
    use super::super::testing::{NOISE, shipped, spectra};
    use super::*;
    use crate::cholesky::factor;

    /// Rounding of what is computed twice.
    const ROUNDING: f64 = 1e-9;

    #[test]
    fn steps_lower_the_weighed_error_and_the_covariance_is_one() {
        let trained = shipped();
        let physics = trained.learner.model.physics().unwrap();
        let buffers = trained.learner.model.buffers();
        let (n, p) = (60, physics.parameters());
        let spectra = spectra(&trained, n);
        let (mean, sd) = (Array2::zeros((n, p)), Array2::from_elem((n, p), 0.8));
        let conditions = spectra.samples.conditions().map(data::NamedColumns::values);
        let seen = Seen {
            physics,
            buffers,
            x: spectra.samples.x(),
            conditions,
            mean: mean.view(),
            sd: sd.view(),
        };
        let refinement = Refinement {
            steps: 5,
            noise: Noise::declared(NOISE),
        };
        for curvature in [
            PriorCurvature::Uniform,
            PriorCurvature::Normal(vec![1.0; p]),
        ] {
            let found = refinement.refine(&seen, &curvature).unwrap();
            assert_eq!(found.failed, vec![false; n]);
            let weighed = |u: &Array2<f64>| -> Vec<f64> {
                let z = u.mapv(latent::sigmoid);
                let x_p = physics.signals(z.view(), conditions).unwrap();
                let (means, scales) = physics.standardization();
                (0..n)
                    .map(|row| {
                        let channels = 0..means.len();
                        let errors = channels.map(|k| {
                            let x = seen.x[[row, k]];
                            let sigma = NOISE.std(x * scales[k] + means[k]) / scales[k];
                            ((x_p[[row, k]] - x) / sigma).powi(2)
                        });
                        errors.sum()
                    })
                    .collect()
            };
            for (before, after) in weighed(&mean).iter().zip(weighed(&found.u)) {
                assert!(after < *before, "{after}, before {before}");
            }
            for (row, covariance) in found.covariance.outer_iter().enumerate() {
                assert!(factor(covariance.to_owned()).is_some(), "row {row}");
                for i in 0..p {
                    let least = sd[[row, i]].powi(2) + found.u[[row, i]].powi(2);
                    assert!(covariance[[i, i]] >= least * (1.0 - ROUNDING));
                    for j in 0..p {
                        let (a, b) = (covariance[[i, j]], covariance[[j, i]]);
                        assert!((a - b).abs() <= ROUNDING * covariance[[i, i]]);
                    }
                }
            }
        }
    }

    #[test]
    fn without_a_better_point_the_encoders_answer_stands() {
        let trained = shipped();
        let physics = trained.learner.model.physics().unwrap();
        let p = physics.parameters();
        let spectra = spectra(&trained, 3);
        // beyond what steps may reach, and not the number that is clamped
        let mean = Array2::from_shape_fn((3, p), |(i, k)| (i + k) as f64 - LARGEST_U - 2.5);
        let sd = Array2::from_shape_fn((3, p), |(i, k)| 0.1 + 0.2 * (i + k) as f64);
        let seen = Seen {
            physics,
            buffers: trained.learner.model.buffers(),
            x: spectra.samples.x(),
            conditions: spectra.samples.conditions().map(data::NamedColumns::values),
            mean: mean.view(),
            sd: sd.view(),
        };
        let refinement = Refinement {
            steps: 0,
            noise: Noise::declared(NOISE),
        };
        let found = refinement.refine(&seen, &PriorCurvature::Uniform).unwrap();
        assert_eq!((found.failed, found.u), (vec![true; 3], mean));
        for (covariance, sd) in found.covariance.outer_iter().zip(sd.outer_iter()) {
            for ((i, j), value) in covariance.indexed_iter() {
                assert_eq!(*value, if i == j { sd[i] * sd[i] } else { 0.0 });
            }
        }
    }

    #[test]
    fn the_curvature_of_a_uniform_prior_is_its_second_derivative() {
        let u = ndarray::array![-3.0, 0.0, 1.7];
        let minus_log = |u: f64| {
            let z: f64 = latent::sigmoid(u);
            -(z * (1.0 - z)).ln()
        };
        let h = 1e-3;
        for (u, found) in u.iter().zip(PriorCurvature::Uniform.at(u.view())) {
            let around = minus_log(u + h) - 2.0 * minus_log(*u) + minus_log(u - h);
            assert!((around / (h * h) - found).abs() < 1e-5, "{u}: {found}");
        }
    }
}
