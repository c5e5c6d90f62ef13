//! Which epoch is kept, and when a run stops early.

use crate::error::require;
use crate::{Phase, Schedule, ScheduleError};
use serde::{Deserialize, Serialize};

/// An epoch and its validation rec.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelectedEpoch {
    /// Epoch, counted from 0.
    pub epoch: usize,
    /// Its validation rec.
    pub rec: f64,
}

/// Keeps `best` if `rec` is strictly lower, or finite where there is none yet; says whether it did.
fn improve(best: &mut Option<SelectedEpoch>, epoch: usize, rec: f64) -> bool {
    let better = rec < best.map_or(f64::INFINITY, |b| b.rec);
    if better {
        *best = Some(SelectedEpoch { epoch, rec });
    }
    better
}

/// The epoch a run is judged by: lowest validation rec over all Train epochs, the first of equals.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BestSelection {
    /// The best epoch so far; `None` before the first Train epoch with a finite rec.
    pub best: Option<SelectedEpoch>,
}

impl BestSelection {
    /// Takes the validation rec of an epoch; true if its weights are to be kept as the best.
    /// Pretrain epochs and NaN never are.
    pub fn observe(&mut self, schedule: &Schedule, epoch: usize, rec: f64) -> bool {
        schedule.phase(epoch) == Phase::Train && improve(&mut self.best, epoch, rec)
    }
}

/// Stops a run whose validation rec no longer improves.
///
/// It keeps its own best, which starts at the first epoch with β = 1: neither Pretrain nor a rising
/// β can stop a run. The run stops after `patience` epochs in a row without a strictly lower rec.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    patience: Option<usize>,
    best: Option<SelectedEpoch>,
    epochs_without_improvement: usize,
}

impl EarlyStopping {
    /// `patience` is the configuration's `early_stop`; `None` never stops.
    ///
    /// # Errors
    /// A patience of 0, which could not see an improvement.
    pub fn new(patience: Option<usize>) -> Result<Self, ScheduleError> {
        require(
            patience != Some(0),
            "early_stop",
            0,
            "at least 1 epoch, or null for off",
        )?;
        Ok(Self {
            patience,
            best: None,
            epochs_without_improvement: 0,
        })
    }

    /// Takes the validation rec of an epoch; true if the run is to stop after it. NaN is no
    /// improvement.
    pub fn observe(&mut self, schedule: &Schedule, epoch: usize, rec: f64) -> bool {
        if !schedule.is_warmed_up(epoch) {
            return false;
        }
        if improve(&mut self.best, epoch, rec) {
            self.epochs_without_improvement = 0;
        } else {
            self.epochs_without_improvement += 1;
        }
        self.patience
            .is_some_and(|patience| self.epochs_without_improvement >= patience)
    }

    /// The same state with another patience; `None` is off.
    ///
    /// # Errors
    /// A patience of 0.
    pub fn with_patience(self, patience: Option<usize>) -> Result<Self, ScheduleError> {
        Ok(Self {
            patience: Self::new(patience)?.patience,
            ..self
        })
    }

    /// The configured patience.
    pub fn patience(&self) -> Option<usize> {
        self.patience
    }

    /// Its own best epoch among those with β = 1.
    pub fn best(&self) -> Option<SelectedEpoch> {
        self.best
    }

    /// Epochs in a row without improvement.
    pub fn epochs_without_improvement(&self) -> usize {
        self.epochs_without_improvement
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LrScheduler, ScheduleConfig};
    use proptest::prelude::*;

    fn schedule(epochs_pretrain: usize, kl_warmup_epochs: usize) -> Schedule {
        ScheduleConfig {
            epochs: 500,
            epochs_pretrain,
            kl_warmup_epochs,
            lr: 3e-4,
            pretrain_lr: None,
            lr_scheduler: LrScheduler::default(),
        }
        .check()
        .unwrap()
    }

    #[test]
    fn best_is_the_lowest_of_all_train_epochs_the_first_of_equals() {
        let schedule = schedule(2, 50);
        let mut selection = BestSelection::default();
        let recs = [0.1, 0.1, 5.0, f64::NAN, 4.0, 4.0, 4.5, 3.0];
        let kept: Vec<bool> = recs
            .iter()
            .enumerate()
            .map(|(e, &rec)| selection.observe(&schedule, e, rec))
            .collect();
        assert_eq!(kept, [false, false, true, false, true, false, false, true]);
        assert_eq!(selection.best, Some(SelectedEpoch { epoch: 7, rec: 3.0 }));
    }

    #[test]
    fn stops_after_patience_epochs_without_a_strictly_lower_rec() {
        let schedule = schedule(0, 0);
        let mut stopping = EarlyStopping::new(Some(3)).unwrap();
        let recs = [0.0, 2.0, 2.0, 1.9, 1.9, f64::NAN, 2.5];
        let stops: Vec<bool> = recs
            .iter()
            .enumerate()
            .map(|(e, &rec)| stopping.observe(&schedule, e, rec))
            .collect();
        // epoch 0 has β = 0 and is not looked at, otherwise its 0.0 would have stopped the run sooner
        assert_eq!(stops, [false, false, false, false, false, false, true]);
        assert_eq!(stopping.best(), Some(SelectedEpoch { epoch: 3, rec: 1.9 }));
        assert_eq!(stopping.epochs_without_improvement(), 3);
    }

    #[test]
    fn off_never_stops_and_zero_is_refused() {
        let schedule = schedule(0, 0);
        let mut off = EarlyStopping::new(None).unwrap();
        assert!((0..400).all(|e| !off.observe(&schedule, e, 1.0)));
        assert_eq!(
            EarlyStopping::new(Some(0)).unwrap_err().to_string(),
            "early_stop = 0 is not allowed: at least 1 epoch, or null for off"
        );
    }

    #[test]
    fn states_survive_json_in_the_middle_of_a_run() {
        let schedule = schedule(0, 0);
        let mut stopping = EarlyStopping::new(Some(4)).unwrap();
        let mut selection = BestSelection::default();
        for (epoch, rec) in [(0, 3.0), (1, 0.1 + 0.2), (2, 1.0)] {
            stopping.observe(&schedule, epoch, rec);
            selection.observe(&schedule, epoch, rec);
        }
        let text = serde_json::to_string(&(&stopping, &selection)).unwrap();
        assert_eq!(
            serde_json::from_str::<(EarlyStopping, BestSelection)>(&text).unwrap(),
            (stopping, selection)
        );
    }

    proptest! {
        /// Whatever the validation does, neither Pretrain nor a rising β can stop a run.
        #[test]
        fn nothing_stops_before_beta_is_one_plus_the_patience(
            epochs_pretrain in 0_usize..30,
            kl_warmup_epochs in 0_usize..60,
            patience in 1_usize..10,
            recs in proptest::collection::vec(0.0_f64..10.0, 120),
        ) {
            let schedule = schedule(epochs_pretrain, kl_warmup_epochs);
            let mut stopping = EarlyStopping::new(Some(patience)).unwrap();
            let stopped = (0..recs.len()).find(|&e| stopping.observe(&schedule, e, recs[e]));
            let first_full = epochs_pretrain + kl_warmup_epochs.max(1);
            // the first epoch with β = 1 always improves on nothing
            prop_assert!(stopped.is_none_or(|e| e >= first_full + patience));
        }
    }
}
