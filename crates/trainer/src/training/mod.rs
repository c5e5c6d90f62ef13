//! Training: steps, epochs, and the states between them.

mod calibrate;
mod epochs;
mod learner;
mod observer;
mod pretrain_step;
mod progress;
mod reconstruction;
mod resuming;
mod saving;
mod shards;
mod simulated_posterior;
mod stage_a;
mod step_batch;
mod train_step;

pub use epochs::{Training, TrainingEnd};
pub use learner::{Learner, StepOutcome};
pub use observer::{Observer, Silent};
pub use progress::{EpochSums, Progress};
pub use reconstruction::Reconstruction;
pub(crate) use reconstruction::WITHIN_90;
pub use resuming::Changes;
pub use saving::Saving;
pub use shards::Shards;
pub use stage_a::{Disturbance, StageA};
pub use step_batch::{StepBatch, StepPlace};
