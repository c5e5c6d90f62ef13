//! Predictors 2 (differences of whole numbers) and 3 (bytes of floats in planes), both directions.
//!
//! Bytes are numbers in little-endian order. `samples` numbers make a pixel, and differences are between
//! equal numbers of neighbouring pixels (TIFF 6.0 section 14; TIFF Technical Note 3 for floats).

/// Undoes predictor 2 in one row.
pub(crate) fn sum_row(row: &mut [u8], bytes: usize, samples: usize) {
    match bytes {
        1 => sum::<1>(row, samples, |a, b| [a[0].wrapping_add(b[0])]),
        2 => sum::<2>(row, samples, |a, b| {
            u16::from_le_bytes(a)
                .wrapping_add(u16::from_le_bytes(b))
                .to_le_bytes()
        }),
        4 => sum::<4>(row, samples, |a, b| {
            u32::from_le_bytes(a)
                .wrapping_add(u32::from_le_bytes(b))
                .to_le_bytes()
        }),
        _ => sum::<8>(row, samples, |a, b| {
            u64::from_le_bytes(a)
                .wrapping_add(u64::from_le_bytes(b))
                .to_le_bytes()
        }),
    }
}

#[inline(always)]
fn sum<const N: usize>(row: &mut [u8], samples: usize, add: impl Fn([u8; N], [u8; N]) -> [u8; N]) {
    let (numbers, _) = row.as_chunks_mut::<N>();
    if samples == 1 {
        let mut last = [0; N];
        for number in numbers {
            last = add(last, *number);
            *number = last;
        }
    } else {
        for at in samples..numbers.len() {
            numbers[at] = add(numbers[at - samples], numbers[at]);
        }
    }
}

/// Applies predictor 2 to one row of 16-bit numbers, one to a pixel.
pub(crate) fn difference_u16(row: &mut [u8]) {
    let (numbers, _) = row.as_chunks_mut::<2>();
    let mut last = 0;
    for number in numbers {
        let own = u16::from_le_bytes(*number);
        *number = own.wrapping_sub(last).to_le_bytes();
        last = own;
    }
}

/// Undoes predictor 3 in one row of floats of `bytes` bytes; `scratch` grows to the row's length.
pub(crate) fn gather_row(row: &mut [u8], bytes: usize, samples: usize, scratch: &mut Vec<u8>) {
    // a sum in a register does not wait for memory
    sum_row(row, 1, samples);
    scratch.clear();
    scratch.extend_from_slice(row);
    let numbers = row.len() / bytes;
    match bytes {
        2 => gather::<2>(row, scratch, numbers),
        3 => gather::<3>(row, scratch, numbers),
        4 => gather::<4>(row, scratch, numbers),
        _ => gather::<8>(row, scratch, numbers),
    }
}

fn gather<const N: usize>(row: &mut [u8], planes: &[u8], numbers: usize) {
    // the first plane holds the most significant bytes
    let planes: [&[u8]; N] =
        std::array::from_fn(|byte| &planes[(N - 1 - byte) * numbers..][..numbers]);
    let (own, _) = row.as_chunks_mut::<N>();
    for (at, number) in own.iter_mut().enumerate() {
        *number = std::array::from_fn(|byte| planes[byte][at]);
    }
}

/// Applies predictor 3 to one row of 32-bit floats, one to a pixel; `scratch` grows to the row's length.
pub(crate) fn scatter_f32(row: &mut [u8], scratch: &mut Vec<u8>) {
    scratch.clear();
    scratch.extend_from_slice(row);
    let (floats, _) = scratch.as_chunks::<4>();
    for (plane, byte) in row.chunks_exact_mut(floats.len().max(1)).zip([3, 2, 1, 0]) {
        for (to, float) in plane.iter_mut().zip(floats) {
            *to = float[byte];
        }
    }
    let mut last = 0;
    for byte in row {
        let own = *byte;
        *byte = own.wrapping_sub(last);
        last = own;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_and_sums_are_inverse() {
        let row: Vec<u8> = [5_u16, 65535, 3, 300]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let mut coded = row.clone();
        difference_u16(&mut coded);
        let expected: Vec<u8> = [5_u16, 65530, 4, 297]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        assert_eq!(coded, expected);
        sum_row(&mut coded, 2, 1);
        assert_eq!(coded, row);
    }

    #[test]
    fn sums_are_between_equal_bands() {
        let mut row = [1, 10, 1, 10, 1, 10];
        sum_row(&mut row, 1, 2);
        assert_eq!(row, [1, 10, 2, 20, 3, 30]);
    }

    #[test]
    fn scattered_floats_are_gathered() {
        let row: Vec<u8> = [1.5_f32, -0.0, f32::NAN, 1e-30]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let mut coded = row.clone();
        let mut scratch = Vec::new();
        scatter_f32(&mut coded, &mut scratch);
        // the first byte is the most significant one of the first float
        assert_eq!(coded[0], 1.5_f32.to_be_bytes()[0]);
        gather_row(&mut coded, 4, 1, &mut scratch);
        assert_eq!(coded, row);
    }
}
