//! Forward models and their exact Jacobians: PROSPECT, 4SAIL, INFORM, sensors, Mogi.

mod error;
mod forward_model;

pub use error::PhysicsError;
pub use forward_model::{ForwardModel, Quantity};
