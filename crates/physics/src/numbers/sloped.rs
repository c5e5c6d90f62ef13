//! Numbers that are the same at every wavelength: a double with its derivative along one direction.

use super::coefficients::{PHI_F64, PHI_SLOPE_F64};
use super::dual::Dual;
use super::lane::Lane;
use super::real::Real;

/// A value and its derivative to whatever is being varied.
pub(crate) type Sloped = Dual<f64, 1>;

/// Below this the quotients of `phi_minus` and `ln_ratio` are replaced by their series.
const SMALL: f64 = 0.5;
/// Terms of the series of −ln(1 − x)/x for x up to [`SMALL_LN`].
const LN_TERMS: i32 = 14;
const SMALL_LN: f64 = 0.05;

impl Sloped {
    /// A value with its derivative.
    pub fn new(value: f64, slope: f64) -> Self {
        Self::variable(value, slope, 0)
    }

    /// The derivative.
    pub fn slope(self) -> f64 {
        self.partial(0)
    }

    /// A function of this number, by its value and derivative.
    pub fn map(self, value: f64, derivative: f64) -> Self {
        Self::new(value, derivative * self.slope())
    }

    /// Sine and cosine of an angle in degrees.
    pub fn sin_cos_deg(self) -> (Self, Self) {
        let (sin, cos) = self.value().to_radians().sin_cos();
        let per_degree = 1.0_f64.to_radians();
        (
            self.map(sin, cos * per_degree),
            self.map(cos, -sin * per_degree),
        )
    }

    /// Sine and cosine of an angle in radians.
    pub fn sin_cos(self) -> (Self, Self) {
        let (sin, cos) = self.value().sin_cos();
        (self.map(sin, cos), self.map(cos, -sin))
    }

    /// Cosine of an angle in radians.
    pub fn cos(self) -> Self {
        self.sin_cos().1
    }

    /// Natural logarithm.
    pub fn ln(self) -> Self {
        self.map(self.value().ln(), 1.0 / self.value())
    }

    /// Square root; flat at 0, where the two sides differ.
    pub fn sqrt_or_flat(self) -> Self {
        if self.value() > 0.0 {
            Real::sqrt(self)
        } else {
            Self::new(0.0, 0.0)
        }
    }

    /// |self|; flat at 0.
    pub fn abs_or_flat(self) -> Self {
        let sign = match self.value() {
            x if x > 0.0 => 1.0,
            x if x < 0.0 => -1.0,
            _ => 0.0,
        };
        self.scale(sign)
    }

    /// φ(x) = (1 − e^−x)/x, 1 at 0.
    pub fn phi(self) -> Self {
        let x = self.value();
        let (phi, slope) = if x.abs() < SMALL {
            (x.polynomial(&PHI_F64), x.polynomial(&PHI_SLOPE_F64))
        } else {
            phi_quotient(x)
        };
        self.map(phi, slope)
    }

    /// −ln(1 − x)/x for x < 1, 1 at 0.
    pub fn ln_ratio(self) -> Self {
        let x = self.value();
        let (ratio, slope) = if x.abs() < SMALL_LN {
            // Σ xⁿ/(n + 1) and its derivative
            let (mut ratio, mut slope) = (0.0, 0.0);
            for n in (0..=LN_TERMS).rev() {
                slope = slope * x + ratio;
                ratio = ratio * x + 1.0 / f64::from(n + 1);
            }
            (ratio, slope)
        } else {
            let ratio = -(-x).ln_1p() / x;
            (ratio, (1.0 / (1.0 - x) - ratio) / x)
        };
        self.map(ratio, slope)
    }
}

/// φ and its derivative where x is not small.
fn phi_quotient(x: f64) -> (f64, f64) {
    let phi = -(-x).exp_m1() / x;
    (phi, ((-x).exp() - phi) / x)
}

/// φ and its derivative at each place, as [`Sloped::phi`]. A plain loop of polynomials, which becomes one of
/// registers; the few places that are not small are done again.
#[inline(always)]
pub(crate) fn phi_of_each<const N: usize>(x: &[f64; N]) -> [(f64, f64); N] {
    let (mut phi, mut slope) = ([PHI_F64[0]; N], [PHI_SLOPE_F64[0]; N]);
    for power in 1..PHI_F64.len() {
        for i in 0..N {
            phi[i] = phi[i] * x[i] + PHI_F64[power];
            slope[i] = slope[i] * x[i] + PHI_SLOPE_F64[power];
        }
    }
    let mut both = [(0.0, 0.0); N];
    for i in 0..N {
        both[i] = if x[i].abs() < SMALL {
            (phi[i], slope[i])
        } else {
            phi_quotient(x[i])
        };
    }
    both
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Central differences with a step of 1e-6: rounding 1e-10, curvature 1e-12 times the third derivative.
    const DIFFERENCE: f64 = 2e-9;

    #[test]
    fn slopes_are_the_differences() {
        type Case = (&'static str, fn(Sloped) -> Sloped, &'static [f64]);
        let functions: [Case; 8] = [
            ("sin", |x| x.sin_cos().0, &[-1.0, 0.3, 2.0]),
            ("cos", Sloped::cos, &[-1.0, 0.3, 2.0]),
            ("sin of degrees", |x| x.sin_cos_deg().0, &[0.0, 30.0, 80.0]),
            ("cos of degrees", |x| x.sin_cos_deg().1, &[0.0, 30.0, 80.0]),
            ("ln", Sloped::ln, &[0.2, 1.0, 5.0]),
            ("abs", Sloped::abs_or_flat, &[-0.5, 0.5]),
            (
                "phi",
                Sloped::phi,
                &[-3.0, -0.5, -1e-7, 0.0, 1e-3, 0.499999, 0.5000011, 7.0],
            ),
            (
                "ln ratio",
                Sloped::ln_ratio,
                &[-0.3, -1e-9, 0.0, 0.02, 0.0499, 0.0501, 0.8],
            ),
        ];
        for (name, f, places) in functions {
            for &x in places {
                let at = |x: f64| f(Sloped::new(x, 0.0)).value();
                let difference = (at(x + 1e-6) - at(x - 1e-6)) / 2e-6;
                let slope = f(Sloped::new(x, 2.0)).slope() / 2.0;
                assert!((difference - slope).abs() < DIFFERENCE, "{name} {x}");
            }
        }
    }

    #[test]
    fn series_and_quotients_meet() {
        for (f, x) in [
            (Sloped::phi as fn(Sloped) -> Sloped, SMALL),
            (Sloped::ln_ratio, SMALL_LN),
        ] {
            let at = |x: f64| f(Sloped::new(x, 1.0));
            let (below, above) = (at(x * (1.0 - 1e-15)), at(x));
            assert!((below.value() - above.value()).abs() < 1e-14);
            assert!((below.slope() - above.slope()).abs() < 1e-13);
        }
    }

    #[test]
    fn phi_of_each_is_phi() {
        let x = [-3.0, -0.4999, -1e-8, 0.0, 0.2, 0.5, 7.0];
        for (x, (value, slope)) in x.iter().zip(phi_of_each(&x)) {
            let phi = Sloped::new(*x, 1.0).phi();
            assert!((phi.value() - value).abs() < 1e-15 * phi.value(), "{x}");
            assert!(
                (phi.slope() - slope).abs() < 1e-15 * phi.slope().abs(),
                "{x}"
            );
        }
    }

    #[test]
    fn kinks_are_flat() {
        let zero = Sloped::new(0.0, 1.0);
        assert_eq!(zero.sqrt_or_flat().slope(), 0.0);
        assert_eq!(zero.abs_or_flat().slope(), 0.0);
        assert_eq!(Sloped::new(4.0, 1.0).sqrt_or_flat().slope(), 0.25);
    }
}
