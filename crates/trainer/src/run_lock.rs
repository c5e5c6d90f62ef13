//! One writer per run directory.

use crate::TrainerError;
use crate::run_directory::RunDirectory;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};

/// The right to write to a run, as long as it lives. The system takes it back when the process ends in whatever
/// way, so that no lock is left behind by one that was killed.
#[derive(Debug)]
pub struct RunLock {
    file: File,
    /// The process that had the run before and did not end well.
    pub left_by: Option<u32>,
}

impl RunLock {
    /// Takes the run.
    ///
    /// # Errors
    /// Another process writes to it; the file system refuses.
    pub fn take(run: &RunDirectory) -> Result<Self, TrainerError> {
        let path = run.lock();
        let io = |error: std::io::Error| TrainerError::io(&path, error);
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
        file.set_len(0).map_err(io)?;
        file.rewind().map_err(io)?;
        writeln!(file, "{}", std::process::id()).map_err(io)?;
        Ok(Self { file, left_by })
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // an empty file says that nobody was killed; whether this works changes nothing else
        let _ = self.file.set_len(0);
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
        drop(first);
        assert_eq!(RunLock::take(&run).unwrap().left_by, None);
    }

    #[test]
    fn what_a_killed_process_left_is_taken_over() {
        let runs = tempfile::tempdir().unwrap();
        let run = RunDirectory::create(runs.path(), "x", "{}").unwrap();
        std::fs::write(run.lock(), "4242\n").unwrap();
        assert_eq!(RunLock::take(&run).unwrap().left_by, Some(4242));
    }
}
