//! `f32`, a lane of one for processors without a register lane of their own.

use super::lane::Lane;
use super::single::{SingleBits, elementary_functions};

impl SingleBits for f32 {
    #[inline(always)]
    fn clamp(self, lo: f32, hi: f32) -> Self {
        f32::clamp(self, lo, hi)
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        f32::from_bits((self.to_bits() << 23).wrapping_add(0x3f80_0000))
    }

    #[inline(always)]
    fn split(self, keep: Self) -> (Self, Self) {
        let bits = self.to_bits() as i32;
        let exponent = bits.wrapping_sub(0x3f35_04f3) >> 23;
        let mantissa = f32::from_bits(bits.wrapping_sub(exponent << 23) as u32);
        let rest = if exponent == 0 { keep } else { mantissa - 1.0 };
        (exponent as f32, rest)
    }
}

impl Lane for f32 {
    const WIDTH: usize = 1;

    #[inline(always)]
    fn c(value: f64) -> f32 {
        value as f32
    }

    #[inline(always)]
    fn load(values: &[f64]) -> f32 {
        values[0] as f32
    }

    #[inline(always)]
    fn sum(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn smallest(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn fma(self, b: f32, c: f32) -> f32 {
        // without the instruction a fused product is a slow library call
        self * b + c
    }

    #[inline(always)]
    fn sqrt(self) -> f32 {
        f32::sqrt(self)
    }

    #[inline(always)]
    fn abs(self) -> f32 {
        f32::abs(self)
    }

    #[inline(always)]
    fn select_less(a: f32, b: f32, x: f32, y: f32) -> f32 {
        if a < b { x } else { y }
    }

    elementary_functions!();
}
