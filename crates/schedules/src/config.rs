//! The schedule of a run: what a user writes, and what the trainer asks.

use crate::error::require;
use crate::plateau::PlateauRule;
use crate::{
    KlWarmup, LearningRateState, LrScheduler, Phase, PhaseSchedule, PlateauState, ScheduleError,
};

/// The unchecked values of a configuration, under its names.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleConfig {
    /// Epochs in all, Pretrain and Train; at least 1.
    pub epochs: usize,
    /// Pretrain epochs, 0 to `epochs`.
    pub epochs_pretrain: usize,
    /// Train epochs until β = 1.
    pub kl_warmup_epochs: usize,
    /// The optimizer's initial learning rate; finite and positive.
    pub lr: f64,
    /// Learning rate of Pretrain, finite and positive; `None` leaves the optimizer's own.
    pub pretrain_lr: Option<f64>,
    /// The learning-rate scheduler of Train.
    pub lr_scheduler: LrScheduler,
}

impl ScheduleConfig {
    /// Refuses values without meaning.
    ///
    /// # Errors
    /// [`ScheduleError::NotAllowed`] with the key, its value and what is allowed.
    pub fn check(self) -> Result<Schedule, ScheduleError> {
        require(self.epochs > 0, "epochs", self.epochs, "at least 1")?;
        require(
            self.epochs_pretrain <= self.epochs,
            "epochs_pretrain",
            self.epochs_pretrain,
            format!("0 to epochs = {}", self.epochs),
        )?;
        let positive = |value: f64| value.is_finite() && value > 0.0;
        require(positive(self.lr), "lr", self.lr, "finite and more than 0")?;
        if let Some(lr) = self.pretrain_lr {
            require(
                positive(lr),
                "pretrain_lr",
                lr,
                "finite and more than 0, or null",
            )?;
        }
        self.lr_scheduler.check(self.lr)?;
        Ok(Schedule { config: self })
    }
}

/// The checked schedule of a run: pure functions of the epoch, counted from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    config: ScheduleConfig,
}

impl Schedule {
    /// The values it was made from.
    pub fn config(&self) -> &ScheduleConfig {
        &self.config
    }

    /// The split into Pretrain and Train.
    pub fn phases(&self) -> PhaseSchedule {
        PhaseSchedule {
            epochs_pretrain: self.config.epochs_pretrain,
        }
    }

    /// The KL warm-up.
    pub fn kl_warmup(&self) -> KlWarmup {
        KlWarmup {
            epochs_pretrain: self.config.epochs_pretrain,
            kl_warmup_epochs: self.config.kl_warmup_epochs,
        }
    }

    /// Phase of an epoch; see [`PhaseSchedule::phase`].
    pub fn phase(&self, epoch: usize) -> Phase {
        self.phases().phase(epoch)
    }

    /// Whether the switch from Pretrain to Train is to be announced at the start of this epoch.
    pub fn switches_at(&self, epoch: usize) -> bool {
        self.phases().switches_at(epoch)
    }

    /// KL weight of an epoch; see [`KlWarmup::beta`].
    pub fn beta(&self, epoch: usize) -> f64 {
        self.kl_warmup().beta(epoch)
    }

    /// Whether β = 1 at this epoch. It speaks of the schedule, also where a variant does not use β.
    pub fn is_warmed_up(&self, epoch: usize) -> bool {
        epoch >= self.kl_warmup().first_full_epoch()
    }

    /// The learning rate of a whole epoch.
    ///
    /// In Pretrain `pretrain_lr`, or else the optimizer's own; in Train the scheduler's at the clock
    /// `t = epoch − E`. `state` matters to `ReduceLROnPlateau` only.
    pub fn learning_rate(&self, epoch: usize, state: &LearningRateState) -> f64 {
        let config = &self.config;
        let Some(t) = self.phases().train_clock(epoch) else {
            return config.pretrain_lr.unwrap_or(config.lr);
        };
        match (&config.lr_scheduler, &state.plateau) {
            (LrScheduler::ReduceLROnPlateau { .. }, Some(plateau)) => plateau.lr,
            (scheduler, _) => {
                scheduler.closed_form(config.lr, t, config.epochs - config.epochs_pretrain)
            }
        }
    }

    /// Takes the validation rec after an epoch; matters to `ReduceLROnPlateau` only, and to it only
    /// where β = 1. To be called once after every epoch, before [`Schedule::learning_rate`] of the next.
    pub fn observe(&self, epoch: usize, rec: f64, state: &mut LearningRateState) {
        let LrScheduler::ReduceLROnPlateau {
            factor,
            patience,
            threshold,
            cooldown,
            min_lr,
        } = self.config.lr_scheduler
        else {
            return;
        };
        if self.is_warmed_up(epoch) {
            state
                .plateau
                .get_or_insert_with(|| PlateauState::new(self.config.lr))
                .observe(
                    PlateauRule {
                        factor,
                        patience,
                        threshold,
                        cooldown,
                        min_lr,
                    },
                    rec,
                );
        }
    }
}

impl LearningRateState {
    /// Goes on under another schedule than it was made under. `other_lr`: that one has another initial learning rate,
    /// from which a plateau then begins anew; `anew`: what it looks at is another measure, so that it forgets the old
    /// ones and keeps its rate. The rate is not below the new `min_lr`; another scheduler has no memory.
    pub fn follow(&mut self, now: &Schedule, other_lr: bool, anew: bool) {
        let LrScheduler::ReduceLROnPlateau { min_lr, .. } = now.config.lr_scheduler else {
            self.plateau = None;
            return;
        };
        let Some(plateau) = &mut self.plateau else {
            return;
        };
        let lr = if other_lr {
            now.config.lr
        } else {
            plateau.lr.max(min_lr)
        };
        if other_lr || anew {
            *plateau = PlateauState::new(lr);
        }
        plateau.lr = lr;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference() -> ScheduleConfig {
        ScheduleConfig {
            epochs: 150,
            epochs_pretrain: 20,
            kl_warmup_epochs: 50,
            lr: 3e-4,
            pretrain_lr: None,
            lr_scheduler: LrScheduler::default(),
        }
    }

    /// The reference run's values, to the digits they are printed with.
    #[test]
    fn literals_of_the_reference_run() {
        let schedule = reference().check().unwrap();
        let state = LearningRateState::default();
        for epoch in 0..=20 {
            assert_eq!(schedule.learning_rate(epoch, &state), 3e-4, "epoch {epoch}");
        }
        for (epoch, digits, printed) in [
            (21, 6, "2.999562e-4"),
            (45, 6, "2.734476e-4"),
            (70, 6, "2.031907e-4"),
            (149, 4, "4.3798e-8"),
        ] {
            assert_eq!(
                format!("{:.digits$e}", schedule.learning_rate(epoch, &state)),
                printed,
                "epoch {epoch}"
            );
        }
        for (epoch, beta) in [
            (0, 0.0),
            (19, 0.0),
            (20, 0.0),
            (21, 0.02),
            (45, 0.5),
            (70, 1.0),
            (149, 1.0),
        ] {
            assert_eq!(schedule.beta(epoch), beta, "epoch {epoch}");
            assert_eq!(schedule.is_warmed_up(epoch), beta == 1.0);
        }
    }

    #[test]
    fn pretrain_lr_overrides_pretrain_only() {
        let schedule = ScheduleConfig {
            pretrain_lr: Some(1e-3),
            ..reference()
        }
        .check()
        .unwrap();
        let state = LearningRateState::default();
        assert_eq!(
            [0, 19, 20].map(|e| schedule.learning_rate(e, &state)),
            [1e-3, 1e-3, 3e-4]
        );
    }

    #[test]
    fn a_given_t_max_replaces_the_default() {
        let lr_scheduler = LrScheduler::CosineAnnealingLR {
            t_max: Some(150),
            eta_min: 0.0,
        };
        let schedule = ScheduleConfig {
            lr_scheduler,
            ..reference()
        }
        .check()
        .unwrap();
        let lr = schedule.learning_rate(149, &LearningRateState::default());
        assert!(
            (lr - 3e-4 * (1.0 + (std::f64::consts::PI * 129.0 / 150.0).cos()) / 2.0).abs() < 1e-18
        );
    }

    #[test]
    fn the_plateau_looks_only_where_beta_is_one() {
        let lr_scheduler = LrScheduler::ReduceLROnPlateau {
            factor: 0.5,
            patience: 1,
            threshold: 0.0,
            cooldown: 0,
            min_lr: 0.0,
        };
        let schedule = ScheduleConfig {
            lr_scheduler,
            ..reference()
        }
        .check()
        .unwrap();
        let mut state = LearningRateState::default();
        for epoch in 0..70 {
            assert_eq!(schedule.learning_rate(epoch, &state), 3e-4);
            // ever worse: Pretrain and a rising β must not reduce the rate
            schedule.observe(epoch, epoch as f64, &mut state);
        }
        assert_eq!(state.plateau, None);
        let rates: Vec<f64> = (70..74)
            .map(|epoch| {
                let lr = schedule.learning_rate(epoch, &state);
                schedule.observe(epoch, 1000.0, &mut state);
                lr
            })
            .collect();
        assert_eq!(rates, [3e-4, 3e-4, 3e-4, 1.5e-4]);
    }

    /// A plateau that was reduced, under another initial rate, another floor, another measure, another scheduler.
    #[test]
    fn a_plateau_goes_on_under_another_schedule() {
        let schedule = |lr: f64, min_lr: f64| {
            let lr_scheduler = LrScheduler::ReduceLROnPlateau {
                factor: 0.5,
                patience: 0,
                threshold: 0.0,
                cooldown: 3,
                min_lr,
            };
            let config = ScheduleConfig {
                lr,
                lr_scheduler,
                ..reference()
            };
            config.check().unwrap()
        };
        let mut reduced = LearningRateState::default();
        for epoch in 70..72 {
            schedule(3e-4, 0.0).observe(epoch, 1.0, &mut reduced);
        }
        let rate = |now: &Schedule, other_lr, anew| {
            let mut state = reduced.clone();
            state.follow(now, other_lr, anew);
            let forgot = state.plateau.as_ref().is_some_and(|p| p.best.is_none());
            (now.learning_rate(72, &state), forgot)
        };
        assert_eq!(rate(&schedule(3e-4, 0.0), false, false), (1.5e-4, false));
        assert_eq!(rate(&schedule(1e-2, 0.0), true, false), (1e-2, true));
        assert_eq!(rate(&schedule(3e-4, 2e-4), false, false), (2e-4, false));
        assert_eq!(rate(&schedule(3e-4, 0.0), false, true), (1.5e-4, true));
        let mut state = reduced.clone();
        state.follow(&reference().check().unwrap(), false, false);
        assert_eq!(state, LearningRateState::default());
    }

    #[test]
    fn other_schedulers_keep_no_state() {
        let schedule = reference().check().unwrap();
        let mut state = LearningRateState::default();
        (0..150).for_each(|epoch| schedule.observe(epoch, 1.0, &mut state));
        assert_eq!(state, LearningRateState::default());
    }

    #[test]
    fn nonsense_is_refused() {
        let message = |config: ScheduleConfig| config.check().unwrap_err().to_string();
        assert_eq!(
            message(ScheduleConfig {
                epochs: 0,
                ..reference()
            }),
            "epochs = 0 is not allowed: at least 1"
        );
        assert_eq!(
            message(ScheduleConfig {
                epochs: 3,
                ..reference()
            }),
            "epochs_pretrain = 20 is not allowed: 0 to epochs = 3"
        );
        for lr in [0.0, -1e-3, f64::NAN, f64::INFINITY] {
            assert!(message(ScheduleConfig { lr, ..reference() }).starts_with("lr = "));
            assert!(
                message(ScheduleConfig {
                    pretrain_lr: Some(lr),
                    ..reference()
                })
                .starts_with("pretrain_lr = ")
            );
        }
        let lr_scheduler = LrScheduler::ExponentialLR { gamma: 0.0 };
        assert!(
            message(ScheduleConfig {
                lr_scheduler,
                ..reference()
            })
            .starts_with("gamma = 0 is not allowed")
        );
    }

    #[test]
    fn a_run_of_pretrain_alone_is_possible() {
        let schedule = ScheduleConfig {
            epochs: 20,
            ..reference()
        }
        .check()
        .unwrap();
        assert_eq!(
            schedule.learning_rate(25, &LearningRateState::default()),
            0.0
        );
    }
}
