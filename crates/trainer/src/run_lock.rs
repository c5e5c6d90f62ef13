//! One writer per run directory.

use crate::TrainerError;
use crate::run_directory::RunDirectory;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// The right to write to a run, as long as it lives. The system takes it back when the process ends in whatever
/// way, so that no lock is left behind by one that was killed.
#[derive(Debug)]
pub struct RunLock {
    file: File,
    /// The process that had the run before and did not end well.
    pub left_by: Option<u32>,
    path: PathBuf,
    /// What the file held; `None` where it was not there.
    before: Option<String>,
    begun: AtomicBool,
}

impl RunLock {
    /// Takes the run.
    ///
    /// # Errors
    /// Another process writes to it; the file system refuses.
    pub fn take(run: &RunDirectory) -> Result<Self, TrainerError> {
        let path = run.lock();
        let io = |error: std::io::Error| TrainerError::io(&path, error);
        let is_new = !path.exists();
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        let mut file = options.open(&path).map_err(io)?;
        let mut owner = String::new();
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                // its owner writes the number of its process right after taking it
                let _ = file.read_to_string(&mut owner);
                return Err(TrainerError::InUse {
                    run: run.path().to_owned(),
                    process: owner.trim().parse().ok(),
                });
            }
            // some network file systems have no locks: train there all the same
            Err(TryLockError::Error(error)) => {
                tracing::warn!("{}: no lock: {error}", path.display());
            }
        }
        file.read_to_string(&mut owner).map_err(io)?;
        let left_by = owner.trim().parse().ok();
        let lock = Self {
            file,
            left_by,
            before: (!is_new).then_some(owner),
            path: path.clone(),
            begun: AtomicBool::new(false),
        };
        lock.write(&format!("{}\n", std::process::id())).map_err(io)?;
        Ok(lock)
    }

    /// From now on the run is written to; a lock that is given back before leaves its file as it found it.
    pub fn begin(&self) {
        self.begun.store(true, Ordering::SeqCst);
    }

    fn write(&self, text: &str) -> std::io::Result<()> {
        let mut file = &self.file;
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(text.as_bytes())
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // whether any of this works changes nothing else
        let _ = match (self.begun.load(Ordering::SeqCst), &self.before) {
            // an empty file says that nobody was killed
            (true, _) => self.file.set_len(0),
            (false, Some(before)) => self.write(before),
            (false, None) => std::fs::remove_file(&self.path),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_one_writer() {
        let runs = tempfile::tempdir().unwrap();
        let run = RunDirectory::create(runs.path(), "x", "{}").unwrap();
        let first = RunLock::take(&run).unwrap();
        assert_eq!(first.left_by, None);
        let own = std::process::id();
        let refused = RunLock::take(&run).unwrap_err();
        assert!(
            matches!(&refused, TrainerError::InUse { process, .. } if *process == Some(own)),
            "{refused}"
        );
        first.begin();
        drop(first);
        assert_eq!(RunLock::take(&run).unwrap().left_by, None);
    }

    #[test]
    fn a_run_that_was_not_begun_is_left_as_it_was() {
        let runs = tempfile::tempdir().unwrap();
        let run = RunDirectory::create(runs.path(), "x", "{}").unwrap();
        drop(RunLock::take(&run).unwrap());
        assert!(!run.lock().exists());
        std::fs::write(run.lock(), "4242\n").unwrap();
        drop(RunLock::take(&run).unwrap());
        assert_eq!(std::fs::read_to_string(run.lock()).unwrap(), "4242\n");
        let lock = RunLock::take(&run).unwrap();
        assert_eq!(lock.left_by, Some(4242));
        lock.begin();
        drop(lock);
        assert_eq!(std::fs::read_to_string(run.lock()).unwrap(), "");
    }

    #[test]
    fn what_a_killed_process_left_is_taken_over() {
        let runs = tempfile::tempdir().unwrap();
        let run = RunDirectory::create(runs.path(), "x", "{}").unwrap();
        std::fs::write(run.lock(), "4242\n").unwrap();
        assert_eq!(RunLock::take(&run).unwrap().left_by, Some(4242));
    }
}
