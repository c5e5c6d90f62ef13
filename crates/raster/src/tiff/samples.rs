//! The kinds of numbers a raster holds, and how they become `f32`.

use std::fmt;

/// The kind of number of every band of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SampleType {
    /// Unsigned, 8 bits.
    U8,
    /// Signed, 8 bits.
    I8,
    /// Unsigned, 16 bits.
    U16,
    /// Signed, 16 bits.
    I16,
    /// Unsigned, 32 bits; beyond 2^24 not every value is kept when read.
    U32,
    /// Signed, 32 bits; beyond ±2^24 not every value is kept when read.
    I32,
    /// Floating point, 32 bits.
    F32,
    /// Floating point, 64 bits; rounded to 32 bits when read.
    F64,
}

impl SampleType {
    /// The type with this SampleFormat (1 unsigned, 2 signed, 3 float) and BitsPerSample.
    pub(crate) fn of(format: u64, bits: u64) -> Option<Self> {
        match (format, bits) {
            (1, 8) => Some(Self::U8),
            (2, 8) => Some(Self::I8),
            (1, 16) => Some(Self::U16),
            (2, 16) => Some(Self::I16),
            (1, 32) => Some(Self::U32),
            (2, 32) => Some(Self::I32),
            (3, 32) => Some(Self::F32),
            (3, 64) => Some(Self::F64),
            _ => None,
        }
    }

    /// Bytes of one number.
    pub fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    pub(crate) fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }
}

impl fmt::Display for SampleType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::U16 => "u16",
            Self::I16 => "i16",
            Self::U32 => "u32",
            Self::I32 => "i32",
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

/// A number as it lies in a decoded chunk, least byte first.
trait Number: Copy + PartialEq {
    const BYTES: usize;
    fn from_bytes(bytes: &[u8]) -> Self;
    fn to_f32(self) -> f32;
    /// The value that stands for missing, if this type can hold it.
    fn missing(nodata: f64) -> Option<Self>;
}

macro_rules! number {
    ($($type:ty),*) => {$(
        impl Number for $type {
            const BYTES: usize = size_of::<$type>();
            #[inline(always)]
            fn from_bytes(bytes: &[u8]) -> Self {
                let mut own = [0; size_of::<$type>()];
                own.copy_from_slice(bytes);
                Self::from_le_bytes(own)
            }
            #[inline(always)]
            fn to_f32(self) -> f32 {
                self as f32
            }
            fn missing(nodata: f64) -> Option<Self> {
                // `as` saturates; GDAL writes the nodata value of an f32 raster with the digits of its f64
                let own = nodata as Self;
                (own as f64 == nodata || (Self::BYTES == 4 && (own as f64 - nodata).abs() <= nodata.abs() * 1e-7))
                    .then_some(own)
            }
        }
    )*};
}
number!(u8, i8, u16, i16, u32, i32, f32, f64);

/// Writes one band of a row of pixels to `out`, missing values as NaN.
///
/// `row` holds `out.len()` pixels of `samples` numbers each; number `sample` of each pixel is taken.
pub(crate) fn row_to_f32(
    row: &[u8],
    kind: SampleType,
    samples: usize,
    sample: usize,
    nodata: Option<f64>,
    out: &mut [f32],
) {
    match kind {
        SampleType::U8 => convert::<u8>(row, samples, sample, nodata, out),
        SampleType::I8 => convert::<i8>(row, samples, sample, nodata, out),
        SampleType::U16 => convert::<u16>(row, samples, sample, nodata, out),
        SampleType::I16 => convert::<i16>(row, samples, sample, nodata, out),
        SampleType::U32 => convert::<u32>(row, samples, sample, nodata, out),
        SampleType::I32 => convert::<i32>(row, samples, sample, nodata, out),
        SampleType::F32 => convert::<f32>(row, samples, sample, nodata, out),
        SampleType::F64 => convert::<f64>(row, samples, sample, nodata, out),
    }
}

fn convert<T: Number>(
    row: &[u8],
    samples: usize,
    sample: usize,
    nodata: Option<f64>,
    out: &mut [f32],
) {
    let missing = nodata.and_then(T::missing);
    if samples == 1 {
        // a loop of its own: without a stride it becomes vector instructions
        for (value, bytes) in out.iter_mut().zip(row.chunks_exact(T::BYTES)) {
            *value = to_f32(T::from_bytes(bytes), missing);
        }
    } else {
        let first = sample * T::BYTES;
        for (value, pixel) in out.iter_mut().zip(row.chunks_exact(samples * T::BYTES)) {
            *value = to_f32(T::from_bytes(&pixel[first..first + T::BYTES]), missing);
        }
    }
}

#[inline(always)]
fn to_f32<T: Number>(number: T, missing: Option<T>) -> f32 {
    if Some(number) == missing {
        f32::NAN
    } else {
        number.to_f32()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_band_of_interleaved_pixels_is_taken_and_nodata_is_nan() {
        let row: Vec<u8> = [1_u16, 10, 2, 0, 3, 30]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let mut out = [0.0; 3];
        row_to_f32(&row, SampleType::U16, 2, 1, Some(0.0), &mut out);
        assert_eq!((out[0], out[2]), (10.0, 30.0));
        assert!(out[1].is_nan());
    }

    #[test]
    fn a_nodata_value_the_type_cannot_hold_marks_nothing() {
        let mut out = [0.0; 1];
        row_to_f32(&[255], SampleType::U8, 1, 0, Some(300.0), &mut out);
        assert_eq!(out, [255.0]);
        row_to_f32(&[255], SampleType::I8, 1, 0, Some(-1.0), &mut out);
        assert!(out[0].is_nan());
        row_to_f32(&[0], SampleType::U8, 1, 0, Some(f64::NAN), &mut out);
        assert_eq!(out, [0.0]);
    }

    #[test]
    fn the_least_f32_is_found_by_its_shortest_digits() {
        let mut out = [0.0; 1];
        let row = f32::MIN.to_le_bytes();
        row_to_f32(
            &row,
            SampleType::F32,
            1,
            0,
            Some(-3.4028234663852886e38),
            &mut out,
        );
        assert!(out[0].is_nan());
        out[0] = 0.0;
        row_to_f32(&row, SampleType::F32, 1, 0, Some(-3.40282347e38), &mut out);
        assert!(out[0].is_nan());
    }
}
