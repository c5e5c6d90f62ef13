//! What can go wrong with a table on disk.

use std::io;
use std::path::{Path, PathBuf};

/// A cell of a table on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// Where in it.
    pub row: RowPlace,
    /// Name of the column.
    pub column: String,
}

/// Where a row of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowPlace {
    /// Line of a text file, from 1, the header included.
    Line(u64),
    /// Row of a binary file, from 0.
    Row(u64),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (what, number) = match self.row {
            RowPlace::Line(line) => ("line", line),
            RowPlace::Row(row) => ("row", row),
        };
        let (path, column) = (self.path.display(), &self.column);
        write!(f, "{path}, {what} {number}, column {column:?}")
    }
}

/// Errors of the tabular crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TabularError {
    /// The ending of a file name names no format.
    #[error("{}: unknown table format, expected a file name that ends in .csv, .parquet or .npy", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// No column is asked for.
    #[error("{}: no column is wanted, expected at least 1", path.display())]
    NothingWanted {
        /// The file.
        path: PathBuf,
    },
    /// A wanted column is not there.
    #[error("{}: no column {column:?}; the columns are {present:?}", path.display())]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The wanted name.
        column: String,
        /// The columns that are there.
        present: Vec<String>,
    },
    /// A wanted column, or one to write, is there more than once.
    #[error("{}: the column {column:?} occurs {times} times, expected once", path.display())]
    DuplicateColumn {
        /// The file.
        path: PathBuf,
        /// Its name.
        column: String,
        /// How often it occurs.
        times: usize,
    },
    /// A text table is empty.
    #[error("{}: the file is empty, expected a header line with column names", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A text table is separated by something else than commas.
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
    /// A text table has bytes that are not UTF-8.
    #[error("{}, line {line}: not UTF-8 text; save the table as CSV in UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Line of the row, from 1.
        line: u64,
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
    /// A cell that must be a number is text.
    #[error(
        "{place}: {text:?} is not a number, expected a decimal number such as 0.25 or 1e-3, or an empty cell"
    )]
    NotANumber {
        /// The cell.
        place: Box<Place>,
        /// Its text.
        text: String,
    },
    /// A cell is outside of what can be carried as text.
    #[error("{place}: {reason}")]
    BadCell {
        /// The cell.
        place: Box<Place>,
        /// What is wrong.
        reason: String,
    },
    /// A column has a type that cannot be what is wanted of it.
    #[error("{}: the column {column:?} is {found}, expected {expected}", path.display())]
    ColumnType {
        /// The file.
        path: PathBuf,
        /// Its name.
        column: String,
        /// Its type.
        found: String,
        /// What can be read.
        expected: &'static str,
    },
    /// A file is not what its name says, or damaged.
    #[error("{}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file is sound but of a kind that is not read.
    #[error("{}: {found}, expected {expected}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it has.
        found: String,
        /// What is read.
        expected: &'static str,
    },
    /// The given names are not as many as the columns of a .npy file.
    #[error("{}: {columns} columns, but {names} names in {source_of_names}", path.display())]
    NamesOfPositions {
        /// The file.
        path: PathBuf,
        /// Columns of the file.
        columns: usize,
        /// Names given.
        names: usize,
        /// Where they were given.
        source_of_names: String,
    },
    /// Text is to be carried to a file that holds numbers only.
    #[error(
        "{}: a .npy file holds numbers only, it cannot carry the columns {columns:?}; write .csv or .parquet",
        path.display()
    )]
    TextInNpy {
        /// The file.
        path: PathBuf,
        /// The columns.
        columns: Vec<String>,
    },
    /// Rows given to a writer do not fit its columns.
    #[error("{what} is {found}, expected {expected}")]
    Shape {
        /// Which size.
        what: &'static str,
        /// Its value.
        found: usize,
        /// The value it must have.
        expected: usize,
    },
    /// A reader or writer is used after it failed.
    #[error("{}: an earlier error left no place to go on from", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
    },
}

impl TabularError {
    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }
}

/// `Ok` if `found == expected`, else [`TabularError::Shape`].
pub(crate) fn require_size(
    what: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), TabularError> {
    if found == expected {
        return Ok(());
    }
    Err(TabularError::Shape {
        what,
        found,
        expected,
    })
}
