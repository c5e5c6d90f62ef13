//! What may change when a run goes on, and what that means for it.
//!
//! keys         every key of the configuration and what its change means
//! difference   what differs between two configurations
//! change       the two together: refused, or with consequences
//! change_log   where in the run the configuration changed, kept for its checks

mod change;
mod change_log;
mod difference;
mod keys;

pub(crate) use change::LEARNING_RATE;
pub use change::{Change, between};
pub use change_log::{ChangeLog, ChangeRecord};
pub use difference::{ChangedKey, differences};
pub use keys::{KEYS, Standing, standing_of, table};
