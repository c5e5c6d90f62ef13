//! Training schedules as pure functions of the epoch: phase, KL weight, learning rate.
//!
//! Epochs are counted from 0; `E` is `epochs_pretrain`.
//!
//! | epoch | phase | β | learning rate |
//! |---|---|---|---|
//! | `e < E` | [`Phase::Pretrain`] | exactly 0 | the optimizer's own, or `pretrain_lr` |
//! | `e = E` | [`Phase::Train`] | exactly 0 | the initial one: the scheduler's clock `t = e − E` is 0 |
//! | `e > E` | [`Phase::Train`] | `min(1, (e − E)/max(1, kl_warmup_epochs))` | the scheduler's, at `t = e − E` |
//!
//! [`ScheduleConfig`] holds what a user writes, [`ScheduleConfig::check`] refuses nonsense and returns
//! the [`Schedule`] the trainer asks. What depends on the validation results and not on the epoch
//! alone lives in small states that a checkpoint can store: [`LearningRateState`], [`EarlyStopping`]
//! and [`BestSelection`].
//!
//! ```
//! use schedules::{LearningRateState, LrScheduler, Phase, ScheduleConfig};
//!
//! let schedule = ScheduleConfig {
//!     epochs: 150,
//!     epochs_pretrain: 20,
//!     kl_warmup_epochs: 50,
//!     lr: 3e-4,
//!     pretrain_lr: None,
//!     lr_scheduler: LrScheduler::default(),
//! }
//! .check()?;
//! let state = LearningRateState::default();
//! assert_eq!(schedule.phase(19), Phase::Pretrain);
//! assert_eq!(schedule.beta(45), 0.5);
//! assert_eq!(schedule.learning_rate(20, &state), 3e-4);
//! # Ok::<(), schedules::ScheduleError>(())
//! ```

#![forbid(unsafe_code)]

mod config;
mod error;
mod kl_weight;
mod learning_rate;
mod phase;
mod plateau;
mod ramp;
mod selection;

pub use config::{Schedule, ScheduleConfig};
pub use error::ScheduleError;
pub use kl_weight::KlWarmup;
pub use learning_rate::LrScheduler;
pub use phase::{Phase, PhaseSchedule};
pub use plateau::{LearningRateState, PlateauState};
pub use ramp::Ramp;
pub use selection::{BestSelection, EarlyStopping, SelectedEpoch};
