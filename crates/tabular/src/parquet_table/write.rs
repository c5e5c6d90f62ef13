//! Writing parquet: text and 32-bit floats, both with nulls.

use crate::part_file::PartFile;
use crate::table::{OutputColumn, TableWriter};
use crate::{TabularError, columns_file, rows_to_write};
use ndarray::{ArrayView2, Axis};
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, FloatType};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, Type};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

/// Rows of one row group: what a writer keeps in memory.
pub const ROWS_OF_A_GROUP: usize = 1 << 16;

/// A file on its way.
pub(crate) struct ParquetWriter {
    file: SerializedFileWriter<BufWriter<File>>,
    // dropped after the file, which writes what it still holds
    part: PartFile,
    /// Rows of the row group to come, one list for each column.
    kept: Vec<Vec<String>>,
    values: Vec<Vec<f32>>,
    rows_here: usize,
    rows: u64,
    failed: bool,
}

fn schema(kept: &[String], columns: &[OutputColumn]) -> Result<Type> {
    let text = kept.iter().map(|name| {
        Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(Some(LogicalType::String))
            .build()
    });
    let numbers = columns.iter().map(|column| {
        Type::primitive_type_builder(&column.name, Physical::FLOAT)
            .with_repetition(Repetition::OPTIONAL)
            .build()
    });
    let fields = text.chain(numbers).map(|field| field.map(Arc::new));
    Type::group_type_builder("table")
        .with_fields(fields.collect::<Result<_>>()?)
        .build()
}

fn properties(columns: &[OutputColumn]) -> WriterProperties {
    let metadata = KeyValue::new("columns".to_owned(), columns_file::to_json(columns));
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROWS_OF_A_GROUP))
        .set_key_value_metadata(Some(vec![metadata]));
    for column in columns {
        // inferred numbers hardly repeat: looking for it costs time and gains nothing
        let path = ColumnPath::new(vec![column.name.clone()]);
        builder = builder.set_column_dictionary_enabled(path, false);
    }
    builder.build()
}

impl ParquetWriter {
    pub(crate) fn create(
        path: &Path,
        kept: &[String],
        columns: &[OutputColumn],
    ) -> std::result::Result<Self, TabularError> {
        let part = PartFile::create(path)?;
        let file = schema(kept, columns).and_then(|schema| {
            let writer = part
                .writer()
                .map_err(|e| ParquetError::External(Box::new(e)))?;
            SerializedFileWriter::new(writer, Arc::new(schema), Arc::new(properties(columns)))
        });
        Ok(Self {
            file: file.map_err(|e| part.error(io_error(e)))?,
            part,
            kept: vec![Vec::new(); kept.len()],
            values: vec![Vec::new(); columns.len()],
            rows_here: 0,
            rows: 0,
            failed: false,
        })
    }

    /// Writes the rows that are kept in memory as one row group.
    fn write_group(&mut self) -> Result<()> {
        if self.rows_here == 0 {
            return Ok(());
        }
        let mut group = self.file.next_row_group()?;
        let (mut levels, mut texts, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        for column in &mut self.kept {
            levels.clear();
            texts.clear();
            for text in column.drain(..) {
                levels.push(i16::from(!text.is_empty()));
                if !text.is_empty() {
                    texts.push(ByteArray::from(text.into_bytes()));
                }
            }
            if let Some(mut writer) = group.next_column()? {
                let of_text = writer.typed::<ByteArrayType>();
                of_text.write_batch(&texts, Some(&levels), None)?;
                writer.close()?;
            }
        }
        for column in &mut self.values {
            levels.clear();
            levels.extend(column.iter().map(|value| i16::from(!value.is_nan())));
            numbers.clear();
            numbers.extend(column.drain(..).filter(|value| !value.is_nan()));
            if let Some(mut writer) = group.next_column()? {
                let of_numbers = writer.typed::<FloatType>();
                of_numbers.write_batch(&numbers, Some(&levels), None)?;
                writer.close()?;
            }
        }
        group.close()?;
        self.rows_here = 0;
        Ok(())
    }

    fn write(&mut self, kept: &[Vec<String>], values: ArrayView2<'_, f32>) -> Result<()> {
        let rows = values.nrows();
        let mut first = 0;
        while first < rows {
            let end = rows.min(first + ROWS_OF_A_GROUP - self.rows_here);
            for (column, texts) in self.kept.iter_mut().zip(kept) {
                column.extend_from_slice(&texts[first..end]);
            }
            for (column, values) in self.values.iter_mut().zip(values.axis_iter(Axis(1))) {
                column.extend(values.iter().skip(first).take(end - first));
            }
            self.rows_here += end - first;
            first = end;
            if self.rows_here == ROWS_OF_A_GROUP {
                self.write_group()?;
            }
        }
        Ok(())
    }
}

impl TableWriter for ParquetWriter {
    fn append(
        &mut self,
        kept: &[Vec<String>],
        values: ArrayView2<'_, f32>,
    ) -> std::result::Result<(), TabularError> {
        rows_to_write::check(kept, values, self.kept.len(), self.values.len())?;
        if self.failed {
            let path = self.part.target().to_owned();
            return Err(TabularError::Failed { path });
        }
        self.write(kept, values).map_err(|e| {
            self.failed = true;
            self.part.error(io_error(e))
        })?;
        self.rows += values.nrows() as u64;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> std::result::Result<u64, TabularError> {
        if self.failed {
            let path = self.part.target().to_owned();
            return Err(TabularError::Failed { path });
        }
        let last = self.write_group();
        let Self {
            file, part, rows, ..
        } = *self;
        let closed = last.and_then(|()| file.into_inner());
        let mut bytes = closed.map_err(|e| part.error(io_error(e)))?;
        bytes.flush().map_err(|e| part.error(e))?;
        drop(bytes);
        part.place()?;
        Ok(rows)
    }
}

fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
