//! The images of a TIFF: its pages, and which of them are masks.

use crate::GeoReference;
use crate::RasterError;
use crate::image::Image;
use crate::metadata::{self, Item};
use crate::tiff::directory::{Directories, Directory};
use crate::tiff::layout::{Layout, MOST_BANDS};
use crate::tiff::tags;
use std::path::Path;

/// Bits of NewSubfileType.
const REDUCED: u64 = 1;
const MASK: u64 = 4;

/// A page: an image in its own right.
pub(crate) struct Page {
    /// Number among the images of the file, from 1.
    pub(crate) number: usize,
    pub(crate) image: Image,
    pub(crate) metadata: Vec<Item>,
    /// The page's own words for itself.
    pub(crate) name: Option<String>,
    /// Number of its band that says how opaque its pixels are, from 0.
    pub(crate) alpha: Option<usize>,
}

/// The pages that make up a file, and the masks of them.
pub(crate) struct Pages {
    /// At least one.
    pub(crate) pages: Vec<Page>,
    /// Masks of the full size, with the number of the page that each follows, from 0.
    pub(crate) masks: Vec<(usize, Image)>,
}

impl Pages {
    /// The first image, and all others of its size that are neither overviews nor masks.
    ///
    /// # Errors
    /// The first image cannot be read. What is wrong with the others becomes a note.
    pub(crate) fn read(
        directories: &Directories<'_>,
        path: &Path,
        length: u64,
        notes: &mut Vec<String>,
    ) -> Result<Self, RasterError> {
        let first = page(&directories.all[0], 1, path, length, notes)?;
        let size = (first.image.layout.width, first.image.layout.height);
        let place = GeoReference::tags_of(&directories.all[0])?.affine_of_tags();
        // every chunk of an honest file has an entry of its own, of two bytes at least
        let mut chunks = first.image.layout.chunks() as u64;
        let mut bands = first.image.layout.bands;
        let mut all = Self {
            pages: vec![first],
            masks: Vec::new(),
        };
        let mut left_out = Vec::new();
        for (number, directory) in (2..).zip(&directories.all[1..]) {
            let kind = kind(directory);
            if kind & REDUCED != 0 {
                continue;
            }
            let is_mask = kind & MASK != 0;
            let name = if is_mask { "mask" } else { "image" };
            match part(directory, number, path, length, (size, place)) {
                Ok(part) => {
                    let layout = &part.image.layout;
                    chunks += layout.chunks() as u64;
                    bands += layout.bands;
                    if chunks * 2 > length {
                        let what = "more strips or tiles than the file has room for";
                        return Err(RasterError::damaged(path, what));
                    }
                    if is_mask {
                        all.masks.push((all.pages.len() - 1, part.image));
                    } else if bands <= MOST_BANDS {
                        all.pages.push(part);
                    } else {
                        left_out.push((name, number, format!("more than {MOST_BANDS} bands")));
                        break;
                    }
                }
                Err(what) => left_out.push((name, number, what)),
            }
        }
        let file = path.display();
        if let Some((name, number, what)) = left_out.first() {
            let more = match left_out.len() {
                1 => String::new(),
                count => format!(
                    " and {} more of its {} images",
                    count - 1,
                    directories.all.len()
                ),
            };
            notes.push(format!(
                "{name} {number} of {file}{more} cannot be read and is left out: {what}; \
                 gdal_translate GTIFF_DIR:{number}:{file} OTHER.tif takes it out"
            ));
        }
        if let Some(count) = images_of_imagej(&directories.all[0])
            && count > directories.all.len()
        {
            notes.push(format!(
                "{file} is a stack of {count} images by ImageJ, of which {} have a directory and are read; \
                 saved by tifffile or as single images all can be",
                directories.all.len()
            ));
        }
        if let Some(what) = &directories.broken {
            notes.push(format!(
                "the images of {file} behind the first {} cannot be found, a mask among them would be left out: {what}",
                directories.all.len()
            ));
        }
        Ok(all)
    }
}

/// What kind of image a directory has; 0 for a page.
fn kind(directory: &Directory<'_>) -> u64 {
    let number = |tag| directory.first_number(tag).ok().flatten();
    match (
        number(tags::NEW_SUBFILE_TYPE),
        number(tags::OLD_SUBFILE_TYPE),
    ) {
        (Some(kind), _) => kind,
        (None, Some(2)) => REDUCED,
        _ => 0,
    }
}

/// How many images a stack has by the words of ImageJ, which writes one directory for those beyond 4 GB.
fn images_of_imagej(directory: &Directory<'_>) -> Option<usize> {
    let words = directory.text(tags::IMAGE_DESCRIPTION).ok()??;
    let mut lines = words.strip_prefix("ImageJ=")?.lines();
    lines.find_map(|line| line.strip_prefix("images=")?.trim().parse().ok())
}

/// A page or mask behind the first page, of the same size and place.
///
/// # Errors
/// Why it is none, in words.
fn part(
    directory: &Directory<'_>,
    number: usize,
    path: &Path,
    length: u64,
    (size, place): ((usize, usize), Option<[f64; 6]>),
) -> Result<Page, String> {
    let words = |error| match error {
        RasterError::Damaged { what, .. } => what,
        RasterError::Unsupported {
            what,
            found,
            allowed,
            ..
        } => format!("{what} {found} is not supported, allowed: {allowed}"),
        error => error.to_string(),
    };
    let side = |tag| directory.first_number(tag).map_err(words);
    let found = (side(tags::IMAGE_WIDTH)?, side(tags::IMAGE_LENGTH)?);
    if found != (Some(size.0 as u64), Some(size.1 as u64)) {
        let side = |side: Option<u64>| side.unwrap_or(0);
        return Err(format!(
            "it has {} x {} pixels, the first image {} x {}",
            side(found.0),
            side(found.1),
            size.0,
            size.1
        ));
    }
    let own = GeoReference::tags_of(directory)
        .map_err(words)?
        .affine_of_tags();
    if let (Some(place), Some(own)) = (place, own)
        && place != own
    {
        return Err(format!(
            "it lies elsewhere: {own:?}, the first image {place:?}"
        ));
    }
    page(directory, number, path, length, &mut Vec::new()).map_err(words)
}

fn page(
    directory: &Directory<'_>,
    number: usize,
    path: &Path,
    length: u64,
    notes: &mut Vec<String>,
) -> Result<Page, RasterError> {
    let layout = Layout::of(directory, path)?;
    let nodata = match directory.text(tags::GDAL_NODATA)? {
        Some(text) => nodata(&text, path, notes),
        None => None,
    };
    let metadata = match directory.text(tags::GDAL_METADATA)? {
        Some(xml) => metadata::parse(&xml),
        None => Vec::new(),
    };
    let extra = directory.numbers(tags::EXTRA_SAMPLES)?.unwrap_or_default();
    // 1 and 2 are alpha, with the colours multiplied by it or not; the extra samples are the last ones
    let alpha = extra.iter().rposition(|kind| matches!(kind, 1 | 2));
    let alpha = alpha.and_then(|at| (layout.bands + at).checked_sub(extra.len()));
    Ok(Page {
        number,
        name: name(directory),
        alpha: alpha.filter(|_| layout.bands > 1),
        metadata,
        image: Image {
            path: path.to_owned(),
            length,
            nodata: vec![nodata; layout.bands],
            layout,
        },
    })
}

/// A page's own name; a description counts where it is a word or two.
fn name(directory: &Directory<'_>) -> Option<String> {
    let text = |tag| directory.text(tag).ok().flatten();
    let short = |text: String| {
        let text = text.trim();
        let plain = |c: char| !c.is_control() && !matches!(c, '=' | '{' | '<');
        (!text.is_empty() && text.len() <= 40 && text.chars().all(plain)).then(|| text.to_owned())
    };
    let page = text(tags::PAGE_NAME).and_then(short);
    page.or_else(|| text(tags::IMAGE_DESCRIPTION).and_then(short))
}

/// The number that a text says; `None`, with a note, where it says none.
pub(crate) fn nodata(text: &str, path: &Path, notes: &mut Vec<String>) -> Option<f64> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    // what C libraries print for NaN
    let unsigned = lower.trim_start_matches(['-', '+']);
    if unsigned.starts_with("nan") || unsigned.starts_with("1.#") && !unsigned.starts_with("1.#inf")
    {
        return Some(f64::NAN);
    }
    let number = crate::beside::number(&lower.replace("1.#inf", "inf"));
    if number.is_none() && !text.is_empty() {
        notes.push(format!(
            "{} says that {text:?} stands for missing values, which is no number: nothing is taken for missing by it; \
             gdal_translate -a_nodata NUMBER {} OTHER.tif says another",
            path.display(),
            path.display()
        ));
    }
    number
}
