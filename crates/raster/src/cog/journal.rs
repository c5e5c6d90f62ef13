//! Which blocks of an unfinished output are on disk.
//!
//! A line of text for each: column, row, `offset:bytes` of each band's tile (only where tiles are
//! compressed), and the CRC-32C of all that. The first line says which output it is:
//! `raster-cog-journal 1` and the specification's hash. A line is written after the tiles it speaks of
//! have been synced; a torn last line is not one.

use super::levels::Place;
use crate::RasterError;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const MAGIC: &str = "raster-cog-journal 1";

/// A block that is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) column: usize,
    pub(super) row: usize,
    /// One for each band; empty where tiles have their places by the header.
    pub(super) places: Vec<Place>,
}

impl Record {
    fn line(&self) -> String {
        let mut line = format!("{} {}", self.column, self.row);
        for place in &self.places {
            let _ = write!(line, " {}:{}", place.offset, place.bytes);
        }
        let crc = crc32c::crc32c(line.as_bytes());
        let _ = writeln!(line, " {crc:08x}");
        line
    }

    fn parse(line: &str) -> Option<Self> {
        let (line, crc) = line.rsplit_once(' ')?;
        if u32::from_str_radix(crc, 16).ok()? != crc32c::crc32c(line.as_bytes()) {
            return None;
        }
        let mut words = line.split(' ');
        let column = words.next()?.parse().ok()?;
        let row = words.next()?.parse().ok()?;
        let places = words.map(|word| {
            let (offset, bytes) = word.split_once(':')?;
            Some(Place {
                offset: offset.parse().ok()?,
                bytes: bytes.parse().ok()?,
            })
        });
        Some(Self {
            column,
            row,
            places: places.collect::<Option<_>>()?,
        })
    }
}

/// The open journal; nobody else opens it meanwhile.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    path: PathBuf,
}

impl Journal {
    /// Opens or begins the journal of an output, and gives the blocks it tells of.
    pub(super) fn open(
        path: PathBuf,
        part: &Path,
        hash: &str,
        overwrite: bool,
    ) -> Result<(Self, Vec<Record>), RasterError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(RasterError::write(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(RasterError::Locked { path }),
            Err(TryLockError::Error(source)) => return Err(RasterError::Write { path, source }),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(RasterError::read(&path))?;
        let text = String::from_utf8_lossy(&bytes);
        let mut journal = Self { file, path };
        let first = format!("{MAGIC} {hash}\n");
        let Some(rest) = text.strip_prefix(&first) else {
            // the first line may be torn, then nothing was written after it
            if !first.starts_with(&*text) && !overwrite {
                return Err(RasterError::Exists {
                    path: part.to_owned(),
                    reason: ", unfinished and made with other settings or inputs",
                });
            }
            journal.restart(&first)?;
            return Ok((journal, Vec::new()));
        };
        let mut records = Vec::new();
        let mut good = first.len();
        for line in rest.split_inclusive('\n') {
            let Some(record) = line.strip_suffix('\n').and_then(Record::parse) else {
                break;
            };
            records.push(record);
            good += line.len();
        }
        journal.cut(good as u64)?;
        Ok((journal, records))
    }

    /// Forgets all blocks.
    pub(super) fn restart(&mut self, first: &str) -> Result<(), RasterError> {
        self.cut(0)?;
        let written = self.file.write_all(first.as_bytes());
        written
            .and_then(|()| self.file.sync_data())
            .map_err(RasterError::write(&self.path))
    }

    /// The first line of a specification.
    pub(super) fn first_line(hash: &str) -> String {
        format!("{MAGIC} {hash}\n")
    }

    fn cut(&mut self, bytes: u64) -> Result<(), RasterError> {
        let cut = self.file.set_len(bytes);
        cut.and_then(|()| self.file.seek(SeekFrom::Start(bytes)))
            .map_err(RasterError::write(&self.path))?;
        Ok(())
    }

    /// Adds blocks whose tiles are synced.
    pub(super) fn add(&mut self, records: &[Record]) -> Result<(), RasterError> {
        let lines: String = records.iter().map(Record::line).collect();
        let written = self.file.write_all(lines.as_bytes());
        written
            .and_then(|()| self.file.sync_data())
            .map_err(RasterError::write(&self.path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Removes the files of an output that is given up, as far as they are there.
pub(super) fn remove(paths: impl IntoIterator<Item = PathBuf>) -> Result<(), RasterError> {
    for path in paths {
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(RasterError::Write { path, source });
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_line_and_what_follows_it_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.part.journal");
        let part = folder.path().join("x.part");
        let record = |column| Record {
            column,
            row: 1,
            places: vec![Place {
                offset: 5,
                bytes: 7,
            }],
        };
        let (mut journal, records) = Journal::open(path.clone(), &part, "ab", false).unwrap();
        assert_eq!(records, []);
        journal.add(&[record(0), record(1)]).unwrap();
        let busy = Journal::open(path.clone(), &part, "ab", false);
        assert!(matches!(busy, Err(RasterError::Locked { .. })));
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 2]).unwrap();
        let (journal, records) = Journal::open(path.clone(), &part, "ab", false).unwrap();
        assert_eq!(records, [record(0)]);
        drop(journal);
        assert_eq!(
            std::fs::read(&path).unwrap().len(),
            whole.len() - record(1).line().len()
        );
        let other = Journal::open(path.clone(), &part, "cd", false);
        assert!(matches!(other, Err(RasterError::Exists { .. })));
        let (_, records) = Journal::open(path, &part, "cd", true).unwrap();
        assert_eq!(records, []);
    }
}
