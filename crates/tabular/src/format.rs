//! The formats, by the ending of a file's name.

use crate::table::{OutputColumn, TableReader, TableWriter, Wanted};
use crate::{RowPlace, TabularError, csv_table, npy, parquet_table};
use std::collections::BTreeSet;
use std::path::Path;

/// How a table is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text, values separated by commas, with a header line, in UTF-8.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// One two-dimensional array of NumPy.
    Npy,
}

impl Format {
    /// By the ending of the file's name, `.csv`, `.parquet` or `.npy` in any case.
    ///
    /// # Errors
    /// The name ends in something else.
    pub fn of(path: &Path) -> Result<Self, TabularError> {
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        match ending.to_ascii_lowercase().as_str() {
            "csv" => Ok(Self::Csv),
            "parquet" => Ok(Self::Parquet),
            "npy" => Ok(Self::Npy),
            _ => Err(TabularError::UnknownFormat {
                path: path.to_owned(),
            }),
        }
    }
}

/// Opens a table to read some of its columns; reads no row yet.
///
/// # Errors
/// The format is unknown, the file cannot be read or is damaged; no column is wanted, or a wanted one is
/// missing, there more than once, or of a type that cannot be read as wanted.
pub fn open(path: &Path, wanted: &Wanted) -> Result<Box<dyn TableReader>, TabularError> {
    let format = Format::of(path)?;
    if wanted.numbers.is_empty() && wanted.kept.is_empty() {
        return Err(TabularError::NothingWanted {
            path: path.to_owned(),
        });
    }
    Ok(match format {
        Format::Csv => Box::new(csv_table::CsvReader::open(path, wanted)?),
        Format::Parquet => Box::new(parquet_table::ParquetReader::open(path, wanted)?),
        Format::Npy => Box::new(npy::NpyReader::open(path, wanted)?),
    })
}

/// The names of a table's columns, in its order. Those of a `.npy` file are the names in the
/// `<file>.columns.json` beside it, if there is one, else the positions `"0"`, `"1"`, ….
///
/// # Errors
/// The format is unknown, the file cannot be read or is damaged.
pub fn column_names(path: &Path) -> Result<Vec<String>, TabularError> {
    match Format::of(path)? {
        Format::Csv => csv_table::column_names(path),
        Format::Parquet => parquet_table::column_names(path),
        Format::Npy => npy::column_names(path),
    }
}

/// Where a row (from 0, a header is no row) is in its file, for messages: the line of a `.csv`, which is read for it up to
/// there, else the row itself.
///
/// # Errors
/// The file cannot be read, or has no such row.
pub fn row_place(path: &Path, row: u64) -> Result<RowPlace, TabularError> {
    match Format::of(path)? {
        Format::Csv => csv_table::line_of_row(path, row).map(RowPlace::Line),
        Format::Parquet | Format::Npy => Ok(RowPlace::Row(row)),
    }
}

/// Begins a table to write: the `kept` columns of text first, then `columns` of numbers.
///
/// # Errors
/// The format is unknown or cannot carry text (`.npy`); there is no column, or a name occurs twice; the file
/// cannot be written.
pub fn create(
    path: &Path,
    kept: &[String],
    columns: &[OutputColumn],
) -> Result<Box<dyn TableWriter>, TabularError> {
    let format = Format::of(path)?;
    if columns.is_empty() {
        return Err(TabularError::Shape {
            what: "the number of columns to write",
            found: 0,
            expected: 1,
        });
    }
    let mut seen = BTreeSet::new();
    let names = kept.iter().chain(columns.iter().map(|column| &column.name));
    for name in names.clone() {
        if !seen.insert(name) {
            return Err(TabularError::DuplicateColumn {
                path: path.to_owned(),
                column: name.clone(),
                times: names.clone().filter(|other| *other == name).count(),
            });
        }
    }
    Ok(match format {
        Format::Csv => Box::new(csv_table::CsvWriter::create(path, kept, columns)?),
        Format::Parquet => Box::new(parquet_table::ParquetWriter::create(path, kept, columns)?),
        Format::Npy => Box::new(npy::NpyWriter::create(path, kept, columns)?),
    })
}

/// Where each of `names` is among `present`.
pub(crate) fn positions(
    path: &Path,
    names: &[String],
    present: &[String],
) -> Result<Vec<usize>, TabularError> {
    let position = |name: &String| {
        let mut places = (0..present.len()).filter(|&i| present[i] == *name);
        let Some(first) = places.next() else {
            return Err(TabularError::MissingColumn {
                path: path.to_owned(),
                column: name.clone(),
                present: present.to_vec(),
            });
        };
        match places.count() {
            0 => Ok(first),
            others => Err(TabularError::DuplicateColumn {
                path: path.to_owned(),
                column: name.clone(),
                times: 1 + others,
            }),
        }
    };
    names.iter().map(position).collect()
}
