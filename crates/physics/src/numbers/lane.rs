//! `Lane`: one or several floating-point numbers on which the physics is evaluated at once.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// One or several numbers side by side, one wavelength each.
pub(crate) trait Lane:
    Copy
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// Numbers side by side.
    const WIDTH: usize;

    /// The same number everywhere.
    fn c(value: f64) -> Self;

    /// One number each; `values` has `WIDTH` of them.
    fn load(values: &[f64]) -> Self;

    /// Sum over the lane.
    fn sum(self) -> f64;

    /// Sums over eight lanes, the same each as it would be beside others.
    #[inline(always)]
    fn sums(lanes: &[Self; 8]) -> [f64; 8] {
        let mut sums = [0.0; 8];
        for i in 0..8 {
            sums[i] = lanes[i].sum();
        }
        sums
    }

    /// Smallest number of the lane.
    fn smallest(self) -> f64;

    /// self · b + c, in one rounding where the processor can.
    fn fma(self, b: Self, c: Self) -> Self;

    /// Square root.
    fn sqrt(self) -> Self;

    /// Absolute value.
    fn abs(self) -> Self;

    /// a < b ? x : y
    fn select_less(a: Self, b: Self, x: Self, y: Self) -> Self;

    /// e^self
    fn exp(self) -> Self;

    /// e^self − 1
    fn exp_m1(self) -> Self;

    /// ln(1 + self)
    fn ln_1p(self) -> Self;

    /// (e^−k, E₂(k)) for k > 0, E₂ = ∫₁^∞ e^(−kt)/t² dt, the exponential integral of order 2.
    fn exp_e2(self) -> (Self, Self);

    /// (φ(x), φ'(x)) for |x| < 1/2, φ(x) = (1 − e^−x)/x.
    fn phi_small(self) -> (Self, Self);

    /// The larger of the two.
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self::select_less(self, other, other, self)
    }

    /// The smaller of the two.
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self::select_less(self, other, self, other)
    }

    /// Polynomial with `coefficients` from the highest power down.
    #[inline(always)]
    fn polynomial(self, coefficients: &[f64]) -> Self {
        let mut sum = Self::c(coefficients[0]);
        let mut i = 1;
        while i < coefficients.len() {
            sum = sum.fma(self, Self::c(coefficients[i]));
            i += 1;
        }
        sum
    }
}
