//! One run, one folder: `runs/<name>/<timestamp>/`.

use crate::TrainerError;
use crate::disk::Disk;
use crate::domain::Domain;
use crate::files::read_to_string;
use data::{ReadReport, Standardization};
use std::path::{Path, PathBuf};

/// File with mean and scale.
const STANDARDIZATION: &str = "standardization.json";

/// The folder of a run and the names inside it.
#[derive(Clone, Debug)]
pub struct RunDirectory {
    root: PathBuf,
    disk: Disk,
}

impl RunDirectory {
    /// Makes `<runs>/<name>/<timestamp>/` (UTC, `YYYYMMDD-HHMMSS`) with the resolved configuration inside.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn create(runs: &Path, name: &str, config_json: &str) -> Result<Self, TrainerError> {
        Self::create_on(Disk::default(), runs, name, config_json)
    }

    /// The same on a disk of the caller's.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn create_on(
        disk: Disk,
        runs: &Path,
        name: &str,
        config_json: &str,
    ) -> Result<Self, TrainerError> {
        let run = Self::create_folder(disk, runs, name)?;
        run.begin(config_json)?;
        Ok(run)
    }

    /// Makes the folder alone: it is a run that can be resumed once [`RunDirectory::begin`] was called.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn create_folder(disk: Disk, runs: &Path, name: &str) -> Result<Self, TrainerError> {
        let parent = runs.join(name);
        disk.create_folders(&parent)?;
        let stamp = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string();
        let mut root = parent.join(&stamp);
        for copy in 2.. {
            match disk.create_folder(&root) {
                Ok(()) => break,
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
                    root = parent.join(format!("{stamp}-{copy}"));
                }
                Err(e) => return Err(TrainerError::io(&root, e)),
            }
        }
        let run = Self { root, disk };
        run.disk.create_folders(&run.checkpoints())?;
        Ok(run)
    }

    /// Writes the resolved configuration, which makes the folder a run.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn begin(&self, config_json: &str) -> Result<(), TrainerError> {
        self.disk
            .write_whole(&self.config(), config_json.as_bytes())
    }

    /// Makes a folder of this name, with its parents, that holds a configuration as a run does.
    ///
    /// # Errors
    /// Something of this name exists already; the file system refuses.
    pub fn create_at(root: &Path, config_json: &str) -> Result<Self, TrainerError> {
        let disk = Disk::default();
        if let Some(parent) = root.parent().filter(|it| !it.as_os_str().is_empty()) {
            disk.create_folders(parent)?;
        }
        disk.create_folder(root).map_err(|e| match e.kind() {
            kind @ std::io::ErrorKind::AlreadyExists => {
                let why = "it exists already, and is not written over";
                TrainerError::io(root, std::io::Error::new(kind, why))
            }
            _ => TrainerError::io(root, e),
        })?;
        let run = Self {
            root: root.to_owned(),
            disk,
        };
        run.disk.create_folders(&run.checkpoints())?;
        run.disk
            .write_whole(&run.config(), config_json.as_bytes())?;
        Ok(run)
    }

    /// An existing run.
    ///
    /// # Errors
    /// The folder does not exist or holds no configuration.
    pub fn open(root: &Path) -> Result<Self, TrainerError> {
        let run = Self {
            root: root.to_owned(),
            disk: Disk::default(),
        };
        let why = if !root.is_dir() {
            "there is no such folder"
        } else if !run.config().is_file() {
            "it holds no config.json, so it is not a run directory"
        } else {
            return Ok(run);
        };
        Err(TrainerError::NotARun {
            path: root.to_owned(),
            why: why.to_owned(),
        })
    }

    /// The same folder on a disk of the caller's.
    #[must_use]
    pub fn on(self, disk: Disk) -> Self {
        Self { disk, ..self }
    }

    /// The disk it is written to.
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.root
    }
    /// The configuration as resolved.
    pub fn config(&self) -> PathBuf {
        self.root.join("config.json")
    }
    /// Keeps the mean and scale of the training samples, for evaluation on others.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep_standardization(&self, of: &Standardization) -> Result<(), TrainerError> {
        let json =
            serde_json::to_string_pretty(of).map_err(|e| TrainerError::Internal(e.to_string()))?;
        self.disk
            .write_whole(&self.root.join(STANDARDIZATION), (json + "\n").as_bytes())
    }
    /// The mean and scale that the weights were learned with; `None` where the run did not keep them.
    ///
    /// # Errors
    /// The file cannot be read or is damaged.
    pub fn kept_standardization(&self) -> Result<Option<Standardization>, TrainerError> {
        let is_kept = self.root.join(STANDARDIZATION).exists();
        is_kept.then(|| self.standardization()).transpose()
    }
    /// The mean and scale of the training samples.
    ///
    /// # Errors
    /// The file cannot be read or is damaged.
    pub fn standardization(&self) -> Result<Standardization, TrainerError> {
        let path = self.root.join(STANDARDIZATION);
        serde_json::from_str(&read_to_string(&path)?).map_err(|e| TrainerError::Damaged {
            path,
            why: e.to_string(),
        })
    }
    /// Keeps what the model was trained on.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep_domain(&self, of: &Domain) -> Result<(), TrainerError> {
        let json =
            serde_json::to_string_pretty(of).map_err(|e| TrainerError::Internal(e.to_string()))?;
        self.disk
            .write_whole(&self.domain_file(), (json + "\n").as_bytes())
    }
    /// What a model of so many channels was trained on; `None` of a run that did not keep it.
    ///
    /// # Errors
    /// The file cannot be read or is damaged.
    pub fn domain(&self, channels: usize) -> Result<Option<Domain>, TrainerError> {
        let path = self.domain_file();
        if !path.exists() {
            return Ok(None);
        }
        let damaged = |why: String| TrainerError::Damaged {
            path: path.clone(),
            why,
        };
        let domain: Domain =
            serde_json::from_str(&read_to_string(&path)?).map_err(|e| damaged(e.to_string()))?;
        if !domain.is_sound() {
            return Err(damaged("its numbers do not belong together".into()));
        }
        if domain.channels() != channels {
            return Err(damaged(format!("it is not of {channels} channels")));
        }
        Ok(Some(domain))
    }
    /// The file with what the model was trained on.
    pub fn domain_file(&self) -> PathBuf {
        self.root.join("domain.json")
    }
    /// Lists the rows of the tables that were left out.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn list_dropped_rows(&self, reports: &[ReadReport]) -> Result<(), TrainerError> {
        let csv = ReadReport::dropped_rows_as_csv(reports);
        self.disk.write_whole(&self.dropped_rows(), csv.as_bytes())
    }
    /// The rows of the tables that were left out: file, line, rule, reason.
    pub fn dropped_rows(&self) -> PathBuf {
        self.root.join("dropped_rows.csv")
    }
    /// Held by the one process that writes here.
    pub fn lock(&self) -> PathBuf {
        self.root.join("run.lock")
    }
    /// The numbers of the finished run.
    pub fn summary(&self) -> PathBuf {
        self.root.join("summary.json")
    }
    /// Mean and spread of the inferred parameters by class and date, test split, selected epoch.
    pub fn seasons(&self) -> PathBuf {
        self.root.join("seasons.csv")
    }
    /// The page of the finished run.
    pub fn report(&self) -> PathBuf {
        self.root.join("report.html")
    }
    /// Messages of the run.
    pub fn log(&self) -> PathBuf {
        self.root.join("run.log")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_of_one_second_get_two_folders() {
        let runs = tempfile::tempdir().unwrap();
        let one = RunDirectory::create(runs.path(), "x", "{}").unwrap();
        let two = RunDirectory::create(runs.path(), "x", "{}").unwrap();
        assert_ne!(one.path(), two.path());
        assert_eq!(RunDirectory::open(two.path()).unwrap().path(), two.path());
        assert!(RunDirectory::open(runs.path()).is_err());

        let named = runs.path().join("models").join("one");
        let made = RunDirectory::create_at(&named, "{}").unwrap();
        std::fs::write(made.best(), "").unwrap();
        assert_eq!(made.selected().unwrap(), made.best());
        let refused = RunDirectory::create_at(&named, "[]").unwrap_err();
        assert!(refused.to_string().contains("exists already"), "{refused}");
        assert_eq!(std::fs::read_to_string(made.config()).unwrap(), "{}");
    }
}
