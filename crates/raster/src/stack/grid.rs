//! The grid that several files share.

use super::PIXELS;
use crate::georeference::extent;
use crate::{GeoReference, RasterError, RasterFile};
use std::path::Path;

/// Pixels of at most this size, in units of the CRS, count as fine: Sentinel-2's 10 and 20 m.
const FINE: f64 = 20.0;
/// Coordinates may differ by this part of a pixel: they are written with few digits now and then.
const EDGE: f64 = 0.01;
/// Pixels of a file along one side of the grid's, at most: their number must fit into 16 bits.
const MOST: usize = 255;

/// How a file's pixels lie in the grid's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    Same,
    /// So many pixels of the file along each side of one of the grid.
    Finer(usize),
    /// So many pixels of the grid along each side of one of the file.
    Coarser(usize),
}

pub(super) struct Grid {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) georeference: Option<GeoReference>,
    /// One for each file.
    pub(super) fits: Vec<Fit>,
}

impl Grid {
    /// The grid of files, of which there is at least one.
    pub(super) fn of(files: &[&RasterFile], resolution: Option<f64>) -> Result<Self, RasterError> {
        let first = files[0];
        for file in &files[1..] {
            same_ground(first, file)?;
        }
        let size = |file: &&RasterFile| {
            file.georeference()
                .map_or([1.0, 1.0], GeoReference::pixel_size)
        };
        let coarsest = |limit: f64| {
            let sizes = files.iter().map(size).filter(|size| size[0] <= limit);
            sizes.max_by(|a, b| a[0].total_cmp(&b[0]))
        };
        let target = match resolution {
            Some(resolution) if resolution.is_finite() && resolution > 0.0 => [resolution; 2],
            Some(resolution) => {
                return Err(RasterError::NotAllowed {
                    name: "resolution",
                    value: resolution.to_string(),
                    allowed: "a positive number of the CRS's units".to_owned(),
                });
            }
            None => coarsest(FINE * (1.0 + EDGE))
                .or_else(|| coarsest(f64::INFINITY))
                .unwrap_or([1.0, 1.0]),
        };
        let mut grid = Self {
            width: 0,
            height: 0,
            georeference: first
                .georeference()
                .map(|reference| reference.with_pixel_size(target[0], target[1])),
            fits: Vec::with_capacity(files.len()),
        };
        for file in files {
            let own = size(file);
            let (fit, width) = fit(file.path(), own[0], target[0], file.width())?;
            let (down, height) = self::fit(file.path(), own[1], target[1], file.height())?;
            if fit != down {
                return Err(RasterError::Grid {
                    path: file.path().to_owned(),
                    what: format!(
                        "pixels of {} x {} units do not fit a grid of {} x {} by one factor",
                        own[0], own[1], target[0], target[1]
                    ),
                });
            }
            if grid.width == 0 {
                (grid.width, grid.height) = (width, height);
            } else if (grid.width, grid.height) != (width, height) {
                return Err(other_extent(first, file));
            }
            grid.fits.push(fit);
        }
        Ok(grid)
    }
}

/// Whether two files have the same CRS, extent and directions.
fn same_ground(first: &RasterFile, file: &RasterFile) -> Result<(), RasterError> {
    let name = |reference: Option<&GeoReference>| match reference {
        Some(reference) => reference.crs_name(),
        None => "no georeference".to_owned(),
    };
    let (expected, found) = (first.georeference(), file.georeference());
    let same = match (expected, found) {
        (Some(expected), Some(found)) => expected.same_crs(found),
        (None, None) => true,
        _ => false,
    };
    if !same {
        return Err(RasterError::OtherCrs {
            path: file.path().to_owned(),
            found: name(found),
            first: first.path().to_owned(),
            expected: name(expected),
        });
    }
    let corners = |file: &RasterFile| {
        let affine = affine(file);
        let (width, height) = (file.width() as f64, file.height() as f64);
        [(0.0, 0.0), (width, 0.0), (0.0, height)].map(|(col, row)| {
            [
                affine[0] + affine[1] * col + affine[2] * row,
                affine[3] + affine[4] * col + affine[5] * row,
            ]
        })
    };
    let pixel = |file: &RasterFile| file.georeference().map_or(1.0, |r| r.pixel_size()[0]);
    let tolerance = EDGE * pixel(first).min(pixel(file));
    let near = |(a, b): (&[f64; 2], &[f64; 2])| {
        (a[0] - b[0]).abs() <= tolerance && (a[1] - b[1]).abs() <= tolerance
    };
    if corners(first).iter().zip(&corners(file)).all(near) {
        return Ok(());
    }
    Err(other_extent(first, file))
}

fn other_extent(first: &RasterFile, file: &RasterFile) -> RasterError {
    let of = |file: &RasterFile| extent(affine(file), file.width(), file.height());
    RasterError::OtherExtent {
        path: file.path().to_owned(),
        found: of(file),
        first: first.path().to_owned(),
        expected: of(first),
    }
}

fn affine(file: &RasterFile) -> [f64; 6] {
    file.georeference().map_or(PIXELS, GeoReference::affine)
}

/// How pixels of size `own` fit those of size `target`, and how many of those `pixels` of them make.
fn fit(path: &Path, own: f64, target: f64, pixels: usize) -> Result<(Fit, usize), RasterError> {
    let error = |what| RasterError::Grid {
        path: path.to_owned(),
        what,
    };
    let ratio = (target / own).max(own / target);
    let factor = ratio.round();
    // over the whole width, the edges may be off by a hundredth of a pixel
    if (ratio - factor).abs() * pixels as f64 > EDGE * factor || factor > MOST as f64 {
        return Err(error(format!(
            "pixels of {own} units do not fit a grid of {target} by a whole factor up to {MOST}"
        )));
    }
    let factor = factor as usize;
    if factor == 1 {
        Ok((Fit::Same, pixels))
    } else if target < own {
        Ok((Fit::Coarser(factor), pixels * factor))
    } else if pixels.is_multiple_of(factor) {
        Ok((Fit::Finer(factor), pixels / factor))
    } else {
        Err(error(format!(
            "{pixels} pixels of {own} units are no whole number of pixels of {target}; crop it to a multiple of {factor}"
        )))
    }
}
