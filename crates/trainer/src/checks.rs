//! What a finished run must show: five checks on its epoch records.

use crate::metrics::EpochRecord;
use schedules::{LearningRateState, LrScheduler, Phase, Schedule};
use serde::{Deserialize, Serialize};

/// The five checks; `None` where a variant or a short run gives a check no meaning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checks {
    /// β = 0 throughout Pretrain.
    pub beta_zero_in_pretrain: Option<bool>,
    /// β goes from 0 to 1 in Train.
    pub beta_anneals_to_one: Option<bool>,
    /// One LR per epoch, equal to the schedule's, switching at the boundary of the phases.
    pub lr_switches_at_boundary: Option<bool>,
    /// The last Pretrain epoch's synthetic loss is below half the first's, none above the first.
    pub synthetic_loss_decreases: Option<bool>,
    /// The KL that the training loss held is the plain sum of the logged per-dimension values, so that
    /// at equal per-dimension KL the physical share is p/(p+a).
    pub kl_balances_naturally: Option<bool>,
    /// Measured share of the physical dimensions in the last epoch's validation KL.
    pub kl_physical_share: Option<f64>,
}

/// The loss sums in f32, the per-dimension values in f64; relative, over some thousand terms.
const SUM_TOLERANCE: f64 = 1e-4;

impl Checks {
    /// Whether no check failed.
    pub fn passed(&self) -> bool {
        self.named()
            .iter()
            .all(|(_, result)| *result != Some(false))
    }

    /// The five with a sentence each.
    pub fn named(&self) -> [(&'static str, Option<bool>); 5] {
        [
            (
                "KL weight is 0 throughout Pretrain",
                self.beta_zero_in_pretrain,
            ),
            (
                "KL weight goes from 0 to 1 in Train",
                self.beta_anneals_to_one,
            ),
            (
                "learning rate switches at the boundary of the phases",
                self.lr_switches_at_boundary,
            ),
            (
                "synthetic loss decreases in Pretrain",
                self.synthetic_loss_decreases,
            ),
            (
                "KL weighs its dimensions equally",
                self.kl_balances_naturally,
            ),
        ]
    }

    /// Checks the records of all epochs of a run, first to last.
    pub fn of(epochs: &[EpochRecord], schedule: &Schedule, kl_is_used: bool) -> Self {
        let of_phase = |phase| epochs.iter().filter(move |e| e.phase == phase);
        let pretrain: Vec<_> = of_phase(Phase::Pretrain).collect();
        let train: Vec<_> = of_phase(Phase::Train).collect();
        let expected = schedule.config().epochs_pretrain;
        let whole_pretrain = expected > 0 && pretrain.len() == expected;

        let beta_zero_in_pretrain =
            (!pretrain.is_empty()).then(|| pretrain.iter().all(|e| e.beta == 0.0));

        let warmed_up = train.iter().any(|e| schedule.is_warmed_up(e.epoch));
        let beta_anneals_to_one = (kl_is_used && warmed_up).then(|| {
            let rises = train.windows(2).all(|pair| pair[0].beta <= pair[1].beta);
            let first = train.first().is_some_and(|e| e.beta == 0.0);
            let last = train.last().is_some_and(|e| e.beta == 1.0);
            rises && first && last
        });

        // ReduceLROnPlateau follows the run, not the epoch alone: there only the boundary is checked
        let follows_run = matches!(
            schedule.config().lr_scheduler,
            LrScheduler::ReduceLROnPlateau { .. }
        );
        let state = LearningRateState::default();
        let lr_switches_at_boundary = (whole_pretrain && !train.is_empty()).then(|| {
            let initial = schedule.config().lr;
            let in_pretrain = schedule.config().pretrain_lr.unwrap_or(initial);
            pretrain.iter().all(|e| e.lr == in_pretrain)
                && train
                    .first()
                    .is_some_and(|e| e.epoch == expected && e.lr == initial)
                && (follows_run
                    || train
                        .iter()
                        .all(|e| e.lr == schedule.learning_rate(e.epoch, &state)))
        });

        let synthetic: Vec<f64> = pretrain.iter().filter_map(|e| e.train.synthetic).collect();
        let synthetic_loss_decreases = match (synthetic.first(), synthetic.last()) {
            (Some(first), Some(last)) if whole_pretrain && expected > 1 => {
                Some(*last < 0.5 * first && synthetic.iter().all(|s| s <= first))
            }
            _ => None,
        };

        let measured: Vec<_> = train
            .iter()
            .filter_map(|e| Some((e.train.kl?, e.train.kl_per_dimension.as_ref()?)))
            .collect();
        let kl_balances_naturally = (kl_is_used && !measured.is_empty()).then(|| {
            measured
                .iter()
                .all(|(kl, each)| (kl - each.sum()).abs() <= SUM_TOLERANCE * kl.abs().max(1.0))
        });
        let kl_physical_share = epochs.last().and_then(|e| {
            let share = e.valid.kl_phy? / e.valid.kl?;
            share.is_finite().then_some(share)
        });
        Self {
            beta_zero_in_pretrain,
            beta_anneals_to_one,
            lr_switches_at_boundary,
            synthetic_loss_decreases,
            kl_balances_naturally,
            kl_physical_share,
        }
    }
}
