//! The full resolution and its overviews: sizes, and where their tiles lie.

use super::spec::CogSpec;

/// One resolution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) across: usize,
    pub(super) down: usize,
    pub(super) bands: usize,
}

impl Level {
    fn of(spec: &CogSpec, width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            across: width.div_ceil(spec.tile),
            down: height.div_ceil(spec.tile),
            bands: spec.bands.len(),
        }
    }

    pub(super) fn tiles(&self) -> usize {
        self.across * self.down * self.bands
    }

    /// Number of a tile: all tiles of a band, row by row, then those of the next.
    pub(super) fn tile(&self, band: usize, row: usize, column: usize) -> usize {
        (band * self.down + row) * self.across + column
    }
}

/// The full resolution first, each next one half of the one before, until one tile holds all.
pub(super) fn levels(spec: &CogSpec) -> Vec<Level> {
    let mut levels = vec![Level::of(spec, spec.width, spec.height)];
    let (mut width, mut height) = (spec.width, spec.height);
    while width.max(height) > spec.tile {
        (width, height) = (width.div_ceil(2), height.div_ceil(2));
        levels.push(Level::of(spec, width, height));
    }
    levels
}

/// Where a tile's bytes lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) bytes: u64,
}

/// Places of the tiles of every level, one behind the other from `start`: the smallest level first, the
/// full resolution last. `bytes` gives the size of tile `tile` of level `level`.
pub(super) fn places(
    levels: &[Level],
    start: u64,
    bytes: impl Fn(usize, usize) -> u64,
) -> Vec<Vec<Place>> {
    let mut offset = start;
    let mut places = vec![Vec::new(); levels.len()];
    for (number, level) in levels.iter().enumerate().rev() {
        places[number] = (0..level.tiles())
            .map(|tile| {
                let place = Place {
                    offset,
                    bytes: bytes(number, tile),
                };
                offset += place.bytes;
                place
            })
            .collect();
    }
    places
}
