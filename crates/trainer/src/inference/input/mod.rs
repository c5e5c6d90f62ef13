//! What a user's file holds, and what the model makes of it.

mod angles;
mod description;
pub(crate) mod names;
mod plan;
mod sources;

pub use description::{InputDescription, Kept, Mask, Source};
pub use plan::{InputPlan, Role};
