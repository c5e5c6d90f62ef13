//! Rows of a table that are left out: by which rule, on which line, why.

use std::fmt::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

/// Dropped rows that the text of a [`ReadReport`] names; the list itself has all of them.
const ROWS_NAMED: usize = 5;

/// A rule by which rows are left out, where the layout asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A number or a date is missing.
    Missing,
    /// A number is outside the range of its quantity.
    OutOfRange,
    /// All that is declared is as in an earlier row.
    Duplicate,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Missing, Self::OutOfRange, Self::Duplicate];

    /// `missing`, `out_of_range`, `duplicate`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::OutOfRange => "out_of_range",
            Self::Duplicate => "duplicate",
        }
    }
}

/// What stands where a number is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// Nothing.
    Empty,
    /// A word such as NaN, or an infinity.
    Written(Box<str>),
    /// The digital number 0.
    NoData,
    /// The digital number 65535.
    Saturated,
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the cell is empty"),
            Self::Written(text) => write!(f, "the cell is {text:?}"),
            Self::NoData => f.write_str("digital number 0 is no data"),
            Self::Saturated => f.write_str("digital number 65535 is saturated"),
        }
    }
}

/// Why a row was left out.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// A number or a date is missing.
    Missing {
        /// Its column.
        column: Arc<str>,
        /// What stands there.
        absence: Absence,
    },
    /// A number is outside the range of its quantity.
    OutOfRange {
        /// Its column.
        column: Arc<str>,
        /// The value, in the unit of the range.
        value: f64,
        /// Smallest allowed value.
        min: f64,
        /// Largest allowed value.
        max: f64,
    },
    /// The sun of the row's date is too low for the physical model.
    SunOutOfRange {
        /// The column of the date.
        column: Arc<str>,
        /// The sun zenith angle, degrees.
        zenith: f64,
        /// Smallest allowed value.
        min: f64,
        /// Largest allowed value.
        max: f64,
    },
    /// All that is declared is as in an earlier row.
    Duplicate {
        /// Line of that row.
        of_line: u64,
    },
}

impl Reason {
    /// The rule.
    pub fn rule(&self) -> Rule {
        match self {
            Self::Missing { .. } => Rule::Missing,
            Self::OutOfRange { .. } | Self::SunOutOfRange { .. } => Rule::OutOfRange,
            Self::Duplicate { .. } => Rule::Duplicate,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { column, absence } => write!(f, "column {column:?}: {absence}"),
            Self::OutOfRange {
                column,
                value,
                min,
                max,
            } => write!(f, "column {column:?}: {value} is outside {min} to {max}"),
            Self::SunOutOfRange {
                column,
                zenith,
                min,
                max,
            } => write!(
                f,
                "column {column:?}: the sun is {zenith:.2} degrees from the vertical, outside {min} to {max}"
            ),
            Self::Duplicate { of_line } => write!(f, "the same as line {of_line}"),
        }
    }
}

/// A row that was left out.
#[derive(Clone, Debug, PartialEq)]
pub struct DroppedRow {
    /// Its line in the file, counted from 1, the header included.
    pub line: u64,
    /// Why, such as `column "B02": the cell is empty`.
    pub reason: Reason,
}

/// What was read of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadReport {
    /// The file.
    pub path: PathBuf,
    /// Rows kept.
    pub rows: usize,
    /// Rows left out, in the order of the file.
    pub dropped: Vec<DroppedRow>,
}

impl ReadReport {
    /// Rows left out by a rule.
    pub fn dropped_by(&self, rule: Rule) -> usize {
        let by_it = |row: &&DroppedRow| row.reason.rule() == rule;
        self.dropped.iter().filter(by_it).count()
    }

    /// Dropped rows of all rows, 0 to 1.
    pub fn dropped_fraction(&self) -> f64 {
        let all = self.rows + self.dropped.len();
        self.dropped.len() as f64 / all.max(1) as f64
    }

    /// All dropped rows of some tables as CSV with the columns file, line, rule and reason.
    pub fn dropped_rows_as_csv<'a>(reports: impl IntoIterator<Item = &'a Self>) -> String {
        let quoted = |text: String| format!("\"{}\"", text.replace('"', "\"\""));
        let mut csv = String::from("file,line,rule,reason\n");
        for report in reports {
            let file = quoted(report.path.display().to_string());
            for row in &report.dropped {
                let (rule, reason) = (row.reason.rule().name(), quoted(row.reason.to_string()));
                // a String takes any text
                let _ = writeln!(csv, "{file},{},{rule},{reason}", row.line);
            }
        }
        csv
    }
}

impl fmt::Display for ReadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} rows", self.path.display(), self.rows)?;
        if self.dropped.is_empty() {
            return Ok(());
        }
        let by_rule = Rule::ALL.map(|rule| (self.dropped_by(rule), rule.name()));
        let by_rule = by_rule.iter().filter(|(rows, _)| *rows > 0);
        let by_rule: Vec<String> = by_rule
            .map(|(rows, rule)| format!("{rows} {rule}"))
            .collect();
        write!(
            f,
            ", {} dropped ({}): ",
            self.dropped.len(),
            by_rule.join(", ")
        )?;
        for (i, row) in self.dropped.iter().take(ROWS_NAMED).enumerate() {
            let separator = if i == 0 { "" } else { "; " };
            write!(f, "{separator}line {} ({})", row.line, row.reason)?;
        }
        match self.dropped.len().saturating_sub(ROWS_NAMED) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}
