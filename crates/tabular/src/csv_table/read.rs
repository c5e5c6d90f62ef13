//! Reading tables of text.

use super::bounded::{Bounded, LONGEST_ROW};
use crate::cells;
use crate::error::{Place, RowPlace, TabularError};
use crate::format::positions;
use crate::table::{Block, TableReader, Wanted};
use csv::ByteRecord;
use ndarray::Array2;
use std::path::{Path, PathBuf};

/// The header's names.
pub(crate) fn column_names(path: &Path) -> Result<Vec<String>, TabularError> {
    Ok(Rows::open(path)?.header)
}

/// The line, from 1, on which a row (from 0, the header is none) begins.
pub(crate) fn line_of_row(path: &Path, row: u64) -> Result<u64, TabularError> {
    let mut rows = Rows::open(path)?;
    for _ in 0..=row {
        if !rows.advance()? {
            return Err(TabularError::damaged(
                path,
                format!("there is no row {row}"),
            ));
        }
    }
    Ok(rows.line())
}

/// The rows of a file, one after the other.
struct Rows {
    path: PathBuf,
    header: Vec<String>,
    text: csv::Reader<Bounded>,
    /// The row last read.
    row: ByteRecord,
}

impl Rows {
    fn open(path: &Path) -> Result<Self, TabularError> {
        let source = Bounded::open(path).map_err(|e| TabularError::read(path, e))?;
        let text = csv::ReaderBuilder::new()
            .has_headers(false)
            // rows of another length are an error here too, but with the line they are on
            .flexible(true)
            .buffer_capacity(1 << 16)
            .from_reader(source);
        let mut rows = Self {
            path: path.to_owned(),
            header: Vec::new(),
            text,
            row: ByteRecord::new(),
        };
        if !rows.advance()? {
            return Err(TabularError::Empty { path: rows.path });
        }
        let header = std::mem::take(&mut rows.row);
        for name in &header {
            let name = std::str::from_utf8(name).map_err(|_| rows.not_utf8())?;
            rows.header.push(name.trim().to_owned());
        }
        if let [only] = rows.header.as_slice()
            && let Some(found) = only.chars().find(|c| [';', '\t', '|'].contains(c))
        {
            let path = rows.path;
            return Err(TabularError::Separator { path, found });
        }
        Ok(rows)
    }

    /// Reads the next row; `false` at the end.
    fn advance(&mut self) -> Result<bool, TabularError> {
        let position = self.text.position().byte();
        self.text.get_mut().row_begins();
        let read = match self.text.read_byte_record(&mut self.row) {
            Ok(read) => read,
            Err(_) if self.text.get_ref().row_is_too_long => {
                return Err(TabularError::RowTooLong {
                    path: self.path.clone(),
                    line: self.line_at(position),
                    longest: LONGEST_ROW,
                });
            }
            Err(error) => return Err(TabularError::read(&self.path, error.into())),
        };
        if read && !self.header.is_empty() && self.row.len() != self.header.len() {
            return Err(TabularError::RaggedRow {
                path: self.path.clone(),
                line: self.line(),
                found: self.row.len(),
                expected: self.header.len(),
            });
        }
        Ok(read)
    }

    fn line_at(&self, position: u64) -> u64 {
        // a file that cannot be read again still gives the error it gave, with the CSV reader's own line
        let line = self.text.get_ref().line_at(&self.path, position);
        line.unwrap_or_else(|_| self.text.position().line())
    }

    /// Line of the row last read.
    fn line(&self) -> u64 {
        self.line_at(self.row.position().map_or(0, csv::Position::byte))
    }

    fn not_utf8(&self) -> TabularError {
        TabularError::NotUtf8 {
            path: self.path.clone(),
            line: self.line(),
        }
    }

    fn number(&self, column: usize) -> Result<f64, TabularError> {
        let bytes = self.row.get(column).unwrap_or_default();
        let text = std::str::from_utf8(bytes).map_err(|_| self.not_utf8())?;
        cells::number(text).ok_or_else(|| TabularError::NotANumber {
            place: Box::new(Place {
                path: self.path.clone(),
                row: RowPlace::Line(self.line()),
                column: self.header[column].clone(),
            }),
            text: text.to_owned(),
        })
    }

    fn text(&self, column: usize) -> Result<String, TabularError> {
        let bytes = self.row.get(column).unwrap_or_default();
        let text = std::str::from_utf8(bytes).map_err(|_| self.not_utf8())?;
        Ok(text.to_owned())
    }
}

/// Some columns of a file.
pub(crate) struct CsvReader {
    rows: Rows,
    numbers: Vec<usize>,
    kept: Vec<usize>,
    next_row: u64,
    failed: bool,
}

impl CsvReader {
    pub(crate) fn open(path: &Path, wanted: &Wanted) -> Result<Self, TabularError> {
        let rows = Rows::open(path)?;
        Ok(Self {
            numbers: positions(path, &wanted.numbers, &rows.header)?,
            kept: positions(path, &wanted.kept, &rows.header)?,
            rows,
            next_row: 0,
            failed: false,
        })
    }

    fn read(&mut self, rows: usize) -> Result<Option<Block>, TabularError> {
        let mut numbers = Vec::new();
        let mut kept = vec![Vec::new(); self.kept.len()];
        let mut read = 0;
        while read < rows && self.rows.advance()? {
            for &column in &self.numbers {
                numbers.push(self.rows.number(column)?);
            }
            for (texts, &column) in kept.iter_mut().zip(&self.kept) {
                texts.push(self.rows.text(column)?);
            }
            read += 1;
        }
        if read == 0 {
            return Ok(None);
        }
        let first_row = self.next_row;
        self.next_row += read as u64;
        let numbers = Array2::from_shape_vec((read, self.numbers.len()), numbers)
            .map_err(|e| TabularError::damaged(&self.rows.path, e.to_string()))?;
        Ok(Some(Block {
            first_row,
            numbers,
            kept,
        }))
    }

    fn skip(&mut self, rows: u64) -> Result<u64, TabularError> {
        let mut skipped = 0;
        while skipped < rows && self.rows.advance()? {
            skipped += 1;
            self.next_row += 1;
        }
        Ok(skipped)
    }

    fn unless_failed<T>(
        &mut self,
        f: impl FnOnce(&mut Self) -> Result<T, TabularError>,
    ) -> Result<T, TabularError> {
        if self.failed {
            return Err(TabularError::Failed {
                path: self.rows.path.clone(),
            });
        }
        let result = f(self);
        self.failed = result.is_err();
        result
    }
}

impl TableReader for CsvReader {
    fn total_rows(&self) -> Option<u64> {
        None
    }

    fn next_block(&mut self, rows: usize) -> Result<Option<Block>, TabularError> {
        self.unless_failed(|reader| reader.read(rows.max(1)))
    }

    fn skip_rows(&mut self, rows: u64) -> Result<u64, TabularError> {
        self.unless_failed(|reader| reader.skip(rows))
    }
}
