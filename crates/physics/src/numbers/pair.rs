//! Two lanes side by side.

use super::lane::Lane;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// Twice as many numbers. Formulas are long chains of operations that wait for one another; with two chains
/// side by side the processor has something to do while one waits.
#[derive(Clone, Copy)]
pub(crate) struct Pair<L>(pub L, pub L);

macro_rules! operator {
    ($trait:ident, $method:ident) => {
        impl<L: Lane> $trait for Pair<L> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(
                    $trait::$method(self.0, other.0),
                    $trait::$method(self.1, other.1),
                )
            }
        }
    };
}
operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);
operator!(Div, div);

impl<L: Lane> Neg for Pair<L> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0, -self.1)
    }
}

impl<L: Lane> Lane for Pair<L> {
    const WIDTH: usize = 2 * L::WIDTH;

    #[inline(always)]
    fn c(value: f64) -> Self {
        let half = L::c(value);
        Self(half, half)
    }

    #[inline(always)]
    fn load(values: &[f64]) -> Self {
        Self(L::load(&values[..L::WIDTH]), L::load(&values[L::WIDTH..]))
    }

    #[inline(always)]
    fn sum(self) -> f64 {
        (self.0 + self.1).sum()
    }

    #[inline(always)]
    fn smallest(self) -> f64 {
        self.0.min(self.1).smallest()
    }

    #[inline(always)]
    fn fma(self, b: Self, c: Self) -> Self {
        Self(self.0.fma(b.0, c.0), self.1.fma(b.1, c.1))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.sqrt(), self.1.sqrt())
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.abs(), self.1.abs())
    }

    #[inline(always)]
    fn select_less(a: Self, b: Self, x: Self, y: Self) -> Self {
        Self(
            L::select_less(a.0, b.0, x.0, y.0),
            L::select_less(a.1, b.1, x.1, y.1),
        )
    }

    #[inline(always)]
    fn exp(self) -> Self {
        Self(self.0.exp(), self.1.exp())
    }

    #[inline(always)]
    fn exp_m1(self) -> Self {
        Self(self.0.exp_m1(), self.1.exp_m1())
    }

    #[inline(always)]
    fn ln_1p(self) -> Self {
        Self(self.0.ln_1p(), self.1.ln_1p())
    }

    #[inline(always)]
    fn exp_e2(self) -> (Self, Self) {
        let (a, b) = (self.0.exp_e2(), self.1.exp_e2());
        (Self(a.0, b.0), Self(a.1, b.1))
    }

    #[inline(always)]
    fn phi_small(self) -> (Self, Self) {
        let (a, b) = (self.0.phi_small(), self.1.phi_small());
        (Self(a.0, b.0), Self(a.1, b.1))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(self.0.max(other.0), self.1.max(other.1))
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0), self.1.min(other.1))
    }
}
