//! Elementary functions of the `f32` lanes, to about one unit in the last place.
//!
//! Reduction and polynomials follow W. J. Cody and W. Waite, Software Manual for the Elementary
//! Functions, 1980.

use super::coefficients::{
    E1_SERIES, E2_LARGE_F32, EULER, EXP_F32, LOG_F32, PHI_F32, PHI_SLOPE_F32,
};
use super::lane::Lane;

/// What the elementary functions of `f32` need beyond arithmetic.
pub(super) trait SingleBits: Lane {
    /// Limited to `lo` … `hi`.
    fn clamp(self, lo: f32, hi: f32) -> Self;

    /// For t = n + 1.5·2²³ with a whole n: 2ⁿ.
    fn power_of_two(self) -> Self;

    /// y = 2ᵉ·m with m in [√½, √2): (e, m − 1), but `keep` instead of m − 1 where e = 0.
    fn split(self, keep: Self) -> (Self, Self);
}

/// 1.5·2²³: adding it rounds to a whole number and leaves that number in the last bits.
const ROUND: f64 = 12582912.0;
/// ln 2 in two parts; the first has few bits, so that n·first is exact.
const LN_2: [f64; 2] = [0.693359375, -2.12194440e-4];

/// x = n ln 2 + r: (2ⁿ, e^r − 1)
#[inline(always)]
fn exp_parts<L: SingleBits>(x: L) -> (L, L) {
    let x = x.clamp(-87.0, 88.0);
    let t = x.fma(L::c(std::f64::consts::LOG2_E), L::c(ROUND));
    let n = t - L::c(ROUND);
    let r = n.fma(L::c(-LN_2[0]), x);
    let r = n.fma(L::c(-LN_2[1]), r);
    let p = r.polynomial(&EXP_F32);
    (t.power_of_two(), (r * r).fma(p, r))
}

#[inline(always)]
pub(super) fn exp<L: SingleBits>(x: L) -> L {
    let (scale, p) = exp_parts(x);
    scale.fma(p, scale)
}

#[inline(always)]
pub(super) fn exp_m1<L: SingleBits>(x: L) -> L {
    let (scale, p) = exp_parts(x);
    scale.fma(p, scale - L::c(1.0))
}

/// ln y; `y_minus_1` is exact where y is a rounded 1 + x.
#[inline(always)]
fn ln<L: SingleBits>(y: L, y_minus_1: L) -> L {
    let (e, r) = y.split(y_minus_1);
    let p = r.polynomial(&LOG_F32);
    let r2 = r * r;
    let p = (r2 * r).fma(p, e * L::c(LN_2[1]));
    let p = r2.fma(L::c(-0.5), p);
    e.fma(L::c(LN_2[0]), r + p)
}

#[inline(always)]
pub(super) fn ln_1p<L: SingleBits>(x: L) -> L {
    ln(x + L::c(1.0), x)
}

/// Terms of the series of E₁ that count in single precision for k < 1.
const E1_TERMS: usize = 9;

#[inline(always)]
pub(super) fn exp_e2<L: SingleBits>(k: L) -> (L, L) {
    let (e, one) = (exp(-k), L::c(1.0));
    let mut series = L::c(0.0);
    let mut j = E1_TERMS;
    while j >= 1 {
        series = series.fma(k, L::c(E1_SERIES[j]));
        j -= 1;
    }
    let e1 = series * k - L::c(EULER) - ln(k, k - one);
    let small = e - k * e1;
    let s = (k - L::c(4.0)) / (k + L::c(2.0));
    let large = e * s.polynomial(&E2_LARGE_F32) / (k + one);
    (e, L::select_less(k, one, small, large))
}

#[inline(always)]
pub(super) fn phi_small<L: SingleBits>(x: L) -> (L, L) {
    (x.polynomial(&PHI_F32), x.polynomial(&PHI_SLOPE_F32))
}

/// The elementary functions of a `Lane` that has [`SingleBits`].
macro_rules! elementary_functions {
    () => {
        #[inline(always)]
        fn exp(self) -> Self {
            $crate::numbers::single::exp(self)
        }
        #[inline(always)]
        fn exp_m1(self) -> Self {
            $crate::numbers::single::exp_m1(self)
        }
        #[inline(always)]
        fn ln_1p(self) -> Self {
            $crate::numbers::single::ln_1p(self)
        }
        #[inline(always)]
        fn exp_e2(self) -> (Self, Self) {
            $crate::numbers::single::exp_e2(self)
        }
        #[inline(always)]
        fn phi_small(self) -> (Self, Self) {
            $crate::numbers::single::phi_small(self)
        }
    };
}
pub(super) use elementary_functions;

#[cfg(test)]
mod tests {
    use crate::numbers::Lane;

    /// A few units in the last place, relative.
    const RELATIVE: f64 = 2e-7;
    /// E₂ = e^−k − k E₁ loses a factor of 2.5 close to k = 1.
    const RELATIVE_E2: f64 = 6e-7;

    /// Worst relative error of `f` against `exact` over logarithmic steps from `low` to `high`, both signs
    /// where `signs`.
    fn worst<L: Lane>(
        f: fn(L) -> L,
        exact: fn(f64) -> f64,
        (low, high): (f64, f64),
        signs: bool,
    ) -> f64 {
        let mut worst = 0.0_f64;
        let steps = 20_000;
        for i in 0..=steps {
            let x = low * (high / low).powf(f64::from(i) / f64::from(steps));
            for x in if signs { [x, -x] } else { [x, x] } {
                // the argument as the lane sees it
                let x = f64::from(x as f32);
                let found = f(L::c(x)).smallest();
                let error = (found / exact(x) - 1.0).abs();
                assert!(error.is_finite(), "{x}");
                worst = worst.max(error);
            }
        }
        worst
    }

    fn check<L: Lane>() {
        let figures = [
            worst(L::exp, f64::exp, (1e-6, 80.0), true),
            worst(L::exp_m1, f64::exp_m1, (1e-9, 80.0), true),
            worst(L::ln_1p, f64::ln_1p, (1e-9, 1e6), false),
            worst(|k: L| k.exp_e2().1, |k| k.exp_e2().1, (1e-6, 60.0), false),
            worst(
                |x: L| x.phi_small().0,
                |x| -(-x).exp_m1() / x,
                (1e-4, 0.5),
                true,
            ),
        ];
        println!(
            "width {}: exp, exp_m1, ln_1p, E2, phi {}",
            L::WIDTH,
            figures.map(|f| format!("{f:.1e}")).join(" ")
        );
        let limits = [RELATIVE, RELATIVE, RELATIVE, RELATIVE_E2, RELATIVE];
        assert!(figures.iter().zip(limits).all(|(f, limit)| *f < limit));
    }

    #[test]
    fn elementary_functions_of_every_lane() {
        check::<f32>();
        #[cfg(target_arch = "x86_64")]
        {
            use crate::Lanes;
            use crate::numbers::{F32x4, F32x8, F32x16};
            check::<F32x4>();
            if Lanes::Avx2.is_available() {
                check::<F32x8>();
            }
            if Lanes::Avx512.is_available() {
                check::<F32x16>();
            }
        }
    }

    #[test]
    fn exp_saturates_instead_of_overflowing() {
        assert!(Lane::exp(1000.0_f32).is_finite());
        assert!(Lane::exp(-1000.0_f32) < 2e-38);
        assert_eq!(Lane::exp_m1(0.0_f32), 0.0);
    }
}
