//! Ranges of the free parameters: a JSON object {name: {min, max}} whose order is the order of the
//! physical latents.

use super::file_or::FileOr;
use super::named::Named;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Smallest and largest value of a free parameter, in the parameter's unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Smallest value, reached at z = 0.
    pub min: f64,
    /// Largest value, reached at z = 1; greater than `min`.
    pub max: f64,
}

/// Named ranges in their order.
pub type Ranges = Named<Range>;

/// Ranges in a file of their own or in the configuration itself.
pub type RangesSource = FileOr<Ranges>;
