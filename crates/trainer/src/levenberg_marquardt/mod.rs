//! A fit of the physical parameters to each observation by itself: what the physics alone can reach.

mod problem;

pub(crate) use problem::LARGEST_U;
pub use problem::{Descent, Prior, Problem};

use crate::TrainerError;
use model::PhysicsLayer;
use ndarray::{Array2, ArrayView2};
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

/// Widest draw of a start in u.
const START: f64 = 2.0;

/// Levenberg-Marquardt in u-space (z = sigmoid(u)) on Σ (`x_P` − x)², with the exact Jacobian, all observations at
/// once and each with its own damping (Marquardt 1963, doi:10.1137/0111030).
///
/// * `x`: n × d, standardised; `conditions`: n × c, `None` for the physics' defaults
///
/// # Errors
/// The physics refuses a value.
pub fn fit<'a>(
    physics: &'a PhysicsLayer,
    x: ArrayView2<'a, f64>,
    conditions: Option<ArrayView2<'a, f64>>,
    search: Search,
    rng: &mut impl Rng,
) -> Result<Fit, TrainerError> {
    let (n, p) = (x.nrows(), physics.parameters());
    let mut best = Fit {
        z: Array2::from_elem((n, p), 0.5),
        squares: vec![f64::INFINITY; n],
    };
    let problem = Problem {
        physics,
        calibration: None,
        x,
        conditions,
        inverse_noise: None,
        prior: None,
    };
    for start in 0..=search.starts {
        let u = Array2::from_shape_simple_fn((n, p), || {
            if start == 0 {
                0.0
            } else {
                rng.gen_range(-START..START)
            }
        });
        let Descent { u, costs, .. } = problem.descend(u, search.steps)?;
        for (row, &found) in costs.iter().enumerate() {
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
