//! Which pixels of a file are valid: masks inside it and beside it, and alpha bands.
//!
//! A pixel is missing where any of its masks is 0. GDAL would ask one of them alone, and take a pixel for valid whose
//! number stands for missing wherever there is a mask.

use crate::beside::Beside;
use crate::image::Image;
use crate::positioned::PositionedFile;
use crate::tiff::directory::Directories;
use crate::tiff::layout::Layout;
use crate::{RasterError, SampleType};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// A band of an image that is 0 where pixels are missing.
#[derive(Clone, Debug)]
pub(crate) struct MaskBand {
    pub(crate) image: Arc<Image>,
    /// Number of the band in that image, from 0.
    pub(crate) band: usize,
    /// The band among those of the file, where it is one of them: an alpha band.
    pub(crate) of_file: Option<usize>,
}

/// The masks of every band of a file, whose pages are these, each with its alpha band.
pub(crate) fn masks(
    path: &Path,
    pages: &[(Option<usize>, Arc<Image>)],
    inside: Vec<(usize, Image)>,
    beside: &Beside,
    notes: &mut Vec<String>,
) -> Vec<Vec<MaskBand>> {
    let file = path.display();
    let mut own: Vec<Vec<Arc<Image>>> = vec![Vec::new(); pages.len()];
    let count = inside.len();
    for (at, (page, mask)) in inside.into_iter().enumerate() {
        let mask = Arc::new(mask);
        if count == 1 {
            for masks in &mut own {
                masks.push(Arc::clone(&mask));
            }
        } else if count == pages.len() {
            own[at].push(mask);
        } else {
            // of several masks of one page the first counts, as in GDAL
            let masks = &mut own[page];
            if masks.is_empty() {
                masks.push(mask);
            }
        }
    }
    if let Some(beside) = &beside.mask {
        match external(beside) {
            Ok(mask) => {
                let mask = Arc::new(mask);
                for masks in &mut own {
                    masks.push(Arc::clone(&mask));
                }
            }
            Err(error) => notes.push(format!("the mask beside {file} is not read: {error}")),
        }
    }
    let all_bands: usize = pages.iter().map(|(_, image)| image.layout.bands).sum();
    let mut all = Vec::new();
    let mut unfit = Vec::new();
    for ((alpha, image), masks) in pages.iter().zip(own) {
        let first = all.len();
        for band in 0..image.layout.bands {
            let mut found = Vec::new();
            for mask in &masks {
                match band_of(&mask.layout, &image.layout, (band, first + band), all_bands) {
                    Ok(band) => found.push(MaskBand {
                        image: Arc::clone(mask),
                        band,
                        of_file: None,
                    }),
                    Err(what) => unfit.push(what),
                }
            }
            if let Some(alpha) = alpha.filter(|alpha| *alpha != band) {
                found.push(MaskBand {
                    image: Arc::clone(image),
                    band: alpha,
                    of_file: Some(first + alpha),
                });
            }
            all.push(found);
        }
    }
    if let Some(what) = unfit.first() {
        notes.push(format!(
            "a mask of {file} is not read, no pixel is missing by it: {what}"
        ));
    }
    all
}

/// The band of a mask that speaks of a band of an image.
///
/// # Errors
/// Why there is none, in words.
fn band_of(
    mask: &Layout,
    image: &Layout,
    (band, of_file): (usize, usize),
    all_bands: usize,
) -> Result<usize, String> {
    if (mask.width, mask.height) != (image.width, image.height) {
        return Err(format!(
            "it has {} x {} pixels, the image {} x {}",
            mask.width, mask.height, image.width, image.height
        ));
    }
    if mask.sample != SampleType::U8 {
        return Err(format!(
            "its numbers are {}, expected 1 to 8 bits",
            mask.sample
        ));
    }
    match mask.bands {
        1 => Ok(0),
        bands if bands == image.bands => Ok(band),
        bands if bands == all_bands => Ok(of_file),
        bands => Err(format!(
            "it has {bands} bands, expected 1 or {}",
            image.bands
        )),
    }
}

/// The mask in a file of its own.
fn external(path: &Path) -> Result<Image, RasterError> {
    let file = PositionedFile::new(File::open(path).map_err(RasterError::read(path))?);
    let length = file.file().metadata().map_err(RasterError::read(path))?;
    let directories = Directories::read(&file, path)?;
    let layout = Layout::of(&directories.all[0], path)?;
    Ok(Image {
        path: path.to_owned(),
        length: length.len(),
        nodata: vec![None; layout.bands],
        layout,
    })
}
