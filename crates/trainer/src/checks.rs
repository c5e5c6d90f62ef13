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

/// With fewer Pretrain epochs the synthetic loss has no time to halve, and nothing is said.
const SHORTEST_PRETRAIN: usize = 10;

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
            (Some(first), Some(last)) if whole_pretrain && expected >= SHORTEST_PRETRAIN => {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Measures, NamedValues};
    use schedules::ScheduleConfig;

    fn schedule() -> Schedule {
        ScheduleConfig {
            epochs: 80,
            epochs_pretrain: 20,
            kl_warmup_epochs: 50,
            lr: 3e-4,
            pretrain_lr: None,
            lr_scheduler: LrScheduler::default(),
        }
        .check()
        .unwrap()
    }

    /// Records of a run in which everything is as it must be.
    fn good(schedule: &Schedule) -> Vec<EpochRecord> {
        let record = |epoch: usize| {
            let phase = schedule.phase(epoch);
            let (mut train, mut valid) = (Measures::default(), Measures::default());
            match phase {
                Phase::Pretrain => train.synthetic = Some(20.0 - 0.8 * epoch as f64),
                Phase::Train => {
                    let each = vec![("LAI".to_owned(), 1.5), ("z_aux_0".to_owned(), 0.5)];
                    train.kl = Some(2.0);
                    train.kl_per_dimension = Some(NamedValues(each));
                    (valid.kl, valid.kl_phy) = (Some(2.0), Some(1.5));
                }
            }
            EpochRecord {
                epoch,
                phase,
                beta: schedule.beta(epoch),
                lr: schedule.learning_rate(epoch, &LearningRateState::default()),
                best: false,
                train,
                valid,
            }
        };
        (0..80).map(record).collect()
    }

    fn results(spoil: impl Fn(&mut Vec<EpochRecord>)) -> [Option<bool>; 5] {
        let schedule = schedule();
        let mut epochs = good(&schedule);
        spoil(&mut epochs);
        Checks::of(&epochs, &schedule, true)
            .named()
            .map(|(_, result)| result)
    }

    #[test]
    fn a_good_run_passes_all_five() {
        let schedule = schedule();
        let checks = Checks::of(&good(&schedule), &schedule, true);
        assert_eq!(checks.named().map(|(_, result)| result), [Some(true); 5]);
        assert!(checks.passed());
        assert_eq!(checks.kl_physical_share, Some(0.75));
    }

    #[test]
    fn each_check_can_fail() {
        let failing = |spoil: &dyn Fn(&mut Vec<EpochRecord>)| {
            let results = results(spoil);
            results.map(|result| result == Some(false))
        };
        let (f, t) = (false, true);
        assert_eq!(failing(&|e| e[7].beta = 0.02), [t, f, f, f, f]);
        assert_eq!(failing(&|e| e[20].beta = 0.02), [f, t, f, f, f]);
        assert_eq!(failing(&|e| e[50].beta = 0.1), [f, t, f, f, f]);
        assert_eq!(failing(&|e| e[79].beta = 0.9), [f, t, f, f, f]);
        assert_eq!(failing(&|e| e[3].lr = 2.9e-4), [f, f, t, f, f]);
        assert_eq!(failing(&|e| e[20].lr = 2.9e-4), [f, f, t, f, f]);
        assert_eq!(failing(&|e| e[60].lr *= 1.01), [f, f, t, f, f]);
        assert_eq!(
            failing(&|e| e[19].train.synthetic = Some(11.0)),
            [f, f, f, t, f]
        );
        assert_eq!(
            failing(&|e| e[5].train.synthetic = Some(20.1)),
            [f, f, f, t, f]
        );
        // the mean over each block's dimensions, 7 : 2 lost
        assert_eq!(failing(&|e| e[40].train.kl = Some(1.0)), [f, f, f, f, t]);
    }

    #[test]
    fn what_a_run_cannot_say_is_left_open() {
        assert_eq!(
            results(|e| e.truncate(20)),
            [Some(true), None, None, Some(true), None]
        );
        assert_eq!(results(|e| e.truncate(30))[1], None);
        assert_eq!(results(|e| drop(e.drain(..20)))[0], None);
        let schedule = schedule();
        let without_kl = Checks::of(&good(&schedule), &schedule, false);
        assert_eq!(
            (
                without_kl.beta_anneals_to_one,
                without_kl.kl_balances_naturally
            ),
            (None, None)
        );
    }
}
