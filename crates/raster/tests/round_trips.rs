//! What is written is read: by this crate and by the `tiff` crate.

mod common;

use common::{block, expected, same, spec, value, whole, write};
use proptest::prelude::*;
use raster::{
    CogCompression, CogNumber, CogSpec, CogWriter, RasterError, RasterFile, SampleType, Window,
};
use std::path::Path;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;

fn specs() -> impl Strategy<Value = CogSpec> {
    let compression = prop_oneof![
        Just(CogCompression::None),
        (1_u32..=9).prop_map(|level| CogCompression::Deflate { level }),
    ];
    let number = prop_oneof![Just(CogNumber::F32), Just(CogNumber::U16)];
    (
        1_usize..150,
        1_usize..150,
        1_usize..5,
        1_usize..4,
        compression,
        number,
    )
        .prop_map(|(width, height, bands, tiles, compression, number)| {
            let mut spec = spec(width, height, bands, 16 * tiles);
            spec.compression = compression;
            spec.number = number;
            spec.nodata = match number {
                CogNumber::F32 => Some(f64::NAN),
                CogNumber::U16 => Some(0.0),
            };
            spec.bands[0].categorical = true;
            spec
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn every_variant_comes_back(spec in specs(), part in any::<[u16; 4]>()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.tif");
        write(&path, spec.clone());
        let bands = spec.bands.len();
        let stack = whole(&path, bands);
        prop_assert_eq!((stack.width(), stack.height()), (spec.width, spec.height));
        prop_assert_eq!(stack.georeference(), spec.georeference.as_ref());
        prop_assert_eq!(&stack.bands()[bands - 1].name, &format!("B{bands}"));
        let col = part[0] as usize % spec.width;
        let row = part[1] as usize % spec.height;
        let window = Window::new(
            col,
            row,
            1 + part[2] as usize % (spec.width - col),
            1 + part[3] as usize % (spec.height - row),
        );
        let mut reader = stack.reader().unwrap();
        for window in [stack.window(), window] {
            let mut out = vec![-1.0; bands * window.pixels()];
            reader.read(window, &mut out).unwrap();
            for (at, found) in out.into_iter().enumerate() {
                let (band, pixel) = (at / window.pixels(), at % window.pixels());
                let (y, x) = (window.row + pixel / window.width, window.col + pixel % window.width);
                prop_assert!(same(found, expected(band, y, x)), "{} at {},{},{}", found, band, y, x);
            }
        }
        overviews_are_right(&path, &spec);
    }
}

/// Reads every level with the `tiff` crate and computes the overviews again.
fn overviews_are_right(path: &Path, spec: &CogSpec) {
    let mut decoder = Decoder::new(std::fs::File::open(path).unwrap()).unwrap();
    let (mut width, mut height) = (spec.width, spec.height);
    let mut level: Vec<Vec<f32>> = (0..spec.bands.len())
        .map(|band| {
            let pixels = (0..width * height).map(|at| expected(band, at / width, at % width));
            pixels.collect()
        })
        .collect();
    loop {
        assert_eq!(decoder.dimensions().unwrap(), (width as u32, height as u32));
        check_level(&mut decoder, spec, (width, height), &level);
        if width.max(height) <= spec.tile {
            break;
        }
        decoder.next_image().unwrap();
        let kind = decoder.get_tag_u32(Tag::NewSubfileType).unwrap();
        assert_eq!(kind, 1, "an overview says that it is one");
        let old = (width, height);
        (width, height) = (width.div_ceil(2), height.div_ceil(2));
        for (band, values) in level.iter_mut().enumerate() {
            *values = (0..width * height)
                .map(|at| half(spec, band, values, old, at / width, at % width))
                .collect();
        }
    }
    assert!(!decoder.more_images());
}

fn half(
    spec: &CogSpec,
    band: usize,
    values: &[f32],
    (width, height): (usize, usize),
    row: usize,
    col: usize,
) -> f32 {
    if spec.bands[band].categorical {
        return values[2 * row * width + 2 * col];
    }
    let mut valid = Vec::new();
    for y in 2 * row..(2 * row + 2).min(height) {
        for x in 2 * col..(2 * col + 2).min(width) {
            valid.extend(Some(values[y * width + x]).filter(|value| !value.is_nan()));
        }
    }
    let mean = valid.iter().sum::<f32>() / valid.len() as f32;
    match spec.number {
        CogNumber::F32 => mean,
        CogNumber::U16 => (mean + 0.5).floor(),
    }
}

/// Compares all bands of one level, tile by tile.
fn check_level(
    decoder: &mut Decoder<std::fs::File>,
    spec: &CogSpec,
    (width, height): (usize, usize),
    expected: &[Vec<f32>],
) {
    let (across, down) = (width.div_ceil(spec.tile), height.div_ceil(spec.tile));
    for chunk in 0..across * down * expected.len() {
        let expected = &expected[chunk / (across * down)];
        let (left, top) = (
            chunk % across * spec.tile,
            chunk / across % down * spec.tile,
        );
        let (columns, rows) = (spec.tile.min(width - left), spec.tile.min(height - top));
        let values: Vec<f32> = match decoder.read_chunk(chunk as u32).unwrap() {
            DecodingResult::F32(values) => values,
            DecodingResult::U16(values) => values
                .into_iter()
                .map(|value| {
                    if value == 0 {
                        f32::NAN
                    } else {
                        f32::from(value)
                    }
                })
                .collect(),
            other => panic!("{other:?}"),
        };
        assert!(values.len() >= rows * columns);
        // tiff 0.11 cuts off the rows below the image in the first plane only
        for (at, found) in values.into_iter().take(rows * columns).enumerate() {
            let (y, x) = (top + at / columns, left + at % columns);
            let expected = expected[y * width + x];
            assert!(
                same(found, expected) || (found - expected).abs() <= expected.abs() * 1e-6,
                "{found} instead of {expected} at {y},{x} of {width} x {height}"
            );
        }
    }
}

#[test]
fn a_file_says_what_was_specified() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tif");
    let mut spec = spec(40, 30, 2, 16);
    spec.bands[1].unit = Some("µg cm-2".to_owned());
    spec.metadata = vec![("MODEL".to_owned(), "{\"a\": \"<&>\"}".to_owned())];
    spec.nodata = Some(-9999.0);
    write(&path, spec);
    let file = RasterFile::open(&path).unwrap();
    assert_eq!(file.bands()[1].name.as_deref(), Some("B2"));
    assert_eq!(file.bands()[1].unit.as_deref(), Some("µg cm-2"));
    assert_eq!(file.bands()[0].unit, None);
    assert_eq!(file.nodata(), Some(-9999.0));
    assert_eq!(file.block_size(), (16, 16));
    assert_eq!(file.sample_type(), SampleType::F32);
    assert_eq!(
        file.metadata().collect::<Vec<_>>(),
        [("MODEL", "{\"a\": \"<&>\"}")]
    );
}

#[test]
fn whole_numbers_are_rounded_and_never_become_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tif");
    let mut spec = spec(16, 16, 1, 16);
    spec.number = CogNumber::U16;
    spec.nodata = Some(0.0);
    let writer = CogWriter::create(&path, spec.clone()).unwrap();
    let mut values = vec![7.5; 256];
    values[..5].copy_from_slice(&[-3.0, 1e9, f32::NAN, 0.2, 2.49]);
    writer.write_block(0, 0, &values).unwrap();
    writer.finish().unwrap();
    let stack = whole(&path, 1);
    let mut out = vec![0.0; 256];
    stack
        .reader()
        .unwrap()
        .read(stack.window(), &mut out)
        .unwrap();
    assert_eq!(
        (out[0], out[1], out[3], out[4], out[5]),
        (1.0, 65535.0, 1.0, 2.0, 8.0)
    );
    assert!(out[2].is_nan());

    spec.nodata = None;
    let writer = CogWriter::create(folder.path().join("y.tif"), spec).unwrap();
    let refused = writer.write_block(0, 0, &values).unwrap_err();
    assert!(
        refused
            .to_string()
            .starts_with("value = NaN is not allowed"),
        "{refused}"
    );
    assert!(!writer.is_done(0, 0));
    values[2] = 2.0;
    writer.write_block(0, 0, &values).unwrap();
}

#[test]
fn wrong_calls_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tif");
    let spec = spec(40, 30, 1, 16);
    let writer = CogWriter::create(&path, spec.clone()).unwrap();
    let values = block(&spec, 0, 0);
    assert!(matches!(
        writer.write_block(3, 0, &values),
        Err(RasterError::NotAllowed { name: "block", .. })
    ));
    assert!(matches!(
        writer.write_block(0, 0, &values[1..]),
        Err(RasterError::Buffer {
            found: 255,
            expected: 256,
            ..
        })
    ));
    writer.write_block(0, 0, &values).unwrap();
    assert!(matches!(
        writer.write_block(0, 0, &values),
        Err(RasterError::Twice { .. })
    ));
    let second = CogWriter::create(&path, spec.clone());
    assert!(matches!(second, Err(RasterError::Locked { .. })));
    let early = writer.finish().unwrap_err();
    assert!(matches!(
        early,
        RasterError::Unfinished {
            missing: 5,
            column: 1,
            row: 0,
            ..
        }
    ));
    let mut bad = spec.clone();
    bad.tile = 20;
    assert!(CogWriter::create(&path, bad).is_err());
    write(&path, spec.clone());
    assert!(matches!(
        CogWriter::create(&path, spec),
        Err(RasterError::Exists { .. })
    ));
    let stack = whole(&path, 1);
    let mut reader = stack.reader().unwrap();
    let window = Window::new(30, 0, 11, 1);
    assert!(matches!(
        reader.read(window, &mut [0.0; 11]),
        Err(RasterError::Window { .. })
    ));
    let empty = Window::new(3, 3, 0, 1);
    assert!(matches!(
        reader.read(empty, &mut []),
        Err(RasterError::Window { .. })
    ));
    assert_eq!(value(0, 0, 0), 1.0);
}
