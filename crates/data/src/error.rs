//! What can go wrong with data.

use crate::ReadReport;
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
        /// Line of the row with the first of them, from 1.
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
    /// A cell that must be a date is text.
    #[error("{place}: {text:?} is not a date, expected {}", crate::Date::FORMS)]
    NotADate {
        /// The cell.
        place: Box<Place>,
        /// Its text.
        text: String,
    },
    /// Samples without dates, where they are needed.
    #[error("the samples have no dates; `data.labels.date` names their column")]
    NoDates,
    /// The date of a sample cannot be read.
    #[error(
        "sample {sample}: {text:?} is not a date, expected {}",
        crate::Date::FORMS
    )]
    UnreadableDate {
        /// Which sample of its split, from 1.
        sample: usize,
        /// The date as written.
        text: String,
    },
    /// A cell has no finite number and no date, and the layout does not allow that.
    #[error("{place}: {reason}, expected {expected}; `missing: drop_row` leaves such rows out")]
    MissingValue {
        /// The cell.
        place: Box<Place>,
        /// `a finite number` or `a date`.
        expected: &'static str,
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
    /// The sun of a row's date is too low for the physical model.
    #[error(
        "{place}: with {date:?} the sun is {zenith:.2} degrees from the vertical, outside the allowed range {min} to \
         {max}; are latitude and longitude (north and east positive) and the time (UTC) those of the row?"
    )]
    SunOutOfRange {
        /// The cell with the date.
        place: Box<Place>,
        /// The date as written.
        date: String,
        /// The sun zenith angle, degrees.
        zenith: f64,
        /// Smallest allowed value.
        min: f64,
        /// Largest allowed value.
        max: f64,
    },
    /// The position of the sun cannot be computed.
    #[error("no position of the sun at {moment}: {reason}")]
    NoSun {
        /// The moment, UTC.
        moment: String,
        /// The reason.
        reason: String,
    },
    /// The numbers of a table contradict what was declared.
    #[error("{}: {declared} declared, but {evidence}; these look like {likely}: {cure}", path.display())]
    LooksLike {
        /// The file.
        path: PathBuf,
        /// What was declared.
        declared: String,
        /// What is in the file.
        evidence: String,
        /// What that looks like.
        likely: &'static str,
        /// What to do.
        cure: String,
    },
    /// A row is the same as an earlier one, and the rules do not allow that.
    #[error(
        "{}, line {line}: the same as line {of_line}; `duplicates: drop_row` leaves such rows out, \
         `duplicates: keep` takes them", path.display()
    )]
    DuplicateRow {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: u64,
        /// Line of the earlier row.
        of_line: u64,
    },
    /// More rows were left out than the rules allow.
    #[error(
        "{report}; that is {:.3} % of its rows, allowed is max_dropped = {max_dropped}",
        100.0 * report.dropped_fraction()
    )]
    TooManyDropped {
        /// What was read, with every row left out.
        report: Box<ReadReport>,
        /// The largest share that may be left out.
        max_dropped: f64,
    },
    /// A row does not end.
    #[error(
        "{}, line {line}: the row is longer than {longest} bytes; is a quotation mark left open?",
        path.display()
    )]
    RowTooLong {
        /// The file.
        path: PathBuf,
        /// Line it begins on, from 1.
        line: u64,
        /// Longest row, bytes.
        longest: usize,
    },
    /// A table takes more memory than the rules allow.
    #[error(
        "{}: its first {rows} rows take {:.3} GiB of memory, allowed is {:.3} GiB; split the table, or allow more \
         (max_memory_gib)", path.display(), gib(*bytes), gib(*max_bytes)
    )]
    TooMuchMemory {
        /// The file.
        path: PathBuf,
        /// Rows read so far.
        rows: usize,
        /// Bytes they take.
        bytes: u64,
        /// Most bytes allowed.
        max_bytes: u64,
    },
    /// A table has no rows, or none are left.
    #[error("{}: no rows ({dropped} dropped), expected at least 1", path.display())]
    NoRows {
        /// The file.
        path: PathBuf,
        /// Rows left out.
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

fn gib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 30)
}
