//! How leaves of all inclinations extinguish and scatter a sun and a view beam (SAIL's `volscatt`).

use super::LeafAngles;
use std::f64::consts::PI;

/// Direction of the sun and of the view.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Viewing {
    pub cos_sun: f64,
    sin_sun: f64,
    tan_sun: f64,
    pub cos_view: f64,
    sin_view: f64,
    tan_view: f64,
    /// Relative azimuth in radians.
    pub azimuth: f64,
}

impl Viewing {
    /// Zenith angles of sun and view and their relative azimuth in degrees.
    pub fn new(sun_zenith_deg: f64, view_zenith_deg: f64, azimuth_deg: f64) -> Self {
        let (sin_sun, cos_sun) = sun_zenith_deg.to_radians().sin_cos();
        let (sin_view, cos_view) = view_zenith_deg.to_radians().sin_cos();
        Self {
            cos_sun,
            sin_sun,
            tan_sun: sin_sun / cos_sun,
            cos_view,
            sin_view,
            tan_view: sin_view / cos_view,
            azimuth: azimuth_deg.to_radians(),
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

    /// √(tan²θ_s + tan²θ_o − 2 tan θ_s tan θ_o cos ψ), the distance of the two beams' shadows per height.
    pub fn shadow_distance(&self) -> f64 {
        let (s, o) = (self.tan_sun, self.tan_view);
        (s * s + o * o - 2.0 * s * o * self.azimuth.cos())
            .max(0.0)
            .sqrt()
    }
}

/// Extinction and scattering coefficients, averaged over the leaf angles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scattering {
    /// Extinction of the sun beam.
    pub ks: f64,
    /// Extinction of the view beam.
    pub ko: f64,
    /// Mean of cos² of the inclination.
    pub bf: f64,
    /// Bidirectional scattering by leaf reflectance.
    pub sob: f64,
    /// Bidirectional scattering by leaf transmittance.
    pub sof: f64,
}

impl Scattering {
    /// Sums over the classes of inclination (Verhoef 1984, Remote Sensing of Environment 16:125–141;
    /// Verhoef 1998).
    pub fn new(angles: &LeafAngles, viewing: &Viewing) -> Self {
        let v = viewing;
        let mut sum = Self {
            ks: 0.0,
            ko: 0.0,
            bf: 0.0,
            sob: 0.0,
            sof: 0.0,
        };
        for (middle_deg, weight) in angles.classes() {
            let (sin_leaf, cos_leaf) = middle_deg.to_radians().sin_cos();
            let sun = BeamOnLeaf::new(cos_leaf * v.cos_sun, sin_leaf * v.sin_sun);
            let view = BeamOnLeaf::new(cos_leaf * v.cos_view, sin_leaf * v.sin_view);
            let (f_rho, f_tau) = bidirectional(&sun, &view, v.azimuth);
            let per_area = PI / (v.cos_sun * v.cos_view);
            sum.ks += weight * sun.chi / v.cos_sun;
            sum.ko += weight * view.chi / v.cos_view;
            sum.bf += weight * cos_leaf * cos_leaf;
            sum.sob += weight * f_rho * per_area;
            sum.sof += weight * f_tau * per_area;
        }
        sum
    }
}

/// A beam on leaves of one inclination and all azimuths.
struct BeamOnLeaf {
    /// cos θ_leaf cos θ_beam
    c: f64,
    /// sin θ_leaf sin θ_beam
    s: f64,
    /// Azimuth at which the beam passes from one side of the leaf to the other.
    beta: f64,
    d: f64,
    /// Interception function χ.
    chi: f64,
}

impl BeamOnLeaf {
    fn new(c: f64, s: f64) -> Self {
        let (beta, d, sin_beta) = if s > 1e-6 && c < s {
            let cos_beta = -c / s;
            (cos_beta.acos(), s, (1.0 - cos_beta * cos_beta).sqrt())
        } else {
            (PI, c, 0.0) // one side only
        };
        Self {
            c,
            s,
            beta,
            d,
            chi: 2.0 / PI * ((beta - PI / 2.0) * c + sin_beta * s),
        }
    }
}

/// Bidirectional scattering functions of leaf reflectance and transmittance.
fn bidirectional(sun: &BeamOnLeaf, view: &BeamOnLeaf, azimuth: f64) -> (f64, f64) {
    let b1 = (sun.beta - view.beta).abs();
    let b2 = PI - (sun.beta + view.beta - PI).abs();
    // the three in ascending order; b1 ≤ b2 always
    let (bt1, bt2, bt3) = if azimuth <= b1 {
        (azimuth, b1, b2)
    } else if azimuth <= b2 {
        (b1, azimuth, b2)
    } else {
        (b1, b2, azimuth)
    };
    let ss = sun.s * view.s;
    let t1 = 2.0 * sun.c * view.c + ss * azimuth.cos();
    let t2 = if bt2 > 0.0 {
        bt2.sin() * (2.0 * sun.d * view.d + ss * bt1.cos() * bt3.cos())
    } else {
        0.0
    };
    let f = |t: f64| (t / (2.0 * PI * PI)).max(0.0);
    (f((PI - bt2) * t1 + t2), f(-bt2 * t1 + t2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn horizontal_leaves_extinguish_one_per_area() {
        let flat = super::super::LeafAngleClasses::new(&[0.0], &[1.0]).unwrap();
        let flat = LeafAngles::Classes(std::sync::Arc::new(flat));
        for (sun, view) in [(0.0, 0.0), (30.0, 50.0), (80.0, 10.0)] {
            let s = Scattering::new(&flat, &Viewing::new(sun, view, 77.0));
            assert!((s.ks - 1.0).abs() < 1e-14 && (s.ko - 1.0).abs() < 1e-14);
            assert_eq!(s.bf, 1.0);
            assert!((s.sob - 1.0).abs() < 1e-14 && s.sof.abs() < 1e-14);
        }
    }

    #[test]
    fn spherical_leaves_extinguish_half_per_path() {
        // 13 classes instead of an integral: 1 %
        for sun in [0.0, 30.0, 60.0, 75.0] {
            let s = Scattering::new(&LeafAngles::Spherical, &Viewing::new(sun, 20.0, 0.0));
            assert!((s.ks * sun.to_radians().cos() - 0.5).abs() < 0.005, "{s:?}");
        }
    }

    #[test]
    fn sun_and_view_are_reciprocal() {
        let angles = LeafAngles::Ellipsoidal(65.0);
        let a = Scattering::new(&angles, &Viewing::new(50.0, 20.0, 70.0));
        let b = Scattering::new(&angles, &Viewing::new(20.0, 50.0, 70.0));
        assert!((a.ks - b.ko).abs() < 1e-14 && (a.ko - b.ks).abs() < 1e-14);
        assert!((a.sob - b.sob).abs() < 1e-14 && (a.sof - b.sof).abs() < 1e-14);
    }
}
