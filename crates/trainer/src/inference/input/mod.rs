//! What a user's file holds, and what the model makes of it.

mod description;
mod plan;

pub use description::{InputDescription, Kept, Mask, Source};
pub use plan::InputPlan;
