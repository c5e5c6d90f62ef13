//! The head of the file: header and image file directories.

use super::levels::{Level, Place};
use super::spec::{CogCompression, CogNumber, CogSpec};
use crate::metadata::{self, Item};
use crate::tiff::tags;

/// A file that could come closer than this to 4 GiB becomes a BigTIFF: compressed tiles can be a little
/// larger than plain ones.
const MARGIN: u64 = 64 << 20;

/// Whether 32-bit offsets could be too small, by the size of all uncompressed tiles.
pub(super) fn needs_big(levels: &[Level], tile_bytes: usize) -> bool {
    let tiles: u64 = levels.iter().map(|level| level.tiles() as u64).sum();
    tiles * tile_bytes as u64 > (4 << 30) - MARGIN
}

/// Bytes of the head, which do not depend on where the tiles lie.
pub(super) fn head_bytes(spec: &CogSpec, levels: &[Level], big: bool) -> u64 {
    let places: Vec<_> = levels
        .iter()
        .map(|level| vec![Place::default(); level.tiles()])
        .collect();
    head(spec, levels, &places, big).len() as u64
}

/// The head: the directory of the full resolution, then those of the overviews, each followed by the
/// values that do not fit in it.
pub(super) fn head(spec: &CogSpec, levels: &[Level], places: &[Vec<Place>], big: bool) -> Vec<u8> {
    let mut out = Vec::new();
    if big {
        out.extend(b"II\x2b\x00\x08\x00\x00\x00");
        out.extend(16_u64.to_le_bytes());
    } else {
        out.extend(b"II\x2a\x00");
        out.extend(8_u32.to_le_bytes());
    }
    for (number, (level, places)) in levels.iter().zip(places).enumerate() {
        let last = number + 1 == levels.len();
        let fields = fields(spec, number, level, places, big);
        directory(&fields, big, last, &mut out);
    }
    out
}

struct Field {
    tag: u16,
    kind: u16,
    count: usize,
    bytes: Vec<u8>,
}

impl Field {
    fn shorts(tag: u16, values: &[u16]) -> Self {
        Self {
            tag,
            kind: tags::SHORT,
            count: values.len(),
            bytes: values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
        }
    }

    fn long(tag: u16, value: usize) -> Self {
        Self {
            tag,
            kind: tags::LONG,
            count: 1,
            bytes: (value as u32).to_le_bytes().to_vec(),
        }
    }

    /// Offsets and sizes: 64 bits in BigTIFF, else 32.
    fn offsets(tag: u16, values: impl ExactSizeIterator<Item = u64>, big: bool) -> Self {
        Self {
            tag,
            kind: if big { tags::LONG8 } else { tags::LONG },
            count: values.len(),
            bytes: if big {
                values.flat_map(u64::to_le_bytes).collect()
            } else {
                values
                    .flat_map(|value| (value as u32).to_le_bytes())
                    .collect()
            },
        }
    }

    fn doubles(tag: u16, values: &[f64]) -> Self {
        Self {
            tag,
            kind: tags::DOUBLE,
            count: values.len(),
            bytes: values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
        }
    }

    fn text(tag: u16, text: &str) -> Self {
        // NUL ends a text
        let mut bytes: Vec<u8> = text.bytes().filter(|byte| *byte != 0).collect();
        bytes.push(0);
        Self {
            tag,
            kind: tags::ASCII,
            count: bytes.len(),
            bytes,
        }
    }
}

fn fields(spec: &CogSpec, number: usize, level: &Level, places: &[Place], big: bool) -> Vec<Field> {
    let bands = level.bands;
    let (bits, format) = match spec.number {
        CogNumber::F32 => (32, 3),
        CogNumber::U16 => (16, 1),
    };
    let (compression, predictor) = match (spec.compression, spec.number) {
        (CogCompression::None, _) => (1, 1),
        (CogCompression::Deflate { .. }, CogNumber::F32) => (8, 3),
        (CogCompression::Deflate { .. }, CogNumber::U16) => (8, 2),
    };
    let separate = if bands == 1 { 1 } else { 2 };
    let mut fields = vec![
        Field::long(tags::NEW_SUBFILE_TYPE, usize::from(number > 0)),
        Field::long(tags::IMAGE_WIDTH, level.width),
        Field::long(tags::IMAGE_LENGTH, level.height),
        Field::shorts(tags::BITS_PER_SAMPLE, &vec![bits; bands]),
        Field::shorts(tags::COMPRESSION, &[compression]),
        // black is zero
        Field::shorts(tags::PHOTOMETRIC, &[1]),
        Field::shorts(tags::SAMPLES_PER_PIXEL, &[bands as u16]),
        Field::shorts(tags::PLANAR_CONFIGURATION, &[separate]),
        Field::long(tags::TILE_WIDTH, spec.tile),
        Field::long(tags::TILE_LENGTH, spec.tile),
        Field::offsets(
            tags::TILE_OFFSETS,
            places.iter().map(|place| place.offset),
            big,
        ),
        Field::offsets(
            tags::TILE_BYTE_COUNTS,
            places.iter().map(|place| place.bytes),
            big,
        ),
        Field::shorts(tags::SAMPLE_FORMAT, &vec![format; bands]),
    ];
    if predictor != 1 {
        fields.push(Field::shorts(tags::PREDICTOR, &[predictor]));
    }
    if bands > 1 {
        fields.push(Field::shorts(tags::EXTRA_SAMPLES, &vec![0; bands - 1]));
    }
    if let Some(nodata) = spec.nodata {
        let text = if nodata.is_nan() {
            "nan".to_owned()
        } else {
            nodata.to_string()
        };
        fields.push(Field::text(tags::GDAL_NODATA, &text));
    }
    if number == 0 {
        fields.extend(about_the_file(spec));
    }
    fields.sort_by_key(|field| field.tag);
    fields
}

/// What is said once, in the directory of the full resolution.
fn about_the_file(spec: &CogSpec) -> Vec<Field> {
    let mut fields = Vec::new();
    for (tag, text) in [
        (tags::IMAGE_DESCRIPTION, &spec.description),
        (tags::SOFTWARE, &spec.software),
    ] {
        fields.extend(text.as_ref().map(|text| Field::text(tag, text)));
    }
    let items = items(spec);
    fields.push(Field::text(tags::GDAL_METADATA, &metadata::write(&items)));
    if let Some(reference) = &spec.georeference {
        for (tag, values) in [
            (tags::MODEL_PIXEL_SCALE, &reference.pixel_scale),
            (tags::MODEL_TIEPOINT, &reference.tiepoints),
            (tags::MODEL_TRANSFORMATION, &reference.transformation),
            (tags::GEO_DOUBLE_PARAMS, &reference.double_params),
        ] {
            if !values.is_empty() {
                fields.push(Field::doubles(tag, values));
            }
        }
        if !reference.keys.is_empty() {
            fields.push(Field::shorts(tags::GEO_KEY_DIRECTORY, &reference.keys));
        }
        if !reference.ascii_params.is_empty() {
            fields.push(Field::text(tags::GEO_ASCII_PARAMS, &reference.ascii_params));
        }
    }
    fields
}

fn items(spec: &CogSpec) -> Vec<Item> {
    let mut items: Vec<Item> = spec
        .metadata
        .iter()
        .map(|(name, text)| Item {
            name: name.clone(),
            sample: None,
            role: None,
            text: text.clone(),
        })
        .collect();
    for (number, band) in spec.bands.iter().enumerate() {
        let mut add = |name: &str, role: &str, text: &str| {
            items.push(Item {
                name: name.to_owned(),
                sample: Some(number),
                role: Some(role.to_owned()),
                text: text.to_owned(),
            });
        };
        add("DESCRIPTION", "description", &band.description);
        if let Some(unit) = &band.unit {
            add("UNITTYPE", "unittype", unit);
        }
    }
    items
}

/// Appends a directory and the values that do not fit into its entries.
fn directory(fields: &[Field], big: bool, last: bool, out: &mut Vec<u8>) {
    let (count_bytes, entry_bytes, field_bytes) = if big { (8, 20, 8) } else { (2, 12, 4) };
    let start = out.len();
    let number = |value: usize, bytes: usize| (value as u64).to_le_bytes()[..bytes].to_vec();
    let mut next = start + count_bytes + fields.len() * entry_bytes + field_bytes;
    let mut beyond = Vec::new();
    out.extend(number(fields.len(), count_bytes));
    for field in fields {
        out.extend(field.tag.to_le_bytes());
        out.extend(field.kind.to_le_bytes());
        out.extend(number(field.count, field_bytes));
        if field.bytes.len() <= field_bytes {
            let mut value = field.bytes.clone();
            value.resize(field_bytes, 0);
            out.extend(value);
        } else {
            // values begin at a multiple of 8
            let padding = next.next_multiple_of(8) - next;
            beyond.resize(beyond.len() + padding, 0);
            next += padding;
            out.extend(number(next, field_bytes));
            beyond.extend(&field.bytes);
            next += field.bytes.len();
        }
    }
    let end = next.next_multiple_of(8);
    out.extend(number(if last { 0 } else { end }, field_bytes));
    out.extend(beyond);
    out.resize(end, 0);
}
