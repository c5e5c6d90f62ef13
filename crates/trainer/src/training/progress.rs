//! Where a training stands.

use losses::Statistics;
use schedules::{BestSelection, EarlyStopping, LearningRateState};
use serde::{Deserialize, Serialize};

/// Where training stands: everything but weights and moments.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// The next batch to train on: epoch, from 0.
    pub epoch: usize,
    /// The next batch to train on: batch within the epoch, from 0.
    pub batch: usize,
    /// Lowest validation rec so far.
    pub best: BestSelection,
    /// Early stopping.
    pub early_stopping: EarlyStopping,
    /// State of a scheduler that follows the run.
    pub learning_rate: LearningRateState,
    /// Losses in a row that were not finite.
    pub skipped_in_a_row: usize,
    /// Sums of the unfinished epoch.
    pub sums: EpochSums,
    /// Whether training is over.
    pub finished: bool,
    /// Samples trained on so far, real and synthetic.
    pub samples_seen: u64,
    /// Wall-clock seconds of training so far.
    pub seconds: f64,
}

impl Progress {
    /// Epochs done when the selected weights were saved; `None` before there are any.
    pub fn epochs_of_best(&self) -> Option<usize> {
        self.best.best.map(|best| best.epoch + 1)
    }

    /// Whether this state stands right behind the selected epoch, so that its weights are the selected ones.
    pub fn is_its_own_best(&self) -> bool {
        self.batch == 0 && self.epochs_of_best() == Some(self.epoch)
    }
}

/// Sums over the batches of an epoch.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochSums {
    /// What is averaged over rows.
    pub statistics: Statistics,
    /// Rows seen.
    pub rows: usize,
    /// Loss × rows.
    pub loss: f64,
    /// KL of the loss × rows.
    pub kl: f64,
    /// Synthetic loss × rows.
    pub synthetic: f64,
    /// Gradient norms.
    pub gradient_norm: f64,
    /// Steps in that sum.
    pub steps: usize,
    /// Non-finite gradient elements.
    pub non_finite: usize,
    /// Steps left out.
    pub skipped: usize,
}

impl EpochSums {
    /// Nothing summed yet.
    pub fn new(statistics: Statistics) -> Self {
        Self {
            statistics,
            rows: 0,
            loss: 0.0,
            kl: 0.0,
            synthetic: 0.0,
            gradient_norm: 0.0,
            steps: 0,
            non_finite: 0,
            skipped: 0,
        }
    }
}
