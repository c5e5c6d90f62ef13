//! A scene of Sentinel-2 as a GeoTIFF, and a GeoTIFF read back.

use crate::infer::CHANNELS;
use raster::{BandChoice, CogBand, CogNumber, CogSpec, CogWriter, GeoReference, RasterFile, Stack};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Upper left corner and pixels of 20 m in UTM 33N.
pub const AFFINE: [f64; 6] = [600_000.0, 20.0, 0.0, 5_320_000.0, 0.0, -20.0];
/// Reflectance of a forest in the channels of the shipped model.
const FOREST: [f64; 10] = [0.02, 0.04, 0.025, 0.07, 0.2, 0.26, 0.28, 0.3, 0.14, 0.07];

/// A rectangle of pixels of 20 m with the scene classification as a last band; a share of the pixels is missing.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// One of so many pixels holds numbers, the others 0.
    pub one_of: usize,
}

impl Scene {
    /// The digital number of a channel, of baseline 04.00.
    pub fn number(&self, channel: usize, row: usize, col: usize) -> u16 {
        if !(row * 7 + col * 3).is_multiple_of(self.one_of) {
            return 0;
        }
        let along = |step: f64| ((row * self.width + col) as f64 * step).fract();
        let brightness = 0.6 + 0.8 * along(0.618_034);
        let colour = 1.0 + 0.2 * (along(0.754_878) - 0.5) * channel as f64 / 9.0;
        (1000.0 + 1e4 * FOREST[channel] * brightness * colour).round() as u16
    }

    /// The class of a pixel: 4, 5 or 8 (cloud).
    pub fn class(&self, row: usize, col: usize) -> u16 {
        [4, 4, 5, 8][(row / 3 + col / 5) % 4]
    }

    /// Whether there is something to infer from and no cloud.
    pub fn is_clear(&self, row: usize, col: usize) -> bool {
        self.number(0, row, col) > 0 && self.class(row, col) != 8
    }

    /// Pixels that are clear.
    pub fn clear(&self) -> Vec<(usize, usize)> {
        let pixels = (0..self.height).flat_map(|row| (0..self.width).map(move |col| (row, col)));
        pixels
            .filter(|&(row, col)| self.is_clear(row, col))
            .collect()
    }

    /// All bands and SCL in one file.
    pub fn write(&self, path: &Path) {
        let names: Vec<&str> = CHANNELS.into_iter().chain(["SCL"]).collect();
        write(
            path,
            [self.width, self.height],
            AFFINE,
            &names,
            |band, row, col| {
                if band < CHANNELS.len() {
                    self.number(band, row, col)
                } else {
                    self.class(row, col)
                }
            },
        );
    }

    /// The digital numbers of the clear pixels as a table.
    pub fn table(&self) -> String {
        let mut text = CHANNELS.join(",") + "\n";
        for (row, col) in self.clear() {
            for channel in 0..CHANNELS.len() {
                let comma = if channel == 0 { "" } else { "," };
                let _ = write!(text, "{comma}{}", self.number(channel, row, col));
            }
            text.push('\n');
        }
        text
    }
}

/// Writes bands of whole numbers, 0 for missing, in EPSG:32633; `size` is width and height.
pub fn write(
    path: &Path,
    size: [usize; 2],
    affine: [f64; 6],
    names: &[&str],
    number: impl Fn(usize, usize, usize) -> u16,
) {
    let nodata = Some(0.0);
    let value = |band, row, col| match number(band, row, col) {
        // the writer keeps a 0 apart from no data, which is NaN here
        0 => f32::NAN,
        number => f32::from(number),
    };
    write_as(path, size, affine, names, (CogNumber::U16, nodata), value);
}

/// Writes bands of floats in EPSG:32633 without a number for missing ones.
pub fn write_floats(
    path: &Path,
    size: [usize; 2],
    affine: [f64; 6],
    names: &[&str],
    value: impl Fn(usize, usize, usize) -> f32,
) {
    write_as(path, size, affine, names, (CogNumber::F32, None), value);
}

fn write_as(
    path: &Path,
    size: [usize; 2],
    affine: [f64; 6],
    names: &[&str],
    (number, nodata): (CogNumber, Option<f64>),
    value: impl Fn(usize, usize, usize) -> f32,
) {
    let bands = names.iter().map(|name| CogBand::new(*name)).collect();
    let spec = CogSpec {
        tile: 256,
        number,
        nodata,
        georeference: Some(GeoReference::projected(32633, affine)),
        ..CogSpec::new(size[0], size[1], bands)
    };
    let writer = CogWriter::create(path, spec).expect("the scene is written");
    for down in 0..writer.tiles_down() {
        for across in 0..writer.tiles_across() {
            let mut block = vec![];
            for band in 0..names.len() {
                for row in down * 256..(down + 1) * 256 {
                    for col in across * 256..(across + 1) * 256 {
                        let inside = col < size[0] && row < size[1];
                        let missing = if nodata.is_some() { f32::NAN } else { 0.0 };
                        block.push(if inside {
                            value(band, row, col)
                        } else {
                            missing
                        });
                    }
                }
            }
            writer
                .write_block(across, down, &block)
                .expect("the scene is written");
        }
    }
    writer.finish().expect("the scene is written");
}

/// A GeoTIFF read back.
pub struct Read {
    /// What it says of itself.
    pub file: RasterFile,
    /// The values of each band, row by row.
    pub bands: Vec<Vec<f32>>,
}

impl Read {
    /// The whole file.
    pub fn of(path: &Path) -> Self {
        let file = RasterFile::open(path).expect("a GeoTIFF");
        let choices: Vec<_> = (1..=file.bands().len())
            .map(|band| BandChoice::new(format!("1:{band}")))
            .collect();
        let stack = Stack::open(&[PathBuf::from(path)], &choices, None).expect("a stack");
        let pixels = stack.width() * stack.height();
        let mut values = vec![0.0; choices.len() * pixels];
        let mut reader = stack.reader().expect("a reader");
        reader
            .read(stack.window(), &mut values)
            .expect("it is read");
        Self {
            bands: values.chunks_exact(pixels).map(<[f32]>::to_vec).collect(),
            file,
        }
    }

    /// The names of the bands.
    pub fn names(&self) -> Vec<&str> {
        let bands = self.file.bands().iter();
        bands
            .map(|band| band.name.as_deref().unwrap_or_default())
            .collect()
    }

    /// A metadata item.
    pub fn about(&self, name: &str) -> Option<&str> {
        let mut all = self.file.metadata();
        all.find(|(key, _)| *key == name).map(|(_, text)| text)
    }
}
