//! Training, validation and test rows, standardised alike.

use crate::{
    CheckedLayout, DataError, LabelColumn, ReadReport, Samples, Standardization, Table, ValueSpace,
    read_table,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The three files of a data set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitPaths {
    /// Training rows.
    pub train: PathBuf,
    /// Validation rows.
    pub valid: PathBuf,
    /// Test rows.
    pub test: PathBuf,
}

/// Where mean and scale come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum StandardizationSource {
    /// Measured on the training rows.
    Measure,
    /// Loaded from two .npy files with float64 vectors, one element per channel.
    Files {
        /// File with the means.
        mean: PathBuf,
        /// File with the scales.
        scale: PathBuf,
    },
    /// Given, as a checkpoint stores them.
    Given(Standardization),
}

/// Three tables before standardisation.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitTables {
    /// Training rows.
    pub train: Table,
    /// Validation rows.
    pub valid: Table,
    /// Test rows.
    pub test: Table,
}

/// What was read of the three files.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitReports {
    /// Of the training rows.
    pub train: ReadReport,
    /// Of the validation rows.
    pub valid: ReadReport,
    /// Of the test rows.
    pub test: ReadReport,
}

impl SplitTables {
    /// Reads three files by one layout.
    ///
    /// # Errors
    /// As [`read_table`].
    pub fn read(
        paths: &SplitPaths,
        layout: &CheckedLayout,
    ) -> Result<(Self, SplitReports), DataError> {
        let (train, train_report) = read_table(&paths.train, layout)?;
        let (valid, valid_report) = read_table(&paths.valid, layout)?;
        let (test, test_report) = read_table(&paths.test, layout)?;
        let reports = SplitReports {
            train: train_report,
            valid: valid_report,
            test: test_report,
        };
        Ok((Self { train, valid, test }, reports))
    }

    /// Sample ids that are in more than one of the three tables, sorted. Empty for a clean split, or
    /// if the tables have no ids.
    pub fn shared_sample_ids(&self) -> Vec<String> {
        fn ids(table: &Table) -> impl Iterator<Item = &str> {
            table
                .labels()
                .sample_id
                .iter()
                .flat_map(LabelColumn::distinct)
        }
        // the training table, which is the largest, is only passed over
        let valid: BTreeSet<&str> = ids(&self.valid).collect();
        let test: BTreeSet<&str> = ids(&self.test).collect();
        let mut shared: BTreeSet<&str> = valid.intersection(&test).copied().collect();
        shared.extend(ids(&self.train).filter(|id| valid.contains(id) || test.contains(id)));
        shared.into_iter().map(str::to_owned).collect()
    }
}

/// Three splits with d channels each, standardised with one mean and scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Splits {
    /// Training rows.
    pub train: Samples,
    /// Validation rows.
    pub valid: Samples,
    /// Test rows.
    pub test: Samples,
    /// Mean and scale of the channels, in the physical unit.
    pub standardization: Standardization,
    /// Names of the channels, d.
    pub channels: Vec<String>,
}

impl Splits {
    /// Reads three files by one layout and standardises them.
    ///
    /// # Errors
    /// As [`read_table`] and [`Splits::from_tables`].
    pub fn load(
        paths: &SplitPaths,
        layout: &CheckedLayout,
        source: &StandardizationSource,
    ) -> Result<(Self, SplitReports), DataError> {
        let (tables, reports) = SplitTables::read(paths, layout)?;
        Ok((Self::from_tables(tables, source)?, reports))
    }

    /// Standardises three tables; values that are standardised already stay as they are.
    ///
    /// # Errors
    /// Tables with different channels, or of which only some are standardised; mean and scale to be
    /// measured on values that are standardised already; a training channel without spread; files as
    /// for [`Standardization::load`].
    pub fn from_tables(
        tables: SplitTables,
        source: &StandardizationSource,
    ) -> Result<Self, DataError> {
        let SplitTables { train, valid, test } = tables;
        for (name, table) in [("valid", &valid), ("test", &test)] {
            if table.channels != train.channels || table.space != train.space {
                return Err(DataError::NotAllowed {
                    name: format!("channels of {name}"),
                    value: format!("{:?} ({:?})", table.channels, table.space),
                    allowed: format!("as in train, {:?} ({:?})", train.channels, train.space),
                });
            }
        }
        let channels = train.channels.clone();
        let standardization = match source {
            StandardizationSource::Measure if train.space == ValueSpace::Standardized => {
                return Err(DataError::NotAllowed {
                    name: "standardization".into(),
                    value: "measure".into(),
                    allowed: "values declared as standardized need the mean and scale they were made with".into(),
                });
            }
            StandardizationSource::Measure => Standardization::measure(train.values(), &channels)?,
            StandardizationSource::Files { mean, scale } => {
                Standardization::load(mean, scale, channels.len())?
            }
            StandardizationSource::Given(standardization) => standardization.clone(),
        };
        let standardise = |table| Samples::from_table(table, &standardization);
        let (train, valid, test) = (standardise(train)?, standardise(valid)?, standardise(test)?);
        Ok(Self {
            train,
            valid,
            test,
            standardization,
            channels,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Labels;
    use ndarray::{Array2, array};

    fn table(values: Array2<f64>, space: ValueSpace, ids: &[&str]) -> Table {
        let labels = Labels {
            sample_id: Some(ids.iter().collect()),
            ..Labels::default()
        };
        let channels = (0..values.ncols()).map(|i| format!("c{i}")).collect();
        Table::new(channels, values, space, None, labels, None).unwrap()
    }

    fn tables(space: ValueSpace) -> SplitTables {
        SplitTables {
            train: table(array![[1.0], [3.0]], space, &["1", "2"]),
            valid: table(array![[5.0]], space, &["3"]),
            test: table(array![[2.0]], space, &["2"]),
        }
    }

    #[test]
    fn all_splits_take_mean_and_scale_of_the_training_rows() {
        let splits = Splits::from_tables(
            tables(ValueSpace::Physical),
            &StandardizationSource::Measure,
        )
        .unwrap();
        assert_eq!(splits.train.x(), array![[-1.0], [1.0]]);
        assert_eq!(splits.valid.x(), array![[3.0]]);
        assert_eq!(splits.test.x(), array![[0.0]]);
        assert_eq!(
            splits.test.labels().sample_id,
            Some(["2"].into_iter().collect())
        );
    }

    #[test]
    fn standardised_values_stay_and_need_a_given_mean_and_scale() {
        let given = Standardization::new(vec![7.0], vec![2.0]).unwrap();
        let source = StandardizationSource::Given(given.clone());
        let splits = Splits::from_tables(tables(ValueSpace::Standardized), &source).unwrap();
        assert_eq!(splits.valid.x(), array![[5.0]]);
        assert_eq!(splits.standardization, given);
        let error = Splits::from_tables(
            tables(ValueSpace::Standardized),
            &StandardizationSource::Measure,
        );
        assert_eq!(
            error.unwrap_err().to_string(),
            "standardization = measure is not allowed: \
             values declared as standardized need the mean and scale they were made with"
        );
        let source =
            StandardizationSource::Given(Standardization::new(vec![7.0; 2], vec![2.0; 2]).unwrap());
        for space in [ValueSpace::Standardized, ValueSpace::Physical] {
            assert!(Splits::from_tables(tables(space), &source).is_err());
        }
    }

    #[test]
    fn tables_must_agree() {
        let mut tables = tables(ValueSpace::Physical);
        tables.test = table(array![[1.0, 2.0]], ValueSpace::Physical, &["9"]);
        let message = Splits::from_tables(tables, &StandardizationSource::Measure)
            .unwrap_err()
            .to_string();
        assert!(
            message.starts_with("channels of test = [\"c0\", \"c1\"]"),
            "{message}"
        );
    }

    #[test]
    fn ids_in_two_splits_are_found() {
        assert_eq!(tables(ValueSpace::Physical).shared_sample_ids(), ["2"]);
    }

    #[test]
    fn sources_are_read_from_json() {
        let parse = |text: &str| {
            serde_json::from_str::<StandardizationSource>(text).map_err(|e| e.to_string())
        };
        assert_eq!(parse(r#""measure""#), Ok(StandardizationSource::Measure));
        assert_eq!(
            parse(r#"{"files": {"mean": "m.npy", "scale": "s.npy"}}"#),
            Ok(StandardizationSource::Files {
                mean: "m.npy".into(),
                scale: "s.npy".into()
            })
        );
        assert!(
            parse(r#"{"files": {"mean": "m.npy", "std": "s.npy"}}"#)
                .unwrap_err()
                .contains("unknown field `std`")
        );
    }
}
