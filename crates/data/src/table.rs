//! A table of samples before standardisation.

use crate::error::{require, require_size};
use crate::{DataError, Date, LabelColumn};
use ndarray::{Array2, ArrayView2};

/// In which numbers the channels of a [`Table`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueSpace {
    /// In the unit of the physical model (reflectance 0–1, displacement in mm).
    Physical,
    /// Already standardised: (raw − mean)/scale per channel.
    Standardized,
}

/// Columns with names: n rows, one finite number each, or NaN where a true value is not known.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedColumns {
    names: Vec<String>,
    values: Array2<f64>,
}

impl NamedColumns {
    /// One name per column of `values`.
    ///
    /// # Errors
    /// Another number of names than columns, or an element that is not finite.
    pub fn new(names: Vec<String>, values: Array2<f64>) -> Result<Self, DataError> {
        require_size("the number of columns", values.ncols(), names.len())?;
        require_finite("named columns", values.view())?;
        Ok(Self { names, values })
    }

    /// The same where a number may be unknown: NaN stands for it.
    ///
    /// # Errors
    /// Another number of names than columns, or an infinite element.
    pub fn with_gaps(names: Vec<String>, values: Array2<f64>) -> Result<Self, DataError> {
        require_size("the number of columns", values.ncols(), names.len())?;
        let known = values.mapv(|value| if value.is_nan() { 0.0 } else { value });
        require_finite("named columns", known.view())?;
        Ok(Self { names, values })
    }

    /// Names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The numbers, n × number of names.
    pub fn values(&self) -> ArrayView2<'_, f64> {
        self.values.view()
    }
}

/// What a row is called in reports; one text per row where known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// Class, such as the tree species.
    pub class: Option<LabelColumn>,
    /// Identifier of the place that was sampled; several rows may share it.
    pub sample_id: Option<LabelColumn>,
    /// Date as written in the table.
    pub date: Option<LabelColumn>,
}

impl Labels {
    /// The dates of the rows.
    ///
    /// # Errors
    /// The rows have none, or one cannot be read as [`Date`].
    pub fn dates(&self) -> Result<Vec<Date>, DataError> {
        let column = self.date.as_ref().ok_or(DataError::NoDates)?;
        let read = |(row, text): (usize, &str)| {
            Date::parse(text).ok_or_else(|| DataError::UnreadableDate {
                sample: row + 1,
                text: text.to_owned(),
            })
        };
        column.iter().enumerate().map(read).collect()
    }

    /// The labels with their usual column names, in the order of the columns.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&'static str, &LabelColumn)> {
        [
            ("class", &self.class),
            ("sample_id", &self.sample_id),
            ("date", &self.date),
        ]
        .into_iter()
        .filter_map(|(name, column)| column.as_ref().map(|column| (name, column)))
    }
}

/// Rows of channels with what else is known about them, all in the order of the rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Names of the channels, d.
    pub(crate) channels: Vec<String>,
    /// The channels, n × d.
    pub(crate) values: Array2<f64>,
    /// In which numbers `values` are.
    pub(crate) space: ValueSpace,
    pub(crate) conditions: Option<NamedColumns>,
    pub(crate) labels: Labels,
    pub(crate) truth: Option<NamedColumns>,
}

impl Table {
    /// A table of n ≥ 1 rows; what else is known must have n rows too.
    ///
    /// # Errors
    /// No rows, sizes that do not fit, or an element that is not finite.
    pub fn new(
        channels: Vec<String>,
        values: Array2<f64>,
        space: ValueSpace,
        conditions: Option<NamedColumns>,
        labels: Labels,
        truth: Option<NamedColumns>,
    ) -> Result<Self, DataError> {
        require_size("the number of channels", values.ncols(), channels.len())?;
        require_rows(values.view(), conditions.as_ref(), &labels, truth.as_ref())?;
        Ok(Self {
            channels,
            values,
            space,
            conditions,
            labels,
            truth,
        })
    }

    /// Names of the channels, d.
    pub fn channels(&self) -> &[String] {
        &self.channels
    }

    /// The channels, n × d, in the numbers of [`Table::space`].
    pub fn values(&self) -> ArrayView2<'_, f64> {
        self.values.view()
    }

    /// In which numbers the channels are.
    pub fn space(&self) -> ValueSpace {
        self.space
    }

    /// All conditions of the physical model in its order, n × c, in its units; `None` for its defaults.
    pub fn conditions(&self) -> Option<&NamedColumns> {
        self.conditions.as_ref()
    }

    /// Labels of the rows.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Those physical parameters that are known, in the order of the model, in its units; NaN in rows in which one is
    /// not.
    pub fn truth(&self) -> Option<&NamedColumns> {
        self.truth.as_ref()
    }
}

/// Checks what [`Table`] and [`crate::Samples`] promise.
pub(crate) fn require_rows(
    values: ArrayView2<f64>,
    conditions: Option<&NamedColumns>,
    labels: &Labels,
    truth: Option<&NamedColumns>,
) -> Result<(), DataError> {
    let n = values.nrows();
    require(n > 0, "the number of rows", n, "at least 1")?;
    require_finite("the channels", values)?;
    if let Some(conditions) = conditions {
        require_size(
            "the number of rows of the conditions",
            conditions.values.nrows(),
            n,
        )?;
    }
    if let Some(truth) = truth {
        require_size("the number of rows of the truth", truth.values.nrows(), n)?;
    }
    for (_, column) in labels.named() {
        require_size("the number of labels", column.len(), n)?;
    }
    Ok(())
}

fn require_finite(what: &'static str, values: ArrayView2<f64>) -> Result<(), DataError> {
    match values.indexed_iter().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some(((row, column), &value)) => Err(DataError::NotFinite {
            what,
            row,
            column,
            value,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn message<T: std::fmt::Debug>(result: Result<T, DataError>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn sizes_must_fit() {
        let names = |n: usize| (0..n).map(|i| format!("c{i}")).collect::<Vec<_>>();
        let table = |channels, values, conditions, labels| {
            Table::new(
                channels,
                values,
                ValueSpace::Physical,
                conditions,
                labels,
                None,
            )
        };
        let ok = array![[1.0, 2.0], [3.0, 4.0]];
        assert!(table(names(2), ok.clone(), None, Labels::default()).is_ok());
        assert_eq!(
            message(table(names(3), ok.clone(), None, Labels::default())),
            "the number of channels is 2, expected 3"
        );
        assert_eq!(
            message(table(
                names(2),
                Array2::zeros((0, 2)),
                None,
                Labels::default()
            )),
            "the number of rows = 0 is not allowed: at least 1"
        );
        let conditions = NamedColumns::new(names(1), array![[1.0]]).unwrap();
        assert_eq!(
            message(table(
                names(2),
                ok.clone(),
                Some(conditions),
                Labels::default()
            )),
            "the number of rows of the conditions is 1, expected 2"
        );
        let labels = Labels {
            class: Some(names(3).iter().collect()),
            ..Labels::default()
        };
        assert_eq!(
            message(table(names(2), ok, None, labels)),
            "the number of labels is 3, expected 2"
        );
    }

    #[test]
    fn only_finite_numbers() {
        assert_eq!(
            message(NamedColumns::new(
                vec!["a".into()],
                array![[1.0], [f64::NAN]]
            )),
            "row 1, column 0 of named columns is NaN, expected a finite number"
        );
    }
}
