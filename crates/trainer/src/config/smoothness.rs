//! The block `objective.temporal_smoothness`: consecutive samples of a series are alike.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The inferred parameters of consecutive samples cost where they differ: `weight` times the mean over windows and
/// parameters of the unbiased variance over a window's samples of z ∈ (0, 1), the parameters in parts of their ranges.
///
/// The training table must be one series with dates (`data.labels.date`, no `data.labels.sample_id`), and
/// `trainer.batch_size` a multiple of `samples`: epochs of stage B then take whole windows of consecutive dates, which
/// begin elsewhere in each epoch, in random order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SmoothnessConfig {
    /// Weight of the mean variance.
    #[schemars(range(min = 0))]
    pub weight: f64,
    /// Consecutive samples in a window.
    #[schemars(range(min = 2, max = 1048576))]
    pub samples: usize,
    /// Names of the parameters that are to be smooth, such as those of the place, xcen, ycen and d; null: all.
    pub parameters: Option<Vec<String>>,
}

impl Default for SmoothnessConfig {
    fn default() -> Self {
        Self {
            weight: 1.0,
            samples: 7,
            parameters: None,
        }
    }
}
