//! Leaf angle distributions as weights of inclination classes.

use super::inclination::{ellipsoidal, verhoef};
use crate::PhysicsError;
use crate::numbers::{Real, Sloped};
use crate::quantities::Range;
use std::sync::Arc;

/// Average leaf angle of the ellipsoidal distribution.
pub(crate) const ALA: Range = Range::new("ALA", "deg", (0.0, 90.0), 57.0);
/// Verhoef's a …
pub(crate) const LIDF_A: Range = Range::new("LIDFa", "1", (-1.0, 1.0), -0.35);
/// … and b.
pub(crate) const LIDF_B: Range = Range::new("LIDFb", "1", (-1.0, 1.0), -0.15);

/// Middle of the standard classes, degrees from the horizontal.
pub(crate) const CLASS_MIDDLES_DEG: [f64; 13] = [
    5., 15., 25., 35., 45., 55., 65., 75., 81., 83., 85., 87., 89.,
];
/// Edges of the standard classes.
pub(crate) const CLASS_EDGES_DEG: [f64; 14] = [
    0., 10., 20., 30., 40., 50., 60., 70., 80., 82., 84., 86., 88., 90.,
];
/// Weights must sum to 1 this closely; they are then used as given.
const SUM_TOLERANCE: f64 = 1e-6;
/// |a| + |b| of Verhoef's distribution may exceed 1 by rounding.
const SHAPE_ROUNDING: f64 = 1e-12;

/// Distribution of leaf inclinations, from 0° (horizontal leaf) to 90°; azimuths are uniform.
///
/// A distribution enters [`Sail`](crate::Sail) as weights of inclination classes, which sum to 1. The named
/// ones have the 13 classes usual for 4SAIL, with edges at 0, 10, …, 80, 82, 84, 86, 88, 90° and leaves at
/// their middles. The weight of the class from θ₁ to θ₂ is
///
/// ```math
/// \begin{aligned}
/// \text{uniform:} &\quad \frac{\theta_2-\theta_1}{90°}, &
/// \text{spherical:} &\quad \cos\theta_1-\cos\theta_2, \\
/// \text{ellipsoidal:} &\quad \frac{G(\theta_1)-G(\theta_2)}{G(0)}, &
/// \text{Verhoef:} &\quad F(\theta_2)-F(\theta_1).
/// \end{aligned}
/// ```
///
/// [`LeafAngleClasses`] has other classes: packages with 18 of 5° each differ by up to 2e-3 in reflectance.
///
/// # Ellipsoidal
///
/// As the surface of an ellipsoid of revolution whose horizontal semi-axis is e times the vertical one
/// (Campbell 1986, Agricultural and Forest Meteorology 36:317–321; the relation of e to the average leaf
/// angle A in degrees, Campbell 1990, 49:173–176):
///
/// ```math
/// \begin{aligned}
/// e &= \exp\bigl(-1.6184\cdot10^{-5} A^3 + 2.1145\cdot10^{-3} A^2 - 1.2390\cdot10^{-1} A + 3.2491\bigr),
/// \qquad \varepsilon = 1 - e^2, \\
/// G(\theta) &= \sqrt{q}\,\Bigl[\sqrt{1-\varepsilon q}
/// + \frac{\arcsin\sqrt{\varepsilon q}}{\sqrt{\varepsilon q}}\Bigr],
/// \qquad q = \frac{\cos^2\theta}{1-\varepsilon\sin^2\theta}
/// \end{aligned}
/// ```
///
/// Campbell's two cases e < 1 and e > 1 are this one function, with arsinh √−εq/√−εq for the quotient where
/// ε < 0; it is smooth through the sphere, e = 1 at A = 58.435°, where G = 2 cos θ. A is 0 to 90°; at these
/// ends e is 25.8 and 0.076, a flat and a slender ellipsoid, not leaves of one inclination.
///
/// # Verhoef's
///
/// Shape numbers a and b with |a| + |b| ≤ 1 (Verhoef 1998, Theory of radiative transfer models applied in
/// optical remote sensing of vegetation canopies, thesis, Wageningen):
///
/// ```math
/// F(\theta) = \frac{2}{\pi}(y + \theta), \qquad y = a\sin x + \tfrac{b}{2}\sin 2x, \qquad x = y + 2\theta,
/// ```
///
/// the last solved for x by Newton's steps within a bracket. The mean inclination is 45° − 360°·a/π²; b > 0
/// makes two peaks, b < 0 one around 45°. a = b = 0 is uniform, and (−0.35, −0.15) close to spherical. Of the
/// named shapes planophile is (1, 0), erectophile (−1, 0), plagiophile (0, −1) and extremophile (0, 1).
#[doc = include_str!("../../katex.html")]
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
    /// Verhoef's two-parameter distribution, |a| + |b| ≤ 1: a tilts it towards horizontal (a > 0) or
    /// vertical leaves, b makes it two-peaked (b > 0) or gathers it around 45° (b < 0).
    Verhoef {
        /// Average inclination.
        a: f64,
        /// Two peaks or one.
        b: f64,
    },
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
    /// Mostly horizontal leaves: Verhoef's (1, 0).
    pub const PLANOPHILE: Self = Self::Verhoef { a: 1.0, b: 0.0 };
    /// Mostly vertical leaves: Verhoef's (−1, 0).
    pub const ERECTOPHILE: Self = Self::Verhoef { a: -1.0, b: 0.0 };
    /// Mostly around 45°: Verhoef's (0, −1).
    pub const PLAGIOPHILE: Self = Self::Verhoef { a: 0.0, b: -1.0 };
    /// Horizontal and vertical leaves: Verhoef's (0, 1).
    pub const EXTREMOPHILE: Self = Self::Verhoef { a: 0.0, b: 1.0 };

    /// Names that [`LeafAngles::named`] knows.
    pub const NAMES: [&'static str; 6] = [
        "uniform",
        "spherical",
        "planophile",
        "erectophile",
        "plagiophile",
        "extremophile",
    ];

    /// A distribution by its name.
    ///
    /// # Errors
    /// A name that is not one of [`LeafAngles::NAMES`].
    pub fn named(name: &str) -> Result<Self, PhysicsError> {
        Ok(match name {
            "uniform" => Self::Uniform,
            "spherical" => Self::Spherical,
            "planophile" => Self::PLANOPHILE,
            "erectophile" => Self::ERECTOPHILE,
            "plagiophile" => Self::PLAGIOPHILE,
            "extremophile" => Self::EXTREMOPHILE,
            _ => {
                return Err(PhysicsError::UnknownName {
                    what: "leaf angle distribution",
                    name: name.to_owned(),
                    known: Self::NAMES.map(str::to_owned).to_vec(),
                });
            }
        })
    }

    /// Middles in degrees and weights of the classes; the named distributions have the 13 standard ones.
    pub fn classes(&self) -> Vec<(f64, f64)> {
        let classes = self.fixed().classes();
        classes.into_iter().map(|(m, w)| (m, w.value())).collect()
    }

    /// The distribution, its shape not varied.
    pub(crate) fn fixed(&self) -> VariedLeafAngles<'_> {
        match self {
            Self::Uniform => VariedLeafAngles::Uniform,
            Self::Spherical => VariedLeafAngles::Spherical,
            Self::Ellipsoidal(average) => VariedLeafAngles::Ellipsoidal(Sloped::constant(*average)),
            Self::Verhoef { a, b } => {
                VariedLeafAngles::Verhoef(Sloped::constant(*a), Sloped::constant(*b))
            }
            Self::Classes(classes) => VariedLeafAngles::Classes(classes),
        }
    }

    /// Check the shape's numbers.
    pub(crate) fn check(&self, row: usize) -> Result<(), PhysicsError> {
        match self {
            Self::Ellipsoidal(angle) => ALA.check(row, *angle),
            Self::Verhoef { a, b } => {
                LIDF_A.check(row, *a)?;
                LIDF_B.check(row, *b)?;
                if a.abs() + b.abs() > 1.0 + SHAPE_ROUNDING {
                    return Err(PhysicsError::Inconsistent {
                        what: "leaf angles",
                        problem: format!(
                            "row {row}: |LIDFa| + |LIDFb| = {} with LIDFa = {a}, LIDFb = {b}, expected \
                             at most 1",
                            a.abs() + b.abs()
                        ),
                    });
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// [`LeafAngles`] whose shape may vary along a direction.
pub(crate) enum VariedLeafAngles<'a> {
    Uniform,
    Spherical,
    Ellipsoidal(Sloped),
    Verhoef(Sloped, Sloped),
    Classes(&'a LeafAngleClasses),
}

impl VariedLeafAngles<'_> {
    /// Middles in degrees and weights.
    pub fn classes(&self) -> Vec<(f64, Sloped)> {
        let standard = |cumulative: &dyn Fn(f64) -> Sloped| {
            let edge = |i: usize| cumulative(CLASS_EDGES_DEG[i].to_radians());
            let widths: Vec<Sloped> = (0..13)
                .map(|i| (edge(i + 1) - edge(i)).abs_or_flat())
                .collect();
            let total = widths
                .iter()
                .fold(Sloped::constant(0.0), |sum, width| sum + *width);
            let weights = widths.into_iter().map(|width| width / total);
            CLASS_MIDDLES_DEG.into_iter().zip(weights).collect()
        };
        match *self {
            Self::Uniform => standard(&Sloped::constant),
            Self::Spherical => standard(&|theta| Sloped::constant(theta.cos())),
            Self::Ellipsoidal(average) => standard(&|theta| ellipsoidal(average, theta)),
            Self::Verhoef(a, b) => standard(&|theta| verhoef(a, b, theta)),
            Self::Classes(classes) => {
                let weights = classes.weights.iter().map(|w| Sloped::constant(*w));
                classes.middles_deg.iter().copied().zip(weights).collect()
            }
        }
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
            LeafAngles::PLANOPHILE,
            LeafAngles::ERECTOPHILE,
            LeafAngles::PLAGIOPHILE,
            LeafAngles::EXTREMOPHILE,
            LeafAngles::Verhoef { a: -0.35, b: -0.15 },
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
    fn verhoefs_distributions_are_what_their_names_say() {
        let mean = |angles: LeafAngles| -> f64 {
            angles.classes().iter().map(|(middle, w)| middle * w).sum()
        };
        let uniform = mean(LeafAngles::Uniform);
        assert!(mean(LeafAngles::PLANOPHILE) < 30.0 && mean(LeafAngles::ERECTOPHILE) > 60.0);
        assert!((mean(LeafAngles::PLAGIOPHILE) - uniform).abs() < 1.0);
        // the narrow classes near 90° see the peak there
        assert!((mean(LeafAngles::EXTREMOPHILE) - uniform).abs() < 2.0);
        let spherical = LeafAngles::Verhoef { a: -0.35, b: -0.15 };
        // Verhoef's approximation of the sphere
        for (a, b) in spherical
            .classes()
            .iter()
            .zip(LeafAngles::Spherical.classes())
        {
            assert!((a.1 - b.1).abs() < 0.03, "{a:?} {b:?}");
        }
        for name in LeafAngles::NAMES {
            LeafAngles::named(name).unwrap().check(0).unwrap();
        }
        let error = LeafAngles::named("flat").unwrap_err().to_string();
        assert!(error.contains("expected one of: uniform"), "{error}");
        let outside = LeafAngles::Verhoef { a: 0.8, b: 0.4 };
        let error = outside.check(2).unwrap_err().to_string();
        assert!(error.contains("row 2: |LIDFa| + |LIDFb| = 1.2"), "{error}");
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
