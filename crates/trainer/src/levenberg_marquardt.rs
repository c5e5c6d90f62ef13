//! A fit of the physical parameters to each observation by itself: what the physics alone can reach.

use crate::TrainerError;
use crate::cholesky::solve;
use model::PhysicsLayer;
use ndarray::{Array2, Array3, ArrayView2, Axis};
use rand::Rng;

/// How long and from where the fit searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// Drawn points to begin at, besides the middle of the ranges.
    pub starts: usize,
    /// Steps of each at most.
    pub steps: usize,
}

/// The best fit of each observation.
#[derive(Clone, Debug)]
pub struct Fit {
    /// z ∈ (0, 1), n × p.
    pub z: Array2<f64>,
    /// Σ over channels of the squared error, standardised, n.
    pub squares: Vec<f64>,
}

/// First damping; a step that helps divides it by [`EASIER`], one that does not multiplies it by [`HARDER`].
const DAMPING: f64 = 1e-2;
const EASIER: f64 = 5.0;
const HARDER: f64 = 4.0;
/// Beyond this damping nothing moves any more.
const LARGEST_DAMPING: f64 = 1e8;
/// Stands for the curvature of a parameter that the spectrum does not feel.
const FLAT: f64 = 1e-6;
/// u is kept within this: z is then 6e-6 from the ends.
const LARGEST_U: f64 = 12.0;
/// Widest draw of a start in u.
const START: f64 = 2.0;

/// Levenberg-Marquardt in u-space (z = sigmoid(u)) on Σ (`x_P` − x)², with the exact Jacobian, all observations at
/// once and each with its own damping (Marquardt 1963, doi:10.1137/0111030).
///
/// * `x`: n × d, standardised; `conditions`: n × c, `None` for the physics' defaults
///
/// # Errors
/// The physics refuses a value.
pub fn fit(
    physics: &PhysicsLayer,
    x: ArrayView2<f64>,
    conditions: Option<ArrayView2<f64>>,
    search: Search,
    rng: &mut impl Rng,
) -> Result<Fit, TrainerError> {
    let (n, p) = (x.nrows(), physics.parameters());
    let mut best = Fit {
        z: Array2::from_elem((n, p), 0.5),
        squares: vec![f64::INFINITY; n],
    };
    for start in 0..=search.starts {
        let u = Array2::from_shape_simple_fn((n, p), || {
            if start == 0 {
                0.0
            } else {
                rng.gen_range(-START..START)
            }
        });
        let (u, squares) = descend(physics, x, conditions, u, search.steps)?;
        for (row, &found) in squares.iter().enumerate() {
            if found < best.squares[row] {
                best.squares[row] = found;
                best.z
                    .row_mut(row)
                    .assign(&u.row(row).mapv(latent::sigmoid));
            }
        }
    }
    Ok(best)
}

fn descend(
    physics: &PhysicsLayer,
    x: ArrayView2<f64>,
    conditions: Option<ArrayView2<f64>>,
    mut u: Array2<f64>,
    steps: usize,
) -> Result<(Array2<f64>, Vec<f64>), TrainerError> {
    let n = u.nrows();
    let mut damping = vec![DAMPING; n];
    let mut here = Linearised::at(physics, x, conditions, &u)?;
    for _ in 0..steps {
        let mut next = u.clone();
        for (row, mut next) in next.rows_mut().into_iter().enumerate() {
            if damping[row] < LARGEST_DAMPING
                && let Some(step) = here.step(row, damping[row])
            {
                for (u, step) in next.iter_mut().zip(step) {
                    *u = (*u - step).clamp(-LARGEST_U, LARGEST_U);
                }
            }
        }
        let there = Linearised::at(physics, x, conditions, &next)?;
        for (row, damping) in damping.iter_mut().enumerate() {
            if there.squares[row] < here.squares[row] {
                *damping /= EASIER;
                u.row_mut(row).assign(&next.row(row));
                here.take(&there, row);
            } else {
                *damping *= HARDER;
            }
        }
    }
    Ok((u, here.squares))
}

/// Residuals x_P − x, their slopes by u, and their sums of squares.
struct Linearised {
    /// n × d.
    residuals: Array2<f64>,
    /// n × d × p.
    slopes: Array3<f64>,
    squares: Vec<f64>,
}

impl Linearised {
    fn at(
        physics: &PhysicsLayer,
        x: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
        u: &Array2<f64>,
    ) -> Result<Self, TrainerError> {
        let z = u.mapv(latent::sigmoid);
        let (signals, mut slopes) = physics.signals_with_jacobian(z.view(), conditions)?;
        for (mut sample, z) in slopes.outer_iter_mut().zip(z.outer_iter()) {
            for mut channel in sample.outer_iter_mut() {
                for (slope, &z) in channel.iter_mut().zip(z) {
                    *slope *= z * (1.0 - z);
                }
            }
        }
        let residuals = signals - x;
        let squares = residuals.outer_iter().map(|r| r.dot(&r)).collect();
        Ok(Self {
            residuals,
            slopes,
            squares,
        })
    }

    /// (JᵀJ + λ diag(JᵀJ) + λ·1e-6)⁻¹ Jᵀr of a row; `None` where rounding leaves no such step.
    fn step(&self, row: usize, damping: f64) -> Option<Vec<f64>> {
        let jacobian = self.slopes.index_axis(Axis(0), row);
        let residual = self.residuals.row(row);
        let gradient = jacobian.t().dot(&residual);
        let mut matrix = jacobian.t().dot(&jacobian);
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
        self.squares[row] = other.squares[row];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data::{Purpose, draw_unit_parameters, stream};
    use physics::{ForwardModel as _, ReflectanceModel, Variant};
    use std::sync::Arc;

    fn layer() -> PhysicsLayer {
        let inform = ReflectanceModel::builder()
            .variant(Variant::Published)
            .build()
            .unwrap();
        let ranges = inform.parameters().iter().map(|q| (q.min, q.max)).collect();
        let d = inform.outputs().len();
        PhysicsLayer::new(Arc::new(inform), ranges, vec![0.2; d], vec![0.1; d]).unwrap()
    }

    /// Spectra that the physics made are found again to rounding, and none costs more than from a single start.
    #[test]
    fn a_fit_reaches_what_the_physics_made() {
        let layer = layer();
        let mut rng = stream(1, Purpose::Baseline, 0, 0);
        let z = draw_unit_parameters(60, layer.parameters(), &mut rng);
        let x = layer.signals(z.view(), None).unwrap();
        let mut search = Search {
            starts: 0,
            steps: 60,
        };
        let one = fit(&layer, x.view(), None, search, &mut rng).unwrap();
        search.starts = 3;
        let more = fit(&layer, x.view(), None, search, &mut rng).unwrap();
        let exact = more.squares.iter().filter(|s| **s < 1e-4).count();
        assert!(exact >= 54, "{exact} of 60");
        let again = layer.signals(more.z.view(), None).unwrap();
        for (row, (&one, &more)) in one.squares.iter().zip(&more.squares).enumerate() {
            let r = &again.row(row) - &x.row(row);
            assert!(more <= one && (r.dot(&r) - more).abs() < 1e-9 * (1.0 + more));
        }
    }
}
