//! What is in a parquet file, checked before anything of it is decoded.

use super::kind::Kind;
use super::source::{Source, guarded};
use crate::TabularError;
use crate::format::positions;
use parquet::basic::{Compression, Repetition};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{FileReader, Length, SerializedFileReader};
use std::path::{Path, PathBuf};

/// A column that is read.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// Which of the columns with values it is.
    pub(crate) leaf: usize,
    pub(crate) kind: Kind,
    /// Whether it can have nulls.
    pub(crate) optional: bool,
}

/// An open file.
pub(crate) struct Contents {
    pub(crate) path: PathBuf,
    pub(crate) file: SerializedFileReader<Source>,
    length: u64,
    /// Names of the columns, nested ones by their outermost name.
    pub(crate) names: Vec<String>,
    /// Rows of each row group.
    pub(crate) groups: Vec<u64>,
    /// Their sum.
    pub(crate) rows: u64,
}

impl Contents {
    pub(crate) fn open(path: &Path) -> Result<Self, TabularError> {
        let source = Source::open(path)?;
        let length = source.len();
        source.check_footer(path)?;
        let file = guarded(path, || SerializedFileReader::new(source))?;
        let metadata = file.metadata();
        let schema = metadata.file_metadata().schema_descr();
        let fields = schema.root_schema().get_fields();
        let names = fields.iter().map(|field| field.name().to_owned());
        let rows_of = |rows: i64| {
            u64::try_from(rows)
                .map_err(|_| TabularError::damaged(path, format!("a row group of {rows} rows")))
        };
        let groups = metadata.row_groups().iter();
        let groups: Vec<u64> = groups
            .map(|group| rows_of(group.num_rows()))
            .collect::<Result<_, _>>()?;
        let rows = rows_of(metadata.file_metadata().num_rows())?;
        let sum = groups
            .iter()
            .try_fold(0_u64, |sum, &rows| sum.checked_add(rows));
        if sum != Some(rows) {
            let reason = format!("{rows} rows, but its row groups have another number");
            return Err(TabularError::damaged(path, reason));
        }
        Ok(Self {
            path: path.to_owned(),
            names: names.collect(),
            groups,
            rows,
            length,
            file,
        })
    }

    /// The columns of these names, each with values of its own that can be read.
    pub(crate) fn columns(&self, names: &[String]) -> Result<Vec<Column>, TabularError> {
        let places = positions(&self.path, names, &self.names)?;
        let columns = names.iter().zip(places);
        columns
            .map(|(name, place)| self.column(name, place))
            .collect()
    }

    fn column(&self, name: &str, place: usize) -> Result<Column, TabularError> {
        let schema = self.file.metadata().file_metadata().schema_descr();
        let field = &schema.root_schema().get_fields()[place];
        let of_type = |found: String, expected| TabularError::ColumnType {
            path: self.path.clone(),
            column: name.to_owned(),
            found,
            expected,
        };
        let flat = "a column with one value in each row";
        if !field.is_primitive() {
            return Err(of_type("nested (a list, map or structure)".into(), flat));
        }
        if field.get_basic_info().repetition() == Repetition::REPEATED {
            return Err(of_type("repeated (a list)".into(), flat));
        }
        let leaf = (0..schema.num_columns())
            .find(|&leaf| schema.get_column_root_idx(leaf) == place)
            .ok_or_else(|| TabularError::damaged(&self.path, format!("no values of {name:?}")))?;
        let kind = Kind::of(&schema.column(leaf)).map_err(|found| {
            of_type(
                found,
                "booleans, integers, floats, decimals, text, dates or times",
            )
        })?;
        for group in 0..self.groups.len() {
            self.check_chunk(group, leaf, name)?;
        }
        Ok(Column {
            name: name.to_owned(),
            leaf,
            kind,
            optional: schema.column(leaf).max_def_level() > 0,
        })
    }

    /// Looks at what the file says about a column in one row group.
    fn check_chunk(&self, group: usize, leaf: usize, name: &str) -> Result<(), TabularError> {
        let metadata = self.file.metadata().row_group(group);
        let damaged = |what: &str| {
            let reason = format!("column {name:?} in row group {group}: {what}");
            Err(TabularError::damaged(&self.path, reason))
        };
        let Some(chunk) = metadata.columns().get(leaf) else {
            return damaged("missing");
        };
        if let Compression::BROTLI(_) | Compression::LZO = chunk.compression() {
            return Err(TabularError::Unsupported {
                path: self.path.clone(),
                found: format!("column {name:?} compressed by {}", codec(chunk)),
                expected: "snappy, gzip, lz4, zstd or none",
            });
        }
        let start = chunk
            .dictionary_page_offset()
            .unwrap_or_else(|| chunk.data_page_offset());
        let end = start.checked_add(chunk.compressed_size());
        let inside = start >= 0
            && chunk.compressed_size() >= 0
            && end.is_some_and(|end| end as u64 <= self.length);
        if !inside {
            return damaged("its bytes are outside of the file");
        }
        if chunk.num_values() != metadata.num_rows() {
            return damaged("it has another number of values than rows");
        }
        Ok(())
    }
}

fn codec(chunk: &ColumnChunkMetaData) -> &'static str {
    match chunk.compression() {
        Compression::LZO => "LZO",
        _ => "brotli",
    }
}
