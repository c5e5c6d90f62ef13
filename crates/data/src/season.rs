//! The time of year as numbers that a network can take.

use crate::{DataError, Date, Labels, NamedColumns, Samples};
use ndarray::Array2;
use std::f64::consts::TAU;

/// Names of the columns of [`season`].
pub const SEASON: [&str; 4] = [
    "season_sin_1",
    "season_cos_1",
    "season_sin_2",
    "season_cos_2",
];

/// Days of a mean year.
const YEAR: f64 = 365.25;

/// sin and cos of one and of two turns a year, n × 4, of the dates of n rows.
///
/// # Errors
/// The rows have no dates, or one cannot be read.
pub fn season(labels: &Labels) -> Result<Array2<f64>, DataError> {
    let dates = labels.dates()?;
    let features = |date: &Date| {
        let turn = TAU * f64::from(date.day_of_year()) / YEAR;
        [
            turn.sin(),
            turn.cos(),
            (2.0 * turn).sin(),
            (2.0 * turn).cos(),
        ]
    };
    let rows: Vec<[f64; 4]> = dates.iter().map(features).collect();
    Ok(Array2::from(rows))
}

impl Samples {
    /// The same rows with the [`season`] behind their conditions, n × (c + 4).
    ///
    /// * `defaults`: names and values of the c conditions of the physical model, for rows that have none
    ///
    /// # Errors
    /// As [`season`].
    pub fn with_season(self, defaults: &[(String, f64)]) -> Result<Self, DataError> {
        let season = season(self.labels())?;
        let (mut names, values) = match self.conditions() {
            Some(own) => (own.names().to_vec(), own.values().to_owned()),
            None => (
                defaults.iter().map(|(name, _)| name.clone()).collect(),
                Array2::from_shape_fn((self.len(), defaults.len()), |(_, k)| defaults[k].1),
            ),
        };
        names.extend(SEASON.map(str::to_owned));
        let c = values.ncols();
        let both = Array2::from_shape_fn((self.len(), c + SEASON.len()), |(row, k)| {
            if k < c {
                values[[row, k]]
            } else {
                season[[row, k - c]]
            }
        });
        Ok(self.with_conditions(NamedColumns::new(names, both)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn labels(dates: [&str; 2]) -> Labels {
        Labels {
            date: Some(dates.into_iter().collect()),
            ..Labels::default()
        }
    }

    #[test]
    fn the_year_goes_round() {
        let found = season(&labels(["2007-07-01", "2008-01-01"])).unwrap();
        // days 182 and 1
        let turn = [182.0, 1.0].map(|day: f64| TAU * day / 365.25);
        for (row, turn) in found.rows().into_iter().zip(turn) {
            let expected = [
                turn.sin(),
                turn.cos(),
                (2.0 * turn).sin(),
                (2.0 * turn).cos(),
            ];
            assert_eq!(row.to_vec(), expected);
        }
        assert!(found[[0, 1]] < -0.99 && found[[1, 1]] > 0.99);
    }

    #[test]
    fn it_stands_behind_the_conditions() {
        let x = array![[0.5], [0.25]];
        let defaults = [("tts".to_owned(), 30.0), ("tto".to_owned(), 0.0)];
        let samples =
            Samples::new(x.clone(), None, labels(["20070701", "20080101"]), None).unwrap();
        let with = samples.with_season(&defaults).unwrap();
        let conditions = with.conditions().unwrap();
        assert_eq!(conditions.names()[..3], ["tts", "tto", "season_sin_1"]);
        assert_eq!(conditions.values().row(1).to_vec()[..2], [30.0, 0.0]);
        assert_eq!(conditions.values().ncols(), 6);

        let own = NamedColumns::new(vec!["tts".into()], array![[10.0], [20.0]]).unwrap();
        let samples = Samples::new(x, Some(own), labels(["20070701", "20080101"]), None).unwrap();
        let with = samples.with_season(&defaults).unwrap();
        assert_eq!(with.conditions().unwrap().values()[[1, 0]], 20.0);
        assert_eq!(with.conditions().unwrap().values().ncols(), 5);
    }

    #[test]
    fn without_dates_there_is_no_season() {
        let samples = Samples::new(array![[0.5]], None, Labels::default(), None).unwrap();
        assert!(samples.with_season(&[]).is_err());
    }
}
