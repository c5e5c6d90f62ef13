//! When a state is saved.

use std::time::Duration;

/// How long within an epoch at most.
const WITHIN_EPOCHS: Duration = Duration::from_secs(5 * 60);

/// When and how many states are saved, beside the last one at every end of an epoch and the selected one. It has
/// no part in the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saving {
    /// The time from one saved state to the next within an epoch, at most; zero: after every step.
    pub within_epochs: Duration,
    /// States after whole epochs that stay, the newest ones.
    pub keep_epochs: usize,
}

impl Default for Saving {
    /// Every five minutes, no older states.
    fn default() -> Self {
        Self {
            within_epochs: WITHIN_EPOCHS,
            keep_epochs: 0,
        }
    }
}
