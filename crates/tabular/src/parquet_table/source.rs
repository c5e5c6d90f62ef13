//! The bytes of a parquet file, and calls of the parquet crate that cannot take the program down.

use super::footer;
use crate::TabularError;
use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// A file that gives no more bytes than it has: the parquet crate's own reader of files makes room for as many
/// as a header claims.
pub(crate) struct Source {
    file: File,
    length: u64,
}

impl Source {
    pub(crate) fn open(path: &Path) -> Result<Self, TabularError> {
        let open = || {
            let file = File::open(path)?;
            let length = file.metadata()?.len();
            Ok(Self { file, length })
        };
        open().map_err(|e| TabularError::read(path, e))
    }

    /// Looks through the footer: its length and the magic bytes are the last 8 of the file.
    pub(crate) fn check_footer(&self, path: &Path) -> Result<(), TabularError> {
        let unsound = |reason| {
            let reason = format!("not a sound parquet file: {reason}");
            Err(TabularError::damaged(path, reason))
        };
        let Some(end) = self.length.checked_sub(8) else {
            return unsound("it is too short");
        };
        let get = |start, length| {
            self.get_bytes(start, length)
                .map_err(|e| TabularError::read(path, io::Error::other(e)))
        };
        let last = get(end, 8)?;
        match &last[4..] {
            b"PAR1" => {}
            b"PARE" => return unsound("it is encrypted"),
            _ => return unsound("it does not end as one"),
        }
        let length = u32::from_le_bytes([last[0], last[1], last[2], last[3]]);
        let Some(start) = end.checked_sub(u64::from(length)) else {
            return unsound("its footer is longer than the file");
        };
        if !footer::is_sound(&get(start, length as usize)?) {
            return unsound("its footer is damaged");
        }
        Ok(())
    }

    fn at(&self, start: u64) -> Result<File, ParquetError> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        Ok(file)
    }
}

impl Length for Source {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Source {
    type T = BufReader<File>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::new(self.at(start)?))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > self.length) {
            return Err(ParquetError::EOF(format!(
                "{length} bytes at {start} are beyond the end of the file"
            )));
        }
        let mut bytes = vec![0; length];
        self.at(start)?.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

/// Calls the parquet crate and says what failed as an error of the file.
///
/// That crate indexes and asserts by what a file says in places; a damaged file must not end the program.
/// What panicked is not used again (`Failed`), so nothing half changed is seen. The panic's own message goes
/// to the error output, as for every panic.
pub(crate) fn guarded<T>(
    path: &Path,
    call: impl FnOnce() -> Result<T, ParquetError>,
) -> Result<T, TabularError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(TabularError::damaged(
            path,
            format!("not a sound parquet file: {error}"),
        )),
        Err(_) => Err(TabularError::damaged(
            path,
            "not a sound parquet file: decoding it failed",
        )),
    }
}
