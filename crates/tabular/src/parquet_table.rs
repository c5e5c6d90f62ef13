//! Tables as Apache Parquet.

mod chunks;
mod contents;
mod footer;
mod kind;
mod read;
mod source;
mod write;

pub(crate) use read::{ParquetReader, column_names};
pub(crate) use write::ParquetWriter;
pub use write::ROWS_OF_A_GROUP;
