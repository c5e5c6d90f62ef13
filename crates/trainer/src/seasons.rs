//! The course of the inferred parameters over the year, by class.

use crate::TrainerError;
use data::LabelColumn;
use ndarray::ArrayView2;
use std::collections::BTreeMap;

/// Mean and spread of every inferred parameter by class and date.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seasons {
    /// Name and unit of each parameter.
    pub parameters: Vec<(String, String)>,
    /// Sorted by class, then by the text of the date.
    pub means: Vec<ClassOnDate>,
}

/// The samples of one class on one date.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassOnDate {
    /// The class.
    pub class: String,
    /// The date as the table has it.
    pub date: String,
    /// How many they are.
    pub samples: usize,
    /// Mean of each parameter, in its unit.
    pub mean: Vec<f64>,
    /// Standard deviation of each parameter between the samples (n − 1), in its unit; `None` of one sample.
    pub sd: Option<Vec<f64>>,
}

impl Seasons {
    /// From the values of n rows.
    ///
    /// * `values`: n × p in the units of `parameters`, which pairs names and units
    /// * `class`, `date`: of each row; rows where one is empty are left out
    pub fn of(
        values: ArrayView2<f64>,
        parameters: &[(String, String)],
        class: &LabelColumn,
        date: &LabelColumn,
    ) -> Self {
        let mut sums: BTreeMap<(&str, &str), Sums> = BTreeMap::new();
        for ((row, class), date) in values.rows().into_iter().zip(class.iter()).zip(date.iter()) {
            if class.is_empty() || date.is_empty() {
                continue;
            }
            let sums = sums.entry((class, date)).or_default();
            sums.parts.resize(parameters.len(), (0.0, 0.0));
            sums.rows += 1;
            for (value, (mean, squares)) in row.iter().zip(&mut sums.parts) {
                let before = value - *mean;
                *mean += before / sums.rows as f64;
                *squares += before * (value - *mean);
            }
        }
        let means = sums.into_iter().map(|((class, date), sums)| ClassOnDate {
            class: class.to_owned(),
            date: date.to_owned(),
            samples: sums.rows,
            mean: sums.parts.iter().map(|(mean, _)| *mean).collect(),
            sd: (sums.rows > 1).then(|| {
                let n = (sums.rows - 1) as f64;
                sums.parts.iter().map(|(_, sum)| (sum / n).sqrt()).collect()
            }),
        });
        Self {
            parameters: parameters.to_owned(),
            means: means.collect(),
        }
    }

    /// As CSV: class, date, samples, then `<parameter>_mean` and `<parameter>_sd` of each in its unit, an empty cell
    /// where there is one sample only; numbers with the digits needed to read them back exactly.
    ///
    /// # Errors
    /// None that a program meets: memory takes any text.
    pub fn to_csv(&self) -> Result<Vec<u8>, TrainerError> {
        let refused = |error: csv::Error| TrainerError::Internal(error.to_string());
        let mut csv = csv::Writer::from_writer(vec![]);
        let mut header = ["class", "date", "samples"].map(str::to_owned).to_vec();
        for (name, _) in &self.parameters {
            header.extend([format!("{name}_mean"), format!("{name}_sd")]);
        }
        csv.write_record(&header).map_err(refused)?;
        for row in &self.means {
            let mut cells = vec![row.class.clone(), row.date.clone(), row.samples.to_string()];
            for (i, mean) in row.mean.iter().enumerate() {
                let sd = row
                    .sd
                    .as_ref()
                    .map_or(String::new(), |sd| sd[i].to_string());
                cells.extend([mean.to_string(), sd]);
            }
            csv.write_record(&cells).map_err(refused)?;
        }
        csv.into_inner()
            .map_err(|error| TrainerError::Internal(error.to_string()))
    }
}

/// Rows, and of each parameter mean and sum of squares around it (Welford 1962,
/// doi:10.1080/00401706.1962.10490022).
#[derive(Default)]
struct Sums {
    rows: usize,
    parts: Vec<(f64, f64)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn means_by_hand_as_they_are_written() {
        let values = array![
            [1.0, 10.0],
            [2.0, 20.0],
            [3.0, 40.0],
            [9.0, 90.0],
            [5.0, 50.0],
            [7.0, 70.0],
        ];
        let parameters = [("N", "1"), ("cab", "µg/cm²")];
        let parameters = parameters.map(|(name, unit)| (name.to_owned(), unit.to_owned()));
        let class = ["oak", "oak, old", "oak", "", "oak", "oak"];
        let date = [
            "2018.07.02",
            "2018.07.02",
            "2018.07.02",
            "2018.07.02",
            "2018.04.08",
            "",
        ];
        let seasons = Seasons::of(
            values.view(),
            &parameters,
            &class.iter().collect(),
            &date.iter().collect(),
        );
        let csv = String::from_utf8(seasons.to_csv().unwrap()).unwrap();
        // (1 + 3)/2 and √2; (10 + 40)/2 and 15·√2
        insta::assert_snapshot!(csv, @r#"
        class,date,samples,N_mean,N_sd,cab_mean,cab_sd
        oak,2018.04.08,1,5,,50,
        oak,2018.07.02,2,2,1.4142135623730951,25,21.213203435596427
        "oak, old",2018.07.02,1,2,,20,
        "#);
    }
}
