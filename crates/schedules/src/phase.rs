//! Pretrain or Train.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The two stages of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Stage A: the encoder learns to invert the physics on simulated samples only.
    Pretrain,
    /// Stage B: the whole model learns on the real samples.
    Train,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pretrain => "pretrain",
            Self::Train => "train",
        })
    }
}

/// Splits the epochs into exactly `epochs_pretrain` epochs of Pretrain and the rest of Train.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseSchedule {
    /// Number of Pretrain epochs, `E`; 0 starts with Train.
    pub epochs_pretrain: usize,
}

impl PhaseSchedule {
    /// The phase of an epoch counted from 0: Pretrain if `epoch < E`, else Train.
    pub fn phase(&self, epoch: usize) -> Phase {
        if epoch < self.epochs_pretrain {
            Phase::Pretrain
        } else {
            Phase::Train
        }
    }

    /// Epochs since the first Train epoch, `t = epoch − E`; `None` in Pretrain.
    pub fn train_clock(&self, epoch: usize) -> Option<usize> {
        epoch.checked_sub(self.epochs_pretrain)
    }

    /// Whether a Pretrain epoch came just before this one: the epoch at whose start the switch is
    /// to be announced. False for every epoch if there is no Pretrain.
    pub fn switches_at(&self, epoch: usize) -> bool {
        self.epochs_pretrain > 0 && epoch == self.epochs_pretrain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_epochs_pretrain_epochs_are_pretrain() {
        let schedule = PhaseSchedule {
            epochs_pretrain: 20,
        };
        let pretrain = (0..150)
            .filter(|&e| schedule.phase(e) == Phase::Pretrain)
            .count();
        assert_eq!(pretrain, 20);
        assert_eq!(schedule.phase(19), Phase::Pretrain);
        assert_eq!(schedule.phase(20), Phase::Train);
        assert_eq!(schedule.train_clock(19), None);
        assert_eq!(schedule.train_clock(20), Some(0));
        let switches: Vec<usize> = (0..150).filter(|&e| schedule.switches_at(e)).collect();
        assert_eq!(switches, [20]);
    }

    #[test]
    fn no_pretrain_starts_with_train_and_switches_nowhere() {
        let schedule = PhaseSchedule { epochs_pretrain: 0 };
        assert_eq!(schedule.phase(0), Phase::Train);
        assert!(!schedule.switches_at(0));
    }

    #[test]
    fn phases_are_written_in_lower_case() {
        assert_eq!(
            serde_json::to_string(&Phase::Pretrain).unwrap(),
            "\"pretrain\""
        );
        assert_eq!(format!("{:>8}", Phase::Train), "   train");
    }
}
