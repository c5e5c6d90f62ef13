//! Each overview out of the resolution before it.

use super::coding::Coder;
use super::levels::{Level, Place};
use super::spec::CogSpec;
use crate::RasterError;
use crate::positioned::PositionedFile;
use rayon::prelude::*;
use std::path::Path;

/// Where the tiles of one level lie, and how large it is.
pub(super) struct Tiles<'a> {
    pub(super) level: &'a Level,
    pub(super) places: &'a [Place],
}

/// Buffers of one thread: three tiles, plain, coded and as values.
struct Buffers {
    coder: Coder,
    coded: Vec<u8>,
    source: Vec<f32>,
    target: Vec<f32>,
}

/// Computes a level from the next finer one, in parallel over its tiles; `keep` writes a tile's bytes
/// and says where. Places come back in the tiles' order.
pub(super) fn halve(
    spec: &CogSpec,
    (file, path): (&PositionedFile, &Path),
    finer: &Tiles<'_>,
    level: &Level,
    keep: impl Fn(usize, &[u8]) -> Result<Place, RasterError> + Sync,
) -> Result<Vec<Place>, RasterError> {
    let pixels = spec.tile * spec.tile;
    let buffers = || Buffers {
        coder: Coder::new(spec),
        coded: Vec::new(),
        source: vec![0.0; pixels],
        target: vec![0.0; pixels],
    };
    let tiles = (0..level.tiles()).into_par_iter();
    tiles
        .map_init(buffers, |buffers, tile| {
            let (column, row) = (tile % level.across, tile / level.across % level.down);
            let band = tile / (level.across * level.down);
            buffers.target.fill(f32::NAN);
            for quarter in 0..4 {
                let (right, below) = (quarter % 2, quarter / 2);
                let (from_column, from_row) = (2 * column + right, 2 * row + below);
                if from_column >= finer.level.across || from_row >= finer.level.down {
                    continue;
                }
                let place = finer.places[finer.level.tile(band, from_row, from_column)];
                buffers.coded.resize(place.bytes as usize, 0);
                file.read_exact_at(&mut buffers.coded, place.offset)
                    .and_then(|()| buffers.coder.decode(&buffers.coded, &mut buffers.source))
                    .map_err(RasterError::read(path))?;
                let inside = inside(finer.level, spec.tile, from_column, from_row);
                let half = spec.tile / 2;
                let start = below * half * spec.tile + right * half;
                let target = &mut buffers.target[start..];
                if spec.bands[band].categorical {
                    upper_left(&buffers.source, spec.tile, inside, target);
                } else {
                    means(&buffers.source, spec.tile, inside, target);
                }
            }
            let inside = inside(level, spec.tile, column, row);
            let Buffers { coder, coded, .. } = buffers;
            coder.encode(&buffers.target, inside, coded)?;
            keep(tile, coded)
        })
        .collect()
}

/// Columns and rows of a tile that are in the image.
pub(super) fn inside(level: &Level, tile: usize, column: usize, row: usize) -> (usize, usize) {
    let width = tile.min(level.width - column * tile);
    (width, tile.min(level.height - row * tile))
}

/// The mean of the valid values of each 2 x 2 block; NaN where there is none.
fn means(source: &[f32], tile: usize, (width, height): (usize, usize), target: &mut [f32]) {
    for row in 0..height.div_ceil(2) {
        let upper = &source[2 * row * tile..][..width];
        // behind the image's last row and column there is nothing
        let lower = &source[(2 * row + 1).min(height - 1) * tile..][..width];
        let lower = if 2 * row + 1 < height { lower } else { &[] };
        let target = &mut target[row * tile..][..width.div_ceil(2)];
        for (column, value) in target.iter_mut().enumerate() {
            let columns = 2 * column..(2 * column + 2).min(width);
            let mut sum = 0.0;
            let mut count = 0.0;
            let lower = lower.get(columns.clone()).unwrap_or_default();
            for source in upper[columns].iter().chain(lower) {
                if !source.is_nan() {
                    sum += source;
                    count += 1.0;
                }
            }
            *value = sum / count;
        }
    }
}

fn upper_left(source: &[f32], tile: usize, (width, height): (usize, usize), target: &mut [f32]) {
    for row in 0..height.div_ceil(2) {
        let source = &source[2 * row * tile..][..width];
        let target = &mut target[row * tile..][..width.div_ceil(2)];
        for (value, pair) in target.iter_mut().zip(source.chunks(2)) {
            *value = pair[0];
        }
    }
}
