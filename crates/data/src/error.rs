//! What can go wrong with data.

use std::fmt;
use std::path::PathBuf;

/// A cell of a table on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// Line of the file, counted from 1, the header included.
    pub line: u64,
    /// Name of the column.
    pub column: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, line {}, column {:?}",
            self.path.display(),
            self.line,
            self.column
        )
    }
}

/// Errors of the data crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// A table has bytes that are not UTF-8.
    #[error("{}, line {line}: not UTF-8 text; save the table as CSV in UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Line of the first such byte, from 1.
        line: u64,
    },
    /// A table has no header line.
    #[error("{}: the file is empty, expected a header line with column names", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A table is separated by something else than commas.
    #[error(
        "{}, line 1: the columns are separated by {found:?}, expected commas (and decimal points)",
        path.display()
    )]
    Separator {
        /// The file.
        path: PathBuf,
        /// The separator found.
        found: char,
    },
    /// A declared column is not in the header.
    #[error("{}: no column {column:?} (declared in {declared_in}); the columns are {present:?}", path.display())]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The declared name.
        column: String,
        /// The part of the layout that names it.
        declared_in: &'static str,
        /// The columns of the header.
        present: Vec<String>,
    },
    /// A declared column is in the header more than once.
    #[error("{}: the column {column:?} occurs {times} times, expected once", path.display())]
    DuplicateColumn {
        /// The file.
        path: PathBuf,
        /// Its name.
        column: String,
        /// How often it occurs.
        times: usize,
    },
    /// A row has more or fewer fields than the header.
    #[error("{}, line {line}: {found} fields, expected {expected} as in the header", path.display())]
    RaggedRow {
        /// The file.
        path: PathBuf,
        /// Line of the row, from 1.
        line: u64,
        /// Fields of the row.
        found: usize,
        /// Fields of the header.
        expected: usize,
    },
    /// A cell that must be a number is text.
    #[error("{place}: {text:?} is not a number, expected a decimal number such as 0.25 or 1e-3")]
    NotANumber {
        /// The cell.
        place: Box<Place>,
        /// Its text.
        text: String,
    },
    /// A cell has no finite number, and the layout does not allow that.
    #[error(
        "{place}: {reason}, expected a finite number; `missing: drop_row` leaves such rows out"
    )]
    MissingValue {
        /// The cell.
        place: Box<Place>,
        /// What is there instead.
        reason: String,
    },
    /// A number is outside the range of its quantity.
    #[error(
        "{place}: {quantity} = {value} {unit} (cell {cell}) is outside the allowed range {min} to {max}"
    )]
    OutOfRange {
        /// The cell.
        place: Box<Place>,
        /// The quantity.
        quantity: String,
        /// Its value in `unit`.
        value: f64,
        /// Its unit.
        unit: String,
        /// The number in the cell.
        cell: f64,
        /// Smallest allowed value.
        min: f64,
        /// Largest allowed value.
        max: f64,
    },
    /// The numbers of a table contradict what was declared.
    #[error("{}: {declared} declared, but {evidence}; these look like {likely}: {cure}", path.display())]
    LooksLike {
        /// The file.
        path: PathBuf,
        /// What was declared.
        declared: &'static str,
        /// What is in the file.
        evidence: String,
        /// What that looks like.
        likely: &'static str,
        /// What to do.
        cure: &'static str,
    },
    /// A table has no rows, or none are left.
    #[error("{}: no rows ({dropped} dropped), expected at least 1", path.display())]
    NoRows {
        /// The file.
        path: PathBuf,
        /// Rows left out because of missing values.
        dropped: usize,
    },
    /// A declaration makes no sense.
    #[error("{name} = {value} is not allowed: {allowed}")]
    NotAllowed {
        /// What was declared.
        name: String,
        /// As what.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// A .npy file is not the vector it should be.
    #[error("{}: {reason}, expected a float64 vector of length {expected}", path.display())]
    Npy {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
        /// The length it must have.
        expected: usize,
    },
    /// An element of a mean or scale is not usable.
    #[error("{what} of channel {channel} is {value}, expected {allowed}")]
    BadStandardization {
        /// `mean` or `scale`, with its file if it has one.
        what: String,
        /// Channel, counted from 0.
        channel: usize,
        /// Its value.
        value: f64,
        /// What is allowed.
        allowed: &'static str,
    },
    /// A channel has no spread to standardise by.
    #[error(
        "channel {channel:?} has mean {mean} and standard deviation {scale} over {rows} training rows, \
         expected a finite positive standard deviation"
    )]
    NoSpread {
        /// Name of the channel.
        channel: String,
        /// Its mean.
        mean: f64,
        /// Its standard deviation.
        scale: f64,
        /// Rows measured.
        rows: usize,
    },
    /// Arrays that belong together do not fit.
    #[error("{what} is {found}, expected {expected}")]
    Shape {
        /// Which size.
        what: &'static str,
        /// Its value.
        found: usize,
        /// The value it must have.
        expected: usize,
    },
    /// An array given by the program has an element that is not finite.
    #[error("row {row}, column {column} of {what} is {value}, expected a finite number")]
    NotFinite {
        /// Which array.
        what: &'static str,
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// The element.
        value: f64,
    },
    /// The physical model refused to simulate.
    #[error("the physical model failed while simulating")]
    Physics(#[from] physics::PhysicsError),
}

/// `Ok` if `found == expected`, else [`DataError::Shape`].
pub(crate) fn require_size(
    what: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), DataError> {
    if found == expected {
        Ok(())
    } else {
        Err(DataError::Shape {
            what,
            found,
            expected,
        })
    }
}

/// `Ok` if `holds`, else [`DataError::NotAllowed`].
pub(crate) fn require(
    holds: bool,
    name: impl Into<String>,
    value: impl fmt::Display + Copy,
    allowed: impl Into<String>,
) -> Result<(), DataError> {
    if holds {
        return Ok(());
    }
    Err(DataError::NotAllowed {
        name: name.into(),
        value: value.to_string(),
        allowed: allowed.into(),
    })
}
