//! Where a file lies, by everything that is said inside it and beside it.

use crate::beside::pam::Pam;
use crate::beside::wkt::{self, Crs};
use crate::beside::{self, Beside, world_file};
use crate::tiff::directory::Directory;
use crate::tiff::tags;
use crate::{GeoReference, RasterError};
use std::path::Path;

/// Reads the place in the order of GDAL: the `.aux.xml`, the tags, the world file. The coordinate system is that of the
/// `.aux.xml`, of the tags, or of a `.prj`.
///
/// What is there and not understood becomes a note.
///
/// # Errors
/// Tags that contradict the format, or a map without an inverse.
pub(crate) fn place(
    directory: &Directory<'_>,
    path: &Path,
    beside: &Beside,
    pam: &Pam,
    notes: &mut Vec<String>,
) -> Result<Option<GeoReference>, RasterError> {
    let file = path.display();
    let inside = GeoReference::tags_of(directory)?;
    let own = inside.affine_of_tags();
    let mut affine = pam.affine.or(own);
    if affine.is_none()
        && let Some(world) = &beside.world
    {
        match beside::text(world).and_then(|text| world_file::parse(&text)) {
            Ok(map) => affine = Some(map),
            Err(what) => notes.push(format!(
                "{} is no world file: {what}; gdal_translate -a_ullr LEFT UPPER RIGHT LOWER {file} PLACED.tif says where {file} lies",
                world.display()
            )),
        }
    }
    if affine.is_none()
        && let Some(map) = inside.affine_of_scale()
    {
        notes.push(format!(
            "{file} says how large its pixels are and not where they begin; its upper left corner is taken for 0, 0, \
             gdal_translate -a_ullr LEFT UPPER RIGHT LOWER {file} PLACED.tif says where it lies"
        ));
        affine = Some(map);
    }
    let crs = coordinate_system(&inside, path, beside, pam, notes);
    if let Some(affine) = affine {
        let reference = crs.unwrap_or_else(|| inside.clone()).with_affine(affine);
        let [_, xx, xy, _, yx, yy] = reference.affine();
        let finite = reference.affine().iter().all(|number| number.is_finite());
        // a product of finite numbers can be infinite
        let area = xx * yy - xy * yx;
        if !finite || !area.is_finite() || area == 0.0 {
            let what = format!("its georeference maps pixels by {affine:?}, which has no inverse");
            return Err(directory.damaged(what));
        }
        return Ok(Some(reference));
    }
    let points = match inside.tiepoints.len() / 6 {
        0 => pam.control_points,
        points => points,
    };
    if points > 0 {
        notes.push(format!(
            "{file} is placed by {points} ground control points, which are not read: its place is not known; \
             gdalwarp {file} PLACED.tif makes a file that is placed by its pixels"
        ));
        return Ok(None);
    }
    if directory.has(tags::RATIONAL_POLYNOMIALS) {
        notes.push(format!(
            "{file} is placed by rational polynomials (RPC), which are not read: its place is not known; \
             gdalwarp -rpc {file} PLACED.tif makes a file that is placed by its pixels"
        ));
    }
    if let Some(tab) = &beside.tab {
        notes.push(format!(
            "{} is not read: the place of {file} is not known; gdal_translate {file} PLACED.tif puts it inside",
            tab.display()
        ));
    }
    let Some(crs) = crs else { return Ok(None) };
    notes.push(format!(
        "{file} says its coordinate system ({}) and not its place; \
         gdal_translate -a_ullr LEFT UPPER RIGHT LOWER {file} PLACED.tif says where it lies",
        crs.crs_name()
    ));
    // columns and rows, as GDAL has it
    Ok(Some(crs.with_affine([0.0, 1.0, 0.0, 0.0, 0.0, 1.0])))
}

fn coordinate_system(
    inside: &GeoReference,
    path: &Path,
    beside: &Beside,
    pam: &Pam,
    notes: &mut Vec<String>,
) -> Option<GeoReference> {
    let mut understood = |text: &str, of: &Path| -> Option<Crs> {
        let crs = wkt::parse(text);
        if crs.is_none() {
            let start: String = text.chars().take(60).collect();
            let file = path.display();
            notes.push(format!(
                "the coordinate system {start:?} of {} is not understood; gdal_translate -a_srs EPSG:CODE {file} PLACED.tif \
                 puts one inside",
                of.display()
            ));
        }
        crs
    };
    let own = beside.pam.as_deref().unwrap_or(path);
    if let Some(crs) = pam.srs.as_ref().and_then(|text| understood(text, own)) {
        return Some(GeoReference::of_crs(&crs));
    }
    if inside.has_crs() {
        return Some(inside.clone());
    }
    let prj = beside.prj.as_ref()?;
    match beside::text(prj) {
        Ok(text) => understood(&text, prj).map(|crs| GeoReference::of_crs(&crs)),
        Err(what) => {
            notes.push(format!("{} cannot be read: {what}", prj.display()));
            None
        }
    }
}
