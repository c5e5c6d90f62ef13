//! The image file directories of a TIFF or BigTIFF.

use super::tags;
use crate::RasterError;
use crate::positioned::PositionedFile;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Entries of a directory beyond which a file is taken for damaged.
const MOST_ENTRIES: u64 = 4096;

/// A file and how its numbers are written.
#[derive(Clone, Copy, Debug)]
struct Source<'a> {
    file: &'a PositionedFile,
    path: &'a Path,
    /// Bytes of the file: no value can be larger, which bounds what a damaged count can allocate.
    length: u64,
    big_endian: bool,
    /// BigTIFF: counts and offsets of 8 bytes.
    big: bool,
}

/// The tags of one image; values are read when asked for.
#[derive(Debug)]
pub(crate) struct Directory<'a> {
    source: Source<'a>,
    entries: BTreeMap<u16, Entry>,
}

#[derive(Debug)]
struct Entry {
    kind: u16,
    count: u64,
    /// The value itself where it is small enough, else where it lies.
    field: [u8; 8],
    /// Bytes of `field` in this file: 4, or 8 in BigTIFF.
    field_bytes: usize,
}

/// All directories of a file that can be read.
#[derive(Debug)]
pub(crate) struct Directories<'a> {
    /// At least the first one.
    pub(crate) all: Vec<Directory<'a>>,
    /// Why there may be more of them that cannot be reached.
    pub(crate) broken: Option<String>,
}

impl<'a> Directories<'a> {
    /// Reads the header and the chain of directories.
    ///
    /// # Errors
    /// The header or the first directory cannot be read.
    pub(crate) fn read(file: &'a PositionedFile, path: &'a Path) -> Result<Self, RasterError> {
        let (source, start) = Source::open(file, path)?;
        let (first, mut next) = Directory::at(source, start)?;
        let mut visited = BTreeSet::from([start]);
        // directories of an honest file do not overlap
        let mut left = source.length.saturating_sub(first.bytes());
        let mut directories = Self {
            all: vec![first],
            broken: None,
        };
        while next != 0 {
            let (number, at) = (directories.all.len() + 1, next);
            let read = if visited.insert(next) {
                Directory::at(source, next).map_err(|error| match error {
                    RasterError::Damaged { what, .. } => what,
                    error => error.to_string(),
                })
            } else {
                Err(format!("it is at {at} again"))
            };
            match read {
                Ok((directory, behind)) if directory.bytes() <= left => {
                    left -= directory.bytes();
                    directories.all.push(directory);
                    next = behind;
                }
                Ok(_) => {
                    let what = format!("directory {number} at {at} overlaps others");
                    directories.broken = Some(what);
                    break;
                }
                Err(what) => {
                    directories.broken = Some(format!("directory {number}: {what}"));
                    break;
                }
            }
        }
        Ok(directories)
    }
}

impl<'a> Source<'a> {
    /// Reads the header; gives the place of the first directory, too.
    fn open(file: &'a PositionedFile, path: &'a Path) -> Result<(Self, u64), RasterError> {
        let length = file.file().metadata().map_err(RasterError::read(path))?;
        let mut source = Self {
            file,
            path,
            length: length.len(),
            big_endian: false,
            big: false,
        };
        let header = source.bytes_at(0, 8)?;
        source.big_endian = match &header[..2] {
            b"II" => false,
            b"MM" => true,
            other => {
                let what = format!("it begins with {other:02x?}, expected \"II\" or \"MM\"");
                return Err(source.damaged(what));
            }
        };
        source.big = match source.number(&header[2..4]) {
            42 => false,
            43 => true,
            other => {
                return Err(source.damaged(format!("its version is {other}, expected 42 or 43")));
            }
        };
        let start = if source.big {
            if source.number(&header[4..6]) != 8 {
                return Err(source.damaged("BigTIFF with offsets of other than 8 bytes"));
            }
            source.number(&source.bytes_at(8, 8)?)
        } else {
            source.number(&header[4..8])
        };
        Ok((source, start))
    }

    fn bytes_at(&self, offset: u64, bytes: u64) -> Result<Vec<u8>, RasterError> {
        let end = offset.checked_add(bytes);
        if end.is_none_or(|end| end > self.length) {
            let what = format!(
                "{bytes} bytes at {offset} are referred to, the file ends at {}",
                self.length
            );
            return Err(self.damaged(what));
        }
        let mut buffer = vec![0; bytes as usize];
        let read = self.file.read_exact_at(&mut buffer, offset);
        read.map_err(RasterError::read(self.path))?;
        Ok(buffer)
    }

    /// An unsigned number of 1 to 8 bytes in the file's byte order.
    fn number(&self, bytes: &[u8]) -> u64 {
        let push = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        if self.big_endian {
            bytes.iter().fold(0, push)
        } else {
            bytes.iter().rev().fold(0, push)
        }
    }

    fn damaged(&self, what: impl Into<String>) -> RasterError {
        RasterError::damaged(self.path, what)
    }
}

impl<'a> Directory<'a> {
    /// Reads the directory that begins at a place; gives the place of the next one, too, 0 if there is none.
    fn at(source: Source<'a>, start: u64) -> Result<(Self, u64), RasterError> {
        let (count_bytes, entry_bytes, field_bytes) =
            if source.big { (8, 20, 8) } else { (2, 12, 4) };
        let count = source.number(&source.bytes_at(start, count_bytes)?);
        if count == 0 || count > MOST_ENTRIES {
            let what = format!("a directory of {count} entries, expected 1 to {MOST_ENTRIES}");
            return Err(source.damaged(what));
        }
        // `start` is inside the file, so this cannot overflow
        let all = source.bytes_at(start + count_bytes, count * entry_bytes)?;
        let mut entries = BTreeMap::new();
        for entry in all.chunks_exact(entry_bytes as usize) {
            let tag = source.number(&entry[..2]) as u16;
            let mut field = [0; 8];
            field[..field_bytes].copy_from_slice(&entry[entry.len() - field_bytes..]);
            let entry = Entry {
                kind: source.number(&entry[2..4]) as u16,
                count: source.number(&entry[4..4 + field_bytes]),
                field,
                field_bytes,
            };
            // as libtiff does, the first of two entries with the same tag counts
            entries.entry(tag).or_insert(entry);
        }
        // some writers leave out the place of the next directory behind the last one
        let behind = start + count_bytes + count * entry_bytes;
        let next = source.bytes_at(behind, field_bytes as u64);
        let next = next.map_or(0, |bytes| source.number(&bytes));
        Ok((Self { source, entries }, next))
    }

    /// Bytes that its entries take in the file, at least.
    fn bytes(&self) -> u64 {
        self.entries.len() as u64 * if self.source.big { 20 } else { 12 }
    }

    pub(crate) fn big_endian(&self) -> bool {
        self.source.big_endian
    }

    pub(crate) fn has(&self, tag: u16) -> bool {
        self.entries.contains_key(&tag)
    }

    /// All values of a tag of whole numbers.
    pub(crate) fn numbers(&self, tag: u16) -> Result<Option<Vec<u64>>, RasterError> {
        let Some((kind, bytes)) = self.value(tag)? else {
            return Ok(None);
        };
        let (size, signed) = match kind {
            tags::BYTE | tags::UNDEFINED => (1, false),
            tags::SHORT => (2, false),
            tags::LONG | tags::IFD => (4, false),
            tags::LONG8 | tags::IFD8 => (8, false),
            tags::SBYTE => (1, true),
            tags::SSHORT => (2, true),
            tags::SLONG => (4, true),
            tags::SLONG8 => (8, true),
            _ => {
                let what = format!("tag {tag} has field type {kind}, expected whole numbers");
                return Err(self.damaged(what));
            }
        };
        let numbers = bytes
            .chunks_exact(size)
            .map(|bytes| self.source.number(bytes));
        let numbers: Vec<u64> = numbers.collect();
        let sign = 1 << (8 * size - 1);
        if signed && numbers.iter().any(|number| number & sign != 0) {
            return Err(self.damaged(format!("tag {tag} has a negative value")));
        }
        Ok(Some(numbers))
    }

    /// The first value of a tag of whole numbers.
    pub(crate) fn first_number(&self, tag: u16) -> Result<Option<u64>, RasterError> {
        match self.numbers(tag)? {
            None => Ok(None),
            Some(numbers) => match numbers.first() {
                Some(number) => Ok(Some(*number)),
                None => Err(self.damaged(format!("tag {tag} has no value"))),
            },
        }
    }

    /// All values of a tag of numbers, whatever their field type; empty if it is not there.
    pub(crate) fn doubles(&self, tag: u16) -> Result<Vec<f64>, RasterError> {
        let Some((kind, bytes)) = self.value(tag)? else {
            return Ok(Vec::new());
        };
        let unsigned = |bytes: &[u8]| self.source.number(bytes);
        let signed = |bytes: &[u8]| {
            let unused = 64 - 8 * bytes.len();
            (self.source.number(bytes) << unused) as i64 >> unused
        };
        let number: &dyn Fn(&[u8]) -> f64 = match kind {
            tags::DOUBLE => &|b| f64::from_bits(unsigned(b)),
            tags::FLOAT => &|b| f64::from(f32::from_bits(unsigned(b) as u32)),
            tags::RATIONAL => &|b| ratio(unsigned(&b[..4]) as f64, unsigned(&b[4..]) as f64),
            tags::SRATIONAL => &|b| ratio(signed(&b[..4]) as f64, signed(&b[4..]) as f64),
            tags::SBYTE | tags::SSHORT | tags::SLONG | tags::SLONG8 => &|b| signed(b) as f64,
            tags::ASCII => {
                let what = format!("tag {tag} has field type {kind}, expected numbers");
                return Err(self.damaged(what));
            }
            _ => &|b| unsigned(b) as f64,
        };
        let size = tags::bytes_of(kind).unwrap_or(1) as usize;
        Ok(bytes.chunks_exact(size).map(number).collect())
    }

    /// The text of a tag up to its first NUL; bytes that are not UTF-8 are replaced. A number is written out.
    pub(crate) fn text(&self, tag: u16) -> Result<Option<String>, RasterError> {
        let Some((kind, bytes)) = self.value(tag)? else {
            return Ok(None);
        };
        if !matches!(
            kind,
            tags::ASCII | tags::BYTE | tags::SBYTE | tags::UNDEFINED
        ) {
            let numbers = self.doubles(tag)?;
            return Ok(numbers.first().map(f64::to_string));
        }
        let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        Ok(Some(String::from_utf8_lossy(text).into_owned()))
    }

    fn value(&self, tag: u16) -> Result<Option<(u16, Vec<u8>)>, RasterError> {
        let Some(entry) = self.entries.get(&tag) else {
            return Ok(None);
        };
        let Some(size) = tags::bytes_of(entry.kind) else {
            let what = format!("tag {tag} has the unknown field type {}", entry.kind);
            return Err(self.damaged(what));
        };
        let bytes = entry.count.checked_mul(size).ok_or_else(|| {
            self.damaged(format!("tag {tag} claims to have {} values", entry.count))
        })?;
        let value = if bytes <= entry.field_bytes as u64 {
            entry.field[..bytes as usize].to_vec()
        } else {
            let place = self.source.number(&entry.field[..entry.field_bytes]);
            self.source.bytes_at(place, bytes)?
        };
        Ok(Some((entry.kind, value)))
    }

    pub(crate) fn damaged(&self, what: impl Into<String>) -> RasterError {
        self.source.damaged(what)
    }
}

/// A rational number; as libtiff does, 0 where its denominator is 0.
fn ratio(numerator: f64, denominator: f64) -> f64 {
    if denominator == 0.0 {
        0.0
    } else {
        numerator / denominator
    }
}
