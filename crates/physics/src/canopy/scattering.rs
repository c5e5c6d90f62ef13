//! How leaves of all inclinations extinguish and scatter a sun and a view beam (SAIL's `volscatt`).

use super::leaf_angles::VariedLeafAngles;
use crate::numbers::{Real, Sloped};
use std::f64::consts::{FRAC_PI_2, PI};

/// Direction of the sun and of the view.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Viewing {
    pub cos_sun: Sloped,
    sin_sun: Sloped,
    tan_sun: Sloped,
    pub cos_view: Sloped,
    sin_view: Sloped,
    tan_view: Sloped,
    /// Relative azimuth in radians.
    pub azimuth: Sloped,
}

impl Viewing {
    /// Zenith angles of sun and view and their relative azimuth in degrees.
    pub fn new(sun_zenith_deg: Sloped, view_zenith_deg: Sloped, azimuth_deg: Sloped) -> Self {
        let (sin_sun, cos_sun) = sun_zenith_deg.sin_cos_deg();
        let (sin_view, cos_view) = view_zenith_deg.sin_cos_deg();
        Self {
            cos_sun,
            sin_sun,
            tan_sun: sin_sun / cos_sun,
            cos_view,
            sin_view,
            tan_view: sin_view / cos_view,
            azimuth: azimuth_deg.scale(1.0_f64.to_radians()),
        }
    }

    /// The sun put at the view's zenith angle θ, as the `enmap_box` variant does it: the sine of the sun
    /// zenith becomes cos θ where sin θ is meant.
    pub fn sun_at_view_with_cosine_for_sine(self) -> Self {
        Self {
            cos_sun: self.cos_view,
            sin_sun: self.cos_view,
            tan_sun: self.tan_view,
            ..self
        }
    }

    /// Distance of the two beams' shadows per height, d_so of [`crate::Sail`]; its derivative is taken as 0
    /// where the beams coincide and it has a kink.
    pub fn shadow_distance(&self) -> Sloped {
        let (s, o) = (self.tan_sun, self.tan_view);
        // (s − o)² + 2 s o (1 − cos ψ), each part without cancellation
        let apart = s - o;
        let half = self.azimuth.scale(0.5).sin_cos().0;
        let turned = (s * o * half * half).scale(4.0);
        // with ψ = 0 the square root of a square has the digits that the square lacks
        if turned.value() == 0.0 && turned.slope() == 0.0 {
            apart.abs_or_flat()
        } else {
            (apart * apart + turned).sqrt_or_flat()
        }
    }
}

/// Extinction and scattering coefficients, averaged over the leaf angles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scattering {
    /// Extinction of the sun beam.
    pub ks: Sloped,
    /// Extinction of the view beam.
    pub ko: Sloped,
    /// Mean of cos² of the inclination.
    pub bf: Sloped,
    /// Bidirectional scattering by leaf reflectance.
    pub sob: Sloped,
    /// Bidirectional scattering by leaf transmittance.
    pub sof: Sloped,
}

impl Scattering {
    /// Sums over the classes of inclination: "Averages over the leaf angles" of [`crate::Sail`].
    pub fn new(angles: &VariedLeafAngles<'_>, viewing: &Viewing) -> Self {
        let v = viewing;
        let zero = Sloped::constant(0.0);
        let mut sum = Self {
            ks: zero,
            ko: zero,
            bf: zero,
            sob: zero,
            sof: zero,
        };
        let (per_sun, per_view) = (v.cos_sun.recip(), v.cos_view.recip());
        let per_area = (per_sun * per_view).scale(PI);
        let azimuth = Angle::new(v.azimuth);
        for (middle_deg, weight) in angles.classes() {
            let (sin_leaf, cos_leaf) = middle_deg.to_radians().sin_cos();
            let sun = BeamOnLeaf::new(v.cos_sun.scale(cos_leaf), v.sin_sun.scale(sin_leaf));
            let view = BeamOnLeaf::new(v.cos_view.scale(cos_leaf), v.sin_view.scale(sin_leaf));
            let (f_rho, f_tau) = bidirectional(&sun, &view, &azimuth);
            sum.ks = sum.ks + weight * sun.chi * per_sun;
            sum.ko = sum.ko + weight * view.chi * per_view;
            sum.bf = sum.bf + weight.scale(cos_leaf * cos_leaf);
            sum.sob = sum.sob + weight * f_rho * per_area;
            sum.sof = sum.sof + weight * f_tau * per_area;
        }
        sum
    }
}

/// An angle in radians with its sine and cosine, so that those of sums need no functions of their own.
#[derive(Clone, Copy)]
struct Angle {
    radians: Sloped,
    sin: Sloped,
    cos: Sloped,
}

impl Angle {
    fn new(angle: Sloped) -> Self {
        let (sin, cos) = angle.sin_cos();
        Self {
            radians: angle,
            sin,
            cos,
        }
    }

    fn straight() -> Self {
        Self {
            radians: Sloped::constant(PI),
            sin: Sloped::constant(0.0),
            cos: Sloped::constant(-1.0),
        }
    }

    /// The angle from 0 to π of this cosine between −1 and 1.
    fn of_cosine(cos: Sloped) -> Self {
        let x = cos.value();
        let sin = ((1.0 - x) * (1.0 + x)).sqrt();
        Self {
            radians: cos.map(x.acos(), -1.0 / sin),
            sin: cos.map(sin, -x / sin),
            cos,
        }
    }

    /// |a − b|
    fn apart(&self, other: &Self) -> Self {
        Self {
            radians: (self.radians - other.radians).abs_or_flat(),
            sin: (self.sin * other.cos - self.cos * other.sin).abs_or_flat(),
            cos: self.cos * other.cos + self.sin * other.sin,
        }
    }

    /// π − |a + b − π|: the sum, or what it lacks to a full turn.
    fn together(&self, other: &Self) -> Self {
        let beyond = (self.radians + other.radians).offset(-PI).abs_or_flat();
        Self {
            radians: (-beyond).offset(PI),
            sin: (self.sin * other.cos + self.cos * other.sin).abs_or_flat(),
            cos: self.cos * other.cos - self.sin * other.sin,
        }
    }
}

/// A beam on leaves of one inclination and all azimuths.
struct BeamOnLeaf {
    /// cos θ_leaf cos θ_beam
    c: Sloped,
    /// sin θ_leaf sin θ_beam
    s: Sloped,
    /// Azimuth at which the beam passes from one side of the leaf to the other.
    beta: Angle,
    d: Sloped,
    /// Interception function χ.
    chi: Sloped,
}

impl BeamOnLeaf {
    /// β, d and χ of [`crate::Sail`].
    fn new(c: Sloped, s: Sloped) -> Self {
        let cos_beta = if s.value() > 1e-6 {
            -(c / s)
        } else {
            Sloped::constant(-1.0)
        };
        let (beta, d, from_half) = if cos_beta.value() > -1.0 {
            let beta = Angle::of_cosine(cos_beta);
            (beta, s, beta.radians.value() - FRAC_PI_2)
        } else {
            (Angle::straight(), c, FRAC_PI_2)
        };
        // the derivative through β is 0: c + s cos β = 0
        let sin_beta = beta.sin.value();
        Self {
            c,
            s,
            beta,
            d,
            chi: (c.scale(from_half) + s.scale(sin_beta)).scale(2.0 / PI),
        }
    }
}

/// Bidirectional scattering functions of leaf reflectance and transmittance, f_ρ and f_τ of [`crate::Sail`].
fn bidirectional(sun: &BeamOnLeaf, view: &BeamOnLeaf, azimuth: &Angle) -> (Sloped, Sloped) {
    let (b1, b2) = (sun.beta.apart(&view.beta), sun.beta.together(&view.beta));
    // the three in ascending order; b1 ≤ b2 always
    let (bt1, bt2, bt3) = if azimuth.radians.value() <= b1.radians.value() {
        (*azimuth, b1, b2)
    } else if azimuth.radians.value() <= b2.radians.value() {
        (b1, *azimuth, b2)
    } else {
        (b1, b2, *azimuth)
    };
    let ss = sun.s * view.s;
    let t1 = (sun.c * view.c).scale(2.0) + ss * azimuth.cos;
    let t2 = bt2.sin * ((sun.d * view.d).scale(2.0) + ss * bt1.cos * bt3.cos);
    let f = |t: Sloped| t.scale(0.5 / (PI * PI)).clip_below(0.0);
    (
        f((-bt2.radians).offset(PI) * t1 + t2),
        f(t2 - bt2.radians * t1),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canopy::{LeafAngleClasses, LeafAngles};

    fn at(angles: &LeafAngles, directions: [f64; 3]) -> Scattering {
        let [sun, view, azimuth] = directions.map(Sloped::constant);
        Scattering::new(&angles.fixed(), &Viewing::new(sun, view, azimuth))
    }

    fn all(s: &Scattering) -> [Sloped; 5] {
        [s.ks, s.ko, s.bf, s.sob, s.sof]
    }

    #[test]
    fn horizontal_leaves_extinguish_one_per_area() {
        let flat = LeafAngleClasses::new(&[0.0], &[1.0]).unwrap();
        let flat = LeafAngles::Classes(std::sync::Arc::new(flat));
        for directions in [[0.0, 0.0, 77.0], [30.0, 50.0, 77.0], [80.0, 10.0, 77.0]] {
            let [ks, ko, bf, sob, sof] = all(&at(&flat, directions)).map(Real::value);
            assert!((ks - 1.0).abs() < 1e-14 && (ko - 1.0).abs() < 1e-14);
            assert_eq!(bf, 1.0);
            assert!((sob - 1.0).abs() < 1e-14 && sof.abs() < 1e-14);
        }
    }

    #[test]
    fn spherical_leaves_extinguish_half_per_path() {
        // 13 classes instead of an integral: 1 %
        for sun in [0.0, 30.0, 60.0, 75.0] {
            let s = at(&LeafAngles::Spherical, [sun, 20.0, 0.0]);
            let per_path = s.ks.value() * sun.to_radians().cos();
            assert!((per_path - 0.5).abs() < 0.005, "{s:?}");
        }
    }

    #[test]
    fn sun_and_view_are_reciprocal() {
        let angles = LeafAngles::Ellipsoidal(65.0);
        let a = all(&at(&angles, [50.0, 20.0, 70.0])).map(Real::value);
        let b = all(&at(&angles, [20.0, 50.0, 70.0])).map(Real::value);
        for (i, j) in [(0, 1), (1, 0), (3, 3), (4, 4)] {
            assert!((a[i] - b[j]).abs() < 1e-14);
        }
    }

    /// Central differences with a step of 1e-5 degrees: rounding of sums of 13 terms of up to 30.
    const DIFFERENCE: f64 = 1e-8;

    #[test]
    fn slopes_are_the_differences() {
        for angles in [LeafAngles::Uniform, LeafAngles::Ellipsoidal(40.0)] {
            for directions in [[30.0, 10.0, 60.0], [62.0, 41.0, 3.0], [15.5, 0.5, 170.0]] {
                for varied in 0..3 {
                    let step = 1e-5;
                    let moved = |step: f64| {
                        let mut to = directions;
                        to[varied] += step;
                        all(&at(&angles, to)).map(Real::value)
                    };
                    let (up, down) = (moved(step), moved(-step));
                    let mut here = directions.map(Sloped::constant);
                    here[varied] = Sloped::new(directions[varied], 1.0);
                    let viewing = Viewing::new(here[0], here[1], here[2]);
                    let here = all(&Scattering::new(&angles.fixed(), &viewing));
                    for i in 0..5 {
                        let difference = (up[i] - down[i]) / (2.0 * step);
                        let error = (difference - here[i].slope()).abs();
                        assert!(error < DIFFERENCE, "{directions:?} {varied} {i}: {error:e}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_distance_of_the_shadows_keeps_its_digits_near_the_hot_spot() {
        let view = Sloped::constant(30.0);
        let sun = Sloped::new(30.0 + 1e-9, 1.0);
        let near = Viewing::new(sun, view, Sloped::constant(0.0)).shadow_distance();
        let per_degree = 1.0_f64.to_radians() / 30.0_f64.to_radians().cos().powi(2);
        assert!((near.value() / (1e-9 * per_degree) - 1.0).abs() < 1e-5);
        assert!((near.slope() / per_degree - 1.0).abs() < 1e-9);
    }
}
