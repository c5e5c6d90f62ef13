//! Forward-mode differentiation: a value with its exact partial derivatives.
#![allow(
    clippy::needless_range_loop,
    reason = "index loops over the partials unroll in place; closures would leave the entry point's target features"
)]

use super::lane::Lane;
use super::real::{J1Beam, Real, j1_parts, plate_parts};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A value with `P` partial derivatives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dual<L, const P: usize> {
    value: L,
    partials: [L; P],
}

impl<L: Lane, const P: usize> Dual<L, P> {
    /// Chain rule: value f, partial derivatives `slope` times the own ones.
    #[inline(always)]
    fn chain(self, f: L, slope: L) -> Self {
        let mut result = self;
        result.value = f;
        for i in 0..P {
            result.partials[i] = self.partials[i] * slope;
        }
        result
    }
}

impl<L: Lane, const P: usize> Add for Dual<L, P> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let mut result = self;
        result.value = self.value + other.value;
        for i in 0..P {
            result.partials[i] = self.partials[i] + other.partials[i];
        }
        result
    }
}

impl<L: Lane, const P: usize> Sub for Dual<L, P> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        let mut result = self;
        result.value = self.value - other.value;
        for i in 0..P {
            result.partials[i] = self.partials[i] - other.partials[i];
        }
        result
    }
}

impl<L: Lane, const P: usize> Mul for Dual<L, P> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let mut result = self;
        result.value = self.value * other.value;
        for i in 0..P {
            result.partials[i] = self.partials[i].fma(other.value, self.value * other.partials[i]);
        }
        result
    }
}

impl<L: Lane, const P: usize> Div for Dual<L, P> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        let inverse = L::c(1.0) / other.value;
        let mut result = self;
        result.value = self.value * inverse;
        let negative = -result.value;
        for i in 0..P {
            result.partials[i] = negative.fma(other.partials[i], self.partials[i]) * inverse;
        }
        result
    }
}

impl<L: Lane, const P: usize> Neg for Dual<L, P> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        let mut result = self;
        result.value = -self.value;
        for i in 0..P {
            result.partials[i] = -self.partials[i];
        }
        result
    }
}

impl<L: Lane, const P: usize> Real for Dual<L, P> {
    type L = L;
    const PARTIALS: usize = P;

    #[inline(always)]
    fn value(self) -> L {
        self.value
    }

    #[inline(always)]
    fn partial(self, i: usize) -> L {
        self.partials[i]
    }

    #[inline(always)]
    fn variable(value: L, slope: L, i: usize) -> Self {
        let mut result = Self {
            value,
            partials: [L::c(0.0); P],
        };
        if i < P {
            result.partials[i] = slope;
        }
        result
    }

    #[inline(always)]
    fn with_partial(self, i: usize, slope: L) -> Self {
        let mut result = self;
        if i < P {
            result.partials[i] = slope;
        }
        result
    }

    #[inline(always)]
    fn lift<R: Real<L = L>>(self, map: &[usize]) -> R {
        let mut result = R::constant(self.value);
        for i in 0..P {
            result = result.with_partial(map[i], self.partials[i]);
        }
        result
    }

    #[inline(always)]
    fn fma(self, b: Self, c: Self) -> Self {
        let mut result = self;
        result.value = self.value.fma(b.value, c.value);
        for i in 0..P {
            let right = self.value.fma(b.partials[i], c.partials[i]);
            result.partials[i] = self.partials[i].fma(b.value, right);
        }
        result
    }

    #[inline(always)]
    fn scale(self, factor: L) -> Self {
        self.chain(self.value * factor, factor)
    }

    #[inline(always)]
    fn offset(self, constant: L) -> Self {
        let mut result = self;
        result.value = self.value + constant;
        result
    }

    #[inline(always)]
    fn clip_below(self, floor: L) -> Self {
        let zero = L::c(0.0);
        let mut result = self;
        result.value = self.value.max(floor);
        for i in 0..P {
            result.partials[i] = L::select_less(self.value, floor, zero, self.partials[i]);
        }
        result
    }

    #[inline(always)]
    fn recip(self) -> Self {
        let f = L::c(1.0) / self.value;
        self.chain(f, -(f * f))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        let f = self.value.sqrt();
        self.chain(f, L::c(0.5) / f)
    }

    #[inline(always)]
    fn exp(self) -> Self {
        let f = self.value.exp();
        self.chain(f, f)
    }

    #[inline(always)]
    fn exp_m1(self) -> Self {
        let f = self.value.exp_m1();
        self.chain(f, f + L::c(1.0))
    }

    #[inline(always)]
    fn ln_1p(self) -> Self {
        let slope = L::c(1.0) / (self.value + L::c(1.0));
        self.chain(self.value.ln_1p(), slope)
    }

    #[inline(always)]
    fn plate(self) -> (Self, Self) {
        let (transmitted, absorbed, slope) = plate_parts(self.value);
        (self.chain(transmitted, slope), self.chain(absorbed, -slope))
    }

    #[inline(always)]
    fn j1<C: Real<L = L>>(m: Self, length: Self, beam: J1Beam<C>, e: L) -> Self {
        let j1 = j1_parts(m.value, length.value, beam, e);
        let mut result = m;
        result.value = j1.value;
        for i in 0..P {
            let of_length = length.partials[i] * j1.to_length;
            result.partials[i] = m.partials[i].fma(j1.to_m, of_length);
            if C::PARTIALS > 0 {
                result.partials[i] = beam.k.partial(i).fma(j1.to_k, result.partials[i]);
            }
        }
        result
    }
}
