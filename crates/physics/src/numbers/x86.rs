//! Registers of 4, 8 and 16 `f32` on x86-64.
//!
//! Explicit intrinsics instead of arrays left to the auto-vectoriser, which gives up inside the
//! Jacobian. Everything is `#[inline(always)]`, so that all of it becomes part of the entry points of
//! `reflectance::dispatch`, which carry the `#[target_feature]`.
#![allow(
    unused_unsafe,
    reason = "the SSE2 intrinsics, written by the same macro, are safe on x86-64"
)]
#![allow(
    unsafe_code,
    reason = "vector intrinsics are unsafe outside of functions with the target feature"
)]

use super::lane::Lane;
use super::single::{SingleBits, elementary_functions};
use std::arch::x86_64::{
    __m128, __m128i, __m256, __m256i, __m512, __m512i, _CMP_LT_OQ, _mm_add_epi32, _mm_add_ps,
    _mm_add_ss, _mm_and_ps, _mm_andnot_ps, _mm_castps_si128, _mm_castsi128_ps, _mm_cmpeq_epi32,
    _mm_cmplt_ps, _mm_cvtepi32_ps, _mm_cvtss_f32, _mm_div_ps, _mm_loadu_ps, _mm_max_ps, _mm_min_ps,
    _mm_movehl_ps, _mm_mul_ps, _mm_or_ps, _mm_set1_epi32, _mm_set1_ps, _mm_setzero_si128,
    _mm_shuffle_ps, _mm_slli_epi32, _mm_sqrt_ps, _mm_srai_epi32, _mm_storeu_ps, _mm_sub_epi32,
    _mm_sub_ps, _mm_xor_ps, _mm256_add_epi32, _mm256_add_ps, _mm256_andnot_ps, _mm256_blendv_ps,
    _mm256_castps_si256, _mm256_castps256_ps128, _mm256_castsi256_ps, _mm256_cmp_ps,
    _mm256_cmpeq_epi32, _mm256_cvtepi32_ps, _mm256_cvtps_pd, _mm256_div_ps, _mm256_extractf128_ps,
    _mm256_fmadd_ps, _mm256_hadd_ps, _mm256_loadu_ps, _mm256_max_ps, _mm256_min_ps, _mm256_mul_ps,
    _mm256_permute2f128_ps, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_ps,
    _mm256_setzero_si256, _mm256_slli_epi32, _mm256_sqrt_ps, _mm256_srai_epi32, _mm256_storeu_pd,
    _mm256_storeu_ps, _mm256_sub_epi32, _mm256_sub_ps, _mm256_xor_ps, _mm512_abs_ps,
    _mm512_add_epi32, _mm512_add_ps, _mm512_castps_si512, _mm512_castps512_ps256,
    _mm512_castsi512_ps, _mm512_cmp_ps_mask, _mm512_cmpeq_epi32_mask, _mm512_cvtepi32_ps,
    _mm512_div_ps, _mm512_extractf32x8_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_mask_blend_ps,
    _mm512_max_ps, _mm512_min_ps, _mm512_mul_ps, _mm512_set1_epi32, _mm512_set1_ps,
    _mm512_setzero_si512, _mm512_slli_epi32, _mm512_sqrt_ps, _mm512_srai_epi32, _mm512_storeu_ps,
    _mm512_sub_epi32, _mm512_sub_ps, _mm512_xor_ps,
};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// An intrinsic of the register's instruction set.
macro_rules! intrinsic {
    ($call:expr) => {
        // SAFETY: values of a register type are made and used only below an `Engine` of that type, and
        // `reflectance::dispatch` makes one only after it has found the instructions on this processor.
        // Loads and stores go through arrays of exactly the register's width.
        unsafe { $call }
    };
}

macro_rules! operator {
    ($register:ident, $trait:ident, $method:ident, $intrinsic:ident) => {
        impl $trait for $register {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                intrinsic!(Self($intrinsic(self.0, other.0)))
            }
        }
    };
}

/// A register type: its intrinsics by name, and the few operations that differ in form.
macro_rules! register {
    (
        $(#[$doc:meta])* $register:ident($float:ty, $int:ty, $width:literal);
        add $add:ident, sub $sub:ident, mul $mul:ident, div $div:ident, xor $xor:ident,
        set $set:ident, set_int $set_int:ident, load $load:ident, store $store:ident,
        sum $sum:ident, sums $sums:ident, fma $fma:ident, sqrt $sqrt:ident, min $min:ident, max $max:ident,
        to_bits $to_bits:ident, from_bits $from_bits:ident, add_int $add_int:ident, sub_int $sub_int:ident,
        shift_left $shift_left:ident, shift_right $shift_right:ident, to_float $to_float:ident,
        abs $abs:ident, select_less $select_less:ident, select_zero $select_zero:ident
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        #[repr(transparent)]
        pub(crate) struct $register($float);

        operator!($register, Add, add, $add);
        operator!($register, Sub, sub, $sub);
        operator!($register, Mul, mul, $mul);
        operator!($register, Div, div, $div);

        impl Neg for $register {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                intrinsic!(Self($xor(self.0, $set(-0.0))))
            }
        }

        impl SingleBits for $register {
            #[inline(always)]
            fn clamp(self, lo: f32, hi: f32) -> Self {
                intrinsic!(Self($min($max(self.0, $set(lo)), $set(hi))))
            }
            #[inline(always)]
            fn power_of_two(self) -> Self {
                intrinsic!(Self($from_bits($add_int(
                    $shift_left::<23>($to_bits(self.0)),
                    $set_int(0x3f80_0000)
                ))))
            }
            #[inline(always)]
            fn split(self, keep: Self) -> (Self, Self) {
                intrinsic!({
                    let bits = $to_bits(self.0);
                    let exponent = $shift_right::<23>($sub_int(bits, $set_int(0x3f35_04f3)));
                    let mantissa = $from_bits($sub_int(bits, $shift_left::<23>(exponent)));
                    let rest = $select_zero(exponent, keep.0, $sub(mantissa, $set(1.0)));
                    (Self($to_float(exponent)), Self(rest))
                })
            }
        }

        impl Lane for $register {
            const WIDTH: usize = $width;
            #[inline(always)]
            fn c(value: f64) -> Self {
                intrinsic!(Self($set(value as f32)))
            }
            #[inline(always)]
            fn load(values: &[f64]) -> Self {
                let mut array = [0.0_f32; $width];
                for (to, from) in array.iter_mut().zip(values) {
                    *to = *from as f32;
                }
                intrinsic!(Self($load(array.as_ptr())))
            }
            #[inline(always)]
            fn sum(self) -> f64 {
                f64::from($sum(self.0))
            }
            #[inline(always)]
            fn sums(lanes: &[Self; 8]) -> [f64; 8] {
                let mut registers = [lanes[0].0; 8];
                for i in 1..8 {
                    registers[i] = lanes[i].0;
                }
                $sums(registers)
            }
            #[inline(always)]
            fn smallest(self) -> f64 {
                let mut array = [0.0_f32; $width];
                intrinsic!($store(array.as_mut_ptr(), self.0));
                f64::from(array.into_iter().fold(f32::INFINITY, f32::min))
            }
            #[inline(always)]
            fn fma(self, b: Self, c: Self) -> Self {
                intrinsic!(Self($fma(self.0, b.0, c.0)))
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                intrinsic!(Self($sqrt(self.0)))
            }
            #[inline(always)]
            fn abs(self) -> Self {
                intrinsic!(Self($abs(self.0)))
            }
            #[inline(always)]
            fn select_less(a: Self, b: Self, x: Self, y: Self) -> Self {
                intrinsic!(Self($select_less(a.0, b.0, x.0, y.0)))
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                intrinsic!(Self($max(self.0, other.0)))
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                intrinsic!(Self($min(self.0, other.0)))
            }
            elementary_functions!();
        }
    };
}

register! {
    /// 512 bits (AVX-512).
    F32x16(__m512, __m512i, 16);
    add _mm512_add_ps, sub _mm512_sub_ps, mul _mm512_mul_ps, div _mm512_div_ps, xor _mm512_xor_ps,
    set _mm512_set1_ps, set_int _mm512_set1_epi32, load _mm512_loadu_ps, store _mm512_storeu_ps,
    sum sum_512, sums sums_512, fma _mm512_fmadd_ps, sqrt _mm512_sqrt_ps, min _mm512_min_ps, max _mm512_max_ps,
    to_bits _mm512_castps_si512, from_bits _mm512_castsi512_ps,
    add_int _mm512_add_epi32, sub_int _mm512_sub_epi32,
    shift_left _mm512_slli_epi32, shift_right _mm512_srai_epi32, to_float _mm512_cvtepi32_ps,
    abs _mm512_abs_ps,
    select_less select_less_512, select_zero select_zero_512
}
register! {
    /// 256 bits (AVX2 and FMA).
    F32x8(__m256, __m256i, 8);
    add _mm256_add_ps, sub _mm256_sub_ps, mul _mm256_mul_ps, div _mm256_div_ps, xor _mm256_xor_ps,
    set _mm256_set1_ps, set_int _mm256_set1_epi32, load _mm256_loadu_ps, store _mm256_storeu_ps,
    sum sum_256, sums sums_256, fma _mm256_fmadd_ps, sqrt _mm256_sqrt_ps, min _mm256_min_ps, max _mm256_max_ps,
    to_bits _mm256_castps_si256, from_bits _mm256_castsi256_ps,
    add_int _mm256_add_epi32, sub_int _mm256_sub_epi32,
    shift_left _mm256_slli_epi32, shift_right _mm256_srai_epi32, to_float _mm256_cvtepi32_ps,
    abs abs_256, select_less select_less_256, select_zero select_zero_256
}
register! {
    /// 128 bits (SSE2, which every x86-64 processor has).
    F32x4(__m128, __m128i, 4);
    add _mm_add_ps, sub _mm_sub_ps, mul _mm_mul_ps, div _mm_div_ps, xor _mm_xor_ps,
    set _mm_set1_ps, set_int _mm_set1_epi32, load _mm_loadu_ps, store _mm_storeu_ps,
    sum sum_128, sums sums_128, fma multiply_add_128, sqrt _mm_sqrt_ps, min _mm_min_ps, max _mm_max_ps,
    to_bits _mm_castps_si128, from_bits _mm_castsi128_ps,
    add_int _mm_add_epi32, sub_int _mm_sub_epi32,
    shift_left _mm_slli_epi32, shift_right _mm_srai_epi32, to_float _mm_cvtepi32_ps,
    abs abs_128, select_less select_less_128, select_zero select_zero_128
}

/// a · b + c in two roundings: SSE2 has no fused product.
#[inline(always)]
fn multiply_add_128(a: __m128, b: __m128, c: __m128) -> __m128 {
    intrinsic!(_mm_add_ps(_mm_mul_ps(a, b), c))
}

/// Sums go by halves, the upper added to the lower: the order is the same for registers of any width, and
/// nothing leaves the registers.
#[inline(always)]
fn sum_128(v: __m128) -> f32 {
    intrinsic!({
        let two = _mm_add_ps(v, _mm_movehl_ps(v, v));
        let one = _mm_add_ss(two, _mm_shuffle_ps::<1>(two, two));
        _mm_cvtss_f32(one)
    })
}

#[inline(always)]
fn sum_256(v: __m256) -> f32 {
    intrinsic!(sum_128(_mm_add_ps(
        _mm256_castps256_ps128(v),
        _mm256_extractf128_ps::<1>(v)
    )))
}

#[inline(always)]
fn sum_512(v: __m512) -> f32 {
    intrinsic!(sum_256(_mm256_add_ps(
        _mm512_castps512_ps256(v),
        _mm512_extractf32x8_ps::<1>(v)
    )))
}

#[inline(always)]
fn sums_128(v: [__m128; 8]) -> [f64; 8] {
    let mut sums = [0.0; 8];
    for i in 0..8 {
        sums[i] = f64::from(sum_128(v[i]));
    }
    sums
}

/// Neighbours are added until one number of each is left in each half.
#[inline(always)]
fn sums_256(v: [__m256; 8]) -> [f64; 8] {
    intrinsic!({
        let first = _mm256_hadd_ps(_mm256_hadd_ps(v[0], v[1]), _mm256_hadd_ps(v[2], v[3]));
        let last = _mm256_hadd_ps(_mm256_hadd_ps(v[4], v[5]), _mm256_hadd_ps(v[6], v[7]));
        let lower = _mm256_permute2f128_ps::<0x20>(first, last);
        let upper = _mm256_permute2f128_ps::<0x31>(first, last);
        let sums = _mm256_add_ps(lower, upper);
        let mut array = [0.0; 8];
        _mm256_storeu_pd(
            array.as_mut_ptr(),
            _mm256_cvtps_pd(_mm256_castps256_ps128(sums)),
        );
        _mm256_storeu_pd(
            array[4..].as_mut_ptr(),
            _mm256_cvtps_pd(_mm256_extractf128_ps::<1>(sums)),
        );
        array
    })
}

#[inline(always)]
fn sums_512(v: [__m512; 8]) -> [f64; 8] {
    let mut halves = [intrinsic!(_mm256_setzero_ps()); 8];
    for i in 0..8 {
        halves[i] = intrinsic!(_mm256_add_ps(
            _mm512_castps512_ps256(v[i]),
            _mm512_extractf32x8_ps::<1>(v[i])
        ));
    }
    sums_256(halves)
}

/// Without the sign bit.
#[inline(always)]
fn abs_128(v: __m128) -> __m128 {
    intrinsic!(_mm_andnot_ps(_mm_set1_ps(-0.0), v))
}

#[inline(always)]
fn abs_256(v: __m256) -> __m256 {
    intrinsic!(_mm256_andnot_ps(_mm256_set1_ps(-0.0), v))
}

/// a < b ? x : y
#[inline(always)]
fn select_less_128(a: __m128, b: __m128, x: __m128, y: __m128) -> __m128 {
    intrinsic!(select_128(_mm_cmplt_ps(a, b), x, y))
}

#[inline(always)]
fn select_less_256(a: __m256, b: __m256, x: __m256, y: __m256) -> __m256 {
    intrinsic!(_mm256_blendv_ps(y, x, _mm256_cmp_ps::<_CMP_LT_OQ>(a, b)))
}

#[inline(always)]
fn select_less_512(a: __m512, b: __m512, x: __m512, y: __m512) -> __m512 {
    intrinsic!(_mm512_mask_blend_ps(
        _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b),
        y,
        x
    ))
}

/// e = 0 ? x : y
#[inline(always)]
fn select_zero_128(e: __m128i, x: __m128, y: __m128) -> __m128 {
    intrinsic!({
        let mask = _mm_castsi128_ps(_mm_cmpeq_epi32(e, _mm_setzero_si128()));
        select_128(mask, x, y)
    })
}

#[inline(always)]
fn select_zero_256(e: __m256i, x: __m256, y: __m256) -> __m256 {
    intrinsic!({
        let mask = _mm256_castsi256_ps(_mm256_cmpeq_epi32(e, _mm256_setzero_si256()));
        _mm256_blendv_ps(y, x, mask)
    })
}

#[inline(always)]
fn select_zero_512(e: __m512i, x: __m512, y: __m512) -> __m512 {
    intrinsic!({
        let mask = _mm512_cmpeq_epi32_mask(e, _mm512_setzero_si512());
        _mm512_mask_blend_ps(mask, y, x)
    })
}

/// x where the mask is set, y elsewhere.
#[inline(always)]
fn select_128(mask: __m128, x: __m128, y: __m128) -> __m128 {
    intrinsic!(_mm_or_ps(_mm_and_ps(mask, x), _mm_andnot_ps(mask, y)))
}
