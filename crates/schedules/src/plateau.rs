//! Reducing the learning rate on a plateau: the only scheduler with a memory.

use serde::{Deserialize, Serialize};

/// A reduction by less than this is not made, as in `PyTorch` (`eps`).
const SMALLEST_REDUCTION: f64 = 1e-8;

/// What the learning rate depends on besides the epoch; belongs into every checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearningRateState {
    /// The plateau's memory; `None` until the first validation result after the KL warm-up, and for
    /// every other scheduler.
    pub plateau: Option<PlateauState>,
}

/// Memory of `ReduceLROnPlateau`, with the semantics of `PyTorch` (mode `min`, threshold mode `rel`).
///
/// After each epoch with β = 1: a value below best − |best|·threshold is an improvement and resets the count, any
/// other value, NaN too, counts. For what cannot be negative that is `PyTorch`'s best·(1 − threshold); where a
/// likelihood makes the best one negative, `PyTorch`'s rule would ask for less than no improvement. While cooling down the count stays 0. A count
/// above `patience` multiplies the rate by `factor`, not below `min_lr`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlateauState {
    /// Learning rate of the next epoch.
    pub lr: f64,
    /// Lowest validation rec that counted as an improvement; `None` before the first finite one.
    pub best: Option<f64>,
    /// Epochs without improvement since the last one or the last reduction.
    pub bad_epochs: usize,
    /// Epochs during which nothing is counted yet.
    pub cooldown_left: usize,
}

/// The parameters of `ReduceLROnPlateau`, checked.
#[derive(Clone, Copy)]
pub(crate) struct PlateauRule {
    pub(crate) factor: f64,
    pub(crate) patience: usize,
    pub(crate) threshold: f64,
    pub(crate) cooldown: usize,
    pub(crate) min_lr: f64,
}

/// best − |best|·threshold: what a value must be below to count as better by that part of it.
fn beyond(best: f64, threshold: f64) -> f64 {
    if best < 0.0 {
        best * (1.0 + threshold)
    } else {
        best * (1.0 - threshold)
    }
}

impl PlateauState {
    pub(crate) fn new(lr: f64) -> Self {
        Self {
            lr,
            best: None,
            bad_epochs: 0,
            cooldown_left: 0,
        }
    }

    pub(crate) fn observe(&mut self, rule: PlateauRule, rec: f64) {
        let improved = match self.best {
            None => rec < f64::INFINITY,
            Some(best) => rec < beyond(best, rule.threshold),
        };
        if improved {
            self.best = Some(rec);
            self.bad_epochs = 0;
        } else {
            self.bad_epochs += 1;
        }
        if self.cooldown_left > 0 {
            self.cooldown_left -= 1;
            self.bad_epochs = 0;
        }
        if self.bad_epochs > rule.patience {
            let reduced = (self.lr * rule.factor).max(rule.min_lr);
            if self.lr - reduced > SMALLEST_REDUCTION {
                self.lr = reduced;
            }
            self.cooldown_left = rule.cooldown;
            self.bad_epochs = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULE: PlateauRule = PlateauRule {
        factor: 0.5,
        patience: 2,
        threshold: 0.1,
        cooldown: 0,
        min_lr: 0.0,
    };

    fn rates(rule: PlateauRule, recs: &[f64]) -> Vec<f64> {
        let mut state = PlateauState::new(1.0);
        recs.iter()
            .map(|&rec| {
                state.observe(rule, rec);
                state.lr
            })
            .collect()
    }

    #[test]
    fn the_epoch_after_the_patience_reduces() {
        assert_eq!(
            rates(RULE, &[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
            [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25]
        );
    }

    #[test]
    fn only_a_relative_improvement_beyond_the_threshold_counts() {
        // 0.9 is not below 1·(1 − 0.1); 0.89 is
        assert_eq!(rates(RULE, &[1.0, 0.95, 0.92, 0.9, 0.89])[3], 0.5);
        assert_eq!(
            rates(RULE, &[1.0, 0.95, 0.92, 0.89, 0.88, 0.87, 0.86]),
            [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5]
        );
    }

    #[test]
    fn a_negative_measure_that_stays_is_a_plateau() {
        // a better value must be below −1·(1 + 0.1); one that stays, or rises, is none
        assert_eq!(rates(RULE, &[-1.0, -1.0, -1.0, -1.0]), [1.0, 1.0, 1.0, 0.5]);
        assert_eq!(rates(RULE, &[-1.0, -0.95, -1.05, -1.1])[3], 0.5);
        assert_eq!(rates(RULE, &[-1.0, -0.95, -1.05, -1.11])[3], 1.0);
        // from 0 anything lower is better, and a sign may change
        assert_eq!(rates(RULE, &[0.0, 0.0, 0.0, -1e-9])[3], 1.0);
        assert_eq!(rates(RULE, &[0.1, -0.1, -0.1, -0.1, -0.1])[4], 0.5);
    }

    #[test]
    fn cooling_down_counts_nothing() {
        let rule = PlateauRule {
            patience: 0,
            cooldown: 2,
            ..RULE
        };
        assert_eq!(
            rates(rule, &[1.0; 7]),
            [1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]
        );
    }

    #[test]
    fn never_below_min_lr_and_no_vanishing_reductions() {
        let rule = PlateauRule {
            patience: 0,
            min_lr: 0.4,
            ..RULE
        };
        assert_eq!(rates(rule, &[1.0; 4]), [1.0, 0.5, 0.4, 0.4]);
        let mut state = PlateauState::new(1.5e-8);
        state.best = Some(1.0);
        state.observe(
            PlateauRule {
                patience: 0,
                ..RULE
            },
            2.0,
        );
        assert_eq!(state.lr, 1.5e-8);
    }

    #[test]
    fn nan_is_no_improvement_and_never_a_best() {
        let mut state = PlateauState::new(1.0);
        state.observe(RULE, f64::NAN);
        assert_eq!((state.best, state.bad_epochs), (None, 1));
        state.observe(RULE, 3.0);
        assert_eq!((state.best, state.bad_epochs), (Some(3.0), 0));
        state.observe(RULE, f64::NAN);
        assert_eq!((state.best, state.bad_epochs), (Some(3.0), 1));
    }

    #[test]
    fn the_state_survives_json_exactly() {
        let mut state = PlateauState::new(3e-4);
        state.observe(RULE, 0.1 + 0.2);
        let state = LearningRateState {
            plateau: Some(state),
        };
        let text = serde_json::to_string(&state).unwrap();
        assert_eq!(
            serde_json::from_str::<LearningRateState>(&text).unwrap(),
            state
        );
    }

    proptest! {
        #[test]
        fn never_rises_and_stays_above_the_floor(
            recs in proptest::collection::vec(-10.0_f64..10.0, 1..60),
            factor in 0.01_f64..0.99,
            patience in 0_usize..5,
            cooldown in 0_usize..5,
            min_lr in 0.0_f64..0.5,
        ) {
            let rates = rates(PlateauRule { factor, patience, threshold: 1e-4, cooldown, min_lr }, &recs);
            prop_assert!(rates.windows(2).all(|w| w[1] <= w[0]));
            prop_assert!(rates.iter().all(|lr| (min_lr..=1.0).contains(lr)));
        }

        /// Whatever the sign: values that never get better reduce the rate, and each better by more than the threshold
        /// does not.
        #[test]
        fn a_plateau_is_one_at_any_height(
            height in -10.0_f64..10.0,
            threshold in 0.0_f64..0.9,
            patience in 0_usize..5,
        ) {
            let rule = PlateauRule { patience, threshold, ..RULE };
            let flat = vec![height; patience + 2];
            prop_assert_eq!(rates(rule, &flat).pop(), Some(0.5));
            let mut falling = vec![height];
            for _ in 0..20 {
                let last = *falling.last().unwrap();
                falling.push(last - last.abs() * (threshold + 0.01) - 1e-12);
            }
            prop_assert_eq!(rates(rule, &falling).pop(), Some(1.0));
        }
    }
}
