//! Standardised samples, as training takes them.

use crate::error::require_size;
use crate::table::require_rows;
use crate::{DataError, Labels, NamedColumns, Standardization, Table, ValueSpace};
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

    /// The rows of a table, standardised; values that are standardised already stay as they are.
    ///
    /// # Errors
    /// Another number of channels than mean and scale have.
    pub fn from_table(table: Table, standardization: &Standardization) -> Result<Self, DataError> {
        let mut x = table.values;
        match table.space {
            ValueSpace::Physical => standardization.apply_in_place(&mut x)?,
            ValueSpace::Standardized => {
                let channels = standardization.channels();
                require_size("the number of channels", x.ncols(), channels)?;
            }
        }
        Self::new(x, table.conditions, table.labels, table.truth)
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

    /// The same rows with other conditions.
    pub(crate) fn with_conditions(self, conditions: NamedColumns) -> Self {
        Self {
            conditions: Some(conditions),
            ..self
        }
    }

    /// Labels of the rows, for reports.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Those physical parameters that are known, in the order of the model, in its units; NaN in rows in which one is
    /// not.
    pub fn truth(&self) -> Option<&NamedColumns> {
        self.truth.as_ref()
    }
}
