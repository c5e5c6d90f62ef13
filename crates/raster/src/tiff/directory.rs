//! The first image file directory of a TIFF or BigTIFF.

use super::tags;
use crate::RasterError;
use crate::positioned::PositionedFile;
use std::collections::BTreeMap;
use std::path::Path;

/// Entries of a directory beyond which a file is taken for damaged.
const MOST_ENTRIES: u64 = 4096;

/// The tags of one image; values are read when asked for.
#[derive(Debug)]
pub(crate) struct Directory<'a> {
    file: &'a PositionedFile,
    path: &'a Path,
    /// Bytes of the file: no value can be larger, which bounds what a damaged count can allocate.
    length: u64,
    big_endian: bool,
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

impl<'a> Directory<'a> {
    /// Reads the header and the first directory.
    pub(crate) fn read(file: &'a PositionedFile, path: &'a Path) -> Result<Self, RasterError> {
        let length = file.file().metadata().map_err(RasterError::read(path))?;
        let length = length.len();
        let mut directory = Self {
            file,
            path,
            length,
            big_endian: false,
            entries: BTreeMap::new(),
        };
        let header = directory.bytes_at(0, 8)?;
        directory.big_endian = match &header[..2] {
            b"II" => false,
            b"MM" => true,
            other => {
                let what = format!("it begins with {other:02x?}, expected \"II\" or \"MM\"");
                return Err(directory.damaged(what));
            }
        };
        let big = match directory.number(&header[2..4]) {
            42 => false,
            43 => true,
            other => {
                return Err(directory.damaged(format!("its version is {other}, expected 42 or 43")));
            }
        };
        let start = if big {
            if directory.number(&header[4..6]) != 8 {
                return Err(directory.damaged("BigTIFF with offsets of other than 8 bytes"));
            }
            directory.number(&directory.bytes_at(8, 8)?)
        } else {
            directory.number(&header[4..8])
        };
        directory.read_entries(start, big)?;
        Ok(directory)
    }

    fn read_entries(&mut self, start: u64, big: bool) -> Result<(), RasterError> {
        let (count_bytes, entry_bytes, field_bytes) = if big { (8, 20, 8) } else { (2, 12, 4) };
        let count = self.number(&self.bytes_at(start, count_bytes)?);
        if count == 0 || count > MOST_ENTRIES {
            let what = format!("a directory of {count} entries, expected 1 to {MOST_ENTRIES}");
            return Err(self.damaged(what));
        }
        // `start` is inside the file, so this cannot overflow
        let all = self.bytes_at(start + count_bytes, count * entry_bytes)?;
        for entry in all.chunks_exact(entry_bytes as usize) {
            let tag = self.number(&entry[..2]) as u16;
            let mut field = [0; 8];
            field[..field_bytes].copy_from_slice(&entry[entry.len() - field_bytes..]);
            let entry = Entry {
                kind: self.number(&entry[2..4]) as u16,
                count: self.number(&entry[4..4 + field_bytes]),
                field,
                field_bytes,
            };
            // as libtiff does, the first of two entries with the same tag counts
            self.entries.entry(tag).or_insert(entry);
        }
        Ok(())
    }

    pub(crate) fn big_endian(&self) -> bool {
        self.big_endian
    }

    pub(crate) fn has(&self, tag: u16) -> bool {
        self.entries.contains_key(&tag)
    }

    /// All values of a tag of whole numbers.
    pub(crate) fn numbers(&self, tag: u16) -> Result<Option<Vec<u64>>, RasterError> {
        let Some((kind, bytes)) = self.value(tag)? else {
            return Ok(None);
        };
        let size = match kind {
            tags::BYTE => 1,
            tags::SHORT => 2,
            tags::LONG | 13 => 4,
            tags::LONG8 | 18 => 8,
            _ => {
                let what = format!("tag {tag} has field type {kind}, expected whole numbers");
                return Err(self.damaged(what));
            }
        };
        Ok(Some(
            bytes.chunks_exact(size).map(|b| self.number(b)).collect(),
        ))
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

    /// All values of a tag of doubles; empty if it is not there.
    pub(crate) fn doubles(&self, tag: u16) -> Result<Vec<f64>, RasterError> {
        let Some((kind, bytes)) = self.value(tag)? else {
            return Ok(Vec::new());
        };
        if kind != tags::DOUBLE {
            let what = format!("tag {tag} has field type {kind}, expected doubles");
            return Err(self.damaged(what));
        }
        let doubles = bytes.chunks_exact(8);
        Ok(doubles.map(|b| f64::from_bits(self.number(b))).collect())
    }

    /// The text of a tag up to its first NUL; bytes that are not UTF-8 are replaced.
    pub(crate) fn text(&self, tag: u16) -> Result<Option<String>, RasterError> {
        let Some((kind, bytes)) = self.value(tag)? else {
            return Ok(None);
        };
        if kind != tags::ASCII && kind != tags::BYTE {
            return Err(self.damaged(format!("tag {tag} has field type {kind}, expected text")));
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
            self.bytes_at(self.number(&entry.field[..entry.field_bytes]), bytes)?
        };
        Ok(Some((entry.kind, value)))
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

    pub(crate) fn damaged(&self, what: impl Into<String>) -> RasterError {
        RasterError::damaged(self.path, what)
    }
}
