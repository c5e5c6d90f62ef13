//! Whether the numbers of a table can be what was declared.
//!
//! Only contradictions that leave no doubt are refused; the limits are far from any real spectrum.

use crate::{DataError, Place, Values};
use ndarray::{ArrayView2, Axis};
use physics::Quantity;
use std::path::Path;

/// Reflectance factors: slightly negative after atmospheric correction, above 1 for snow and glint.
const REFLECTANCE: (f64, f64) = (-0.1, 1.6);
/// Half of all reflectances above this are not reflectances.
const REFLECTANCE_MEDIAN: f64 = 2.0;
/// Percent do not go beyond this, digital numbers of vegetation do in the near infrared.
const LARGEST_PERCENT: f64 = 160.0;
/// Half of all standardised values beyond 20 standard deviations are not standardised.
const STANDARDIZED_MEDIAN: f64 = 20.0;
/// Standardised channels have a standard deviation near 1, reflectance below this.
const REFLECTANCE_STD: f64 = 0.2;
/// GNSS scatters by millimetres: a standard deviation of less than this in every channel is metres.
const DISPLACEMENT_STD_MM: f64 = 0.05;
/// Mean and standard deviation of a standardised table are this close to 0 and 1, of no other.
const STANDARDIZED_EXACTLY: f64 = 1e-5;
/// Below this many rows a small spread says nothing.
const ROWS_FOR_SPREAD: usize = 32;
/// Sun zenith angles in radians are below π/2; in degrees the whole of a table never is.
const SUN_ZENITH_RADIANS: f64 = 1.58;

/// A table being read: the cells of some columns, with what is needed to name one.
pub(crate) struct Cells<'a> {
    pub(crate) path: &'a Path,
    pub(crate) columns: &'a [String],
    /// Line of each row.
    pub(crate) lines: &'a [u64],
    /// The numbers as written, n × number of columns.
    pub(crate) numbers: ArrayView2<'a, f64>,
}

impl Cells<'_> {
    fn looks_like(
        &self,
        declared: &'static str,
        evidence: String,
        likely: &'static str,
        cure: &'static str,
    ) -> DataError {
        DataError::LooksLike {
            path: self.path.into(),
            declared,
            evidence,
            likely,
            cure,
        }
    }

    fn place(&self, row: usize, column: usize) -> Place {
        Place {
            path: self.path.into(),
            line: self.lines[row],
            column: self.columns[column].clone(),
        }
    }

    fn median_magnitude(&self) -> f64 {
        let mut magnitudes: Vec<f64> = self.numbers.iter().map(|x| x.abs()).collect();
        let middle = magnitudes.len() / 2;
        match magnitudes.get(middle) {
            None => 0.0,
            Some(_) => *magnitudes.select_nth_unstable_by(middle, f64::total_cmp).1,
        }
    }

    fn largest_magnitude(&self) -> f64 {
        self.numbers
            .iter()
            .fold(0.0, |largest, x| x.abs().max(largest))
    }

    /// Whether there are rows enough, and each column has a mean of 0 and a standard deviation of 1 as only
    /// the table has that these were measured on.
    fn every_channel_is_standardized(&self) -> bool {
        let near = |value: f64, expected: f64| (value - expected).abs() < STANDARDIZED_EXACTLY;
        self.numbers.nrows() >= ROWS_FOR_SPREAD
            && self.numbers.columns().into_iter().all(|column| {
                near(column.mean().unwrap_or(f64::NAN), 0.0) && near(column.std(0.0), 1.0)
            })
    }

    /// Whether there are rows enough to judge the spread, and it is below `limit` in every column.
    fn every_spread_below(&self, limit: f64) -> bool {
        self.numbers.nrows() >= ROWS_FOR_SPREAD
            && self
                .numbers
                .std_axis(Axis(0), 0.0)
                .iter()
                .all(|&std| std < limit)
    }
}

/// Refuses channels that cannot be what `values` declares.
pub(crate) fn check_channels(table: &Cells, values: Values) -> Result<(), DataError> {
    let median = table.median_magnitude();
    let largest = table.largest_magnitude();
    match values {
        Values::Standardized => {
            if table.numbers.iter().all(|x| (0.0..=1.0).contains(x))
                && table.every_spread_below(REFLECTANCE_STD)
            {
                return Err(table.looks_like(
                    "standardized",
                    format!(
                        "all values are between 0 and 1 and every channel's standard deviation is below {REFLECTANCE_STD}"
                    ),
                    "reflectance",
                    "declare values: reflectance",
                ));
            }
            if median > STANDARDIZED_MEDIAN {
                return Err(table.looks_like(
                    "standardized",
                    format!("half of all values are beyond ±{median}"),
                    "digital numbers or raw measurements",
                    "declare values as they are, such as digital_numbers",
                ));
            }
            Ok(())
        }
        Values::Reflectance => {
            if median > REFLECTANCE_MEDIAN {
                let evidence = format!("half of all values are beyond ±{median}");
                return Err(if largest > LARGEST_PERCENT {
                    let cure = "declare values: digital_numbers";
                    table.looks_like("reflectance", evidence, "Sentinel-2 digital numbers", cure)
                } else {
                    table.looks_like(
                        "reflectance",
                        evidence,
                        "percent",
                        "declare values: percent",
                    )
                });
            }
            check_reflectance(table, values)
        }
        Values::Percent | Values::DigitalNumbers { .. } => {
            let declared = if values == Values::Percent {
                "percent"
            } else {
                "digital_numbers"
            };
            // one row of a very dark target could be below 2 percent throughout, a table is not
            if largest <= REFLECTANCE.1 && table.numbers.nrows() >= ROWS_FOR_SPREAD {
                return Err(table.looks_like(
                    declared,
                    format!("no value is beyond ±{largest}"),
                    "reflectance",
                    "declare values: reflectance",
                ));
            }
            if values == Values::Percent && median > LARGEST_PERCENT {
                return Err(table.looks_like(
                    declared,
                    format!("half of all values are beyond ±{median}"),
                    "Sentinel-2 digital numbers",
                    "declare values: digital_numbers",
                ));
            }
            check_reflectance(table, values)
        }
        Values::DisplacementMm => {
            if table.every_spread_below(DISPLACEMENT_STD_MM) {
                return Err(table.looks_like(
                    "displacement_mm",
                    format!("every channel's standard deviation is below {DISPLACEMENT_STD_MM}"),
                    "metres",
                    "convert them to mm",
                ));
            }
            if table.every_channel_is_standardized() {
                return Err(table.looks_like(
                    "displacement_mm",
                    "every channel has a mean of 0 and a standard deviation of 1".to_owned(),
                    "standardized values",
                    "declare values: standardized",
                ));
            }
            Ok(())
        }
    }
}

fn check_reflectance(table: &Cells, values: Values) -> Result<(), DataError> {
    let (min, max) = REFLECTANCE;
    for ((row, column), &cell) in table.numbers.indexed_iter() {
        let value = values.to_physical(cell);
        if !(min..=max).contains(&value) {
            let (quantity, unit) = ("reflectance".into(), "(0–1)".into());
            return Err(DataError::OutOfRange {
                place: Box::new(table.place(row, column)),
                quantity,
                value,
                unit,
                cell,
                min,
                max,
            });
        }
    }
    Ok(())
}

/// Refuses conditions outside the range of the model; one quantity per column.
pub(crate) fn check_conditions(table: &Cells, quantities: &[&Quantity]) -> Result<(), DataError> {
    for (column, quantity) in quantities.iter().enumerate() {
        let cells = table.numbers.column(column);
        for (row, &cell) in cells.iter().enumerate() {
            if !(quantity.min..=quantity.max).contains(&cell) {
                return Err(DataError::OutOfRange {
                    place: Box::new(table.place(row, column)),
                    quantity: quantity.name.clone(),
                    value: cell,
                    unit: quantity.unit.clone(),
                    cell,
                    min: quantity.min,
                    max: quantity.max,
                });
            }
        }
        if quantity.name == "tts" && cells.iter().all(|&x| x > 0.0 && x < SUN_ZENITH_RADIANS) {
            return Err(table.looks_like(
                "sun zenith angle tts in degrees",
                format!("all values are between 0 and {SUN_ZENITH_RADIANS}"),
                "radians",
                "convert them to degrees",
            ));
        }
    }
    Ok(())
}
