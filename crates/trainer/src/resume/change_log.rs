//! `changes.jsonl`: where in a run its configuration or its samples changed.

use crate::TrainerError;
use crate::disk::Disk;
use crate::files::read_to_string;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A change, taken before the batch that it names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeRecord {
    /// Epoch from which it holds, from 0.
    pub epoch: usize,
    /// Batch within it, from 0.
    pub batch: usize,
    /// File in the run that holds the configuration until then; null where it stayed.
    pub config_until: Option<String>,
    /// The keys that differ.
    pub keys: Vec<String>,
    /// Whether other samples are trained on.
    pub other_samples: bool,
    /// Whether the best epoch, early stopping and a plateau began anew.
    pub measured_anew: bool,
}

impl ChangeRecord {
    /// Where it stands in the run.
    pub fn place(&self) -> (usize, usize) {
        (self.epoch, self.batch)
    }
}

/// The file of one run.
#[derive(Clone, Debug)]
pub struct ChangeLog {
    disk: Disk,
    path: PathBuf,
}

impl ChangeLog {
    /// The file in a run directory; nothing is created yet.
    pub fn new(disk: Disk, run: &Path) -> Self {
        Self {
            disk,
            path: run.join("changes.jsonl"),
        }
    }

    /// The changes so far, first to last; none where the run never changed.
    ///
    /// # Errors
    /// The file cannot be read, or a line is not a change.
    pub fn read(&self) -> Result<Vec<ChangeRecord>, TrainerError> {
        if !self.path.exists() {
            return Ok(vec![]);
        }
        let text = read_to_string(&self.path)?;
        let lines = text.lines().enumerate();
        lines
            .map(|(n, line)| {
                serde_json::from_str(line).map_err(|e| TrainerError::Damaged {
                    path: self.path.clone(),
                    why: format!("line {}: {e}", n + 1),
                })
            })
            .collect()
    }

    /// Adds a change.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn add(&self, change: ChangeRecord) -> Result<(), TrainerError> {
        let mut all = self.read()?;
        all.push(change);
        self.write(&all)
    }

    /// Drops the changes behind a place that a run went back to.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn go_back(&self, place: (usize, usize)) -> Result<(), TrainerError> {
        let mut all = self.read()?;
        let before = all.len();
        all.retain(|change| change.place() <= place);
        if all.len() == before {
            return Ok(());
        }
        if all.is_empty() {
            return self.disk.remove(&self.path);
        }
        self.write(&all)
    }

    fn write(&self, all: &[ChangeRecord]) -> Result<(), TrainerError> {
        let mut text = String::new();
        for change in all {
            text += &serde_json::to_string(change)
                .map_err(|e| TrainerError::Internal(e.to_string()))?;
            text.push('\n');
        }
        self.disk.write_whole(&self.path, text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_kept_and_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let log = ChangeLog::new(Disk::default(), folder.path());
        let change = |epoch, batch| ChangeRecord {
            epoch,
            batch,
            config_until: Some("config.until-1.json".into()),
            keys: vec!["trainer.epochs".into()],
            other_samples: false,
            measured_anew: false,
        };
        assert_eq!(log.read().unwrap(), []);
        log.go_back((0, 0)).unwrap();
        log.add(change(3, 0)).unwrap();
        log.add(change(5, 2)).unwrap();
        assert_eq!(log.read().unwrap(), [change(3, 0), change(5, 2)]);
        log.go_back((5, 2)).unwrap();
        assert_eq!(log.read().unwrap().len(), 2);
        log.go_back((5, 1)).unwrap();
        assert_eq!(log.read().unwrap(), [change(3, 0)]);
        log.go_back((1, 0)).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
