//! The states in a run directory: which there are, which one a run goes on from, which one it is judged by.

use crate::TrainerError;
use crate::checkpoint;
use crate::files::read_to_string;
use crate::run_directory::RunDirectory;
use crate::training::Progress;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

const AFTER: &str = "after-";
const EPOCHS: &str = "-epochs";
const STATE: &str = ".safetensors";
const BEST: &str = ".best.safetensors";

impl RunDirectory {
    pub(crate) fn checkpoints(&self) -> PathBuf {
        self.path().join("checkpoints")
    }
    /// The state to resume from.
    pub fn last(&self) -> PathBuf {
        self.checkpoints().join("last.safetensors")
    }
    /// The weights of the selected epoch.
    pub fn best(&self) -> PathBuf {
        self.checkpoints().join("best.safetensors")
    }
    /// The state after this many epochs, where it is kept.
    pub fn after_epochs(&self, epochs: usize) -> PathBuf {
        self.kept(epochs, STATE)
    }
    /// The weights that were the selected ones after this many epochs, where that state is kept and is not itself the
    /// selected one.
    pub fn best_after_epochs(&self, epochs: usize) -> PathBuf {
        self.kept(epochs, BEST)
    }
    fn kept(&self, epochs: usize, ending: &str) -> PathBuf {
        self.checkpoints()
            .join(format!("{AFTER}{epochs:05}{EPOCHS}{ending}"))
    }
    /// The state in which training diverged: after the last step that could be taken.
    pub fn diverged(&self) -> PathBuf {
        self.checkpoints().join("diverged.safetensors")
    }
    /// The batch on which it did.
    pub fn diverged_batch(&self) -> PathBuf {
        self.path().join("diverged_batch.safetensors")
    }

    /// Epochs after which a state, or the best one of that time, is kept; ascending, each once.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn kept_epochs(&self) -> Result<Vec<usize>, TrainerError> {
        let epochs = |name: String| {
            let name = name.strip_prefix(AFTER)?;
            let name = name.strip_suffix(BEST).or(name.strip_suffix(STATE))?;
            name.strip_suffix(EPOCHS)?.parse().ok()
        };
        let mut all: Vec<usize> = names_in(&self.checkpoints())?
            .into_iter()
            .filter_map(epochs)
            .collect();
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// The file of the state to go on from: the last one, or the one kept after so many epochs.
    ///
    /// # Errors
    /// It is not there; the message says what to do then.
    pub fn state_to_resume(&self, after: Option<usize>) -> Result<PathBuf, TrainerError> {
        let path = after.map_or_else(|| self.last(), |epochs| self.after_epochs(epochs));
        if path.is_file() {
            return Ok(path);
        }
        let run = self.path().display();
        let mut kept = self.kept_epochs()?;
        kept.retain(|epochs| self.after_epochs(*epochs).is_file());
        let those_kept = |newest: usize| {
            let all: Vec<_> = kept.iter().map(ToString::to_string).collect();
            format!(
                "kept are the states after {} epochs: trainer train --resume {run} --after-epoch {newest}",
                all.join(", ")
            )
        };
        let why = match (after, kept.last()) {
            (Some(epochs), Some(newest)) => {
                format!("it keeps no state after {epochs} epochs; {}", those_kept(*newest))
            }
            (Some(epochs), None) => format!(
                "it keeps no state after {epochs} epochs, nor after any other (--keep-epochs N keeps them while a run is trained)"
            ),
            (None, Some(newest)) => format!(
                "its last state (checkpoints/last.safetensors) is gone; {}",
                those_kept(*newest)
            ),
            (None, None) if self.best().is_file() => format!(
                "it has the weights of a model and no state of a training to go on from (checkpoints/last.safetensors), as \
                 an exported model has none; they stay as they are. To train anew with its configuration: \
                 trainer train --config {}",
                self.config().display()
            ),
            (None, None) => format!(
                "it has no state of a training to go on from (checkpoints/last.safetensors). To train anew with its \
                 configuration: trainer train --config {}",
                self.config().display()
            ),
        };
        Err(TrainerError::NotARun {
            path: self.path().to_owned(),
            why,
        })
    }

    /// The weights that a run is judged by: those of the selected epoch or, without a Train epoch, the last ones. Where
    /// a run was stopped between saving its last state and its best one, the last state says which they are.
    ///
    /// # Errors
    /// There are none, or none of those that the last state names.
    pub fn selected(&self) -> Result<PathBuf, TrainerError> {
        let (best, last) = (self.best(), self.last());
        let refused = |why: String| TrainerError::NotARun {
            path: self.path().to_owned(),
            why,
        };
        if !last.is_file() {
            return if best.is_file() {
                Ok(best)
            } else {
                Err(refused("it has no weights yet (checkpoints)".to_owned()))
            };
        }
        let progress = match checkpoint::progress_of(&last) {
            Ok(progress) => progress,
            // what is damaged cannot say which weights are the best ones
            Err(_) if best.is_file() => return Ok(best),
            Err(error) => return Err(error),
        };
        let Some(done) = progress.epochs_of_best() else {
            return Ok(last);
        };
        if is_after(&best, done)? {
            return Ok(best);
        }
        if progress.is_its_own_best() {
            return Ok(last);
        }
        self.best_of(&progress)?.ok_or_else(|| {
            refused(format!(
                "checkpoints/best.safetensors is not of epoch {}, which its last state has as the best one; \
                 trainer train --resume {} puts that right",
                done - 1,
                self.path().display()
            ))
        })
    }

    /// A kept file that holds the best weights of a state, if there is one.
    pub(crate) fn best_of(&self, progress: &Progress) -> Result<Option<PathBuf>, TrainerError> {
        let Some(done) = progress.epochs_of_best() else {
            return Ok(None);
        };
        for path in [
            self.best_after_epochs(progress.epoch),
            self.after_epochs(done),
        ] {
            if is_after(&path, done)? {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// The text of the configuration with this SHA-256 and the name of its file: the run's own, or one that it had
    /// before.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn configuration_of(&self, sha256: &str) -> Result<Option<PathBuf>, TrainerError> {
        let mut all = vec![self.config()];
        all.extend((1..).map(|n| self.config_until(n)).take_while(|path| path.exists()));
        for path in all {
            if format!("{:x}", Sha256::digest(read_to_string(&path)?)) == sha256 {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    fn config_until(&self, n: usize) -> PathBuf {
        self.path().join(format!("config.until-{n}.json"))
    }

    /// Keeps the configuration as it is now as `config.until-N.json`, N from 1; gives N.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn keep_config(&self) -> Result<usize, TrainerError> {
        let old = read_to_string(&self.config())?;
        let mut n = 1;
        while self.config_until(n).exists() {
            n += 1;
        }
        self.disk().write_whole(&self.config_until(n), old.as_bytes())?;
        Ok(n)
    }

    /// Puts the best weights aside as `checkpoints/best.until-N.safetensors`, N from 1, where they are no longer those
    /// that the run is judged by; gives the name.
    ///
    /// # Errors
    /// The file system refuses.
    pub(crate) fn set_best_aside(&self) -> Result<Option<String>, TrainerError> {
        if !self.best().exists() {
            return Ok(None);
        }
        let name = |n: usize| format!("best.until-{n}.safetensors");
        let mut n = 1;
        while self.checkpoints().join(name(n)).exists() {
            n += 1;
        }
        self.disk()
            .rename(&self.best(), &self.checkpoints().join(name(n)))?;
        Ok(Some(name(n)))
    }

    /// Takes away what was made of states that the run goes back from: results, events, the batch it diverged on.
    ///
    /// # Errors
    /// The file system refuses.
    pub(crate) fn forget_future(&self) -> Result<(), TrainerError> {
        self.forget_results()?;
        let mut gone = vec![self.domain_file(), self.diverged(), self.diverged_batch()];
        gone.extend(self.event_files()?);
        gone.iter().try_for_each(|path| self.disk().remove(path))
    }

    /// Takes away the results of a training that now goes on.
    ///
    /// # Errors
    /// The file system refuses.
    pub(crate) fn forget_results(&self) -> Result<(), TrainerError> {
        let results = [self.summary(), self.report(), self.seasons()];
        results.iter().try_for_each(|path| self.disk().remove(path))
    }

    /// TensorBoard's event files.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(crate) fn event_files(&self) -> Result<Vec<PathBuf>, TrainerError> {
        let names = names_in(self.path())?.into_iter();
        let events = names.filter(|name| name.starts_with("events.out.tfevents."));
        Ok(events.map(|name| self.path().join(name)).collect())
    }
}

/// Whether a file is a state after so many whole epochs.
pub(crate) fn is_after(path: &Path, epochs: usize) -> Result<bool, TrainerError> {
    if !path.is_file() {
        return Ok(false);
    }
    let progress = checkpoint::progress_of(path)?;
    Ok(progress.epoch == epochs && progress.batch == 0)
}

/// Names of what is in a folder, in order; none where there is no folder.
fn names_in(folder: &Path) -> Result<Vec<String>, TrainerError> {
    if !folder.is_dir() {
        return Ok(vec![]);
    }
    let io = |error: std::io::Error| TrainerError::io(folder, error);
    let mut names = vec![];
    for entry in std::fs::read_dir(folder).map_err(io)? {
        names.push(entry.map_err(io)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
