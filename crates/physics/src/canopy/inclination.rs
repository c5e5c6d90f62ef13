//! Cumulative distributions of leaf inclination, with their derivatives to the shape.

use crate::numbers::{Real, Sloped};
use std::f64::consts::{FRAC_PI_2, PI};

/// Below this |w| the function of [`ellipsoid_shape`] is summed as a series.
const SERIES_BELOW: f64 = 0.02;
/// Terms of that series: 0.02¹¹ is below rounding.
const SERIES_TERMS: i32 = 10;
/// Steps of the root finder: bisection alone would need 50.
const MOST_STEPS: usize = 200;

/// Ellipsoidal distribution: what is left of the cumulative distribution above the inclination θ (radians),
/// up to a factor, for an average leaf angle in degrees; G of [`crate::LeafAngles`].
pub(super) fn ellipsoidal(average_deg: Sloped, theta: f64) -> Sloped {
    let a = average_deg;
    let exponent = a
        .scale(-1.6184e-5)
        .offset(2.1145e-3)
        .times(a)
        .offset(-1.2390e-1)
        .times(a)
        .offset(3.2491);
    let e = exponent.exp();
    let epsilon = (-(e * e)).offset(1.0);
    let (sin, cos) = theta.sin_cos();
    let root_q = (-epsilon.scale(sin * sin))
        .offset(1.0)
        .sqrt()
        .recip()
        .scale(cos);
    root_q * ellipsoid_shape(epsilon * root_q * root_q)
}

/// √(1 − w) + arcsin(√w)/√w, with arsinh for w < 0; 2 at 0.
fn ellipsoid_shape(w: Sloped) -> Sloped {
    let x = w.value();
    let root = (1.0 - x).sqrt();
    let (ratio, slope) = if x.abs() < SERIES_BELOW {
        // Σ c_n wⁿ with c_n/c_(n−1) = (2n − 1)²/(2n (2n + 1))
        let (mut ratio, mut slope, mut c) = (1.0, 0.0, 1.0);
        let mut power = 1.0;
        for n in 1..=SERIES_TERMS {
            let n = f64::from(n);
            c *= (2.0 * n - 1.0).powi(2) / (2.0 * n * (2.0 * n + 1.0));
            slope += n * c * power;
            power *= x;
            ratio += c * power;
        }
        (ratio, slope)
    } else {
        let s = x.abs().sqrt();
        let ratio = if x > 0.0 {
            s.min(1.0).asin()
        } else {
            s.asinh()
        } / s;
        (ratio, (1.0 / root - ratio) / (2.0 * x))
    };
    w.map(root + ratio, slope - 0.5 / root)
}

/// Verhoef's cumulative distribution of inclinations up to θ (radians), 0 at 0° and 1 at 90°; F of
/// [`crate::LeafAngles`].
pub(super) fn verhoef(a: Sloped, b: Sloped, theta: f64) -> Sloped {
    if theta <= 0.0 {
        return Sloped::constant(0.0);
    }
    if theta >= FRAC_PI_2 {
        return Sloped::constant(1.0);
    }
    // x − a sin x − ½ b sin 2x = 2θ, whose left side rises from 0 to π: Newton's steps within a bracket
    let (va, vb) = (a.value(), b.value());
    let y = |x: f64| va * x.sin() + 0.5 * vb * (2.0 * x).sin();
    let (mut low, mut high, mut x) = (0.0, PI, 2.0 * theta);
    for _ in 0..MOST_STEPS {
        let excess = x - y(x) - 2.0 * theta;
        if excess > 0.0 {
            high = x;
        } else {
            low = x;
        }
        let rise = 1.0 - va * x.cos() - vb * (2.0 * x).cos();
        let newton = x - excess / rise;
        let next = if newton > low && newton < high {
            newton
        } else {
            0.5 * (low + high)
        };
        if (next - x).abs() <= f64::EPSILON * x {
            break;
        }
        x = next;
    }
    let rise = 1.0 - va * x.cos() - vb * (2.0 * x).cos();
    let slope = (a.slope() * x.sin() + 0.5 * b.slope() * (2.0 * x).sin()) / rise;
    Sloped::new(y(x) + theta, slope).scale(2.0 / PI)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Central differences with a step of 1e-5 degrees, or of 1e-6 of a or b.
    const DIFFERENCE: f64 = 1e-8;

    #[test]
    fn slopes_are_the_differences_also_at_the_sphere() {
        for theta in [0.1, 0.7, 1.5] {
            for angle in [1.0, 20.0, 58.0, 58.435, 58.4352, 58.5, 70.0, 89.0] {
                let share = |a: Sloped| ellipsoidal(a, theta) * ellipsoidal(a, 0.0).recip();
                let at = |angle: f64| share(Sloped::constant(angle)).value();
                let difference = (at(angle + 1e-5) - at(angle - 1e-5)) / 2e-5;
                let slope = share(Sloped::new(angle, 1.0)).slope();
                assert!((difference - slope).abs() < DIFFERENCE, "{angle} {theta}");
            }
            for (a, b) in [(0.0, 0.0), (-0.35, -0.15), (0.6, 0.39), (-0.99, 0.0)] {
                let at = |a, b| verhoef(Sloped::constant(a), Sloped::constant(b), theta).value();
                let step = 1e-6;
                let to_a = (at(a + step, b) - at(a - step, b)) / (2.0 * step);
                let to_b = (at(a, b + step) - at(a, b - step)) / (2.0 * step);
                let along_a = verhoef(Sloped::new(a, 1.0), Sloped::constant(b), theta);
                let along_b = verhoef(Sloped::constant(a), Sloped::new(b, 1.0), theta);
                assert!(
                    (to_a - along_a.slope()).abs() < DIFFERENCE,
                    "{a} {b} {theta}"
                );
                assert!(
                    (to_b - along_b.slope()).abs() < DIFFERENCE,
                    "{a} {b} {theta}"
                );
            }
        }
    }

    #[test]
    fn the_two_cases_of_campbell_are_one_function() {
        // F = x√(α²−x²) + α² asin(x/α) for e < 1, with + and ln for e > 1, as published
        let campbell = |average: f64, theta: f64| {
            let a = average;
            let e = (-1.6184e-5 * a.powi(3) + 2.1145e-3 * a * a - 1.2390e-1 * a + 3.2491).exp();
            let alpha2 = e * e / (1.0 - e * e).abs();
            let x = e / (1.0 + (e * f64::tan(theta)).powi(2)).sqrt();
            if e < 1.0 {
                x * (alpha2 - x * x).sqrt() + alpha2 * (x / alpha2.sqrt()).asin()
            } else {
                let root = (alpha2 + x * x).sqrt();
                x * root + alpha2 * (x + root).ln()
            }
        };
        for average in [10.0, 40.0, 57.0, 60.0, 80.0] {
            let share = |f: &dyn Fn(f64) -> f64| (f(0.3) - f(0.9)) / (f(0.1) - f(1.5));
            let own = share(&|t| ellipsoidal(Sloped::constant(average), t).value());
            let published = share(&|t| campbell(average, t));
            assert!((own / published - 1.0).abs() < 1e-12, "{average}");
        }
    }

    #[test]
    fn verhoef_without_shape_is_uniform() {
        for theta in [0.0, 0.4, 1.1, FRAC_PI_2] {
            let f = verhoef(Sloped::constant(0.0), Sloped::constant(0.0), theta).value();
            assert!((f - theta / FRAC_PI_2).abs() < 1e-15);
        }
    }

    #[test]
    fn verhoefs_root_is_found_at_the_corners_of_the_shape() {
        for (a, b) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0), (0.5, 0.5)] {
            for i in 1..90 {
                let theta = f64::from(i).to_radians();
                let f = verhoef(Sloped::constant(a), Sloped::constant(b), theta).value();
                let x = FRAC_PI_2 * f - theta + 2.0 * theta; // y + 2θ
                let y = a * x.sin() + 0.5 * b * (2.0 * x).sin();
                assert!((x - y - 2.0 * theta).abs() < 1e-12, "{a} {b} {i}");
                assert!((0.0..=1.0).contains(&f));
            }
        }
    }
}
