//! Files that are whole or not there.

use crate::TabularError;
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

/// A file on its way: written beside its place under the name `<file>.part`, put there when it is finished,
/// removed when it is dropped before.
#[derive(Debug)]
pub(crate) struct PartFile {
    target: PathBuf,
    part: PathBuf,
    file: File,
    placed: bool,
}

impl PartFile {
    pub(crate) fn create(target: &Path) -> Result<Self, TabularError> {
        let part = with_suffix(target, ".part");
        let file = File::create(&part).map_err(|e| TabularError::write(target, e))?;
        Ok(Self {
            target: target.to_owned(),
            part,
            file,
            placed: false,
        })
    }

    /// Where the file will be.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// To write through; flushed by its user before [`PartFile::place`].
    pub(crate) fn writer(&self) -> Result<BufWriter<File>, TabularError> {
        let file = self.file.try_clone().map_err(|e| self.error(e))?;
        Ok(BufWriter::with_capacity(1 << 18, file))
    }

    pub(crate) fn error(&self, source: io::Error) -> TabularError {
        TabularError::write(&self.target, source)
    }

    /// Syncs, renames, syncs the folder.
    pub(crate) fn place(mut self) -> Result<(), TabularError> {
        self.file.sync_all().map_err(|e| self.error(e))?;
        fs::rename(&self.part, &self.target).map_err(|e| self.error(e))?;
        self.placed = true;
        // a folder cannot be opened as a file on Windows, where rename is durable by itself
        if cfg!(unix) {
            let folder = match self.target.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent,
                _ => Path::new("."),
            };
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(|e| self.error(e))?;
        }
        Ok(())
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.placed {
            // nothing is left to do if this fails
            let _ = fs::remove_file(&self.part);
        }
    }
}

/// The path with something behind its file name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn in_its_place_only_when_finished() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, "old").unwrap();
        let part = PartFile::create(&path).unwrap();
        part.writer().unwrap().write_all(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        part.place().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");

        let part = PartFile::create(&path).unwrap();
        assert!(folder.path().join("a.csv.part").exists());
        drop(part);
        assert!(!folder.path().join("a.csv.part").exists());
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = PartFile::create(Path::new("no/such/folder/a.csv")).unwrap_err();
        assert_eq!(error.to_string(), "cannot write no/such/folder/a.csv");
    }
}
