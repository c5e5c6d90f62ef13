//! A file that is read and written at positions, by several threads at once.

use std::fs::File;
use std::io;

/// A file without a cursor that anybody could see.
#[derive(Debug)]
pub(crate) struct PositionedFile {
    file: File,
    /// Where the system knows no positioned access, seeking and reading are one step under this lock.
    #[cfg(not(unix))]
    cursor: std::sync::Mutex<()>,
}

impl PositionedFile {
    pub(crate) fn new(file: File) -> Self {
        Self {
            file,
            #[cfg(not(unix))]
            cursor: std::sync::Mutex::new(()),
        }
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    #[cfg(unix)]
    pub(crate) fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, buffer, offset)
    }

    #[cfg(unix)]
    pub(crate) fn write_all_at(&self, buffer: &[u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(&self.file, buffer, offset)
    }

    #[cfg(not(unix))]
    pub(crate) fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        use std::io::{Read, Seek, SeekFrom};
        let _one = self.cursor.lock().unwrap_or_else(|e| e.into_inner());
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(buffer)
    }

    #[cfg(not(unix))]
    pub(crate) fn write_all_at(&self, buffer: &[u8], offset: u64) -> io::Result<()> {
        use std::io::{Seek, SeekFrom, Write};
        let _one = self.cursor.lock().unwrap_or_else(|e| e.into_inner());
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(buffer)
    }
}
