//! What can go wrong with rasters.

use std::path::{Path, PathBuf};

/// Errors of the raster crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RasterError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// A file is no TIFF, or not all of one.
    #[error("{}: damaged or not a TIFF: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What contradicts the format.
        what: String,
    },
    /// A TIFF of a kind that is not read.
    #[error("{}: {what} {found} is not supported, allowed: {allowed}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// Which property, such as `compression`.
        what: &'static str,
        /// Its value in the file.
        found: String,
        /// The values that are read.
        allowed: String,
    },
    /// No file was given.
    #[error("{what}: none given, at least one is needed")]
    Nothing {
        /// What is missing: files or bands.
        what: &'static str,
    },
    /// A band was chosen that no file has.
    #[error("band {name:?} is in none of the files; there are: {available}")]
    NoSuchBand {
        /// The band as chosen.
        name: String,
        /// The names (and numbers) that are there.
        available: String,
    },
    /// A band's name is in several places.
    #[error("band {name:?} is there more than once: {places}; choose by FILE_NUMBER:BAND_NUMBER")]
    AmbiguousBand {
        /// The band as chosen.
        name: String,
        /// Where it was found, as FILE_NUMBER:BAND_NUMBER and file.
        places: String,
    },
    /// Two files have different coordinate reference systems.
    #[error("{} is in {found}, but {} is in {expected}; reproject one of them", path.display(), first.display())]
    OtherCrs {
        /// The file.
        path: PathBuf,
        /// Its coordinate reference system.
        found: String,
        /// The file it was compared with.
        first: PathBuf,
        /// The coordinate reference system of that.
        expected: String,
    },
    /// Two files cover different ground.
    #[error(
        "{} covers [{}], but {} covers [{}]; crop both to the same extent",
        path.display(), comma(found), first.display(), comma(expected)
    )]
    OtherExtent {
        /// The file.
        path: PathBuf,
        /// Its extent: least x, least y, greatest x, greatest y in units of the CRS.
        found: [f64; 4],
        /// The file it was compared with.
        first: PathBuf,
        /// The extent of that.
        expected: [f64; 4],
    },
    /// A file's pixels do not fit the target grid.
    #[error("{}: {what}", path.display())]
    Grid {
        /// The file.
        path: PathBuf,
        /// What does not fit, with the numbers.
        what: String,
    },
    /// A bounding box lies beside the raster.
    #[error(
        "the box [{}] does not overlap the raster's extent [{}]",
        comma(bbox),
        comma(extent)
    )]
    NoOverlap {
        /// The box asked for: least x, least y, greatest x, greatest y.
        bbox: [f64; 4],
        /// The raster's extent, in the same order.
        extent: [f64; 4],
    },
    /// A window reaches beyond the raster, or is empty.
    #[error("window {window} is not allowed: inside {width} x {height} pixels, not empty")]
    Window {
        /// The window.
        window: crate::Window,
        /// Width of the raster in pixels.
        width: usize,
        /// Height of the raster in pixels.
        height: usize,
    },
    /// A buffer has the wrong length.
    #[error("a buffer of {found} values was given, expected {expected}: {shape}")]
    Buffer {
        /// Its length.
        found: usize,
        /// The length it should have.
        expected: usize,
        /// What that is made of.
        shape: String,
    },
    /// A value of a [`CogSpec`](crate::CogSpec) or of a call makes no sense.
    #[error("{name} = {value} is not allowed: {allowed}")]
    NotAllowed {
        /// Which value.
        name: &'static str,
        /// The value found.
        value: String,
        /// What is allowed, in words.
        allowed: String,
    },
    /// The output, or an unfinished one of other settings, is there already.
    #[error("{} is there already{reason}; remove it or allow overwriting", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
        /// Why it cannot be continued, if it is an unfinished one.
        reason: &'static str,
    },
    /// Another writer is at work on the same output.
    #[error("{} is being written by another process", path.display())]
    Locked {
        /// The journal that is locked.
        path: PathBuf,
    },
    /// A block was written before.
    #[error("block {column},{row} of {} was written before", path.display())]
    Twice {
        /// The output.
        path: PathBuf,
        /// Column of the block, from 0.
        column: usize,
        /// Row of the block, from 0.
        row: usize,
    },
    /// An output was finished before all of its blocks were written.
    #[error("{missing} blocks of {} are not written yet, the first is {column},{row}", path.display())]
    Unfinished {
        /// The output.
        path: PathBuf,
        /// How many are missing.
        missing: usize,
        /// Column of the first of them, from 0.
        column: usize,
        /// Row of the first of them, from 0.
        row: usize,
    },
}

impl RasterError {
    pub(crate) fn read(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Write {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            what: what.into(),
        }
    }

    pub(crate) fn unsupported(
        path: &Path,
        what: &'static str,
        found: impl std::fmt::Display,
        allowed: impl Into<String>,
    ) -> Self {
        Self::Unsupported {
            path: path.to_owned(),
            what,
            found: found.to_string(),
            allowed: allowed.into(),
        }
    }
}

fn comma(numbers: &[f64; 4]) -> String {
    numbers.map(|number| number.to_string()).join(", ")
}
