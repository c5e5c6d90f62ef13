//! What can go wrong in `physics`.

use crate::names::nearest;
use std::path::PathBuf;

/// Errors of the physics crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PhysicsError {
    /// A quantity is not finite or outside its allowed range.
    #[error(
        "row {row}: {name} = {value}{} is outside the allowed range {min} to {max}",
        after_value(unit)
    )]
    OutOfRange {
        /// Row of the batch, from 0.
        row: usize,
        /// Name of the quantity.
        name: String,
        /// Its value.
        value: f64,
        /// Its unit.
        unit: String,
        /// Smallest allowed value.
        min: f64,
        /// Largest allowed value.
        max: f64,
    },
    /// An array has the wrong shape.
    #[error("{what} has shape {found:?}, expected {expected:?}")]
    Shape {
        /// Which array.
        what: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// The shape it must have.
        expected: Vec<usize>,
    },
    /// A result is not finite although all inputs are allowed.
    #[error("row {row}: {output} is not finite")]
    NotFinite {
        /// Row of the batch, from 0.
        row: usize,
        /// Name of the output.
        output: String,
    },
    /// A name that nothing has.
    #[error("unknown {what} '{name}', expected one of: {}{}", known.join(", "), perhaps(name, known))]
    UnknownName {
        /// What it should have named (`band`, `parameter`, …).
        what: &'static str,
        /// The name given.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// A set of values that makes no sense together.
    #[error("{what}: {problem}")]
    Inconsistent {
        /// Which values.
        what: &'static str,
        /// What is wrong, with the offending value and the allowed range.
        problem: String,
    },
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    ReadFile {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// A table lacks a column.
    #[error("{table}: no column '{column}', found: {}", found.join(", "))]
    MissingColumn {
        /// File or name of the table.
        table: String,
        /// The column.
        column: String,
        /// The columns there are.
        found: Vec<String>,
    },
    /// A table holds a value that cannot be used.
    #[error("{table}, line {line}, column {column}: '{value}' is not {expected}")]
    TableValue {
        /// File or name of the table.
        table: String,
        /// Line, from 1.
        line: usize,
        /// Column by name.
        column: String,
        /// The value as written.
        value: String,
        /// What it should be.
        expected: String,
    },
    /// A table has too few or too many rows or fields.
    #[error("{table}, line {line}: {found} {what}, expected {expected}")]
    TableSize {
        /// File or name of the table.
        table: String,
        /// Line, from 1.
        line: usize,
        /// What was counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there must be.
        expected: usize,
    },
}

/// The name that may have been meant, as it stands after the names there are.
fn perhaps(name: &str, known: &[String]) -> String {
    nearest(name, known).map_or_else(String::new, |near| format!("; did you mean '{near}'?"))
}

/// A unit as it stands after a value; nothing for what is dimensionless.
pub(crate) fn after_value(unit: &str) -> String {
    match unit {
        "1" => String::new(),
        unit => format!(" {unit}"),
    }
}
