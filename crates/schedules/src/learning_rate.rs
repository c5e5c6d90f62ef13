//! Learning-rate schedulers with `PyTorch`'s names and closed forms.

use crate::ScheduleError;
use crate::error::require;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// The `lr_scheduler` block: an object with `type` and the parameters of that type, named as in
/// `PyTorch`. Unknown keys are refused.
///
/// The clock is `t = epoch − E`, so the first Train epoch runs at the initial learning rate `lr0`.
/// Every formula below holds in Train; Pretrain does not know the scheduler.
///
/// ```
/// use schedules::LrScheduler;
/// let scheduler: LrScheduler = serde_json::from_str(r#"{"type": "StepLR", "step_size": 30}"#)?;
/// assert_eq!(scheduler, LrScheduler::StepLR { step_size: 30, gamma: 0.1 });
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum LrScheduler {
    /// lr = `eta_min` + (lr0 − `eta_min`)·(1 + cos(π·min(t, `T_max`)/`T_max`))/2.
    ///
    /// I. Loshchilov and F. Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, ICLR 2017,
    /// equation 5, without restarts: it stays at `eta_min` after `T_max`.
    CosineAnnealingLR {
        /// Epochs from lr0 to `eta_min`, at least 1; without it `epochs − epochs_pretrain`.
        #[serde(rename = "T_max", default)]
        t_max: Option<usize>,
        /// The final learning rate, 0 to lr0.
        #[serde(default)]
        eta_min: f64,
    },
    /// lr = lr0·gamma^⌊t/`step_size`⌋.
    StepLR {
        /// Epochs between two reductions, at least 1.
        step_size: usize,
        /// Factor of a reduction, in (0, 1].
        #[serde(default = "one_tenth")]
        gamma: f64,
    },
    /// lr = lr0·gamma^t.
    ExponentialLR {
        /// Factor per epoch, in (0, 1].
        gamma: f64,
    },
    /// Multiplies by `factor` when the validation rec has not improved for more than `patience`
    /// epochs. It looks from the first epoch with β = 1 on; see [`crate::PlateauState`].
    ReduceLROnPlateau {
        /// Factor of a reduction, in (0, 1).
        #[serde(default = "one_tenth")]
        factor: f64,
        /// Epochs without improvement that are tolerated; the next one reduces.
        #[serde(default = "plateau_patience")]
        patience: usize,
        /// An improvement is a value below best − |best|·threshold, in [0, 1).
        #[serde(default = "plateau_threshold")]
        threshold: f64,
        /// Epochs after a reduction during which nothing is counted.
        #[serde(default)]
        cooldown: usize,
        /// The learning rate is never reduced below this, 0 to lr0.
        #[serde(default)]
        min_lr: f64,
    },
    /// lr = lr0.
    None {},
}

impl Default for LrScheduler {
    /// Cosine annealing to 0 over the Train epochs.
    fn default() -> Self {
        Self::CosineAnnealingLR {
            t_max: None,
            eta_min: 0.0,
        }
    }
}

fn one_tenth() -> f64 {
    0.1
}

fn plateau_patience() -> usize {
    10
}

fn plateau_threshold() -> f64 {
    1e-4
}

impl LrScheduler {
    /// Refuses values without meaning; `lr0` is the initial learning rate.
    pub(crate) fn check(&self, lr0: f64) -> Result<(), ScheduleError> {
        let at_most_lr0 = || format!("0 to the initial learning rate {lr0}");
        match *self {
            Self::CosineAnnealingLR { t_max, eta_min } => {
                require(t_max != Some(0), "T_max", 0, "at least 1 epoch")?;
                require(
                    (0.0..=lr0).contains(&eta_min),
                    "eta_min",
                    eta_min,
                    at_most_lr0(),
                )
            }
            Self::StepLR { step_size, gamma } => {
                require(step_size > 0, "step_size", step_size, "at least 1 epoch")?;
                check_gamma(gamma)
            }
            Self::ExponentialLR { gamma } => check_gamma(gamma),
            Self::ReduceLROnPlateau {
                factor,
                threshold,
                min_lr,
                patience: _,
                cooldown: _,
            } => {
                require(
                    factor > 0.0 && factor < 1.0,
                    "factor",
                    factor,
                    "more than 0 and less than 1",
                )?;
                require(
                    (0.0..1.0).contains(&threshold),
                    "threshold",
                    threshold,
                    "0 to less than 1",
                )?;
                require(
                    (0.0..=lr0).contains(&min_lr),
                    "min_lr",
                    min_lr,
                    at_most_lr0(),
                )
            }
            Self::None {} => Ok(()),
        }
    }

    /// Learning rate at the scheduler's clock `t`; for [`LrScheduler::ReduceLROnPlateau`] the rate
    /// before any reduction. `train_epochs` is the default of `T_max`.
    pub(crate) fn closed_form(&self, lr0: f64, t: usize, train_epochs: usize) -> f64 {
        match *self {
            Self::CosineAnnealingLR { t_max, eta_min } => {
                let t_max = t_max.unwrap_or(train_epochs).max(1);
                let fraction = t.min(t_max) as f64 / t_max as f64;
                eta_min + (lr0 - eta_min) * (1.0 + (PI * fraction).cos()) / 2.0
            }
            Self::StepLR { step_size, gamma } => lr0 * gamma.powf((t / step_size.max(1)) as f64),
            Self::ExponentialLR { gamma } => lr0 * gamma.powf(t as f64),
            Self::ReduceLROnPlateau { .. } | Self::None {} => lr0,
        }
    }
}

fn check_gamma(gamma: f64) -> Result<(), ScheduleError> {
    require(
        gamma > 0.0 && gamma <= 1.0,
        "gamma",
        gamma,
        "more than 0 and at most 1",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<LrScheduler, String> {
        serde_json::from_str(text).map_err(|e| e.to_string())
    }

    #[test]
    fn every_type_is_read_with_pytorch_names_and_defaults() {
        assert_eq!(
            parse(r#"{"type": "CosineAnnealingLR", "T_max": 130, "eta_min": 1e-6}"#),
            Ok(LrScheduler::CosineAnnealingLR {
                t_max: Some(130),
                eta_min: 1e-6
            })
        );
        assert_eq!(
            parse(r#"{"type": "CosineAnnealingLR"}"#),
            Ok(LrScheduler::default())
        );
        assert_eq!(
            parse(r#"{"type": "ExponentialLR", "gamma": 0.97}"#),
            Ok(LrScheduler::ExponentialLR { gamma: 0.97 })
        );
        assert_eq!(
            parse(r#"{"type": "ReduceLROnPlateau"}"#),
            Ok(LrScheduler::ReduceLROnPlateau {
                factor: 0.1,
                patience: 10,
                threshold: 1e-4,
                cooldown: 0,
                min_lr: 0.0
            })
        );
        assert_eq!(parse(r#"{"type": "None"}"#), Ok(LrScheduler::None {}));
    }

    #[test]
    fn every_type_refuses_unknown_keys() {
        for text in [
            r#"{"type": "CosineAnnealingLR", "t_max": 130}"#,
            r#"{"type": "CosineAnnealingLR", "args": {"T_max": 130}}"#,
            r#"{"type": "StepLR", "step_size": 3, "gama": 0.1}"#,
            r#"{"type": "ExponentialLR", "gamma": 0.9, "step_size": 3}"#,
            r#"{"type": "ReduceLROnPlateau", "mode": "max"}"#,
            r#"{"type": "None", "gamma": 0.9}"#,
            r#"{"gamma": 0.9, "type": "None"}"#,
        ] {
            let message = parse(text).unwrap_err();
            assert!(message.contains("unknown field"), "{text}: {message}");
        }
        assert!(
            parse(r#"{"type": "CosineAnealingLR"}"#)
                .unwrap_err()
                .contains("expected one of")
        );
        assert!(
            parse(r#"{"T_max": 3}"#)
                .unwrap_err()
                .contains("missing field `type`")
        );
        assert!(
            parse(r#"{"type": "StepLR"}"#)
                .unwrap_err()
                .contains("missing field `step_size`")
        );
    }

    #[test]
    fn written_and_read_again_is_the_same() {
        for scheduler in [
            LrScheduler::default(),
            LrScheduler::StepLR {
                step_size: 7,
                gamma: 0.3,
            },
            LrScheduler::ExponentialLR { gamma: 0.97 },
            LrScheduler::ReduceLROnPlateau {
                factor: 0.5,
                patience: 3,
                threshold: 0.0,
                cooldown: 2,
                min_lr: 1e-7,
            },
            LrScheduler::None {},
        ] {
            assert_eq!(
                parse(&serde_json::to_string(&scheduler).unwrap()),
                Ok(scheduler)
            );
        }
    }

    #[test]
    fn step_and_exponential_literals() {
        let step = LrScheduler::StepLR {
            step_size: 30,
            gamma: 0.1,
        };
        for (t, lr) in [(0, 1.0), (29, 1.0), (30, 0.1), (59, 0.1), (60, 0.01)] {
            assert!((step.closed_form(1.0, t, 0) - lr).abs() < 1e-15, "t {t}");
        }
        let exponential = LrScheduler::ExponentialLR { gamma: 0.5 };
        assert_eq!(
            [0, 1, 3].map(|t| exponential.closed_form(8.0, t, 0)),
            [8.0, 4.0, 1.0]
        );
    }

    #[test]
    fn cosine_ends_at_eta_min_and_stays() {
        let cosine = LrScheduler::CosineAnnealingLR {
            t_max: Some(10),
            eta_min: 1e-5,
        };
        assert_eq!(cosine.closed_form(1e-3, 0, 99), 1e-3);
        assert!((cosine.closed_form(1e-3, 5, 99) - 5.05e-4).abs() < 1e-15);
        assert_eq!(
            [10, 11, 500].map(|t| cosine.closed_form(1e-3, t, 99)),
            [1e-5; 3]
        );
    }

    #[test]
    fn nonsense_is_refused_with_name_value_and_what_is_allowed() {
        let message = |scheduler: LrScheduler| scheduler.check(3e-4).unwrap_err().to_string();
        assert_eq!(
            message(LrScheduler::ExponentialLR { gamma: 1.5 }),
            "gamma = 1.5 is not allowed: more than 0 and at most 1"
        );
        assert_eq!(
            message(LrScheduler::StepLR {
                step_size: 0,
                gamma: 0.1
            }),
            "step_size = 0 is not allowed: at least 1 epoch"
        );
        assert_eq!(
            message(LrScheduler::CosineAnnealingLR {
                t_max: None,
                eta_min: 1.0
            }),
            "eta_min = 1 is not allowed: 0 to the initial learning rate 0.0003"
        );
        for gamma in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(LrScheduler::ExponentialLR { gamma }.check(1.0).is_err());
            assert!(
                LrScheduler::StepLR {
                    step_size: 1,
                    gamma
                }
                .check(1.0)
                .is_err()
            );
        }
        assert!(
            LrScheduler::CosineAnnealingLR {
                t_max: Some(0),
                eta_min: 0.0
            }
            .check(1.0)
            .is_err()
        );
        let plateau = |factor, threshold, min_lr| LrScheduler::ReduceLROnPlateau {
            factor,
            patience: 0,
            threshold,
            cooldown: 0,
            min_lr,
        };
        assert!(plateau(0.5, 0.0, 0.0).check(1.0).is_ok());
        for (factor, threshold, min_lr) in [
            (1.0, 0.0, 0.0),
            (0.0, 0.0, 0.0),
            (0.5, 1.0, 0.0),
            (0.5, -0.1, 0.0),
            (0.5, 0.0, 2.0),
            (0.5, 0.0, f64::NAN),
        ] {
            assert!(plateau(factor, threshold, min_lr).check(1.0).is_err());
        }
    }

    proptest! {
        #[test]
        fn never_rises_and_stays_between_the_ends(
            lr0 in 1e-8_f64..1.0,
            fraction in 0.0_f64..=1.0,
            t_max in 1_usize..400,
            step_size in 1_usize..100,
            gamma in 1e-3_f64..=1.0,
            t in 0_usize..1000,
        ) {
            let eta_min = lr0 * fraction;
            for (scheduler, floor) in [
                (LrScheduler::CosineAnnealingLR { t_max: Some(t_max), eta_min }, eta_min),
                (LrScheduler::StepLR { step_size, gamma }, 0.0),
                (LrScheduler::ExponentialLR { gamma }, 0.0),
                (LrScheduler::None {}, lr0),
            ] {
                prop_assert!(scheduler.check(lr0).is_ok());
                let lr = scheduler.closed_form(lr0, t, 100);
                // one rounding of the cosine's sum
                let slack = 1.0 + 4.0 * f64::EPSILON;
                prop_assert!(lr <= lr0 * slack && lr * slack >= floor, "{scheduler:?}: {lr}");
                prop_assert!(scheduler.closed_form(lr0, t + 1, 100) <= lr * slack);
            }
        }
    }
}
