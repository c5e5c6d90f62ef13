//! Tables as text.

mod bounded;
mod read;
mod write;

pub(crate) use read::{CsvReader, column_names, line_of_row};
pub(crate) use write::CsvWriter;
