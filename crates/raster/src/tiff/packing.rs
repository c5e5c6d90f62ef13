//! Numbers whose bits do not fill one of the machine's types, made whole.
//!
//! TIFF packs numbers of 1 to 31 bits across the borders of bytes, the most significant bit first
//! whatever the file's byte order, and begins every row with a new byte. Half floats and floats of
//! 24 bits are whole bytes and follow the byte order. Unsigned numbers of 24 bits are written by GDAL alone
//! (`NBITS=24`): most significant byte first in a little-endian file, least significant byte first in a big-endian one.

use super::samples::SampleType;

/// How the numbers of a chunk lie in its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    /// As the sample type says.
    Whole,
    /// Unsigned numbers of so many bits, one behind the other.
    Bits(usize),
    /// Unsigned numbers of three bytes, in GDAL's order.
    Triples,
    /// IEEE 754 floats of 16 bits.
    Half,
    /// Floats of 24 bits: a sign, 7 bits of exponent and 16 of mantissa (TIFF Technical Note 3).
    Float24,
}

impl Packing {
    /// The packing with this SampleFormat (1 unsigned, 2 signed, 3 float) and BitsPerSample, and the type it is
    /// unpacked to.
    pub(crate) fn of(format: u64, bits: u64) -> Option<(Self, SampleType)> {
        if let Some(sample) = SampleType::of(format, bits) {
            return Some((Self::Whole, sample));
        }
        match (format, bits) {
            (1, 1..=7) => Some((Self::Bits(bits as usize), SampleType::U8)),
            (1, 9..=15) => Some((Self::Bits(bits as usize), SampleType::U16)),
            (1, 24) => Some((Self::Triples, SampleType::U32)),
            (1, 17..=31) => Some((Self::Bits(bits as usize), SampleType::U32)),
            (3, 16) => Some((Self::Half, SampleType::F32)),
            (3, 24) => Some((Self::Float24, SampleType::F32)),
            _ => None,
        }
    }

    /// Bits of one number in the file.
    pub(crate) fn bits(self, sample: SampleType) -> usize {
        match self {
            Self::Whole => sample.bytes() * 8,
            Self::Bits(bits) => bits,
            Self::Half => 16,
            Self::Triples | Self::Float24 => 24,
        }
    }

    /// Bytes that are turned round together where the file is big-endian; 1 where bits have an order of their own.
    pub(crate) fn word(self, sample: SampleType) -> usize {
        match self {
            Self::Bits(_) => 1,
            _ => self.bits(sample) / 8,
        }
    }

    /// Unpacks the numbers behind the first `skipped` bits of `packed` (least byte first) until `out` is full of
    /// numbers of type `sample`, least byte first.
    pub(crate) fn unpack(self, sample: SampleType, packed: &[u8], skipped: usize, out: &mut [u8]) {
        match self {
            Self::Whole => out.copy_from_slice(&packed[skipped / 8..][..out.len()]),
            Self::Bits(1) => {
                for (at, number) in out.iter_mut().enumerate() {
                    let bit = skipped + at;
                    *number = packed[bit / 8] >> (7 - bit % 8) & 1;
                }
            }
            Self::Bits(bits) => match sample.bytes() {
                1 => unpack_bits::<1>(packed, bits, skipped, out),
                2 => unpack_bits::<2>(packed, bits, skipped, out),
                _ => unpack_bits::<4>(packed, bits, skipped, out),
            },
            Self::Triples => {
                let triples = packed[skipped / 8..].as_chunks::<3>().0;
                for (number, [a, b, c]) in out.as_chunks_mut::<4>().0.iter_mut().zip(triples) {
                    *number = [*c, *b, *a, 0];
                }
            }
            Self::Half => {
                let halves = packed[skipped / 8..].as_chunks::<2>().0;
                for (number, half) in out.as_chunks_mut::<4>().0.iter_mut().zip(halves) {
                    let half = u32::from(u16::from_le_bytes(*half));
                    *number = small_float(half, 5, 10).to_le_bytes();
                }
            }
            Self::Float24 => {
                let triples = packed[skipped / 8..].as_chunks::<3>().0;
                for (number, [a, b, c]) in out.as_chunks_mut::<4>().0.iter_mut().zip(triples) {
                    let float = u32::from_le_bytes([*a, *b, *c, 0]);
                    *number = small_float(float, 7, 16).to_le_bytes();
                }
            }
        }
    }
}

/// Numbers of `bits` bits, most significant bit first, as numbers of `N` bytes.
fn unpack_bits<const N: usize>(packed: &[u8], bits: usize, skipped: usize, out: &mut [u8]) {
    let mut bytes = packed[skipped / 8..].iter();
    // bits that were taken from `bytes` and not yet given to a number; at most 7 + 31
    let mut held = 0_u64;
    let mut holds = 0;
    if !skipped.is_multiple_of(8) {
        held = bytes.next().map_or(0, |byte| u64::from(*byte));
        holds = 8 - skipped % 8;
    }
    for number in out.as_chunks_mut::<N>().0 {
        while holds < bits {
            held = held << 8 | bytes.next().map_or(0, |byte| u64::from(*byte));
            holds += 8;
        }
        holds -= bits;
        let value = (held >> holds) & ((1 << bits) - 1);
        number.copy_from_slice(&value.to_le_bytes()[..N]);
    }
}

/// The float with so many bits of exponent and mantissa; every one of at most 24 bits is a 32-bit float.
fn small_float(bits: u32, exponent_bits: u32, mantissa_bits: u32) -> f32 {
    let mantissa = bits & ((1 << mantissa_bits) - 1);
    let exponent = bits >> mantissa_bits & ((1 << exponent_bits) - 1);
    let sign = bits >> (mantissa_bits + exponent_bits) << 31;
    let bias = (1 << (exponent_bits - 1)) - 1;
    let widened = mantissa << (23 - mantissa_bits);
    let magnitude = if exponent == (1 << exponent_bits) - 1 {
        f32::from_bits(0xff << 23 | widened)
    } else if exponent == 0 {
        // below the least exponent: no leading one
        mantissa as f32 * f32::from_bits((128 - bias - mantissa_bits) << 23)
    } else {
        f32::from_bits((exponent + 127 - bias) << 23 | widened)
    };
    f32::from_bits(sign | magnitude.to_bits())
}

/// Turns the bits of every byte round, for files with FillOrder 2.
pub(crate) fn reverse_bits(bytes: &mut [u8]) {
    for byte in bytes {
        *byte = byte.reverse_bits();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_run_across_bytes() {
        // 15-bit numbers 1, 32767, 5: 000000000000001 111111111111111 000000000000101 and a row's padding
        let packed = [0x00, 0x03, 0xff, 0xfc, 0x00, 0x28];
        let mut out = [0; 6];
        Packing::Bits(15).unpack(SampleType::U16, &packed, 0, &mut out);
        assert_eq!(out, [1, 0, 0xff, 0x7f, 5, 0]);
        Packing::Bits(15).unpack(SampleType::U16, &packed, 30, &mut out[..2]);
        assert_eq!(out[..2], [5, 0]);
        let mut bits = [9; 5];
        Packing::Bits(1).unpack(SampleType::U8, &[0b1010_0110], 1, &mut bits);
        assert_eq!(bits, [0, 1, 0, 0, 1]);
    }

    #[test]
    fn every_half_float_is_what_ieee_754_says() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 2_f32.powi(-24)),
            (0x03ff, 1023.0 * 2_f32.powi(-24)),
            (0x0400, 2_f32.powi(-14)),
            (0x7c00, f32::INFINITY),
            (0x8000, -0.0),
        ] {
            let found = small_float(bits, 5, 10);
            assert_eq!(found.to_bits(), f32::to_bits(value), "{bits:04x}");
        }
        assert!(small_float(0x7e00, 5, 10).is_nan());
        // the formula of the standard, in f64, for all 65536
        for bits in 0..1_u32 << 16 {
            let (exponent, mantissa) = ((bits >> 10 & 31) as i32, f64::from(bits & 1023));
            if exponent == 31 {
                continue;
            }
            let size = if exponent == 0 {
                mantissa * 2_f64.powi(-24)
            } else {
                (1024.0 + mantissa) * 2_f64.powi(exponent - 25)
            };
            let value = if bits >> 15 == 1 { -size } else { size };
            assert_eq!(f64::from(small_float(bits, 5, 10)), value, "{bits:04x}");
        }
    }

    #[test]
    fn floats_of_24_bits_are_those_of_technical_note_3() {
        assert_eq!(small_float(0x3f_0000, 7, 16), 1.0);
        assert_eq!(small_float(0xc0_8000, 7, 16), -3.0);
        assert_eq!(small_float(1, 7, 16), 2_f32.powi(-62 - 16));
    }
}
