//! Writing tables of text.

use crate::part_file::PartFile;
use crate::table::{OutputColumn, TableWriter};
use crate::{TabularError, cells, rows_to_write};
use ndarray::ArrayView2;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// A file of text on its way.
pub(crate) struct CsvWriter {
    text: csv::Writer<BufWriter<File>>,
    // dropped after the text, which writes what it still holds
    part: PartFile,
    kept: usize,
    columns: usize,
    rows: u64,
    failed: bool,
}

impl CsvWriter {
    pub(crate) fn create(
        path: &Path,
        kept: &[String],
        columns: &[OutputColumn],
    ) -> Result<Self, TabularError> {
        let part = PartFile::create(path)?;
        let mut text = csv::Writer::from_writer(part.writer()?);
        let header = kept.iter().chain(columns.iter().map(|column| &column.name));
        text.write_record(header)
            .map_err(|e| part.error(e.into()))?;
        Ok(Self {
            text,
            part,
            kept: kept.len(),
            columns: columns.len(),
            rows: 0,
            failed: false,
        })
    }

    fn write(&mut self, kept: &[Vec<String>], values: ArrayView2<'_, f32>) -> io::Result<()> {
        let mut number = String::new();
        for (row, values) in values.outer_iter().enumerate() {
            for texts in kept {
                self.text.write_field(&texts[row])?;
            }
            for &value in values {
                number.clear();
                cells::push_number(&mut number, value);
                self.text.write_field(&number)?;
            }
            self.text.write_record(None::<&[u8]>)?;
        }
        Ok(())
    }
}

impl TableWriter for CsvWriter {
    fn append(
        &mut self,
        kept: &[Vec<String>],
        values: ArrayView2<'_, f32>,
    ) -> Result<(), TabularError> {
        rows_to_write::check(kept, values, self.kept, self.columns)?;
        self.write(kept, values).map_err(|e| {
            self.failed = true;
            self.part.error(e)
        })?;
        self.rows += values.nrows() as u64;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<u64, TabularError> {
        let Self {
            mut text,
            part,
            rows,
            failed,
            ..
        } = *self;
        if failed {
            let path = part.target().to_owned();
            return Err(TabularError::Failed { path });
        }
        text.flush().map_err(|e| part.error(e))?;
        let mut file = text
            .into_inner()
            .map_err(|e| part.error(io::Error::other(e.to_string())))?;
        file.flush().map_err(|e| part.error(e))?;
        drop(file);
        part.place()?;
        Ok(rows)
    }
}
