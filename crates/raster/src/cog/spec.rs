//! What is to be written.

use crate::{GeoReference, RasterError};
use sha2::{Digest, Sha256};

/// The kind of number that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CogNumber {
    /// Floats of 32 bits.
    F32,
    /// Whole numbers from 0 to 65535. Values are rounded; those beyond the range become the nearest
    /// number that does not stand for missing.
    U16,
}

impl CogNumber {
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::U16 => 2,
        }
    }
}

/// How tiles are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CogCompression {
    /// Not at all: every tile is written at its final place at once.
    None,
    /// zlib's deflate with predictor 3 (floats) or 2 (whole numbers). Tiles wait in a file beside the
    /// output, which therefore needs its space twice while it is finished.
    Deflate {
        /// 1 (fast) to 9 (small).
        level: u32,
    },
}

/// One band of the output.
#[derive(Clone, Debug, PartialEq)]
pub struct CogBand {
    /// Its name.
    pub description: String,
    /// Unit of its values, such as `g m-2`.
    pub unit: Option<String>,
    /// Its values are classes: overviews take one of four pixels instead of their mean.
    pub categorical: bool,
}

impl CogBand {
    /// A band of measured values without unit.
    pub fn new(description: impl Into<String>) -> Self {
        Self {
            description: description.into(),
            unit: None,
            categorical: false,
        }
    }
}

/// What a [`CogWriter`](crate::CogWriter) is to write.
#[derive(Clone, Debug, PartialEq)]
pub struct CogSpec {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Side of a tile in pixels, a multiple of 16 up to 4096.
    pub tile: usize,
    /// At least one band.
    pub bands: Vec<CogBand>,
    /// The kind of number of all bands.
    pub number: CogNumber,
    /// How tiles are compressed.
    pub compression: CogCompression,
    /// The number that stands for missing values; U16 needs one if there are any. NaN is the usual one
    /// of floats.
    pub nodata: Option<f64>,
    /// Where the raster lies.
    pub georeference: Option<GeoReference>,
    /// Free metadata, name and text: what made the values, from what.
    pub metadata: Vec<(String, String)>,
    /// The ImageDescription tag.
    pub description: Option<String>,
    /// The Software tag.
    pub software: Option<String>,
    /// What the values depend on beside this specification, such as hashes of the inputs: an
    /// unfinished output is only continued if it is the same.
    pub fingerprint: String,
    /// Replace an output, or an unfinished one of another fingerprint.
    pub overwrite: bool,
}

impl CogSpec {
    /// A specification of floats in tiles of 512, without compression, with NaN as nodata.
    pub fn new(width: usize, height: usize, bands: Vec<CogBand>) -> Self {
        Self {
            width,
            height,
            tile: 512,
            bands,
            number: CogNumber::F32,
            compression: CogCompression::None,
            nodata: Some(f64::NAN),
            georeference: None,
            metadata: Vec::new(),
            description: None,
            software: None,
            fingerprint: String::new(),
            overwrite: false,
        }
    }

    /// Columns of tiles at full resolution.
    pub fn tiles_across(&self) -> usize {
        self.width.div_ceil(self.tile)
    }

    /// Rows of tiles at full resolution.
    pub fn tiles_down(&self) -> usize {
        self.height.div_ceil(self.tile)
    }

    pub(super) fn check(&self) -> Result<(), RasterError> {
        let require = |holds: bool, name, value: String, allowed: &str| {
            if holds {
                return Ok(());
            }
            Err(RasterError::NotAllowed {
                name,
                value,
                allowed: allowed.to_owned(),
            })
        };
        let side = 1..=1 << 24;
        for (name, value) in [("width", self.width), ("height", self.height)] {
            require(side.contains(&value), name, value.to_string(), "1 to 2^24")?;
        }
        let tile = self.tile;
        let good = tile.is_multiple_of(16) && (16..=4096).contains(&tile);
        require(
            good,
            "tile",
            tile.to_string(),
            "a multiple of 16 up to 4096",
        )?;
        let bands = self.bands.len();
        require(
            (1..=4096).contains(&bands),
            "number of bands",
            bands.to_string(),
            "1 to 4096",
        )?;
        if let CogCompression::Deflate { level } = self.compression {
            require(
                (1..=9).contains(&level),
                "deflate level",
                level.to_string(),
                "1 to 9",
            )?;
        }
        if let (CogNumber::U16, Some(nodata)) = (self.number, self.nodata) {
            let whole = nodata.fract() == 0.0 && (0.0..=65535.0).contains(&nodata);
            require(whole, "nodata", nodata.to_string(), "0 to 65535 for U16")?;
        }
        // one field of a TIFF has 16 bits for the number of its values here
        let keys = self
            .georeference
            .as_ref()
            .map_or(0, |reference| reference.keys.len());
        require(
            keys < 1 << 16,
            "number of geo keys",
            keys.to_string(),
            "less than 65536",
        )
    }

    /// SHA-256 over everything that decides what the output's bytes are.
    pub(super) fn hash(&self) -> String {
        let mut plain = self.clone();
        plain.overwrite = false;
        // `Debug` of floats has all their digits, and strings in it are quoted: two specifications with
        // the same text are the same
        let digest = Sha256::digest(format!("{plain:?}"));
        digest
            .iter()
            .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
    }
}
