//! Standardised samples, as training takes them.

use crate::table::require_rows;
use crate::{DataError, Labels, NamedColumns};
use ndarray::{Array2, ArrayView2};

/// The rows of one split: n ≥ 1 rows of d standardised channels, all finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    x: Array2<f64>,
    conditions: Option<NamedColumns>,
    labels: Labels,
    truth: Option<NamedColumns>,
}

impl Samples {
    /// Standardised channels `x`, n × d, with what else is known about the n rows.
    ///
    /// # Errors
    /// No rows, sizes that do not fit, or an element that is not finite.
    pub fn new(
        x: Array2<f64>,
        conditions: Option<NamedColumns>,
        labels: Labels,
        truth: Option<NamedColumns>,
    ) -> Result<Self, DataError> {
        require_rows(x.view(), conditions.as_ref(), &labels, truth.as_ref())?;
        Ok(Self {
            x,
            conditions,
            labels,
            truth,
        })
    }

    /// Number of rows, at least 1.
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(&self) -> usize {
        self.x.nrows()
    }

    /// The standardised channels, n × d.
    pub fn x(&self) -> ArrayView2<'_, f64> {
        self.x.view()
    }

    /// All conditions of the physical model in its order and units, n × c (for the RTM the angles tts,
    /// tto, psi in degrees); `None` for its defaults.
    pub fn conditions(&self) -> Option<&NamedColumns> {
        self.conditions.as_ref()
    }

    /// Labels of the rows, for reports.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Those physical parameters that are known, in the order of the model, in its units.
    pub fn truth(&self) -> Option<&NamedColumns> {
        self.truth.as_ref()
    }
}
