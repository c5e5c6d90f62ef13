//! Where a raster lies on the ground.

use crate::RasterError;
use crate::beside::wkt::Crs;
use crate::tiff::directory::Directory;
use crate::tiff::tags;
use std::collections::BTreeMap;

const MODEL_TYPE: u16 = 1024;
const RASTER_TYPE: u16 = 1025;
const GEODETIC_CRS: u16 = 2048;
const PROJECTED_CRS: u16 = 3072;
const PROJECTED_CITATION: u16 = 3073;
/// GTCitation, GeogCitation and PCSCitation: words for people.
const CITATIONS: [u16; 3] = [1026, 2049, 3073];
/// The code of GeoTIFF that says "defined by the other keys".
const USER_DEFINED: u16 = 32767;
/// What GDAL and ArcGIS begin a citation with that is well-known text; it then defines the system.
const TEXT_OF_SYSTEM: &str = "ESRI PE String = ";

/// The georeferencing tags of a file as they are (OGC GeoTIFF 1.1).
#[derive(Clone, Debug, PartialEq)]
pub struct GeoReference {
    /// ModelPixelScale: sizes of a pixel along x, y, z; empty if it is not there.
    pub pixel_scale: Vec<f64>,
    /// ModelTiepoint: six numbers each, column, row, 0, x, y, z; empty if there are none.
    pub tiepoints: Vec<f64>,
    /// ModelTransformation: a 4 x 4 matrix row by row; empty if it is not there.
    pub transformation: Vec<f64>,
    /// GeoKeyDirectory: four numbers to a key.
    pub keys: Vec<u16>,
    /// GeoDoubleParams: the doubles that keys refer to.
    pub double_params: Vec<f64>,
    /// GeoAsciiParams: the text that keys refer to.
    pub ascii_params: String,
}

impl GeoReference {
    /// A reference in a projected coordinate system.
    ///
    /// `epsg` is its code, such as 32633 for UTM zone 33 north; `affine` is in the order of GDAL
    /// (see [`GeoReference::affine`]).
    pub fn projected(epsg: u16, affine: [f64; 6]) -> Self {
        Self::of_crs(&Crs::Projected(epsg)).with_affine(affine)
    }

    /// A coordinate system without a place.
    pub(crate) fn of_crs(crs: &Crs) -> Self {
        let (ascii_params, keys) = match crs {
            Crs::Projected(code) => (
                String::new(),
                vec![[MODEL_TYPE, 0, 1, 1], [PROJECTED_CRS, 0, 1, *code]],
            ),
            Crs::Geographic(code) => (
                String::new(),
                vec![[MODEL_TYPE, 0, 1, 2], [GEODETIC_CRS, 0, 1, *code]],
            ),
            Crs::Text(text) => {
                let text = format!("{TEXT_OF_SYSTEM}{text}|");
                // `wkt::parse` gives no longer ones
                let length = text.len().try_into().unwrap_or(u16::MAX);
                let place = [PROJECTED_CITATION, tags::GEO_ASCII_PARAMS, length, 0];
                let keys = vec![
                    [MODEL_TYPE, 0, 1, USER_DEFINED],
                    [PROJECTED_CRS, 0, 1, USER_DEFINED],
                    place,
                ];
                (text, keys)
            }
        };
        let mut all = vec![[1, 1, 0, keys.len() as u16 + 1], keys[0]];
        all.push([RASTER_TYPE, 0, 1, 1]);
        all.extend(&keys[1..]);
        Self {
            pixel_scale: Vec::new(),
            tiepoints: Vec::new(),
            transformation: Vec::new(),
            keys: all.concat(),
            double_params: Vec::new(),
            ascii_params,
        }
    }

    /// The tags of a file, whatever they say.
    pub(crate) fn tags_of(directory: &Directory<'_>) -> Result<Self, RasterError> {
        let keys = directory
            .numbers(tags::GEO_KEY_DIRECTORY)?
            .unwrap_or_default();
        Ok(Self {
            pixel_scale: directory.doubles(tags::MODEL_PIXEL_SCALE)?,
            tiepoints: directory.doubles(tags::MODEL_TIEPOINT)?,
            transformation: directory.doubles(tags::MODEL_TRANSFORMATION)?,
            keys: keys.into_iter().map(|key| key as u16).collect(),
            double_params: directory.doubles(tags::GEO_DOUBLE_PARAMS)?,
            ascii_params: directory.text(tags::GEO_ASCII_PARAMS)?.unwrap_or_default(),
        })
    }

    /// Whether a coordinate system is said.
    pub(crate) fn has_crs(&self) -> bool {
        self.entries().next().is_some()
    }

    /// Width and height of a pixel where both are there, as GDAL takes them.
    fn scale(&self) -> Option<[f64; 2]> {
        match self.pixel_scale[..] {
            // GDAL takes a negative height for a mistake, too
            [x, y, ..] if x.is_finite() && y.is_finite() && x != 0.0 && y != 0.0 => {
                Some([x, -y.abs()])
            }
            _ => None,
        }
    }

    /// The map of a file that says how large its pixels are and not where they begin: at 0, 0, as in GDAL.
    pub(crate) fn affine_of_scale(&self) -> Option<[f64; 6]> {
        let [x, y] = self.scale()?;
        Some([0.0, x, 0.0, 0.0, 0.0, y])
    }

    /// From column and row to coordinates, in the order of GDAL: x = a0 + a1·column + a2·row,
    /// y = a3 + a4·column + a5·row, where (0, 0) is the upper left corner of the upper left pixel.
    ///
    /// As GDAL does, half a pixel is taken off where the tags speak of centres (PixelIsPoint).
    pub fn affine(&self) -> [f64; 6] {
        // `of`, `projected` and `with_affine` see to it that there is one; the fields are public
        self.affine_of_tags()
            .unwrap_or([0.0, 1.0, 0.0, 0.0, 0.0, 1.0])
    }

    /// The map of the tags; `None` where they have none.
    pub(crate) fn affine_of_tags(&self) -> Option<[f64; 6]> {
        let mut affine =
            if let (Some([x, y]), Some(point)) = (self.scale(), self.tiepoints.get(..6)) {
                [
                    point[3] - point[0] * x,
                    x,
                    0.0,
                    point[4] - point[1] * y,
                    0.0,
                    y,
                ]
            } else {
                let m = self.transformation.get(..16)?;
                [m[3], m[0], m[1], m[7], m[4], m[5]]
            };
        if self.is_point() {
            affine[0] -= (affine[1] + affine[2]) * 0.5;
            affine[3] -= (affine[4] + affine[5]) * 0.5;
        }
        Some(affine)
    }

    /// The same coordinate system with another map.
    pub(crate) fn with_affine(&self, affine: [f64; 6]) -> Self {
        let mut own = self.clone();
        let [mut x, xx, xy, mut y, yx, yy] = affine;
        if self.is_point() {
            x += (xx + xy) * 0.5;
            y += (yx + yy) * 0.5;
        }
        own.pixel_scale.clear();
        own.tiepoints.clear();
        own.transformation.clear();
        if xy == 0.0 && yx == 0.0 && xx > 0.0 && yy < 0.0 {
            own.pixel_scale = vec![xx, -yy, 0.0];
            own.tiepoints = vec![0.0, 0.0, 0.0, x, y, 0.0];
        } else {
            own.transformation = vec![
                xx, xy, 0.0, x, yx, yy, 0.0, y, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0,
            ];
        }
        own
    }

    /// The reference of the part that begins at this pixel.
    #[must_use]
    pub fn cropped(&self, col: usize, row: usize) -> Self {
        if (col, row) == (0, 0) {
            return self.clone();
        }
        let mut affine = self.affine();
        let (col, row) = (col as f64, row as f64);
        affine[0] += affine[1] * col + affine[2] * row;
        affine[3] += affine[4] * col + affine[5] * row;
        self.with_affine(affine)
    }

    /// The reference of the same ground with pixels of this size in units of the CRS; the upper left
    /// corner and the directions of the axes stay.
    #[must_use]
    pub fn with_pixel_size(&self, size_x: f64, size_y: f64) -> Self {
        let [old_x, old_y] = self.pixel_size();
        if [old_x, old_y] == [size_x, size_y] {
            return self.clone();
        }
        let mut affine = self.affine();
        for (at, factor) in [
            (1, size_x / old_x),
            (4, size_x / old_x),
            (2, size_y / old_y),
            (5, size_y / old_y),
        ] {
            affine[at] *= factor;
        }
        // without a rotation the size is exactly the one asked for
        if affine[2] == 0.0 && affine[4] == 0.0 {
            affine[1] = size_x.copysign(affine[1]);
            affine[5] = size_y.copysign(affine[5]);
        }
        self.with_affine(affine)
    }

    /// Width and height of a pixel in units of the CRS, both positive.
    pub fn pixel_size(&self) -> [f64; 2] {
        let [_, xx, xy, _, yx, yy] = self.affine();
        [xx.hypot(yx), xy.hypot(yy)]
    }

    /// The ground that a raster of so many pixels covers: least x, least y, greatest x, greatest y.
    pub fn extent(&self, width: usize, height: usize) -> [f64; 4] {
        extent(self.affine(), width, height)
    }

    /// Whether the tags give the place of a pixel's centre instead of its corner.
    pub fn is_point(&self) -> bool {
        self.key(RASTER_TYPE) == Some(2)
    }

    /// EPSG code of the coordinate reference system, if it is given by one.
    pub fn epsg(&self) -> Option<u16> {
        let coded = |key| {
            self.key(key)
                .filter(|code| !matches!(*code, 0 | USER_DEFINED))
        };
        match self.key(MODEL_TYPE) {
            Some(2) => coded(GEODETIC_CRS),
            _ => coded(PROJECTED_CRS),
        }
    }

    /// Whether both coordinate reference systems are the same: by their EPSG codes if both have one, else
    /// by all keys but names and PixelIsPoint.
    pub fn same_crs(&self, other: &Self) -> bool {
        match (self.epsg(), other.epsg()) {
            (Some(own), Some(its)) => own == its,
            _ => self.crs_keys() == other.crs_keys(),
        }
    }

    /// The coordinate reference system in a few words.
    pub fn crs_name(&self) -> String {
        match self.epsg() {
            Some(code) => format!("EPSG:{code}"),
            None if self.keys.is_empty() => "no coordinate reference system".to_owned(),
            None => {
                let text = self.ascii_params.split('|').next().unwrap_or_default();
                // the first name of well-known text is that of the system
                let name = text.strip_prefix(TEXT_OF_SYSTEM);
                let name = name.and_then(|text| text.split('"').nth(1)).unwrap_or(text);
                format!("a coordinate reference system without code ({name:?})")
            }
        }
    }

    fn entries(&self) -> impl Iterator<Item = &[u16; 4]> {
        self.keys.as_chunks::<4>().0.iter().skip(1)
    }

    /// The value of a key that is a short number.
    fn key(&self, id: u16) -> Option<u16> {
        let entry = self.entries().find(|entry| entry[0] == id && entry[1] == 0);
        entry.map(|entry| entry[3])
    }

    /// Values of all keys that define the CRS; numbers as they are, doubles by their bits.
    fn crs_keys(&self) -> BTreeMap<u16, Vec<u64>> {
        let defined_by_text = self.ascii_params.contains(TEXT_OF_SYSTEM);
        let relevant = self.entries().filter(|entry| {
            let words = CITATIONS.contains(&entry[0]) && !defined_by_text;
            entry[0] != RASTER_TYPE && !words
        });
        relevant
            .map(|&[id, place, count, value]| {
                let (from, to) = (value as usize, value as usize + count as usize);
                let values = match place {
                    tags::GEO_DOUBLE_PARAMS => {
                        let doubles = self.double_params.get(from..to).unwrap_or_default();
                        doubles.iter().map(|double| double.to_bits()).collect()
                    }
                    tags::GEO_ASCII_PARAMS => {
                        let text = self
                            .ascii_params
                            .as_bytes()
                            .get(from..to)
                            .unwrap_or_default();
                        text.iter().map(|byte| u64::from(*byte)).collect()
                    }
                    _ => vec![u64::from(value)],
                };
                (id, values)
            })
            .collect()
    }
}

/// The box around a raster of so many pixels: least x, least y, greatest x, greatest y.
pub(crate) fn extent(affine: [f64; 6], width: usize, height: usize) -> [f64; 4] {
    let corners = [(0, 0), (width, 0), (0, height), (width, height)];
    let mut extent = [
        f64::INFINITY,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NEG_INFINITY,
    ];
    for (col, row) in corners {
        let (col, row) = (col as f64, row as f64);
        let x = affine[0] + affine[1] * col + affine[2] * row;
        let y = affine[3] + affine[4] * col + affine[5] * row;
        extent = [
            extent[0].min(x),
            extent[1].min(y),
            extent[2].max(x),
            extent[3].max(y),
        ];
    }
    extent
}

#[cfg(test)]
mod tests {
    use super::*;

    const AFFINE: [f64; 6] = [399960.0, 20.0, 0.0, 5400000.0, 0.0, -20.0];

    #[test]
    fn a_part_begins_at_its_pixel() {
        let whole = GeoReference::projected(32633, AFFINE);
        assert_eq!(whole.affine(), AFFINE);
        assert_eq!(
            whole.cropped(3, 5).affine(),
            [400020.0, 20.0, 0.0, 5399900.0, 0.0, -20.0]
        );
        assert_eq!(whole.with_pixel_size(60.0, 60.0).affine()[1], 60.0);
        assert_eq!(
            whole.extent(2, 1),
            [399960.0, 5399980.0, 400000.0, 5400000.0]
        );
        assert_eq!(whole.epsg(), Some(32633));
        assert!(!whole.same_crs(&GeoReference::projected(32632, AFFINE)));
    }

    #[test]
    fn pixels_that_are_points_begin_half_a_pixel_earlier() {
        let mut point = GeoReference::projected(32633, AFFINE);
        point.keys[11] = 2;
        assert!(point.is_point());
        assert_eq!(point.affine(), [399950.0, 20.0, 0.0, 5400010.0, 0.0, -20.0]);
        assert_eq!(
            point.cropped(1, 0).affine(),
            [399970.0, 20.0, 0.0, 5400010.0, 0.0, -20.0]
        );
        let size = point.with_pixel_size(10.0, 10.0);
        assert_eq!(size.affine(), [399950.0, 10.0, 0.0, 5400010.0, 0.0, -10.0]);
        assert_eq!(size.tiepoints[3], 399955.0);
    }

    #[test]
    fn a_rotation_needs_the_matrix() {
        let affine = [1.0, 2.0, 0.5, 3.0, 0.25, -2.0];
        let rotated = GeoReference::projected(32633, affine);
        assert_eq!(rotated.transformation.len(), 16);
        assert_eq!(rotated.affine(), affine);
    }
}
