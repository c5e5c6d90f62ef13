//! Writing arrays of 32-bit floats, row after row.

use super::header::MAGIC;
use crate::part_file::PartFile;
use crate::table::{OutputColumn, TableWriter};
use crate::{TabularError, columns_file, rows_to_write};
use ndarray::ArrayView2;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes of the header, whatever the number of rows: known before they are.
const HEADER: usize = 128;

/// A file on its way, with its `.columns.json`.
pub(crate) struct NpyWriter {
    bytes: BufWriter<File>,
    // dropped after the bytes, which write what they still hold
    part: PartFile,
    columns: Vec<OutputColumn>,
    rows: u64,
    failed: bool,
}

fn header(rows: u64, columns: usize) -> Vec<u8> {
    let mut text =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    let length = HEADER - MAGIC.len() - 4;
    // the longest numbers leave room: 20 digits of each
    let spaces = (length - 1).saturating_sub(text.len());
    text.extend(std::iter::repeat_n(' ', spaces));
    text.push('\n');
    let mut bytes = [MAGIC, &[1, 0]].concat();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}

impl NpyWriter {
    pub(crate) fn create(
        path: &Path,
        kept: &[String],
        columns: &[OutputColumn],
    ) -> Result<Self, TabularError> {
        if !kept.is_empty() {
            return Err(TabularError::TextInNpy {
                path: path.to_owned(),
                columns: kept.to_vec(),
            });
        }
        let part = PartFile::create(path)?;
        let mut bytes = part.writer()?;
        bytes
            .write_all(&header(0, columns.len()))
            .map_err(|e| part.error(e))?;
        Ok(Self {
            bytes,
            part,
            columns: columns.to_vec(),
            rows: 0,
            failed: false,
        })
    }
}

impl TableWriter for NpyWriter {
    fn append(
        &mut self,
        kept: &[Vec<String>],
        values: ArrayView2<'_, f32>,
    ) -> Result<(), TabularError> {
        rows_to_write::check(kept, values, 0, self.columns.len())?;
        let mut elements = values.iter();
        elements
            .try_for_each(|value| self.bytes.write_all(&value.to_le_bytes()))
            .map_err(|e| {
                self.failed = true;
                self.part.error(e)
            })?;
        self.rows += values.nrows() as u64;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<u64, TabularError> {
        let Self {
            mut bytes,
            part,
            columns,
            rows,
            failed,
        } = *self;
        if failed {
            let path = part.target().to_owned();
            return Err(TabularError::Failed { path });
        }
        let mut with_header = || -> io::Result<()> {
            bytes.seek(SeekFrom::Start(0))?;
            bytes.write_all(&header(rows, columns.len()))?;
            bytes.flush()
        };
        with_header().map_err(|e| part.error(e))?;
        drop(bytes);
        // names without a table harm less than a table with the names of another
        columns_file::write(part.target(), &columns)?;
        part.place()?;
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npy::header::Header;

    #[test]
    fn the_header_has_one_length() {
        for (rows, columns) in [(0, 1), (7, 22), (u64::MAX, usize::MAX)] {
            let bytes = header(rows, columns);
            assert_eq!(bytes.len(), HEADER);
            let read = Header::read(&mut bytes.as_slice()).unwrap();
            assert_eq!((read.rows, read.columns), (rows, columns as u64));
            assert_eq!(read.length, HEADER as u64);
        }
    }
}
