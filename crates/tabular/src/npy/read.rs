//! Reading arrays, some rows at a time.

use super::header::{Bad, Header};
use crate::columns_file;
use crate::error::TabularError;
use crate::format::positions;
use crate::table::{Block, TableReader, Wanted};
use ndarray::Array2;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Bytes read at once.
const PIECE: usize = 1 << 20;

/// Most columns of a table: a shape with none or with many rows of nothing could claim any number.
const MOST_COLUMNS: u64 = 1 << 20;

/// Opens a file and checks that it is as long as its header says.
fn open_checked(path: &Path) -> Result<(File, Header), TabularError> {
    let mut file = File::open(path).map_err(|e| TabularError::read(path, e))?;
    let header = Header::read(&mut file).map_err(|bad| match bad {
        Bad::Damaged(reason) => TabularError::damaged(path, reason),
        Bad::Unsupported(found, expected) => TabularError::Unsupported {
            path: path.to_owned(),
            found,
            expected,
        },
    })?;
    if !(1..=MOST_COLUMNS).contains(&header.columns) {
        return Err(TabularError::Unsupported {
            path: path.to_owned(),
            found: format!("{} columns", header.columns),
            expected: "1 to 1048576",
        });
    }
    let length = file
        .metadata()
        .map_err(|e| TabularError::read(path, e))?
        .len();
    if header.file_length() != Some(length) {
        let Header { rows, columns, .. } = header;
        let expected = header
            .file_length()
            .map_or("more than any file has".to_owned(), |n| n.to_string());
        return Err(TabularError::damaged(
            path,
            format!("{length} bytes, but {rows} rows of {columns} columns take {expected}"),
        ));
    }
    Ok((file, header))
}

/// The names of a file's columns: those given, else those beside it, else its positions.
fn names(
    path: &Path,
    columns: usize,
    given: Option<&[String]>,
) -> Result<Vec<String>, TabularError> {
    let (names, source_of_names) = match given {
        Some(names) => (names.to_vec(), "the given order".to_owned()),
        None => match columns_file::names(path)? {
            Some(names) => (
                names,
                columns_file::columns_file(path).display().to_string(),
            ),
            None => return Ok((0..columns).map(|i| i.to_string()).collect()),
        },
    };
    if names.len() == columns {
        return Ok(names);
    }
    Err(TabularError::NamesOfPositions {
        path: path.to_owned(),
        columns,
        names: names.len(),
        source_of_names,
    })
}

/// The names of a file's columns.
pub(crate) fn column_names(path: &Path) -> Result<Vec<String>, TabularError> {
    let (_, header) = open_checked(path)?;
    names(path, header.columns as usize, None)
}

/// Some columns of a file.
pub(crate) struct NpyReader {
    path: PathBuf,
    file: File,
    header: Header,
    numbers: Vec<usize>,
    kept: Vec<usize>,
    next_row: u64,
    bytes: Vec<u8>,
}

impl NpyReader {
    pub(crate) fn open(path: &Path, wanted: &Wanted) -> Result<Self, TabularError> {
        let (file, header) = open_checked(path)?;
        let present = names(path, header.columns as usize, wanted.positions.as_deref())?;
        Ok(Self {
            path: path.to_owned(),
            numbers: positions(path, &wanted.numbers, &present)?,
            kept: positions(path, &wanted.kept, &present)?,
            file,
            header,
            next_row: 0,
            bytes: Vec::new(),
        })
    }

    /// Reads `rows` rows, which are there.
    fn read(&mut self, rows: usize) -> io::Result<Block> {
        let mut block = Block {
            first_row: self.next_row,
            numbers: Array2::zeros((rows, self.numbers.len())),
            kept: vec![Vec::with_capacity(rows); self.kept.len()],
        };
        if self.header.fortran_order {
            self.read_columns(&mut block)?;
        } else {
            self.read_rows(&mut block)?;
        }
        self.next_row += rows as u64;
        Ok(block)
    }

    fn read_rows(&mut self, block: &mut Block) -> io::Result<()> {
        let element = self.header.element;
        let size = element.size();
        let row_bytes = size * self.header.columns as usize;
        let start = self.header.length + self.next_row * row_bytes as u64;
        self.file.seek(SeekFrom::Start(start))?;
        let rows = block.rows();
        let at_once = (PIECE / row_bytes).max(1);
        for first in (0..rows).step_by(at_once) {
            let here = at_once.min(rows - first);
            self.bytes.resize(here * row_bytes, 0);
            self.file.read_exact(&mut self.bytes)?;
            for (row, bytes) in self.bytes.chunks_exact(row_bytes).enumerate() {
                let mut numbers = block.numbers.row_mut(first + row);
                for (number, &column) in numbers.iter_mut().zip(&self.numbers) {
                    *number = element.number(&bytes[column * size..]);
                }
                for (texts, &column) in block.kept.iter_mut().zip(&self.kept) {
                    texts.push(element.text(&bytes[column * size..]));
                }
            }
        }
        Ok(())
    }

    fn read_columns(&mut self, block: &mut Block) -> io::Result<()> {
        let element = self.header.element;
        let size = element.size();
        let rows = block.rows();
        for place in 0..self.numbers.len() {
            self.seek_column(self.numbers[place])?;
            let mut numbers = block.numbers.column_mut(place);
            let mut row = 0;
            while row < rows {
                for bytes in self.piece(rows - row)?.chunks_exact(size) {
                    numbers[row] = element.number(bytes);
                    row += 1;
                }
            }
        }
        for place in 0..self.kept.len() {
            self.seek_column(self.kept[place])?;
            let texts = &mut block.kept[place];
            while texts.len() < rows {
                let piece = self.piece(rows - texts.len())?;
                texts.extend(piece.chunks_exact(size).map(|bytes| element.text(bytes)));
            }
        }
        Ok(())
    }

    /// To the next row's element of a column, where columns follow each other.
    fn seek_column(&mut self, column: usize) -> io::Result<()> {
        let element = column as u64 * self.header.rows + self.next_row;
        let place = self.header.length + element * self.header.element.size() as u64;
        self.file.seek(SeekFrom::Start(place)).map(|_| ())
    }

    /// The bytes of at most `elements` elements from where the file is.
    fn piece(&mut self, elements: usize) -> io::Result<&[u8]> {
        let size = self.header.element.size();
        self.bytes.resize(elements.min(PIECE / size) * size, 0);
        self.file.read_exact(&mut self.bytes)?;
        Ok(&self.bytes)
    }
}

impl TableReader for NpyReader {
    fn total_rows(&self) -> Option<u64> {
        Some(self.header.rows)
    }

    fn next_block(&mut self, rows: usize) -> Result<Option<Block>, TabularError> {
        let left = self.header.rows - self.next_row;
        // no more than the file has bytes for: its length was compared with its header
        let rows = left.min(rows.max(1) as u64) as usize;
        if rows == 0 {
            return Ok(None);
        }
        // every block seeks its own bytes: one that failed is read again, no row is lost
        let read = self.read(rows);
        read.map(Some)
            .map_err(|e| TabularError::read(&self.path, e))
    }

    fn skip_rows(&mut self, rows: u64) -> Result<u64, TabularError> {
        let skipped = rows.min(self.header.rows - self.next_row);
        self.next_row += skipped;
        Ok(skipped)
    }
}
