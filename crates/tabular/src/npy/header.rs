//! The header of a `.npy` file, versions 1 to 3
//! (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).

use half::f16;
use std::io::Read;

/// First bytes of every file.
pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";

/// Longest header that is read, bytes; NumPy's own is 128 for a plain array.
const LONGEST: usize = 1 << 16;

/// Types of elements, all little endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F16,
    F32,
    F64,
}

impl Element {
    fn of(descr: &str) -> Option<Self> {
        Some(match descr {
            "|b1" => Self::Bool,
            "|i1" => Self::I8,
            "<i2" => Self::I16,
            "<i4" => Self::I32,
            "<i8" => Self::I64,
            "|u1" => Self::U8,
            "<u2" => Self::U16,
            "<u4" => Self::U32,
            "<u8" => Self::U64,
            "<f2" => Self::F16,
            "<f4" => Self::F32,
            "<f8" => Self::F64,
            _ => return None,
        })
    }

    /// Bytes of one element.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 | Self::F16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// The number in the first [`Element::size`] of `bytes`.
    pub(crate) fn number(self, bytes: &[u8]) -> f64 {
        match self {
            Self::Bool => f64::from(u8::from(bytes[0] != 0)),
            Self::I8 => f64::from(i8::from_le_bytes(first(bytes))),
            Self::I16 => f64::from(i16::from_le_bytes(first(bytes))),
            Self::I32 => f64::from(i32::from_le_bytes(first(bytes))),
            Self::I64 => i64::from_le_bytes(first(bytes)) as f64,
            Self::U8 => f64::from(bytes[0]),
            Self::U16 => f64::from(u16::from_le_bytes(first(bytes))),
            Self::U32 => f64::from(u32::from_le_bytes(first(bytes))),
            Self::U64 => u64::from_le_bytes(first(bytes)) as f64,
            Self::F16 => f16::from_le_bytes(first(bytes)).to_f64(),
            Self::F32 => f64::from(f32::from_le_bytes(first(bytes))),
            Self::F64 => f64::from_le_bytes(first(bytes)),
        }
    }

    /// The same as text: all digits of an integer, the fewest that give a float back.
    pub(crate) fn text(self, bytes: &[u8]) -> String {
        match self {
            Self::I64 => i64::from_le_bytes(first(bytes)).to_string(),
            Self::U64 => u64::from_le_bytes(first(bytes)).to_string(),
            // the digits that tell a float from its neighbours, not from those of a double
            Self::F32 => crate::cells::number_text(f32::from_le_bytes(first(bytes))),
            Self::F16 => crate::cells::number_text(f16::from_le_bytes(first(bytes))),
            _ => crate::cells::number_text(self.number(bytes)),
        }
    }
}

fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[..N]);
    array
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) element: Element,
    /// Whether columns follow each other instead of rows.
    pub(crate) fortran_order: bool,
    pub(crate) rows: u64,
    pub(crate) columns: u64,
    /// Bytes before the first element.
    pub(crate) length: u64,
}

/// Why a header cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Bad {
    Damaged(String),
    Unsupported(String, &'static str),
}

const NO_HEADER: &str = "not a .npy file, or its header is damaged";

impl Header {
    /// From the beginning of a file.
    pub(crate) fn read(source: &mut impl Read) -> Result<Self, Bad> {
        let damaged = || Bad::Damaged(NO_HEADER.into());
        let mut start = [0; 8];
        source.read_exact(&mut start).map_err(|_| damaged())?;
        if !start.starts_with(MAGIC) {
            return Err(damaged());
        }
        let width = match start[6] {
            1 => 2,
            2 | 3 => 4,
            version => {
                let found = format!("version {version}.{} of the format", start[7]);
                return Err(Bad::Unsupported(found, "version 1, 2 or 3"));
            }
        };
        let mut length = [0; 4];
        source
            .read_exact(&mut length[..width])
            .map_err(|_| damaged())?;
        let length = u32::from_le_bytes(length) as usize;
        if length > LONGEST {
            return Err(Bad::Damaged(format!(
                "a header of {length} bytes, at most {LONGEST} are read"
            )));
        }
        let mut text = vec![0; length];
        source.read_exact(&mut text).map_err(|_| damaged())?;
        let text = std::str::from_utf8(&text).map_err(|_| damaged())?;
        let fields = Fields::parse(text).ok_or_else(damaged)?;
        let Some(element) = Element::of(&fields.descr) else {
            return Err(Bad::Unsupported(
                format!("elements of type {:?}", fields.descr),
                "booleans, integers of 1 to 8 bytes or floats of 2 to 8 bytes, little endian",
            ));
        };
        let [rows, columns] = fields.shape[..] else {
            let found = format!("an array of {} dimensions", fields.shape.len());
            return Err(Bad::Unsupported(found, "2: rows and columns"));
        };
        Ok(Self {
            element,
            fortran_order: fields.fortran_order,
            rows,
            columns,
            length: (8 + width + length) as u64,
        })
    }

    /// Bytes of the whole file; `None` if no file can be as large.
    pub(crate) fn file_length(&self) -> Option<u64> {
        let elements = self.rows.checked_mul(self.columns)?;
        let bytes = elements.checked_mul(self.element.size() as u64)?;
        bytes.checked_add(self.length)
    }
}

/// The dictionary of a header, such as `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }`.
struct Fields {
    descr: String,
    fortran_order: bool,
    shape: Vec<u64>,
}

impl Fields {
    fn parse(text: &str) -> Option<Self> {
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        let mut rest = text.trim().strip_prefix('{')?.trim_start();
        loop {
            if let Some(end) = rest.strip_prefix('}') {
                return end.trim().is_empty().then_some(Self {
                    descr: descr?,
                    fortran_order: fortran_order?,
                    shape: shape?,
                });
            }
            let (key, after) = quoted(rest)?;
            let value = after.trim_start().strip_prefix(':')?.trim_start();
            rest = match key {
                "descr" if value.starts_with('[') => {
                    descr = Some("a record".into());
                    &value[closing_bracket(value)?..]
                }
                "descr" => {
                    let (value, rest) = quoted(value)?;
                    descr = Some(value.to_owned());
                    rest
                }
                "fortran_order" => {
                    let yes = value.strip_prefix("True");
                    fortran_order = Some(yes.is_some());
                    yes.or_else(|| value.strip_prefix("False"))?
                }
                "shape" => {
                    let (inside, rest) = value.strip_prefix('(')?.split_once(')')?;
                    shape = Some(tuple(inside)?);
                    rest
                }
                _ => return None,
            };
            rest = rest.trim_start();
            rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        }
    }
}

/// A text in quotation marks, and what follows.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let mark = text.chars().next().filter(|c| ['\'', '"'].contains(c))?;
    text[1..].split_once(mark)
}

/// Position behind the bracket that closes the first one.
fn closing_bracket(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (position, character) in text.char_indices() {
        match character {
            '[' => open += 1,
            ']' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(position + 1);
        }
    }
    None
}

/// The numbers of `3, 2` or `3,`.
fn tuple(text: &str) -> Option<Vec<u64>> {
    let text = text.trim();
    let text = text.strip_suffix(',').unwrap_or(text);
    if text.is_empty() {
        return Some(Vec::new());
    }
    text.split(',').map(|n| n.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(version: u8, dictionary: &str) -> Vec<u8> {
        let mut bytes = [MAGIC, &[version, 0]].concat();
        let length = dictionary.len() as u32;
        let width = if version == 1 { 2 } else { 4 };
        bytes.extend(&length.to_le_bytes()[..width]);
        bytes.extend(dictionary.as_bytes());
        bytes
    }

    #[test]
    fn the_three_versions() {
        let dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }   \n";
        for (version, before) in [(1, 10), (2, 12), (3, 12)] {
            let header = Header::read(&mut file(version, dictionary).as_slice()).unwrap();
            let expected = Header {
                element: Element::F32,
                fortran_order: false,
                rows: 3,
                columns: 2,
                length: before + dictionary.len() as u64,
            };
            assert_eq!(header, expected);
            assert_eq!(header.file_length(), Some(header.length + 24));
        }
    }

    #[test]
    fn what_is_not_read_is_named() {
        for (dictionary, found) in [
            (
                "{'descr': '>f4', 'fortran_order': False, 'shape': (3, 2)}",
                "elements of type \">f4\"",
            ),
            (
                "{'descr': '<c8', 'fortran_order': False, 'shape': (3, 2)}",
                "elements of type \"<c8\"",
            ),
            (
                "{'descr': [('a', '<f4'), ('b', [('c', '<f8')])], 'fortran_order': False, 'shape': (3,), }",
                "elements of type \"a record\"",
            ),
            (
                "{'descr': '<f4', 'fortran_order': True, 'shape': (3,), }",
                "an array of 1 dimensions",
            ),
            (
                "{'descr': '<f4', 'fortran_order': True, 'shape': ()}",
                "an array of 0 dimensions",
            ),
        ] {
            let error = Header::read(&mut file(1, dictionary).as_slice()).unwrap_err();
            assert!(
                matches!(&error, Bad::Unsupported(what, _) if what == found),
                "{error:?}"
            );
        }
        for dictionary in [
            "",
            "{",
            "{}",
            "{'descr': '<f4'}",
            "{'descr': '<f4', 'fortran_order': Maybe}",
            "{'descr': [[}",
        ] {
            let error = Header::read(&mut file(1, dictionary).as_slice()).unwrap_err();
            assert_eq!(error, Bad::Damaged(NO_HEADER.into()), "{dictionary}");
        }
        let mut long = file(2, "");
        long[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(
            Header::read(&mut long.as_slice()).unwrap_err(),
            Bad::Damaged("a header of 4294967295 bytes, at most 65536 are read".into())
        );
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(version in 0_u8..5, text in "[{}\\[\\]()'a-f:, 0-9<A-Z]{0,80}") {
            let _ = Header::read(&mut file(version, &text).as_slice());
        }
    }
}
