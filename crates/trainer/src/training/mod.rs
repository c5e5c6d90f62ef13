//! Training: steps, epochs, and the states between them.

mod epochs;
mod learner;
mod observer;

pub use epochs::{Training, TrainingEnd};
pub use learner::{Learner, Reconstruction, StepOutcome};
pub use observer::{Observer, Silent};
