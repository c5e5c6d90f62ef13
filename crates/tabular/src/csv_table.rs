//! Tables as text.

mod bounded;
mod read;
mod write;

pub(crate) use read::{CsvReader, column_names};
pub(crate) use write::CsvWriter;
