//! What is minimised for each observation, and the steps that minimise it.

use crate::TrainerError;
use crate::cholesky::{inverse, solve};
use model::{Calibration, PhysicsLayer};
use ndarray::{Array2, Array3, ArrayView2, Axis};

/// First damping; a step that helps divides it by [`EASIER`], one that does not multiplies it by [`HARDER`].
const DAMPING: f64 = 1e-2;
const EASIER: f64 = 5.0;
const HARDER: f64 = 4.0;
/// Beyond this damping nothing moves any more.
const LARGEST_DAMPING: f64 = 1e8;
/// Stands for the curvature of a parameter that the spectrum does not feel.
const FLAT: f64 = 1e-6;
/// u is kept within this: z is then 6e-6 from the ends.
pub(crate) const LARGEST_U: f64 = 12.0;

/// Σ ((a ⊙ `x_P`(u) + b − x)/σ)² + Σ π (u − m)² for each of n observations, in u-space (z = sigmoid(u)).
#[derive(Clone, Copy)]
pub struct Problem<'a> {
    /// The physics.
    pub physics: &'a PhysicsLayer,
    /// a and b between the physics and the channels; `None`: 1 and 0.
    pub calibration: Option<&'a Calibration>,
    /// x, n × d, standardised.
    pub x: ArrayView2<'a, f64>,
    /// n × c; `None` for the physics' defaults.
    pub conditions: Option<ArrayView2<'a, f64>>,
    /// 1/σ, n × d, in standardised units; `None`: 1.
    pub inverse_noise: Option<ArrayView2<'a, f64>>,
    /// m and π (one over its variance), n × p each; `None`: no prior.
    pub prior: Option<Prior<'a>>,
}

/// A normal distribution of u that a fit starts from believing, independent by parameter.
#[derive(Clone, Copy)]
pub struct Prior<'a> {
    /// m, n × p.
    pub mean: ArrayView2<'a, f64>,
    /// 1/variance, n × p.
    pub precision: ArrayView2<'a, f64>,
}

/// Where the steps have led.
pub struct Descent {
    /// u, n × p.
    pub u: Array2<f64>,
    /// What is minimised, n.
    pub costs: Vec<f64>,
    /// Whether any step was taken that lowered the cost, n.
    pub moved: Vec<bool>,
    here: Linearised,
}

impl Problem<'_> {
    /// Levenberg-Marquardt with the exact Jacobian, all observations at once and each with its own damping (Marquardt
    /// 1963, doi:10.1137/0111030), from `u` (n × p); no step raises a cost.
    ///
    /// # Errors
    /// The physics refuses a value.
    pub fn descend(&self, mut u: Array2<f64>, steps: usize) -> Result<Descent, TrainerError> {
        let n = u.nrows();
        let mut damping = vec![DAMPING; n];
        let mut moved = vec![false; n];
        let mut here = Linearised::at(self, &u)?;
        for _ in 0..steps {
            let mut next = u.clone();
            for (row, mut next) in next.rows_mut().into_iter().enumerate() {
                if damping[row] < LARGEST_DAMPING
                    && let Some(step) = here.step(self, row, &u, damping[row])
                {
                    for (u, step) in next.iter_mut().zip(step) {
                        *u = (*u - step).clamp(-LARGEST_U, LARGEST_U);
                    }
                }
            }
            let there = Linearised::at(self, &next)?;
            for (row, damping) in damping.iter_mut().enumerate() {
                if there.costs[row] < here.costs[row] {
                    *damping /= EASIER;
                    u.row_mut(row).assign(&next.row(row));
                    here.take(&there, row);
                    moved[row] = true;
                } else {
                    *damping *= HARDER;
                }
            }
        }
        Ok(Descent {
            u,
            costs: here.costs.clone(),
            moved,
            here,
        })
    }
}

impl Descent {
    /// (JᵀJ + Λ)⁻¹ of a row with J in units of σ and Λ diagonal, p × p: the covariance of u by Laplace's method, where
    /// Λ is the curvature of −ln prior; `None` where rounding leaves none.
    pub fn covariance(&self, row: usize, curvature: &[f64]) -> Option<Array2<f64>> {
        let jacobian = self.here.slopes.index_axis(Axis(0), row);
        let mut matrix = jacobian.t().dot(&jacobian);
        for (diagonal, more) in matrix.diag_mut().iter_mut().zip(curvature) {
            *diagonal += more;
        }
        inverse(matrix)
    }
}

/// Errors in units of σ, their slopes by u, and the costs.
struct Linearised {
    /// (a ⊙ `x_P` + b − x)/σ, n × d.
    residuals: Array2<f64>,
    /// n × d × p.
    slopes: Array3<f64>,
    costs: Vec<f64>,
}

impl Linearised {
    fn at(problem: &Problem, u: &Array2<f64>) -> Result<Self, TrainerError> {
        let z = u.mapv(latent::sigmoid);
        let conditions = problem.conditions;
        let (mut signals, mut slopes) =
            (problem.physics).signals_with_jacobian(z.view(), conditions)?;
        for (mut sample, z) in slopes.outer_iter_mut().zip(z.outer_iter()) {
            for mut channel in sample.outer_iter_mut() {
                for (slope, &z) in channel.iter_mut().zip(z) {
                    *slope *= z * (1.0 - z);
                }
            }
        }
        if let Some(calibration) = problem.calibration {
            calibration.apply_in_place(&mut signals);
            for mut sample in slopes.outer_iter_mut() {
                for (mut channel, gain) in sample.outer_iter_mut().zip(calibration.gain()) {
                    channel *= *gain;
                }
            }
        }
        let mut residuals = signals - problem.x;
        if let Some(weights) = &problem.inverse_noise {
            residuals *= weights;
            for (mut sample, weights) in slopes.outer_iter_mut().zip(weights.outer_iter()) {
                for (mut channel, weight) in sample.outer_iter_mut().zip(weights) {
                    channel *= *weight;
                }
            }
        }
        let mut costs: Vec<f64> = residuals.outer_iter().map(|r| r.dot(&r)).collect();
        if let Some(prior) = &problem.prior {
            let away = u - &prior.mean;
            for ((cost, away), precision) in
                (costs.iter_mut().zip(away.outer_iter())).zip(prior.precision.outer_iter())
            {
                let pairs = away.iter().zip(precision);
                *cost += pairs.map(|(away, pi)| pi * away * away).sum::<f64>();
            }
        }
        Ok(Self {
            residuals,
            slopes,
            costs,
        })
    }

    /// (H + λ diag(H) + λ·1e-6)⁻¹ g of a row, H = JᵀJ + Π and g = Jᵀr + Π (u − m); `None` where rounding leaves no such
    /// step.
    fn step(
        &self,
        problem: &Problem,
        row: usize,
        u: &Array2<f64>,
        damping: f64,
    ) -> Option<Vec<f64>> {
        let jacobian = self.slopes.index_axis(Axis(0), row);
        let residual = self.residuals.row(row);
        let mut gradient = jacobian.t().dot(&residual);
        let mut matrix = jacobian.t().dot(&jacobian);
        if let Some(prior) = &problem.prior {
            let precision = prior.precision.row(row);
            for (k, &precision) in precision.iter().enumerate() {
                gradient[k] += precision * (u[[row, k]] - prior.mean[[row, k]]);
                matrix[[k, k]] += precision;
            }
        }
        for diagonal in matrix.diag_mut() {
            *diagonal += damping * (*diagonal + FLAT);
        }
        solve(matrix, gradient.to_vec())
    }

    fn take(&mut self, other: &Self, row: usize) {
        let residuals = other.residuals.row(row);
        self.residuals.row_mut(row).assign(&residuals);
        let slopes = other.slopes.index_axis(Axis(0), row);
        self.slopes.index_axis_mut(Axis(0), row).assign(&slopes);
        self.costs[row] = other.costs[row];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use physics::{ForwardModel, PhysicsError, Quantity};
    use std::sync::Arc;

    /// Channels A·(parameters): its posterior in z would be known exactly.
    struct Straight(Vec<Quantity>, Vec<String>);

    const SLOPES: [[f64; 2]; 3] = [[1.0, 0.5], [0.2, -1.0], [0.4, 0.3]];

    impl ForwardModel for Straight {
        fn name(&self) -> &'static str {
            "straight"
        }
        fn parameters(&self) -> &[Quantity] {
            &self.0
        }
        fn conditions(&self) -> &[Quantity] {
            &[]
        }
        fn outputs(&self) -> &[String] {
            &self.1
        }
        fn output_unit(&self) -> &'static str {
            "1"
        }
        fn compute(
            &self,
            parameters: ndarray::ArrayView2<f64>,
            _: Option<ndarray::ArrayView2<f64>>,
            mut values: ndarray::ArrayViewMut2<f64>,
            jacobian: Option<ndarray::ArrayViewMut3<f64>>,
        ) -> Result<(), PhysicsError> {
            let slopes = ndarray::arr2(&SLOPES);
            values.assign(&parameters.dot(&slopes.t()));
            if let Some(mut jacobian) = jacobian {
                for mut sample in jacobian.outer_iter_mut() {
                    sample.assign(&slopes);
                }
            }
            Ok(())
        }
    }

    fn layer() -> PhysicsLayer {
        let quantity = |name: &str| Quantity {
            name: name.into(),
            unit: "1".into(),
            min: -5.0,
            max: 5.0,
            default: 0.0,
        };
        let outputs = ["x", "y", "z"].map(str::to_owned).to_vec();
        let model = Straight(vec![quantity("a"), quantity("b")], outputs);
        let (mean, scale) = (vec![0.1, 0.0, -0.2], vec![1.0, 2.0, 0.5]);
        PhysicsLayer::new(Arc::new(model), vec![(-5.0, 5.0); 2], mean, scale).unwrap()
    }

    /// At the end the gradient is that of a minimum, the covariance that of the straightened problem.
    #[test]
    fn the_end_is_a_minimum_and_the_covariance_its_curvature() {
        let layer = layer();
        let x = array![[0.3, -0.2, 0.5]];
        let inverse_noise = array![[3.0, 10.0, 5.0]];
        let (mean, precision) = (array![[0.2, -0.4]], array![[4.0, 0.5]]);
        let calibration: Calibration =
            serde_json::from_str(r#"{"gain": [1.1, 0.9, 1.0], "offset": [0.0, 0.1, -0.1]}"#)
                .unwrap();
        let problem = Problem {
            physics: &layer,
            calibration: Some(&calibration),
            x: x.view(),
            conditions: None,
            inverse_noise: Some(inverse_noise.view()),
            prior: Some(Prior {
                mean: mean.view(),
                precision: precision.view(),
            }),
        };
        let end = problem.descend(mean.clone(), 60).unwrap();
        assert!(end.moved[0]);
        let cost = |u: &Array2<f64>| problem.descend(u.clone(), 0).unwrap().costs[0];
        assert_eq!(cost(&end.u), end.costs[0]);
        let h = 1e-4;
        let shifted = |k: usize, by: f64| {
            let mut u = end.u.clone();
            u[[0, k]] += by;
            u
        };
        for k in 0..2 {
            let slope = (cost(&shifted(k, h)) - cost(&shifted(k, -h))) / (2.0 * h);
            assert!(slope.abs() < 1e-5, "{k}: {slope}");
        }
        // JᵀJ + Λ by hand
        let covariance = end.covariance(0, &[4.0, 0.5]).unwrap();
        let hessian = inverse(covariance).unwrap();
        for k in 0..2 {
            let z = latent::sigmoid(end.u[[0, k]]);
            let slope = 10.0 * z * (1.0 - z);
            let mut expected = [4.0, 0.5][k];
            for (channel, row) in SLOPES.iter().enumerate() {
                let scale = [1.0, 2.0, 0.5][channel];
                let gain = calibration.gain()[channel];
                expected += (row[k] * slope / scale * gain * inverse_noise[[0, channel]]).powi(2);
            }
            assert!((hessian[[k, k]] / expected - 1.0).abs() < 1e-10);
        }
    }

    /// A narrow prior holds the answer, a wide one leaves it to the data.
    #[test]
    fn a_prior_pulls_as_far_as_it_is_sure() {
        let layer = layer();
        let truth = array![[0.62, 0.35]];
        let x = layer.signals(truth.view(), None).unwrap();
        let mean = array![[-1.0, 1.0]];
        let found = |sure: f64| {
            let precision = Array2::from_elem((1, 2), sure);
            let problem = Problem {
                physics: &layer,
                calibration: None,
                x: x.view(),
                conditions: None,
                inverse_noise: None,
                prior: Some(Prior {
                    mean: mean.view(),
                    precision: precision.view(),
                }),
            };
            problem.descend(mean.clone(), 80).unwrap().u
        };
        let (free, held) = (found(1e-9), found(1e9));
        for k in 0..2 {
            assert!((latent::sigmoid(free[[0, k]]) - truth[[0, k]]).abs() < 1e-5);
            assert!((held[[0, k]] - mean[[0, k]]).abs() < 1e-5);
        }
    }
}
