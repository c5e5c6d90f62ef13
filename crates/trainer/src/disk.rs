//! Writing files so that a stop at any moment leaves the old or the new one, never half of one.

use crate::TrainerError;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;

/// One thing that is done to a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Making a folder.
    CreateFolder,
    /// Opening a file to write.
    Open,
    /// Writing bytes.
    Write,
    /// Shortening a file.
    Cut,
    /// Waiting until a file is on the disk.
    Sync,
    /// Putting a file in another's place.
    Rename,
    /// Waiting until a folder is on the disk.
    SyncFolder,
}

/// What happens instead of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails and does nothing.
    Error(ErrorKind),
    /// Half of the bytes are written, then it fails; of another operation, nothing.
    Short(ErrorKind),
}

/// Decides before each operation what happens instead: to test what a failing disk leaves behind.
pub trait Faults: Send + Sync {
    /// `None` lets the operation happen.
    fn before(&self, operation: Operation, path: &Path) -> Option<Fault>;
}

/// Whether a path leads to something that takes bytes and is no file: a pipe, a device, an open stream of this process
/// such as `/dev/stdout`.
pub fn is_stream(path: &Path) -> bool {
    let is_open = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc/self/fd"];
    let about = fs::metadata(path);
    about.is_ok_and(|it| {
        !it.is_dir() && (!it.is_file() || is_open.iter().any(|open| path.starts_with(open)))
    })
}

/// The disk that a run is written to.
#[derive(Clone, Default)]
pub struct Disk {
    faults: Option<Arc<dyn Faults>>,
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.faults.is_some() {
            "a disk with faults"
        } else {
            "the disk"
        })
    }
}

impl Disk {
    /// A disk that fails when it is told to.
    pub fn with_faults(faults: Arc<dyn Faults>) -> Self {
        Self {
            faults: Some(faults),
        }
    }

    fn before(&self, operation: Operation, path: &Path) -> io::Result<()> {
        match self.fault(operation, path) {
            None => Ok(()),
            Some(Fault::Error(kind) | Fault::Short(kind)) => Err(kind.into()),
        }
    }

    fn fault(&self, operation: Operation, path: &Path) -> Option<Fault> {
        self.faults.as_ref()?.before(operation, path)
    }

    /// Makes a folder and those above it.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn create_folders(&self, path: &Path) -> Result<(), TrainerError> {
        self.before(Operation::CreateFolder, path)
            .and_then(|()| fs::create_dir_all(path))
            .map_err(|e| TrainerError::io(path, e))
    }

    /// Makes a folder that is not there yet.
    pub(crate) fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.before(Operation::CreateFolder, path)?;
        fs::create_dir(path)
    }

    /// Writes a file that a user names: as [`Disk::write_whole`] does, through a link to the file that it leads to, and
    /// straight into what is no file, such as a pipe or `/dev/stdout`.
    ///
    /// # Errors
    /// The file system refuses; an old file is then untouched.
    pub fn write_output(&self, path: &Path, bytes: &[u8]) -> Result<(), TrainerError> {
        if is_stream(path) {
            let written = self.before(Operation::Open, path).and_then(|()| {
                let mut stream = OpenOptions::new().append(true).open(path)?;
                self.write(&mut stream, path, bytes)
            });
            return written.map_err(|e| TrainerError::io(path, e));
        }
        match path.canonicalize() {
            Ok(found) if path.is_symlink() => self.write_whole(&found, bytes),
            _ => self.write_whole(path, bytes),
        }
    }

    /// Writes beside the file, syncs, renames over it, syncs the folder.
    ///
    /// # Errors
    /// The file system refuses; the old file is then untouched.
    pub fn write_whole(&self, path: &Path, bytes: &[u8]) -> Result<(), TrainerError> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".tmp");
        let beside = path.with_file_name(name);
        let written = self.write_synced(&beside, bytes).and_then(|()| {
            self.before(Operation::Rename, path)?;
            fs::rename(&beside, path)
        });
        if let Err(error) = written {
            // a full disk needs the room; whether this works changes nothing
            let _ = fs::remove_file(&beside);
            return Err(TrainerError::io(path, error));
        }
        self.sync_folder_of(path)
    }

    fn write_synced(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.before(Operation::Open, path)?;
        let mut file = File::create(path)?;
        self.write(&mut file, path, bytes)?;
        self.before(Operation::Sync, path)?;
        file.sync_all()
    }

    fn write(&self, file: &mut File, path: &Path, bytes: &[u8]) -> io::Result<()> {
        match self.fault(Operation::Write, path) {
            None => file.write_all(bytes),
            Some(Fault::Error(kind)) => Err(kind.into()),
            Some(Fault::Short(kind)) => {
                file.write_all(&bytes[..bytes.len() / 2])?;
                Err(kind.into())
            }
        }
    }

    /// A rename is on disk only when its folder is.
    fn sync_folder_of(&self, path: &Path) -> Result<(), TrainerError> {
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // a folder cannot be opened as a file on Windows, where rename is durable by itself
        if cfg!(unix) {
            self.before(Operation::SyncFolder, folder)
                .and_then(|()| File::open(folder)?.sync_all())
                .map_err(|e| TrainerError::io(folder, e))?;
        }
        Ok(())
    }

    /// Starts an empty file that must not be there yet.
    pub(crate) fn create_new(&self, path: &Path) -> io::Result<()> {
        self.before(Operation::Open, path)?;
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .map(drop)
    }

    /// Writes behind the end of a file, in one piece; makes it where it is not there.
    ///
    /// # Errors
    /// The file system refuses; a part of the bytes may then be there.
    pub fn append(&self, path: &Path, bytes: &[u8]) -> Result<(), TrainerError> {
        let appended = self.before(Operation::Open, path).and_then(|()| {
            let mut options = OpenOptions::new();
            let mut file = options.create(true).append(true).open(path)?;
            self.write(&mut file, path, bytes)
        });
        appended.map_err(|e| TrainerError::io(path, e))
    }

    /// Waits until a file is on the disk; one that is not there has nothing to wait for.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn sync(&self, path: &Path) -> Result<(), TrainerError> {
        let synced = self
            .before(Operation::Sync, path)
            .and_then(|()| match File::open(path) {
                Ok(file) => file.sync_all(),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                Err(error) => Err(error),
            });
        synced.map_err(|e| TrainerError::io(path, e))
    }

    /// Shortens a file to its first `length` bytes and waits until that is on the disk; one that is not there, or
    /// is no longer than that, stays as it is.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn cut(&self, path: &Path, length: u64) -> Result<(), TrainerError> {
        let cut = || {
            let file = match OpenOptions::new().write(true).open(path) {
                Ok(file) => file,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                Err(error) => return Err(error),
            };
            if file.metadata()?.len() <= length {
                return Ok(());
            }
            self.before(Operation::Cut, path)?;
            file.set_len(length)?;
            self.before(Operation::Sync, path)?;
            file.sync_all()
        };
        cut().map_err(|e| TrainerError::io(path, e))
    }

    /// Puts a file in another's place and waits until that is on the disk.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn rename(&self, from: &Path, to: &Path) -> Result<(), TrainerError> {
        self.before(Operation::Rename, to)
            .and_then(|()| fs::rename(from, to))
            .map_err(|e| TrainerError::io(to, e))?;
        self.sync_folder_of(to)
    }

    /// Writes a copy of a file, as [`Disk::write_whole`] does.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn copy(&self, from: &Path, to: &Path) -> Result<(), TrainerError> {
        self.write_whole(to, &crate::files::read(from)?)
    }

    /// Takes a file away, if it is there.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn remove(&self, path: &Path) -> Result<(), TrainerError> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(TrainerError::io(path, error)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Fails at the n-th operation.
    struct At(usize, AtomicUsize, Fault);

    impl Faults for At {
        fn before(&self, _: Operation, _: &Path) -> Option<Fault> {
            (self.1.fetch_add(1, Ordering::SeqCst) == self.0).then_some(self.2)
        }
    }

    #[test]
    fn wherever_it_fails_the_old_or_the_new_file_is_there() {
        for fault in [
            Fault::Error(ErrorKind::Other),
            Fault::Short(ErrorKind::StorageFull),
        ] {
            // open, write, sync, rename, sync the folder
            for n in 0..6 {
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("state");
                fs::write(&path, "old").unwrap();
                let disk = Disk::with_faults(Arc::new(At(n, AtomicUsize::new(0), fault)));
                let written = disk.write_whole(&path, b"new one");
                assert_eq!(written.is_ok(), n == 5, "{n}");
                let found = fs::read(&path).unwrap();
                let expected: &[u8] = if n < 4 { b"old" } else { b"new one" };
                assert_eq!(found, expected, "{n}");
                // nothing half-written is left lying about
                assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{n}");
            }
        }
    }

    #[test]
    fn a_short_append_leaves_the_part_that_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let fault = Fault::Short(ErrorKind::StorageFull);
        let disk = Disk::with_faults(Arc::new(At(1, AtomicUsize::new(0), fault)));
        let error = disk.append(&path, b"1234").unwrap_err().to_string();
        assert!(error.contains("lines: "), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"12");
        disk.append(&path, b"56").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"1256");
    }
}
