//! Going on from a state, or going back to an earlier one.
//!
//! Nothing on the disk is touched before everything was checked. Then the new last state is what counts: whatever it
//! does not know of is taken back behind it, and again whenever the run is resumed, so that a stop in the middle of
//! that does no harm.

use super::{EpochSums, Shards, Training};
use crate::TrainerError;
use crate::checkpoint;
use crate::resume::{ChangeLog, ChangeRecord};
use crate::run_states::is_after;
use nn::Scalar;
use schedules::{BestSelection, EarlyStopping};
use tracing::info;

#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent facts, each asked by itself"
)]
/// What may have changed since a run was saved that goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The configuration, as far as the weights still fit.
    pub config: bool,
    /// The samples.
    pub data: bool,
    /// Whether the other configuration minimises or measures something else.
    pub measures: bool,
    /// Whether it has another initial learning rate.
    pub learning_rate: bool,
    /// The keys that differ in it.
    pub keys: Vec<String>,
    /// File of the run that holds the configuration of the state, where that is not `config.json`.
    pub then: Option<String>,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent facts, each asked by itself"
)]
/// What is to be done on the disk once a state was taken.
pub(super) struct Pending {
    /// An earlier state than the last one.
    goes_back: bool,
    other_config: bool,
    other_samples: bool,
    anew: bool,
    keys: Vec<String>,
    then: Option<String>,
}

impl Pending {
    fn is_a_change(&self) -> bool {
        self.other_config || self.other_samples
    }
}

impl<E: Scalar, D: Shards<E>> Training<'_, E, D> {
    /// Continues from the run's last state, or from the one kept after `after` epochs. The disk stays as it is until
    /// [`Training::settle`] or [`Training::run`].
    ///
    /// # Errors
    /// The state or the records before it are not there, it is damaged, does not fit the experiment, or belongs to
    /// another configuration or to other samples and that is not allowed.
    pub fn resume(&mut self, after: Option<usize>, allowed: &Changes) -> Result<(), TrainerError> {
        let path = self.run.state_to_resume(after)?;
        let checkpoint = checkpoint::load::<E>(&path)?;
        if !checkpoint.can_go_on() {
            return Err(TrainerError::NotARun {
                path: self.run.path().to_owned(),
                why: format!(
                    "{} has weights without the optimiser's moments, as an exported model has, and no training goes on \
                     from those",
                    path.display()
                ),
            });
        }
        let other_config = checkpoint.origin.config_sha256 != self.origin.config_sha256;
        if other_config && !allowed.config {
            return Err(TrainerError::OtherConfiguration { path });
        }
        let (then, now) = (&checkpoint.origin.data_sha256, &self.origin.data_sha256);
        let other_samples = then.is_some() && then != now;
        if other_samples && !allowed.data {
            return Err(TrainerError::ChangedData {
                path: self.run.path().to_owned(),
            });
        }
        let (done, wanted) = (
            checkpoint.progress.epoch,
            self.experiment.schedule.config().epochs,
        );
        if other_config && done > wanted {
            return Err(TrainerError::FewerEpochs {
                run: self.run.path().to_owned(),
                done,
                wanted,
            });
        }
        self.progress = checkpoint.restore(&mut self.learner.model, &mut self.learner.adam)?;
        let anew = other_samples || other_config && allowed.measures;
        if other_config || other_samples {
            self.follow(allowed.learning_rate && other_config, anew)?;
        }
        let (epoch, batch) = (self.progress.epoch, self.progress.batch);
        self.log.has_all_before(epoch, batch)?;
        self.pending = Some(Pending {
            goes_back: after.is_some(),
            other_config,
            other_samples,
            anew,
            keys: allowed.keys.clone(),
            then: allowed.then.clone(),
        });
        Ok(())
    }

    /// What the state of another configuration, or of other samples, holds of them gives way to these ones'.
    fn follow(&mut self, learning_rate: bool, anew: bool) -> Result<(), TrainerError> {
        let x = self.experiment;
        let progress = &mut self.progress;
        let internal = |e: schedules::ScheduleError| TrainerError::Internal(e.to_string());
        progress.early_stopping = if anew {
            EarlyStopping::new(x.early_stop)
        } else {
            (progress.early_stopping.clone()).with_patience(x.early_stop)
        }
        .map_err(internal)?;
        progress
            .learning_rate
            .follow(&x.schedule, learning_rate, anew);
        // a run that was over may have more to do now
        progress.finished = false;
        if anew {
            progress.best = BestSelection::default();
            if progress.batch > 0 {
                info!(
                    "epoch {} begins anew: {} of its batches were taken before the change",
                    progress.epoch, progress.batch
                );
                progress.batch = 0;
                progress.sums = EpochSums::new(self.learner.statistics());
            }
        }
        Ok(())
    }

    /// Makes the disk what the state says that was resumed: `config` is the text of another configuration, if there
    /// is one.
    ///
    /// # Errors
    /// The file system refuses; resuming the run again goes on with it.
    pub fn settle(&mut self, config: Option<&str>) -> Result<(), TrainerError> {
        let Some(pending) = self.pending.take() else {
            return Ok(());
        };
        let run = self.run;
        if pending.goes_back || pending.anew {
            run.forget_future()?;
        } else if !self.progress.finished {
            run.forget_results()?;
        }
        if pending.is_a_change() {
            let until = config.map(|_| run.keep_config()).transpose()?;
            self.changes().add(ChangeRecord {
                epoch: self.progress.epoch,
                batch: self.progress.batch,
                config_until: (pending.then.clone())
                    .or(until.map(|n| format!("config.until-{n}.json"))),
                keys: pending.keys.clone(),
                other_samples: pending.other_samples,
                measured_anew: pending.anew,
            })?;
        }
        if let Some(config) = config {
            run.begin(config)?;
        }
        if pending.goes_back || pending.is_a_change() {
            self.save_last()?;
        }
        if pending.goes_back {
            info!(
                "going back to the state after {} epochs",
                self.progress.epoch
            );
        }
        if pending.anew {
            info!(
                "what is minimised or measured is another thing from here on: the best epoch, early stopping and a plateau \
                 of the learning rate begin anew"
            );
        }
        self.take_back(pending.goes_back)
    }

    /// Takes back whatever the state does not know of: it is of a future that is not this run's any more.
    fn take_back(&mut self, goes_back: bool) -> Result<(), TrainerError> {
        let (epoch, batch) = (self.progress.epoch, self.progress.batch);
        self.restore_best(goes_back)?;
        for kept in self.run.kept_epochs()? {
            if kept > epoch {
                let disk = self.run.disk();
                disk.remove(&self.run.after_epochs(kept))?;
                disk.remove(&self.run.best_after_epochs(kept))?;
            }
        }
        self.changes().go_back((epoch, batch))?;
        self.log.truncate(epoch, batch)
    }

    /// Puts the weights there that the state has as the best ones. Others are put aside, or, where the run goes back, are
    /// of a future that is not this run's any more.
    fn restore_best(&mut self, goes_back: bool) -> Result<(), TrainerError> {
        let (run, best) = (self.run, self.run.best());
        if let Some(done) = self.progress.epochs_of_best() {
            if is_after(&best, done)? {
                return Ok(());
            }
            if self.progress.is_its_own_best() {
                return self.save(&best);
            }
            if let Some(kept) = run.best_of(&self.progress)? {
                return run.disk().copy(&kept, &best);
            }
            info!(
                "the weights of epoch {}, the best one so far, are not kept any more: the best epoch is chosen anew from \
                 here on",
                done - 1
            );
            self.progress.best = BestSelection::default();
            self.save_last()?;
        }
        if goes_back {
            return run.disk().remove(&best);
        }
        if let Some(name) = run.set_best_aside()? {
            info!("the best weights until now are kept as checkpoints/{name}");
        }
        Ok(())
    }

    /// Where the run changed.
    pub fn changes(&self) -> ChangeLog {
        ChangeLog::new(self.run.disk().clone(), self.run.path())
    }
}
