//! What becomes of rows that cannot be used, and how much of a table may be held.

use crate::DataError;
use crate::error::require;
use serde::{Deserialize, Serialize};

/// What to do with a row that cannot be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadRow {
    /// Refuse the table, naming the cell.
    #[default]
    Error,
    /// Leave the row out and name it in the [`crate::ReadReport`].
    DropRow,
}

/// What to do with a row that says in all declared columns exactly what an earlier one of its table says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// Take it as any other.
    #[default]
    Keep,
    /// Refuse the table, naming both lines.
    Error,
    /// Leave it out and name it in the [`crate::ReadReport`].
    DropRow,
}

/// Which rows of a table are taken.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RowRules {
    /// A number, or a date that the sun needs, is missing: an empty cell, NaN, an infinity, NA, null, none, NaT, or
    /// a digital number that stands for no data.
    pub missing: BadRow,
    /// A reflectance is outside −0.1 to 1.6, or a condition outside the range of the model.
    pub out_of_range: BadRow,
    /// All that is declared was there before.
    pub duplicates: Duplicates,
    /// Largest share of the rows that may be left out, 0 to 1.
    pub max_dropped: f64,
    /// Most bytes that the rows of one table may take in memory.
    pub max_bytes: u64,
}

impl RowRules {
    /// A table of which more than a tenth is unusable is not what its user takes it for.
    pub const MAX_DROPPED: f64 = 0.1;
    /// 4 GiB: some 45 million spectra of eleven bands.
    pub const MAX_BYTES: u64 = 4 << 30;

    /// Refuses a share that is none.
    pub(crate) fn check(&self) -> Result<(), DataError> {
        require(
            (0.0..=1.0).contains(&self.max_dropped),
            "max_dropped",
            self.max_dropped,
            "a share from 0 to 1",
        )
    }
}

impl Default for RowRules {
    /// Every unusable row is an error, duplicates are kept.
    fn default() -> Self {
        Self {
            missing: BadRow::Error,
            out_of_range: BadRow::Error,
            duplicates: Duplicates::Keep,
            max_dropped: Self::MAX_DROPPED,
            max_bytes: Self::MAX_BYTES,
        }
    }
}
