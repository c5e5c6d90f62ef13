//! Tables as one array of NumPy.

mod header;
mod read;
mod write;

pub(crate) use read::{NpyReader, column_names};
pub(crate) use write::NpyWriter;
