//! The number types the networks run in.

use dfdx::prelude::Dtype;

/// f32 (trains) or f64 (is checked): a dfdx element type with the elementary functions.
pub trait Scalar: Dtype + num_traits::Float + std::iter::Sum + Send + Sync {
    /// Nearest value to `value`.
    fn of(value: f64) -> Self;
    /// Exact widening to f64.
    fn wide(self) -> f64;
    /// e^self, written so that loops over it vectorise; relative error below 2e-7 (f32) or 1 ulp (f64).
    #[must_use]
    fn fast_exp(self) -> Self;
    /// Little-endian bytes of `values`, as safetensors stores them.
    fn to_bytes(values: &[Self]) -> Vec<u8>;
    /// Inverse of [`Scalar::to_bytes`]; surplus bytes are ignored.
    fn from_bytes(bytes: &[u8]) -> Vec<Self>;
    /// Whether it is `float` in kernels; else it is `double`.
    const IS_SINGLE: bool = size_of::<Self>() == 4;
    /// The type's name in safetensors.
    const SAFETENSORS: safetensors::Dtype;
}

impl Scalar for f32 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value as f32
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }
    /// Range reduction to |r| ≤ ln 2 / 2 and the Cephes polynomial; below −87.3 the smallest normal
    /// number, above 88 the value at 88.
    #[inline(always)]
    fn fast_exp(self) -> Self {
        /// Adding and subtracting 1.5·2²³ rounds to an integer.
        const MAGIC: f32 = 12_582_912.0;
        let x = self.clamp(-87.3, 88.0);
        let shifted = x * std::f32::consts::LOG2_E + MAGIC;
        let n = shifted - MAGIC;
        // ln 2 in two parts, the first exact in a product with n
        let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
        let p = 1.987_569_1e-4_f32;
        let p = p * r + 1.398_199_9e-3;
        let p = p * r + 8.333_452e-3;
        let p = p * r + 4.166_579_6e-2;
        let p = p * r + 1.666_666_5e-1;
        let p = p * r + 5e-1;
        let y = p * r * r + r + 1.0;
        // the low bits of `shifted` are n: moved into the exponent they are 2ⁿ, and NaN stays in y
        y * f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23))
    }
    fn to_bytes(values: &[Self]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(size_of_val(values));
        for v in values {
            bytes.extend_from_slice(&v.to_le_bytes());
        }
        bytes
    }
    fn from_bytes(bytes: &[u8]) -> Vec<Self> {
        let (words, _) = bytes.as_chunks();
        words.iter().map(|w| f32::from_le_bytes(*w)).collect()
    }
    const SAFETENSORS: safetensors::Dtype = safetensors::Dtype::F32;
}

impl Scalar for f64 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }
    #[inline(always)]
    fn fast_exp(self) -> Self {
        self.exp()
    }
    fn to_bytes(values: &[Self]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(size_of_val(values));
        for v in values {
            bytes.extend_from_slice(&v.to_le_bytes());
        }
        bytes
    }
    fn from_bytes(bytes: &[u8]) -> Vec<Self> {
        let (words, _) = bytes.as_chunks();
        words.iter().map(|w| f64::from_le_bytes(*w)).collect()
    }
    const SAFETENSORS: safetensors::Dtype = safetensors::Dtype::F64;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cephes' polynomial with rounding of the reduction.
    const FAST_EXP_F32: f64 = 2e-7;

    #[test]
    fn fast_exp_is_exp_over_its_range() {
        let mut worst = 0.0_f64;
        for i in -87_000..88_000 {
            let x = i as f32 / 1000.0;
            let exact = f64::from(x).exp();
            worst = worst.max((f64::from(x.fast_exp()) / exact - 1.0).abs());
        }
        println!("fast_exp f32: worst relative error {worst:.2e}");
        assert!(worst < FAST_EXP_F32);
        assert_eq!(0.0_f32.fast_exp(), 1.0);
        assert!((-1000.0_f32).fast_exp() < 1e-37);
        assert!(1000.0_f32.fast_exp() > 1e38);
        assert!(f32::NAN.fast_exp().is_nan());
    }
}
