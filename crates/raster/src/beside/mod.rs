//! Files that say more of a raster and lie beside it: `scene.tif.aux.xml`, `scene.tfw`, `scene.prj`, `scene.tif.msk`.

pub(crate) mod pam;
pub(crate) mod wkt;
pub(crate) mod world_file;

use std::fs;
use std::path::{Path, PathBuf};

/// Bytes of a text beside a raster beyond which it is not read; the histograms of many bands take megabytes.
const MOST_TEXT: u64 = 64 << 20;

/// The files beside a raster that are read where they are there.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// GDAL's, QGIS' and ArcGIS' own: place, coordinate system, nodata.
    pub(crate) pam: Option<PathBuf>,
    /// Six numbers that say the place.
    pub(crate) world: Option<PathBuf>,
    /// The coordinate system.
    pub(crate) prj: Option<PathBuf>,
    /// GDAL's mask.
    pub(crate) mask: Option<PathBuf>,
    /// MapInfo's place, which is not read.
    pub(crate) tab: Option<PathBuf>,
}

impl Beside {
    pub(crate) fn of(path: &Path) -> Self {
        let (Some(name), Some(stem)) = (
            path.file_name().and_then(|name| name.to_str()),
            path.file_stem().and_then(|stem| stem.to_str()),
        ) else {
            return Self::default();
        };
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let there: Vec<String> = fs::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|other| starts_with(other, stem) && other != name)
            .collect();
        // capital letters do not matter, as in GDAL, and the name as it is written here comes first
        let find = |wanted: &str| {
            let same = there.iter().find(|other| *other == wanted);
            let found = same.or_else(|| there.iter().find(|it| it.eq_ignore_ascii_case(wanted)));
            found.map(|name| path.with_file_name(name))
        };
        let extension = path.extension().and_then(|extension| extension.to_str());
        let world = extension.and_then(|extension| {
            // tif: tfw, tifw, wld, which is GDAL's order
            let short = [
                extension.chars().next()?,
                extension.chars().next_back()?,
                'w',
            ];
            let short = String::from_iter(short);
            [short, format!("{extension}w"), "wld".to_owned()]
                .iter()
                .find_map(|ending| find(&format!("{stem}.{ending}")))
        });
        Self {
            pam: find(&format!("{name}.aux.xml")),
            world,
            prj: find(&format!("{stem}.prj")),
            mask: find(&format!("{name}.msk")),
            tab: find(&format!("{stem}.tab")),
        }
    }

    /// All that are there.
    pub(crate) fn all(self) -> Vec<PathBuf> {
        [self.pam, self.world, self.prj, self.mask, self.tab]
            .into_iter()
            .flatten()
            .collect()
    }
}

fn starts_with(name: &str, stem: &str) -> bool {
    name.get(..stem.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(stem))
}

/// The text of a file beside a raster.
///
/// # Errors
/// Why it cannot be read, in words.
pub(crate) fn text(path: &Path) -> Result<String, String> {
    let about = fs::metadata(path).map_err(|error| error.to_string())?;
    if about.len() > MOST_TEXT {
        return Err(format!(
            "{} bytes, at most {MOST_TEXT} are read",
            about.len()
        ));
    }
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

/// A number as people write it, with a point or a comma.
pub(crate) fn number(text: &str) -> Option<f64> {
    text.trim().replace(',', ".").parse().ok()
}
