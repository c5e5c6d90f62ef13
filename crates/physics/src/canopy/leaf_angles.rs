//! Leaf angle distributions as weights of inclination classes.

use crate::PhysicsError;
use std::sync::Arc;

/// Middle of the standard classes, degrees from the horizontal.
const CLASS_MIDDLES_DEG: [f64; 13] = [
    5., 15., 25., 35., 45., 55., 65., 75., 81., 83., 85., 87., 89.,
];
/// Edges of the standard classes.
const CLASS_EDGES_DEG: [f64; 14] = [
    0., 10., 20., 30., 40., 50., 60., 70., 80., 82., 84., 86., 88., 90.,
];
/// Weights must sum to 1 this closely; they are then used as given.
const SUM_TOLERANCE: f64 = 1e-6;
/// Below this distance of the squared eccentricity from 1 the ellipsoid is a sphere.
const SPHERE: f64 = 1e-6;

/// Distribution of leaf inclinations (0° = horizontal leaf).
#[derive(Clone, Debug, Default, PartialEq)]
pub enum LeafAngles {
    /// Every inclination is as frequent: weight ∝ width of the class.
    #[default]
    Uniform,
    /// As the surface of a sphere: cos θ_low − cos θ_high (mean 57.3°).
    Spherical,
    /// As the surface of an ellipsoid with this average leaf angle in degrees, 0 to 90
    /// (Campbell 1986, Agricultural and Forest Meteorology 36:317; 1990, 49:173).
    Ellipsoidal(f64),
    /// Classes and weights of the user.
    Classes(Arc<LeafAngleClasses>),
}

/// Inclination classes with their weights.
#[derive(Clone, Debug, PartialEq)]
pub struct LeafAngleClasses {
    middles_deg: Vec<f64>,
    weights: Vec<f64>,
}

impl LeafAngleClasses {
    /// Classes by their middle (0 to 90 degrees) and weight; the weights sum to 1 within 1e-6 and are
    /// used as given.
    ///
    /// # Errors
    /// Different lengths, no class, an angle outside 0 to 90, a negative weight, a sum other than 1.
    pub fn new(middles_deg: &[f64], weights: &[f64]) -> Result<Self, PhysicsError> {
        let wrong = |problem: String| PhysicsError::Inconsistent {
            what: "leaf angle classes",
            problem,
        };
        if middles_deg.len() != weights.len() || weights.is_empty() {
            return Err(wrong(format!(
                "{} angles and {} weights, expected as many and at least 1",
                middles_deg.len(),
                weights.len()
            )));
        }
        if let Some(angle) = middles_deg.iter().find(|a| !(0.0..=90.0).contains(*a)) {
            return Err(wrong(format!("angle {angle}, expected 0 to 90 degrees")));
        }
        if let Some(weight) = weights.iter().find(|w| !(0.0..=2.0).contains(*w)) {
            return Err(wrong(format!("weight {weight}, expected 0 to 1")));
        }
        let sum: f64 = weights.iter().sum();
        if (sum - 1.0).abs() > SUM_TOLERANCE {
            return Err(wrong(format!("the weights sum to {sum}, expected 1")));
        }
        Ok(Self {
            middles_deg: middles_deg.to_vec(),
            weights: weights.to_vec(),
        })
    }

    /// The 13 standard classes (middles 5, 15, …, 75, 81, 83, …, 89 degrees) with these weights.
    ///
    /// # Errors
    /// As [`LeafAngleClasses::new`].
    pub fn standard(weights: &[f64; 13]) -> Result<Self, PhysicsError> {
        Self::new(&CLASS_MIDDLES_DEG, weights)
    }

    /// Middles of the classes in degrees.
    pub fn middles_deg(&self) -> &[f64] {
        &self.middles_deg
    }

    /// Weights of the classes.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }
}

impl LeafAngles {
    /// Middles in degrees and weights of the classes; the named distributions have the 13 standard ones.
    pub fn classes(&self) -> Vec<(f64, f64)> {
        let standard = |cumulative: &dyn Fn(f64) -> f64| {
            let edge = |i: usize| cumulative(CLASS_EDGES_DEG[i].to_radians());
            let widths: Vec<f64> = (0..13).map(|i| (edge(i + 1) - edge(i)).abs()).collect();
            let total: f64 = widths.iter().sum();
            let weights = widths.into_iter().map(|w| w / total);
            CLASS_MIDDLES_DEG.into_iter().zip(weights).collect()
        };
        match self {
            Self::Uniform => standard(&|theta| theta),
            Self::Spherical => standard(&f64::cos),
            Self::Ellipsoidal(average_deg) => standard(&|theta| ellipsoidal(*average_deg, theta)),
            Self::Classes(classes) => {
                let weights = classes.weights.iter().copied();
                classes.middles_deg.iter().copied().zip(weights).collect()
            }
        }
    }

    /// Check the average leaf angle.
    pub(crate) fn check(&self, row: usize) -> Result<(), PhysicsError> {
        match self {
            Self::Ellipsoidal(angle) if !(0.0..=90.0).contains(angle) => {
                Err(PhysicsError::OutOfRange {
                    row,
                    name: "average leaf angle".into(),
                    value: *angle,
                    unit: "deg".into(),
                    min: 0.0,
                    max: 90.0,
                })
            }
            _ => Ok(()),
        }
    }
}

/// Cumulative distribution over inclination θ (radians), up to a factor and a constant.
fn ellipsoidal(average_deg: f64, theta: f64) -> f64 {
    let a = average_deg;
    let e = (-1.6184e-5 * a.powi(3) + 2.1145e-3 * a * a - 1.2390e-1 * a + 3.2491).exp();
    let flattening = (1.0 - e * e).abs();
    if flattening < SPHERE {
        return theta.cos();
    }
    let alpha2 = e * e / flattening;
    let x = e / (1.0 + (e * theta.tan()).powi(2)).sqrt();
    if e < 1.0 {
        // rounding may push x past α at θ = 0
        let root = (alpha2 - x * x).max(0.0).sqrt();
        x * root + alpha2 * (x / alpha2.sqrt()).min(1.0).asin()
    } else {
        let root = (alpha2 + x * x).sqrt();
        x * root + alpha2 * (x + root).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_one() {
        for angles in [
            LeafAngles::Uniform,
            LeafAngles::Spherical,
            LeafAngles::Ellipsoidal(0.0),
            LeafAngles::Ellipsoidal(26.0),
            LeafAngles::Ellipsoidal(58.435),
            LeafAngles::Ellipsoidal(90.0),
        ] {
            let classes = angles.classes();
            assert_eq!(classes.len(), 13);
            let sum: f64 = classes.iter().map(|c| c.1).sum();
            assert!((sum - 1.0).abs() < 1e-14, "{angles:?} {sum}");
            assert!(classes.iter().all(|c| c.1 >= 0.0 && c.1.is_finite()));
        }
    }

    #[test]
    fn an_ellipsoid_close_to_a_sphere_is_spherical() {
        let sphere = LeafAngles::Spherical.classes();
        for (a, b) in LeafAngles::Ellipsoidal(58.435).classes().iter().zip(sphere) {
            assert!((a.1 - b.1).abs() < 1e-4, "{a:?} {b:?}");
        }
    }

    #[test]
    fn the_sum_of_the_users_weights_is_checked() {
        assert!(LeafAngleClasses::new(&[30.0, 60.0], &[0.5, 0.5]).is_ok());
        let error = LeafAngleClasses::new(&[30.0, 60.0], &[0.5, 0.4]).unwrap_err();
        assert!(error.to_string().contains("0.9"), "{error}");
        assert!(LeafAngleClasses::new(&[30.0, 95.0], &[0.5, 0.5]).is_err());
        assert!(LeafAngleClasses::new(&[30.0], &[f64::NAN]).is_err());
        assert!(LeafAngleClasses::new(&[], &[]).is_err());
    }
}
