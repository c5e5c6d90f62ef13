//! Several files seen as one grid of pixels.

mod band_choice;
mod grid;
mod reader;

pub use band_choice::BandChoice;
pub use reader::StackReader;

use crate::georeference::extent;
use crate::masks::MaskBand;
use crate::{GeoReference, RasterError, RasterFile, Window};
use grid::Fit;
use std::path::PathBuf;
use std::sync::Arc;

/// The affine map of a stack without georeference: coordinates are columns and rows.
const PIXELS: [f64; 6] = [0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
/// Part of a pixel by which a box may reach into it without touching it.
const EDGE: f64 = 1e-6;

/// A band of a stack.
#[derive(Clone, Debug, PartialEq)]
pub struct StackBand {
    /// Its name: the description in the file, else the name it was chosen by.
    pub name: String,
    /// Number of its file among the files given, from 0.
    pub file: usize,
    /// Number of the band in its file, from 0.
    pub band: usize,
    /// Physical value = `scale` · number + `offset`; a reader gives the numbers.
    pub scale: f64,
    /// See [`StackBand::scale`].
    pub offset: f64,
    /// Its values are classes and never averaged.
    pub categorical: bool,
}

/// A file of a stack, and how its pixels fit the grid.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) file: Arc<RasterFile>,
    pub(crate) fit: Fit,
    pub(crate) bands: Vec<MemberBand>,
    /// The masks of its bands.
    pub(crate) masks: Vec<MaskBand>,
}

/// A chosen band of a file.
#[derive(Debug)]
pub(crate) struct MemberBand {
    /// Place among the stack's bands.
    pub(crate) place: usize,
    /// Number of the page it is in, and its number in that page, both from 0.
    pub(crate) page: usize,
    pub(crate) band: usize,
    /// Its number among the bands of the file.
    pub(crate) of_file: usize,
    /// Its masks, by their numbers among those of the member.
    pub(crate) masks: Vec<usize>,
}

impl Member {
    /// Bands of a file, each with its place among the stack's.
    fn of(file: &Arc<RasterFile>, fit: Fit, chosen: &[(usize, usize)]) -> Self {
        let mut masks: Vec<MaskBand> = Vec::new();
        let mut bands = Vec::new();
        for &(place, band) in chosen {
            let (page, in_page) = file.place_of(band);
            let mut own = Vec::new();
            for mask in &file.masks[band] {
                // what is measured in an alpha band, such as near infrared, is no opacity
                let measured = |alpha| chosen.iter().any(|(_, band)| *band == alpha);
                if mask.of_file.is_some_and(measured) {
                    continue;
                }
                let same =
                    |it: &MaskBand| Arc::ptr_eq(&it.image, &mask.image) && it.band == mask.band;
                own.push(masks.iter().position(same).unwrap_or_else(|| {
                    masks.push(mask.clone());
                    masks.len() - 1
                }));
            }
            bands.push(MemberBand {
                place,
                page,
                band: in_page,
                of_file: band,
                masks: own,
            });
        }
        Self {
            file: Arc::clone(file),
            fit,
            bands,
            masks,
        }
    }
}

/// Bands of several files on one grid.
///
/// Files must have the same CRS and the same extent, and their pixels must fit the grid's by whole
/// factors. Finer pixels are averaged over whole blocks, missing ones left out (a block of missing
/// pixels alone is missing); coarser pixels are repeated. Categorical bands take the pixel at a block's
/// centre, the upper left one of four. Pixels that a mask leaves out are missing; an alpha band is a mask unless
/// it is one of the chosen bands.
#[derive(Debug)]
pub struct Stack {
    files: Vec<Arc<RasterFile>>,
    members: Vec<Member>,
    bands: Vec<StackBand>,
    width: usize,
    height: usize,
    georeference: Option<GeoReference>,
}

impl Stack {
    /// Opens files and finds the chosen bands in them, in the order of `bands`.
    ///
    /// `resolution` is the grid's pixel size in units of the CRS. Without it, the grid is that of the
    /// coarsest chosen band among those with pixels of at most 20 units, or of the coarsest one if all
    /// are coarser.
    ///
    /// # Errors
    /// Those of [`RasterFile::open`]; [`RasterError::NoSuchBand`], [`RasterError::AmbiguousBand`];
    /// [`RasterError::OtherCrs`], [`RasterError::OtherExtent`], [`RasterError::Grid`] where files do
    /// not fit together.
    pub fn open(
        files: &[PathBuf],
        bands: &[BandChoice],
        resolution: Option<f64>,
    ) -> Result<Self, RasterError> {
        let files: Result<Vec<_>, _> = files.iter().map(RasterFile::open).collect();
        Self::of(files?, bands, resolution)
    }

    /// The stack of files that are described already.
    ///
    /// # Errors
    /// Those of [`Stack::open`].
    pub fn of(
        files: Vec<RasterFile>,
        bands: &[BandChoice],
        resolution: Option<f64>,
    ) -> Result<Self, RasterError> {
        if files.is_empty() {
            return Err(RasterError::Nothing { what: "files" });
        }
        if bands.is_empty() {
            return Err(RasterError::Nothing { what: "bands" });
        }
        let files: Vec<_> = files.into_iter().map(Arc::new).collect();
        let chosen: Result<Vec<_>, _> = bands.iter().map(|choice| choice.find(&files)).collect();
        let chosen = chosen?;
        let mut members: Vec<(usize, Vec<(usize, usize)>)> = Vec::new();
        for (place, band) in chosen.iter().enumerate() {
            match members.iter_mut().find(|member| member.0 == band.file) {
                Some(member) => member.1.push((place, band.band)),
                None => members.push((band.file, vec![(place, band.band)])),
            }
        }
        let used: Vec<_> = members.iter().map(|(file, _)| &*files[*file]).collect();
        let grid = grid::Grid::of(&used, resolution)?;
        let members = members
            .into_iter()
            .zip(grid.fits)
            .map(|((file, bands), fit)| Member::of(&files[file], fit, &bands))
            .collect();
        Ok(Self {
            files,
            members,
            bands: chosen,
            width: grid.width,
            height: grid.height,
            georeference: grid.georeference,
        })
    }

    /// Columns of the grid.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows of the grid.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The bands in the order they were chosen in.
    pub fn bands(&self) -> &[StackBand] {
        &self.bands
    }

    /// All files, also those without a chosen band.
    pub fn files(&self) -> &[Arc<RasterFile>] {
        &self.files
    }

    /// What was found in the files of chosen bands or beside them and is not read, or not read as one might
    /// think: sentences for people, each with the file and what helps.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for member in &self.members {
            notes.extend_from_slice(member.file.notes());
            let alphas = member.bands.iter().flat_map(|band| {
                let masks = member.file.masks[band.of_file].iter();
                masks.filter_map(|mask| mask.of_file)
            });
            let mut alphas: Vec<usize> = alphas
                .filter(|alpha| {
                    let mut chosen = member.bands.iter();
                    chosen.any(|band| band.of_file == *alpha)
                })
                .collect();
            alphas.dedup();
            for alpha in alphas {
                notes.push(format!(
                    "band {} of {} is declared to be alpha (opacity) and taken for what was asked for: it masks no pixel",
                    alpha + 1,
                    member.file.path().display()
                ));
            }
        }
        notes
    }

    /// Where the grid lies; `None` if the files do not say.
    pub fn georeference(&self) -> Option<&GeoReference> {
        self.georeference.as_ref()
    }

    /// From column and row to coordinates, in the order of GDAL; columns and rows themselves where there
    /// is no georeference.
    pub fn affine(&self) -> [f64; 6] {
        self.georeference
            .as_ref()
            .map_or(PIXELS, GeoReference::affine)
    }

    /// The whole grid.
    pub fn window(&self) -> Window {
        Window::new(0, 0, self.width, self.height)
    }

    /// The pixels that a box (least x, least y, greatest x, greatest y in units of the CRS) touches, as
    /// far as they are in the grid. A box that ends on a pixel's edge, to a millionth of a pixel, does
    /// not touch the next one.
    ///
    /// # Errors
    /// [`RasterError::NoOverlap`] where there are none; [`RasterError::NotAllowed`] for a box without area.
    pub fn window_of(&self, bbox: [f64; 4]) -> Result<Window, RasterError> {
        let [left, bottom, right, top] = bbox;
        // written so that NaN does not pass
        if !(left < right && bottom < top) {
            return Err(RasterError::NotAllowed {
                name: "bounding box",
                value: format!("{bbox:?}"),
                allowed: "least x < greatest x, least y < greatest y".to_owned(),
            });
        }
        let [x0, xx, xy, y0, yx, yy] = self.affine();
        let determinant = xx * yy - xy * yx;
        let inverse = [yy, -xy, -yx, xx].map(|number| number / determinant);
        let corner = |x: f64, y: f64| {
            let (x, y) = (x - x0, y - y0);
            (
                inverse[0] * x + inverse[1] * y,
                inverse[2] * x + inverse[3] * y,
            )
        };
        let corners = [
            corner(left, bottom),
            corner(left, top),
            corner(right, bottom),
            corner(right, top),
        ];
        let range = |of: fn(&(f64, f64)) -> f64, size: usize| {
            let least = corners.iter().map(of).fold(f64::INFINITY, f64::min);
            let greatest = corners.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
            let from = (least + EDGE).floor().clamp(0.0, size as f64) as usize;
            let to = (greatest - EDGE).ceil().clamp(0.0, size as f64) as usize;
            (from, to)
        };
        let (col, right) = range(|corner| corner.0, self.width);
        let (row, bottom) = range(|corner| corner.1, self.height);
        if col >= right || row >= bottom {
            return Err(RasterError::NoOverlap {
                bbox,
                extent: extent(self.affine(), self.width, self.height),
            });
        }
        Ok(Window::new(col, row, right - col, bottom - row))
    }

    /// A reader with file handles and a cache of its own; one for each thread.
    ///
    /// # Errors
    /// [`RasterError::Read`] where a file cannot be opened again.
    pub fn reader(&self) -> Result<StackReader<'_>, RasterError> {
        StackReader::new(self)
    }
}
