//! `Real`: the number the physics is written over.

use super::lane::Lane;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A bare [`Lane`], or a value with partial derivatives ([`super::Dual`]).
///
/// Numbers of the underlying lane enter as constants: they carry no derivative.
pub(crate) trait Real:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// The lane underneath.
    type L: Lane;
    /// Number of partial derivatives.
    const PARTIALS: usize;

    /// The value.
    fn value(self) -> Self::L;

    /// Derivative to variable `i`; unspecified where there are no partials.
    fn partial(self, i: usize) -> Self::L;

    /// A value with derivative `slope` to variable `i`, dropped if there is no such variable.
    fn variable(value: Self::L, slope: Self::L, i: usize) -> Self;

    /// A value without derivatives.
    #[inline(always)]
    fn constant(value: Self::L) -> Self {
        Self::variable(value, value, usize::MAX)
    }

    /// The same value with derivative `slope` to variable `i`, dropped if there is no such variable.
    fn with_partial(self, i: usize, slope: Self::L) -> Self;

    /// The same number in a type with other variables: own variable i becomes variable `map[i]`.
    fn lift<R: Real<L = Self::L>>(self, map: &[usize]) -> R;

    /// self · factor, where the factor has no derivatives or the same variables.
    #[inline(always)]
    fn times<C: Real<L = Self::L>>(self, factor: C) -> Self {
        if C::PARTIALS == 0 {
            self.scale(factor.value())
        } else {
            self * factor.lift::<Self>(&SAME_VARIABLES)
        }
    }

    /// self + term, where the term has no derivatives or the same variables.
    #[inline(always)]
    fn plus<C: Real<L = Self::L>>(self, term: C) -> Self {
        if C::PARTIALS == 0 {
            self.offset(term.value())
        } else {
            self + term.lift::<Self>(&SAME_VARIABLES)
        }
    }

    /// self · b + c
    fn fma(self, b: Self, c: Self) -> Self;

    /// self · factor
    fn scale(self, factor: Self::L) -> Self;

    /// self + constant
    fn offset(self, constant: Self::L) -> Self;

    /// self, but `floor` without derivative where self is smaller.
    fn clip_below(self, floor: Self::L) -> Self;

    /// 1/self
    fn recip(self) -> Self;

    /// Square root.
    fn sqrt(self) -> Self;

    /// e^self
    fn exp(self) -> Self;

    /// e^self − 1
    fn exp_m1(self) -> Self;

    /// ln(1 + self)
    fn ln_1p(self) -> Self;

    /// Transmissivity τ(k) = (1 − k) e^−k + k² E₁(k) of an absorbing plate for isotropic light, and
    /// 1 − τ without cancellation; dτ/dk = −2 E₂(k) (Jacquemoud and Baret 1990, equation 15).
    fn plate(self) -> (Self, Self);

    /// J₁(k, m, L) = (e^−mL − e^−kL)/(k − m) with `e` = e^−mL (Verhoef 1984), smooth at k = m. The beam's
    /// k has no derivatives or the same variables.
    fn j1<C: Real<L = Self::L>>(m: Self, length: Self, beam: J1Beam<C>, e: Self::L) -> Self;
}

/// The map of [`Real::lift`] that keeps every variable.
pub(crate) const SAME_VARIABLES: [usize; 4] = [0, 1, 2, 3];

/// What J₁ needs to know of the direct beam.
#[derive(Clone, Copy)]
pub(crate) struct J1Beam<C: Real> {
    /// Extinction k.
    pub k: C,
    /// k − m
    pub difference: C::L,
    /// 1/(k − m), whatever that is at k = m
    pub inverse_difference: C::L,
    /// e^−kL
    pub transmitted: C::L,
}

/// J₁ with its derivatives.
pub(super) struct J1Parts<L> {
    pub value: L,
    pub to_m: L,
    pub to_length: L,
    pub to_k: L,
}

/// J₁ with its derivatives; the compiler drops those that are not asked for.
#[inline(always)]
pub(super) fn j1_parts<C: Real>(m: C::L, length: C::L, beam: J1Beam<C>, e: C::L) -> J1Parts<C::L> {
    // J1 = L e^-mL φ((k − m) L); the quotient form where it loses no digits
    let x = beam.difference * length;
    let (phi, phi_slope) = x.phi_small();
    let length_e = length * e;
    let (size, half) = (x.abs(), C::L::c(0.5));
    let j1 = C::L::select_less(
        size,
        half,
        length_e * phi,
        (e - beam.transmitted) * beam.inverse_difference,
    );
    let to_m = C::L::select_less(
        size,
        half,
        -(length_e * length) * (phi + phi_slope),
        (j1 - length_e) * beam.inverse_difference,
    );
    // J1 is symmetric in k and m
    let to_k = C::L::select_less(
        size,
        half,
        length_e * length * phi_slope,
        (length * beam.transmitted - j1) * beam.inverse_difference,
    );
    J1Parts {
        value: j1,
        to_m,
        to_length: beam.transmitted - m * j1,
        to_k,
    }
}

/// τ(k), 1 − τ(k), dτ/dk.
#[inline(always)]
pub(super) fn plate_parts<L: Lane>(k: L) -> (L, L, L) {
    let (e, e2) = k.exp_e2();
    let transmitted = e - k * e2;
    let absorbed = k.fma(e2, -((-k).exp_m1()));
    (transmitted, absorbed, -(e2 + e2))
}

/// A bare lane is a `Real` without partial derivatives.
macro_rules! bare_real {
    ($([$($generic:tt)*] $lane:ty),*) => {$(
        impl<$($generic)*> Real for $lane {
            type L = Self;
            const PARTIALS: usize = 0;
            #[inline(always)]
            fn value(self) -> Self {
                self
            }
            #[inline(always)]
            fn partial(self, _: usize) -> Self {
                self
            }
            #[inline(always)]
            fn variable(value: Self, _: Self, _: usize) -> Self {
                value
            }
            #[inline(always)]
            fn with_partial(self, _: usize, _: Self) -> Self {
                self
            }
            #[inline(always)]
            fn lift<R: Real<L = Self>>(self, _: &[usize]) -> R {
                R::constant(self)
            }
            #[inline(always)]
            fn fma(self, b: Self, c: Self) -> Self {
                Lane::fma(self, b, c)
            }
            #[inline(always)]
            fn scale(self, factor: Self) -> Self {
                self * factor
            }
            #[inline(always)]
            fn offset(self, constant: Self) -> Self {
                self + constant
            }
            #[inline(always)]
            fn clip_below(self, floor: Self) -> Self {
                Lane::max(self, floor)
            }
            #[inline(always)]
            fn recip(self) -> Self {
                Self::c(1.0) / self
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                Lane::sqrt(self)
            }
            #[inline(always)]
            fn exp(self) -> Self {
                Lane::exp(self)
            }
            #[inline(always)]
            fn exp_m1(self) -> Self {
                Lane::exp_m1(self)
            }
            #[inline(always)]
            fn ln_1p(self) -> Self {
                Lane::ln_1p(self)
            }
            #[inline(always)]
            fn plate(self) -> (Self, Self) {
                let (transmitted, absorbed, _) = plate_parts(self);
                (transmitted, absorbed)
            }
            #[inline(always)]
            fn j1<C: Real<L = Self>>(m: Self, length: Self, beam: J1Beam<C>, e: Self) -> Self {
                j1_parts(m, length, beam, e).value
            }
        }
    )*};
}
bare_real!([] f64, [] f32, [L: Lane] super::Pair<L>);
#[cfg(target_arch = "x86_64")]
bare_real!([] super::F32x4, [] super::F32x8, [] super::F32x16);
