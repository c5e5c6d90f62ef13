//! What is in a GeoTIFF.

use crate::metadata::{self, Item};
use crate::positioned::PositionedFile;
use crate::tiff::directory::Directory;
use crate::tiff::layout::Layout;
use crate::tiff::tags;
use crate::{GeoReference, RasterError, SampleType};
use std::fs::File;
use std::path::{Path, PathBuf};

/// What a file says of one of its bands.
#[derive(Clone, Debug, PartialEq)]
pub struct BandInfo {
    /// Its description, such as `B8A`.
    pub name: Option<String>,
    /// Unit of its values.
    pub unit: Option<String>,
    /// Physical value = `scale` · number + `offset`; 1 where nothing is said. Readers give the numbers.
    pub scale: f64,
    /// See [`BandInfo::scale`]; 0 where nothing is said.
    pub offset: f64,
}

/// The description of a GeoTIFF's first image. It holds no open file; values are read by a
/// [`StackReader`](crate::StackReader).
///
/// Strips or tiles, BigTIFF, either byte order, interleaved or separate bands, predictors 1, 2 and 3,
/// compression none, deflate, LZW, PackBits or Zstandard, numbers of 8 to 32 bits and floats of 32 or 64.
#[derive(Debug)]
pub struct RasterFile {
    path: PathBuf,
    pub(crate) layout: Layout,
    /// Bytes of the file.
    pub(crate) length: u64,
    bands: Vec<BandInfo>,
    nodata: Option<f64>,
    georeference: Option<GeoReference>,
    metadata: Vec<Item>,
}

impl RasterFile {
    /// Reads the description of a file.
    ///
    /// # Errors
    /// [`RasterError::Read`], [`RasterError::Damaged`] where the file contradicts the format, and
    /// [`RasterError::Unsupported`] with what was found and what is allowed.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, RasterError> {
        let path = path.as_ref();
        let file = File::open(path).map_err(RasterError::read(path))?;
        let file = PositionedFile::new(file);
        let directory = Directory::read(&file, path)?;
        let layout = Layout::of(&directory, path)?;
        let metadata = match directory.text(tags::GDAL_METADATA)? {
            Some(xml) => metadata::parse(&xml),
            None => Vec::new(),
        };
        let nodata = match directory.text(tags::GDAL_NODATA)? {
            Some(text) => Some(text.trim().parse().map_err(|_| {
                directory.damaged(format!("GDAL_NODATA is {text:?}, expected a number"))
            })?),
            None => None,
        };
        Ok(Self {
            path: path.to_owned(),
            length: file
                .file()
                .metadata()
                .map_err(RasterError::read(path))?
                .len(),
            bands: (0..layout.bands)
                .map(|band| band_info(&metadata, band))
                .collect(),
            nodata,
            georeference: GeoReference::of(&directory)?,
            metadata,
            layout,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.layout.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.layout.height
    }

    /// Its bands in order.
    pub fn bands(&self) -> &[BandInfo] {
        &self.bands
    }

    /// The number that stands for missing values.
    pub fn nodata(&self) -> Option<f64> {
        self.nodata
    }

    /// Where it lies; `None` if the file does not say.
    pub fn georeference(&self) -> Option<&GeoReference> {
        self.georeference.as_ref()
    }

    /// Width and height of a strip or tile in pixels.
    pub fn block_size(&self) -> (usize, usize) {
        (self.layout.chunk_width, self.layout.chunk_height)
    }

    /// The kind of number of all bands.
    pub fn sample_type(&self) -> SampleType {
        self.layout.sample
    }

    /// Metadata of the whole file, as name and text in their order.
    pub fn metadata(&self) -> impl Iterator<Item = (&str, &str)> {
        let whole = self.metadata.iter().filter(|item| item.sample.is_none());
        whole.map(|item| (item.name.as_str(), item.text.as_str()))
    }

    /// How its pixels lie in the file, for people.
    pub fn layout_in_words(&self) -> String {
        let layout = &self.layout;
        format!(
            "{} of {} x {}, bands {}, compression {:?}, predictor {:?}",
            if layout.tiled { "tiles" } else { "strips" },
            layout.chunk_width,
            layout.chunk_height,
            if layout.chunk_bands == layout.bands {
                "interleaved"
            } else {
                "separate"
            },
            layout.compression,
            layout.predictor
        )
    }

    /// The bytes of a number in a chunk that was left out, least byte first.
    pub(crate) fn empty_number(&self) -> [u8; 8] {
        let value = self.nodata.unwrap_or(0.0);
        let mut bytes = [0; 8];
        match self.layout.sample {
            SampleType::F32 => bytes[..4].copy_from_slice(&(value as f32).to_le_bytes()),
            SampleType::F64 => bytes = value.to_le_bytes(),
            _ => bytes = (value as i64).to_le_bytes(),
        }
        bytes
    }
}

fn band_info(metadata: &[Item], band: usize) -> BandInfo {
    let text = |role: &str| {
        let item = metadata
            .iter()
            .find(|item| item.sample == Some(band) && item.role.as_deref() == Some(role));
        item.map(|item| item.text.trim())
            .filter(|text| !text.is_empty())
    };
    // openEO and others write it as any other tag of the band
    let tag = |name: &str| {
        let is_it = |item: &&Item| {
            item.sample == Some(band) && item.role.is_none() && item.name.eq_ignore_ascii_case(name)
        };
        let text = metadata.iter().find(is_it)?.text.trim();
        (!text.is_empty()).then_some(text)
    };
    let number = |role| text(role).and_then(|text| text.parse().ok());
    BandInfo {
        name: (text("description").or_else(|| tag("DESCRIPTION"))).map(str::to_owned),
        unit: text("unittype").map(str::to_owned),
        scale: number("scale").unwrap_or(1.0),
        offset: number("offset").unwrap_or(0.0),
    }
}
