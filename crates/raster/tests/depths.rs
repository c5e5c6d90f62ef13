//! Numbers of every depth in every layout come back value by value.

mod common;
#[allow(dead_code)] // every test program uses a part of it
#[path = "../../../tests/src/tiny_tiff.rs"]
mod tiny_tiff;

use common::{same, whole};
use raster::{RasterFile, Window};
use std::path::Path;
use tiny_tiff::{Coding, Image, Value, tiff};

const SIZE: (usize, usize) = (23, 17);

/// Numbers that use all bits, the least and the greatest among them.
fn numbers(bits: usize, bands: usize) -> Vec<u64> {
    let mask = u64::MAX >> (64 - bits);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ bits as u64;
    let mut all: Vec<u64> = (0..SIZE.0 * SIZE.1 * bands)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state & mask
        })
        .collect();
    (all[0], all[1]) = (mask, 0);
    all
}

/// What a number of so many bits is worth; the formulas are those of the standards, computed in `f64`.
fn worth(bits: usize, format: u16, number: u64) -> f32 {
    if format == 1 {
        return number as f32;
    }
    let (exponent_bits, mantissa_bits) = match bits {
        16 => (5, 10),
        24 => (7, 16),
        _ => return f32::from_bits(number as u32),
    };
    let exponent = (number >> mantissa_bits & ((1 << exponent_bits) - 1)) as i32;
    let mantissa = (number & ((1 << mantissa_bits) - 1)) as f64 / 2_f64.powi(mantissa_bits);
    let bias = (1 << (exponent_bits - 1)) - 1;
    let size = if exponent == (1 << exponent_bits) - 1 {
        if mantissa == 0.0 {
            f64::INFINITY
        } else {
            f64::NAN
        }
    } else if exponent == 0 {
        mantissa * 2_f64.powi(1 - bias)
    } else {
        (1.0 + mantissa) * 2_f64.powi(exponent - bias)
    };
    (if number >> (bits - 1) & 1 == 1 {
        -size
    } else {
        size
    }) as f32
}

/// Reads a file in whole and in windows that cut its chunks, and compares every value.
fn compare(path: &Path, image: &Image) -> usize {
    let stack = whole(path, image.bands);
    let (width, height) = (image.width, image.height);
    assert_eq!((stack.width(), stack.height()), (width, height));
    let mut reader = stack.reader().unwrap();
    let mut compared = 0;
    let windows = (0..height).step_by(8).flat_map(|row| {
        (0..width)
            .step_by(11)
            .map(move |col| Window::new(col, row, 11.min(width - col), 8.min(height - row)))
    });
    for window in [stack.window()].into_iter().chain(windows) {
        let mut out = vec![-1.0; image.bands * window.pixels()];
        reader.read(window, &mut out).unwrap();
        for (at, found) in out.into_iter().enumerate() {
            let (band, pixel) = (at / window.pixels(), at % window.pixels());
            let (row, col) = (
                window.row + pixel / window.width,
                window.col + pixel % window.width,
            );
            let number = image.numbers[(row * width + col) * image.bands + band];
            let expected = worth(image.bits, image.format, number);
            assert!(
                same(found, expected),
                "{found} != {expected} at {band},{row},{col} of {} bits, format {}, {:?}, chunks {:?}",
                image.bits,
                image.format,
                image.coding,
                image.chunk
            );
            compared += 1;
        }
    }
    compared
}

#[test]
fn every_depth_order_layout_and_coding_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tif");
    let depths = (1..=32)
        .map(|bits| (bits, 1))
        .chain([(16, 3), (24, 3), (32, 3)]);
    let (mut files, mut values) = (0, 0);
    for (bits, format) in depths {
        for (planar, bands) in [(false, 1), (false, 3), (true, 3)] {
            for chunk in [(0, 1), (0, 5), (0, 17), (16, 16)] {
                for coding in [Coding::None, Coding::Deflate, Coding::PackBits] {
                    for (big_endian, fill_order) in [(false, 1), (true, 1), (false, 2), (true, 2)] {
                        let image = Image {
                            format,
                            planar,
                            chunk,
                            coding,
                            fill_order,
                            ..Image::new(SIZE, bands, bits, numbers(bits, bands))
                        };
                        let big = files % 2 == 0;
                        std::fs::write(&path, tiff(std::slice::from_ref(&image), big_endian, big))
                            .unwrap();
                        values += compare(&path, &image);
                        files += 1;
                    }
                }
            }
        }
    }
    println!("{files} files, {values} values");
    assert_eq!(files, 35 * 3 * 4 * 3 * 4);
}

#[test]
fn nodata_of_packed_numbers_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tif");
    for (bits, format, nodata, number) in [
        (15, 1, "32767", 0x7fff),
        (12, 1, "0", 0),
        (16, 3, "-65504", 0xfbff),
        (24, 1, "16777215", 0xff_ffff),
    ] {
        let numbers = vec![1, number, 2, number];
        let image = Image {
            format,
            ..Image::new((2, 2), 1, bits, numbers)
        };
        let image = image.with(42113, Value::Text(nodata.to_owned()));
        std::fs::write(&path, tiff(&[image], false, false)).unwrap();
        let stack = whole(&path, 1);
        let mut out = [0.0; 4];
        stack
            .reader()
            .unwrap()
            .read(stack.window(), &mut out)
            .unwrap();
        let missing = out.map(f32::is_nan);
        assert_eq!(missing, [false, true, false, true], "{bits} bits: {out:?}");
    }
}

#[test]
fn what_cannot_be_read_is_said_with_what_can() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tif");
    let refused = |image: Image| {
        std::fs::write(&path, tiff(&[image], false, false)).unwrap();
        RasterFile::open(&path).unwrap_err().to_string()
    };
    let image = |bits, format| Image {
        format,
        ..Image::new((2, 2), 1, bits, vec![0; 4])
    };
    for (image, words) in [
        (
            image(12, 2),
            "signed of 12 bits is not supported, allowed: unsigned of 1 to 32 bits",
        ),
        (image(64, 1), "unsigned of 64 bits"),
        (image(48, 3), "float of 48 bits"),
        (
            image(16, 1).with(266, Value::Shorts(vec![3])),
            "fill order 3 is not supported, allowed: 1, 2",
        ),
    ] {
        let error = refused(image);
        assert!(error.contains(words), "{error}");
    }
    let odd = Image {
        coding: Coding::Deflate,
        ..image(15, 1)
    };
    let error = refused(odd.with(317, Value::Shorts(vec![2])));
    assert!(
        error.contains("predictor 2 of numbers of 15 bits is not supported"),
        "{error}"
    );
}
