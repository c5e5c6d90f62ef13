//! Reading parquet row group by row group, each column page by page.

use super::chunks::read_cells;
use super::contents::{Column, Contents};
use super::source::guarded;
use crate::error::{Place, RowPlace, TabularError};
use crate::table::{Block, TableReader, Wanted};
use ndarray::Array2;
use parquet::column::reader::ColumnReader;
use parquet::file::reader::FileReader;
use std::path::Path;

/// The names of a file's columns.
pub(crate) fn column_names(path: &Path) -> Result<Vec<String>, TabularError> {
    Ok(Contents::open(path)?.names)
}

/// The row group that is being read.
struct OpenGroup {
    rows_left: u64,
    /// One for each of the numbers, then of the kept columns.
    readers: Vec<ColumnReader>,
}

/// Some columns of a file.
pub(crate) struct ParquetReader {
    contents: Contents,
    numbers: Vec<Column>,
    kept: Vec<Column>,
    next_group: usize,
    open: Option<OpenGroup>,
    next_row: u64,
    failed: bool,
}

impl ParquetReader {
    pub(crate) fn open(path: &Path, wanted: &Wanted) -> Result<Self, TabularError> {
        let contents = Contents::open(path)?;
        let numbers = contents.columns(&wanted.numbers)?;
        for column in &numbers {
            if let Some(found) = column.kind.not_a_number() {
                return Err(TabularError::ColumnType {
                    path: path.to_owned(),
                    column: column.name.clone(),
                    found: found.into(),
                    expected: "numbers",
                });
            }
        }
        Ok(Self {
            kept: contents.columns(&wanted.kept)?,
            contents,
            numbers,
            next_group: 0,
            open: None,
            next_row: 0,
            failed: false,
        })
    }

    /// Rows left in the row group that is open, or of the next one that has any; 0 at the end.
    fn rows_left_here(&mut self) -> Result<u64, TabularError> {
        loop {
            match &self.open {
                Some(open) if open.rows_left > 0 => return Ok(open.rows_left),
                _ => self.open = None,
            }
            let Some(&rows_left) = self.contents.groups.get(self.next_group) else {
                return Ok(0);
            };
            let Self {
                contents,
                numbers,
                kept,
                ..
            } = self;
            let readers = guarded(&contents.path, || {
                let group = contents.file.get_row_group(self.next_group)?;
                let columns = numbers.iter().chain(&*kept);
                columns
                    .map(|column| group.get_column_reader(column.leaf))
                    .collect()
            })?;
            self.open = Some(OpenGroup { rows_left, readers });
            self.next_group += 1;
        }
    }

    fn read(&mut self, rows: usize) -> Result<Option<Block>, TabularError> {
        let mut numbers = vec![Vec::new(); self.numbers.len()];
        let mut kept = vec![Vec::new(); self.kept.len()];
        let mut read = 0;
        while read < rows {
            let here = self.rows_left_here()?.min((rows - read) as u64) as usize;
            if here == 0 {
                break;
            }
            self.read_of_group(here, self.next_row + read as u64, &mut numbers, &mut kept)?;
            read += here;
        }
        if read == 0 {
            return Ok(None);
        }
        let first_row = self.next_row;
        self.next_row += read as u64;
        let mut array = Array2::zeros((read, numbers.len()));
        for (mut to, from) in array.columns_mut().into_iter().zip(&numbers) {
            to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        }
        Ok(Some(Block {
            first_row,
            numbers: array,
            kept,
        }))
    }

    /// Appends `rows` rows of the open row group.
    fn read_of_group(
        &mut self,
        rows: usize,
        first_row: u64,
        numbers: &mut [Vec<f64>],
        kept: &mut [Vec<String>],
    ) -> Result<(), TabularError> {
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        let path = &self.contents.path;
        let (of_numbers, of_kept) = open.readers.split_at_mut(self.numbers.len());
        let bad_cell = |column: &Column, row: usize, reason: String| TabularError::BadCell {
            place: Box::new(Place {
                path: path.clone(),
                row: RowPlace::Row(first_row + row as u64),
                column: column.name.clone(),
            }),
            reason,
        };
        let complete = |column: &Column, read: usize| {
            if read == rows {
                return Ok(());
            }
            let reason = format!("column {:?} ends before its row group does", column.name);
            Err(TabularError::damaged(path, reason))
        };
        for ((column, reader), numbers) in self.numbers.iter().zip(of_numbers).zip(numbers) {
            let before = numbers.len();
            let mut bad = None;
            let kind = column.kind;
            guarded(path, || {
                read_cells(reader, rows, column.optional, |cell| {
                    let number = cell.map_or(Some(f64::NAN), |cell| kind.number(&cell));
                    if number.is_none() && bad.is_none() {
                        bad = Some(numbers.len() - before);
                    }
                    numbers.push(number.unwrap_or(f64::NAN));
                })
            })?;
            if let Some(row) = bad {
                return Err(bad_cell(
                    column,
                    row,
                    "not a number of at most 128 bits".into(),
                ));
            }
            complete(column, numbers.len() - before)?;
        }
        for ((column, reader), texts) in self.kept.iter().zip(of_kept).zip(kept) {
            let before = texts.len();
            let mut bad = None;
            let kind = column.kind;
            guarded(path, || {
                read_cells(reader, rows, column.optional, |cell| {
                    let text = cell.map_or(Ok(String::new()), |cell| kind.text(&cell));
                    let row = texts.len() - before;
                    texts.push(text.unwrap_or_else(|reason| {
                        bad.get_or_insert((row, reason));
                        String::new()
                    }));
                })
            })?;
            if let Some((row, reason)) = bad {
                return Err(bad_cell(column, row, reason));
            }
            complete(column, texts.len() - before)?;
        }
        open.rows_left -= rows as u64;
        Ok(())
    }

    fn skip(&mut self, rows: u64) -> Result<u64, TabularError> {
        let mut skipped = 0;
        while skipped < rows {
            let wanted = rows - skipped;
            // whole row groups are passed over without opening them
            if self.open.as_ref().is_none_or(|open| open.rows_left == 0)
                && let Some(&group) = self.contents.groups.get(self.next_group)
                && group <= wanted
            {
                self.open = None;
                self.next_group += 1;
                skipped += group;
                continue;
            }
            let here = self.rows_left_here()?.min(wanted);
            if here == 0 {
                break;
            }
            let path = &self.contents.path;
            if let Some(open) = &mut self.open {
                for reader in &mut open.readers {
                    let passed = guarded(path, || skip_cells(reader, here as usize))?;
                    if passed as u64 != here {
                        let reason = "a column ends before its row group does";
                        return Err(TabularError::damaged(path, reason));
                    }
                }
                open.rows_left -= here;
            }
            skipped += here;
        }
        self.next_row += skipped;
        Ok(skipped)
    }

    fn unless_failed<T>(
        &mut self,
        f: impl FnOnce(&mut Self) -> Result<T, TabularError>,
    ) -> Result<T, TabularError> {
        if self.failed {
            let path = self.contents.path.clone();
            return Err(TabularError::Failed { path });
        }
        let result = f(self);
        self.failed = result.is_err();
        result
    }
}

fn skip_cells(reader: &mut ColumnReader, rows: usize) -> parquet::errors::Result<usize> {
    match reader {
        ColumnReader::BoolColumnReader(of) => of.skip_records(rows),
        ColumnReader::Int32ColumnReader(of) => of.skip_records(rows),
        ColumnReader::Int64ColumnReader(of) => of.skip_records(rows),
        ColumnReader::Int96ColumnReader(of) => of.skip_records(rows),
        ColumnReader::FloatColumnReader(of) => of.skip_records(rows),
        ColumnReader::DoubleColumnReader(of) => of.skip_records(rows),
        ColumnReader::ByteArrayColumnReader(of) => of.skip_records(rows),
        ColumnReader::FixedLenByteArrayColumnReader(of) => of.skip_records(rows),
    }
}

impl TableReader for ParquetReader {
    fn total_rows(&self) -> Option<u64> {
        Some(self.contents.rows)
    }

    fn next_block(&mut self, rows: usize) -> Result<Option<Block>, TabularError> {
        self.unless_failed(|reader| reader.read(rows.max(1)))
    }

    fn skip_rows(&mut self, rows: u64) -> Result<u64, TabularError> {
        self.unless_failed(|reader| reader.skip(rows))
    }
}
