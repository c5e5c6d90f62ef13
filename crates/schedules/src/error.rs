//! What can be wrong with a schedule.

/// Errors of the schedules crate.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// A configured value makes no sense.
    #[error("{name} = {value} is not allowed: {allowed}")]
    NotAllowed {
        /// Configuration key, such as `gamma` or `epochs_pretrain`.
        name: &'static str,
        /// The value found.
        value: String,
        /// What is allowed, in words.
        allowed: String,
    },
}

/// `Ok` if `holds`, else [`ScheduleError::NotAllowed`] with the value and what is allowed.
pub(crate) fn require(
    holds: bool,
    name: &'static str,
    value: impl ToString + Copy,
    allowed: impl Into<String>,
) -> Result<(), ScheduleError> {
    if holds {
        return Ok(());
    }
    Err(ScheduleError::NotAllowed {
        name,
        value: value.to_string(),
        allowed: allowed.into(),
    })
}
