//! What several stories need.

#![allow(dead_code)] // every test program uses a part of it

pub mod python;

use raster::{BandChoice, CogBand, CogSpec, CogWriter, GeoReference, Stack};
use std::path::Path;

/// Upper left corner and pixels of 20 m in UTM 33N.
pub const AFFINE: [f64; 6] = [399960.0, 20.0, 0.0, 5400000.0, 0.0, -20.0];

/// A specification with bands B1, B2, ... and a georeference.
pub fn spec(width: usize, height: usize, bands: usize, tile: usize) -> CogSpec {
    let bands = (1..=bands)
        .map(|band| CogBand::new(format!("B{band}")))
        .collect();
    let mut spec = CogSpec::new(width, height, bands);
    spec.tile = tile;
    spec.georeference = Some(GeoReference::projected(32633, AFFINE));
    spec
}

/// A value for each pixel that no other pixel near it has; whole, below 60000.
pub fn value(band: usize, row: usize, col: usize) -> f32 {
    ((row * 131 + col * 7 + band * 1009) % 59999) as f32 + 1.0
}

/// One block of [`value`]s with a missing pixel here and there.
pub fn block(spec: &CogSpec, column: usize, row: usize) -> Vec<f32> {
    let tile = spec.tile;
    let mut values = Vec::new();
    for band in 0..spec.bands.len() {
        for y in row * tile..(row + 1) * tile {
            for x in column * tile..(column + 1) * tile {
                values.push(expected(band, y, x));
            }
        }
    }
    values
}

/// What [`block`] writes at a pixel.
pub fn expected(band: usize, row: usize, col: usize) -> f32 {
    if (row * 3 + col).is_multiple_of(17) {
        f32::NAN
    } else {
        value(band, row, col)
    }
}

/// All blocks of a raster that are not done yet.
pub fn write_rest(writer: &CogWriter) {
    for row in 0..writer.tiles_down() {
        for column in 0..writer.tiles_across() {
            if !writer.is_done(column, row) {
                let values = block(writer.spec(), column, row);
                writer.write_block(column, row, &values).unwrap();
            }
        }
    }
}

/// Writes a whole raster.
pub fn write(path: &Path, spec: CogSpec) {
    let writer = CogWriter::create(path, spec).unwrap();
    write_rest(&writer);
    writer.finish().unwrap();
}

/// All bands of one file as a stack.
pub fn whole(path: &Path, bands: usize) -> Stack {
    let choices: Vec<_> = (1..=bands)
        .map(|band| BandChoice::new(format!("1:{band}")))
        .collect();
    Stack::open(&[path.to_owned()], &choices, None).unwrap()
}

/// Whether two values are the same, NaN included.
pub fn same(a: f32, b: f32) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}
