//! Whether numbers can be what was declared: of a table to train on, and of observations to infer from.
//!
//! Only contradictions that leave no doubt are refused; the limits are far from any real spectrum. What is likely but not
//! certain is said. What is needed to judge is gathered row by row: a table is never held to be judged.

mod angles;
mod channels;

pub use angles::AngleEvidence;
pub use channels::ChannelEvidence;

use crate::{DataError, Values};
use std::path::Path;

/// Reflectance factors: slightly negative after atmospheric correction, above 1 for snow and glint.
const REFLECTANCE: (f64, f64) = (-0.1, 1.6);
/// Below this many rows a spread, or a share of the rows, says nothing.
const ROWS_FOR_SPREAD: usize = 32;

/// Smallest and largest physical value that a channel may have; `None` where any is allowed.
pub(crate) fn allowed_channel(values: Values) -> Option<(f64, f64)> {
    match values {
        Values::Standardized | Values::DisplacementMm => None,
        Values::Reflectance | Values::Percent | Values::DigitalNumbers { .. } => Some(REFLECTANCE),
    }
}

/// Why numbers cannot be what was declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// What was declared.
    pub declared: String,
    /// What the numbers are.
    pub evidence: String,
    /// What such numbers usually are.
    pub likely: &'static str,
    /// What to do then, in the words of a configuration.
    pub cure: String,
}

impl Contradiction {
    /// The error that refuses a file for it.
    pub fn of_file(self, path: &Path) -> DataError {
        DataError::LooksLike {
            path: path.into(),
            declared: self.declared,
            evidence: self.evidence,
            likely: self.likely,
            cure: self.cure,
        }
    }
}
