//! What is in a GeoTIFF.

use crate::band_info::{BandInfo, band_infos};
use crate::beside::pam::{self, Pam};
use crate::beside::{self, Beside};
use crate::image::Image;
use crate::masks::{MaskBand, masks};
use crate::metadata::Item;
use crate::pages::Pages;
use crate::placement::place;
use crate::positioned::PositionedFile;
use crate::tiff::directory::Directories;
use crate::tiff::layout::Layout;
use crate::tiff::packing::Packing;
use crate::{GeoReference, RasterError, SampleType};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The description of a GeoTIFF. It holds no open file; values are read by a
/// [`StackReader`](crate::StackReader).
///
/// Strips or tiles, BigTIFF, either byte order, interleaved or separate bands, predictors 1, 2 and 3,
/// compression none, deflate, LZW, PackBits or Zstandard; unsigned numbers of 1 to 32 bits, signed ones of
/// 8, 16 and 32, floats of 16, 24, 32 and 64.
///
/// The bands of all pages of the same size are its bands, one page behind the other. Masks inside the file,
/// GDAL's `FILE.msk` beside it and alpha bands say which pixels are missing. Its place and what its bands
/// are can also be said by a `.aux.xml`, a world file (`.tfw`, `.tifw`, `.wld`) and a `.prj` beside it.
#[derive(Debug)]
pub struct RasterFile {
    path: PathBuf,
    /// Its pages, of one size.
    pub(crate) images: Vec<Arc<Image>>,
    /// The masks of each band.
    pub(crate) masks: Vec<Vec<MaskBand>>,
    bands: Vec<BandInfo>,
    georeference: Option<GeoReference>,
    metadata: Vec<Item>,
    notes: Vec<String>,
}

impl RasterFile {
    /// Reads the description of a file.
    ///
    /// # Errors
    /// [`RasterError::Read`], [`RasterError::Damaged`] where the file contradicts the format, and
    /// [`RasterError::Unsupported`] with what was found and what is allowed.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, RasterError> {
        let path = path.as_ref();
        let mut notes = Vec::new();
        let file = PositionedFile::new(File::open(path).map_err(RasterError::read(path))?);
        let length = file.file().metadata().map_err(RasterError::read(path))?;
        let directories = Directories::read(&file, path)?;
        let read = Pages::read(&directories, path, length.len(), &mut notes)?;
        let (mut pages, inside) = (read.pages, read.masks);
        let beside = Beside::of(path);
        let pam = auxiliary(&beside, &mut notes);
        let first = &directories.all[0];
        let georeference = place(first, path, &beside, &pam, &mut notes)?;
        let bands = band_infos(&mut pages, &pam, path, &mut notes);
        let mut metadata = pages[0].metadata.clone();
        metadata.extend(pam.metadata.into_iter().map(|(name, text)| Item {
            name,
            sample: None,
            role: None,
            text,
        }));
        if metadata
            .iter()
            .any(|item| item.sample.is_none() && item.name == "NODATA_VALUES")
        {
            notes.push(format!(
                "{} says by NODATA_VALUES which numbers of all bands together stand for missing values, which is not read; \
                 gdal_translate -a_nodata NUMBER says it band by band",
                path.display()
            ));
        }
        let pages: Vec<(Option<usize>, Arc<Image>)> = pages
            .into_iter()
            .map(|page| (page.alpha, Arc::new(page.image)))
            .collect();
        Ok(Self {
            path: path.to_owned(),
            masks: masks(path, &pages, inside, &beside, &mut notes),
            images: pages.into_iter().map(|(_, image)| image).collect(),
            bands,
            georeference,
            metadata,
            notes,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.layout().width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.layout().height
    }

    /// Its bands in order.
    pub fn bands(&self) -> &[BandInfo] {
        &self.bands
    }

    /// The number that stands for missing values in its first band; see [`BandInfo::nodata`].
    pub fn nodata(&self) -> Option<f64> {
        self.bands[0].nodata
    }

    /// What was found in the file or beside it and is not read, or not read as one might think: sentences for
    /// people, each with the file and what helps.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The files that lie beside a GeoTIFF and say more of it, as far as they are there.
    pub fn files_beside(path: impl AsRef<Path>) -> Vec<PathBuf> {
        Beside::of(path.as_ref()).all()
    }

    /// Number of its images: pages whose bands are its bands.
    pub fn pages(&self) -> usize {
        self.images.len()
    }

    /// The layout of its first page.
    fn layout(&self) -> &Layout {
        &self.images[0].layout
    }

    /// The page that a band is in, and the band's number there, both from 0.
    pub(crate) fn place_of(&self, band: usize) -> (usize, usize) {
        let mut left = band;
        for (at, image) in self.images.iter().enumerate() {
            if left < image.layout.bands {
                return (at, left);
            }
            left -= image.layout.bands;
        }
        (0, 0)
    }

    /// Where it lies; `None` if the file does not say.
    pub fn georeference(&self) -> Option<&GeoReference> {
        self.georeference.as_ref()
    }

    /// Width and height of a strip or tile in pixels.
    pub fn block_size(&self) -> (usize, usize) {
        (self.layout().chunk_width, self.layout().chunk_height)
    }

    /// The kind of number of the bands of its first page, once they are unpacked.
    pub fn sample_type(&self) -> SampleType {
        self.layout().sample
    }

    /// Metadata of the whole file, as name and text in their order.
    pub fn metadata(&self) -> impl Iterator<Item = (&str, &str)> {
        let whole = self.metadata.iter().filter(|item| item.sample.is_none());
        whole.map(|item| (item.name.as_str(), item.text.as_str()))
    }

    /// How its pixels lie in the file, for people.
    pub fn layout_in_words(&self) -> String {
        let layout = self.layout();
        let packed = match layout.packing {
            Packing::Whole => String::new(),
            packing => format!(", packed by {} bits", packing.bits(layout.sample)),
        };
        format!(
            "{} of {} x {}, bands {}, compression {:?}, predictor {:?}{packed}",
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
}

/// What is said beside the file in XML.
fn auxiliary(beside: &Beside, notes: &mut Vec<String>) -> Pam {
    let Some(path) = &beside.pam else {
        return Pam::default();
    };
    let pam = beside::text(path).and_then(|text| pam::parse(&text));
    let said = path.display();
    match pam {
        Ok(pam) => {
            for problem in &pam.problems {
                notes.push(format!(
                    "{problem} in {said} is not understood and left out"
                ));
            }
            pam
        }
        Err(what) => {
            notes.push(format!(
                "{said} is not read: {what}; what it says of place, coordinate system or missing values is left out"
            ));
            Pam::default()
        }
    }
}
