//! The weight β of the KL term.

use crate::PhaseSchedule;
use serde::{Deserialize, Serialize};

/// Linear warm-up of the KL weight over the first Train epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KlWarmup {
    /// Number of Pretrain epochs, `E`.
    pub epochs_pretrain: usize,
    /// Train epochs until β = 1; 0 and 1 both mean that only the first Train epoch has β = 0.
    pub kl_warmup_epochs: usize,
}

impl KlWarmup {
    /// β(e) = min(1, (e − E)/max(1, `kl_warmup_epochs`)) in Train, exactly 0 in Pretrain.
    ///
    /// Hence exactly 0 at the first Train epoch too, and exactly 1 from
    /// [`KlWarmup::first_full_epoch`] on.
    pub fn beta(&self, epoch: usize) -> f64 {
        let phases = PhaseSchedule {
            epochs_pretrain: self.epochs_pretrain,
        };
        match phases.train_clock(epoch) {
            None => 0.0,
            Some(t) => (t as f64 / self.kl_warmup_epochs.max(1) as f64).min(1.0),
        }
    }

    /// The first epoch with β = 1: E + max(1, `kl_warmup_epochs`).
    pub fn first_full_epoch(&self) -> usize {
        self.epochs_pretrain
            .saturating_add(self.kl_warmup_epochs.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn literals_of_the_reference_run() {
        let kl = KlWarmup {
            epochs_pretrain: 20,
            kl_warmup_epochs: 50,
        };
        for (epoch, beta) in [
            (0, 0.0),
            (19, 0.0),
            (20, 0.0),
            (21, 0.02),
            (45, 0.5),
            (70, 1.0),
            (149, 1.0),
        ] {
            assert_eq!(kl.beta(epoch), beta, "epoch {epoch}");
        }
        assert!(kl.beta(69) < 1.0);
        assert_eq!(kl.first_full_epoch(), 70);
    }

    #[test]
    fn no_warmup_still_starts_at_zero() {
        for kl_warmup_epochs in [0, 1] {
            let kl = KlWarmup {
                epochs_pretrain: 3,
                kl_warmup_epochs,
            };
            assert_eq!([2, 3, 4, 5].map(|e| kl.beta(e)), [0.0, 0.0, 1.0, 1.0]);
            assert_eq!(kl.first_full_epoch(), 4);
        }
    }

    proptest! {
        #[test]
        fn bounded_monotone_and_full_when_it_says(
            epochs_pretrain in 0_usize..300,
            kl_warmup_epochs in 0_usize..300,
            epoch in 0_usize..1000,
        ) {
            let kl = KlWarmup { epochs_pretrain, kl_warmup_epochs };
            let beta = kl.beta(epoch);
            prop_assert!((0.0..=1.0).contains(&beta));
            prop_assert!(kl.beta(epoch + 1) >= beta);
            prop_assert_eq!(beta == 1.0, epoch >= kl.first_full_epoch());
            prop_assert_eq!(beta == 0.0, epoch <= epochs_pretrain);
        }
    }
}
