//! Whether the true values of a parameter can be in its unit.
//!
//! The limits of a quantity of the truth are those within which it is looked for. True values may lie outside of them:
//! a forest can be denser than a model allows for. Values far outside are of another unit, or of another column.

use crate::DataError;
use physics::Quantity;
use std::path::Path;
use std::sync::Arc;

/// A single value is refused so many widths of the range beyond its ends.
const WIDTHS_OF_A_CELL: f64 = 10.0;
/// A column is refused where half of its values are so many widths of the range beyond its ends.
const WIDTHS_OF_A_COLUMN: f64 = 1.0;
/// Below the smallest value, where that is more than 0, a column is judged by its ratio: radians, metres for millimetres.
const RATIO_OF_A_COLUMN: f64 = 5.0;

/// Smallest and largest true value that a cell may hold.
pub(crate) fn allowed_truth(quantity: &Quantity) -> (f64, f64) {
    let margin = WIDTHS_OF_A_CELL * (quantity.max - quantity.min);
    (quantity.min - margin, quantity.max + margin)
}

/// The true values of a table as they come, row by row.
#[derive(Clone, Debug)]
pub(crate) struct TruthEvidence {
    columns: Vec<Column>,
}

#[derive(Clone, Debug, Default)]
struct Column {
    known: usize,
    far: usize,
    /// The first value that is far outside.
    example: f64,
}

impl TruthEvidence {
    pub(crate) fn new(parameters: usize) -> Self {
        Self {
            columns: vec![Column::default(); parameters],
        }
    }

    /// Takes in the true values of a row, NaN where one is not known.
    pub(crate) fn add(&mut self, quantities: &[Quantity], row: &[f64]) {
        for ((column, quantity), &value) in self.columns.iter_mut().zip(quantities).zip(row) {
            if value.is_nan() {
                continue;
            }
            column.known += 1;
            if is_far(quantity, value) {
                if column.far == 0 {
                    column.example = value;
                }
                column.far += 1;
            }
        }
    }

    /// Refuses a column half of whose values are far outside of the parameter's range; `names` are the columns'.
    pub(crate) fn check(
        &self,
        path: &Path,
        quantities: &[Quantity],
        names: &[Arc<str>],
    ) -> Result<(), DataError> {
        for ((column, quantity), name) in self.columns.iter().zip(quantities).zip(names) {
            if column.far > 0 && 2 * column.far >= column.known {
                return Err(DataError::TruthOfAnotherUnit {
                    path: path.into(),
                    column: name.to_string(),
                    quantity: Box::new(quantity.clone()),
                    far: column.far,
                    known: column.known,
                    example: column.example,
                });
            }
        }
        Ok(())
    }
}

fn is_far(quantity: &Quantity, value: f64) -> bool {
    let margin = WIDTHS_OF_A_COLUMN * (quantity.max - quantity.min);
    let near = quantity.min - margin..=quantity.max + margin;
    let too_small = quantity.min > 0.0 && value < quantity.min / RATIO_OF_A_COLUMN;
    !near.contains(&value) || too_small
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(min: f64, max: f64) -> Quantity {
        Quantity {
            name: "x".into(),
            unit: "cm".into(),
            min,
            max,
            default: min,
        }
    }

    /// Each unit that people write down, for ranges as they are shipped: the right one passes, the others do not.
    #[test]
    fn the_right_unit_passes_and_the_others_do_not() {
        let mut tried = 0;
        for (name, range, values, factors) in [
            (
                "LAI",
                (0.01, 5.0),
                [0.5, 2.0, 3.0, 7.0],
                &[100.0, 1000.0, 10.0][..],
            ),
            (
                "cab, g/m²",
                (10.0, 80.0),
                [12.0, 30.0, 45.0, 95.0],
                &[0.01, 10.0, 100.0],
            ),
            (
                "cw, mm or m",
                (0.001, 0.02),
                [0.004, 0.01, 0.02, 0.03],
                &[10.0, 0.01, 1e4],
            ),
            (
                "cm, g/m²",
                (0.005, 0.05),
                [0.004, 0.01, 0.02, 0.03],
                &[1e4, 1e3, 0.01],
            ),
            ("fc, percent", (0.1, 1.0), [0.05, 0.5, 0.9, 1.0], &[100.0]),
            (
                "angle, radians",
                (20.0, 60.0),
                [18.0, 30.0, 45.0, 66.0],
                &[0.017_453],
            ),
            ("depth, m", (2.0, 20.0), [3.0, 8.0, 12.0, 25.0], &[1000.0]),
        ] {
            let quantity = [quantity(range.0, range.1)];
            let check = |factor: f64| {
                let mut seen = TruthEvidence::new(1);
                for value in values {
                    seen.add(&quantity, &[value * factor]);
                    seen.add(&quantity, &[f64::NAN]);
                }
                seen.check(Path::new("t.csv"), &quantity, &["c".into()])
            };
            assert!(check(1.0).is_ok(), "{name}");
            for &factor in factors {
                let message = check(factor).unwrap_err().to_string();
                assert!(message.contains("another unit"), "{name}: {message}");
                tried += 1;
            }
        }
        println!("{tried} units refused");
    }

    #[test]
    fn nothing_known_says_nothing() {
        let quantity = [quantity(0.0, 1.0)];
        let mut seen = TruthEvidence::new(1);
        seen.add(&quantity, &[f64::NAN]);
        assert!(
            seen.check(Path::new("t.csv"), &quantity, &["c".into()])
                .is_ok()
        );
    }
}
