//! `f64`, the oracle: a lane of one.

use super::coefficients::{E1_SERIES, E2_LARGE_F64, EULER, PHI_F64, PHI_SLOPE_F64};
use super::lane::Lane;

impl Lane for f64 {
    const WIDTH: usize = 1;

    #[inline(always)]
    fn c(value: f64) -> f64 {
        value
    }

    #[inline(always)]
    fn load(values: &[f64]) -> f64 {
        values[0]
    }

    #[inline(always)]
    fn sum(self) -> f64 {
        self
    }

    #[inline(always)]
    fn smallest(self) -> f64 {
        self
    }

    #[inline(always)]
    fn fma(self, b: f64, c: f64) -> f64 {
        // without the instruction a fused product is a slow library call
        self * b + c
    }

    #[inline(always)]
    fn sqrt(self) -> f64 {
        f64::sqrt(self)
    }

    #[inline(always)]
    fn abs(self) -> f64 {
        f64::abs(self)
    }

    #[inline(always)]
    fn select_less(a: f64, b: f64, x: f64, y: f64) -> f64 {
        if a < b { x } else { y }
    }

    #[inline(always)]
    fn exp(self) -> f64 {
        f64::exp(self)
    }

    #[inline(always)]
    fn exp_m1(self) -> f64 {
        f64::exp_m1(self)
    }

    #[inline(always)]
    fn ln_1p(self) -> f64 {
        f64::ln_1p(self)
    }

    #[inline(always)]
    fn exp_e2(self) -> (f64, f64) {
        let e = f64::exp(-self);
        if self < 1.0 {
            let series = E1_SERIES
                .iter()
                .rev()
                .fold(0.0, |sum, term| sum * self + term);
            let e1 = series - EULER - self.ln();
            (e, e - self * e1)
        } else {
            let s = (self - 4.0) / (self + 2.0);
            (e, e * chebyshev(s, &E2_LARGE_F64) / (self + 1.0))
        }
    }

    #[inline(always)]
    fn phi_small(self) -> (f64, f64) {
        (self.polynomial(&PHI_F64), self.polynomial(&PHI_SLOPE_F64))
    }
}

/// Chebyshev series by Clenshaw's recurrence.
#[inline(always)]
fn chebyshev(s: f64, coefficients: &[f64]) -> f64 {
    let (mut b1, mut b2) = (0.0, 0.0);
    for coefficient in coefficients[1..].iter().rev() {
        (b1, b2) = (2.0 * s * b1 + (coefficient - b2), b1);
    }
    s * b1 + (coefficients[0] - b2)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What the specification of the plate transmissivity asks of E₂ in double precision.
    const E2_RELATIVE: f64 = 1e-14;

    /// E₂(k) by its continued fraction (k > 0.3) or its power series in plain form, independent of the
    /// Chebyshev coefficients.
    pub(crate) fn e2_reference(k: f64) -> f64 {
        if k > 0.3 {
            // backward: E2 = e^-k/(k + 2 - 1·2/(k + 4 - 2·3/(k + 6 - …)))
            let mut f = 0.0;
            for i in (1..2000).rev() {
                let i = f64::from(i);
                f = i * (i + 1.0) / (k + 2.0 + 2.0 * i - f);
            }
            (-k).exp() / (k + 2.0 - f)
        } else {
            let (mut term, mut e1) = (-1.0, -EULER - k.ln());
            for j in 1..40 {
                let j = f64::from(j);
                term *= -k / j;
                e1 += term / j;
            }
            (-k).exp() - k * e1
        }
    }

    #[test]
    fn e2_is_exact() {
        let mut worst = 0.0_f64;
        for i in 0..20_000 {
            let k = 1e-10 * (1.0_f64 + 1.4e-3).powi(i);
            if k > 300.0 {
                break;
            }
            let (e, e2) = k.exp_e2();
            assert_eq!(e, (-k).exp());
            worst = worst.max((e2 / e2_reference(k) - 1.0).abs());
        }
        println!("E2 in f64: worst relative error {worst:.1e}");
        assert!(worst < E2_RELATIVE, "{worst:e}");
        // literal values: Abramowitz and Stegun, table 5.4 (x = 1 and 0.5: E1 0.219383934, 0.559773595)
        assert!((1.0_f64.exp_e2().1 - (0.367879441171 - 0.219383934396)).abs() < 1e-12);
        assert!((0.5_f64.exp_e2().1 - (0.606530659713 - 0.5 * 0.559773594776)).abs() < 1e-12);
    }

    #[test]
    fn phi_is_exact() {
        for i in -50..=50 {
            let x = f64::from(i) / 101.0;
            let (phi, slope) = x.phi_small();
            if i == 0 {
                assert_eq!((phi, slope), (1.0, -0.5));
            } else {
                assert!((phi + (-x).exp_m1() / x).abs() < 1e-15);
                // φ' = (e^-x − φ)/x, which loses digits for small x
                assert!((slope - ((-x).exp() - phi) / x).abs() < 1e-15 / x.abs());
            }
        }
    }
}
