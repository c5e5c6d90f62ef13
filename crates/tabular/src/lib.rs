//! Tables of numbers larger than memory, read and written block by block.
//!
//! Three formats, chosen by the ending of the file's name ([`Format`]): `.csv`, `.parquet` and `.npy`.
//! [`open`] gives some columns as numbers and carries others along as text; [`create`] writes columns of
//! numbers beside such text:
//!
//! ```no_run
//! # fn main() -> Result<(), tabular::TabularError> {
//! use std::path::Path;
//! use tabular::{OutputColumn, Wanted};
//!
//! let wanted = Wanted { kept: vec!["plot".into()], ..Wanted::numbers(["B04", "B08"]) };
//! let ndvi = OutputColumn {
//!     name: "ndvi".into(),
//!     unit: "1".into(),
//!     description: "normalised difference vegetation index".into(),
//! };
//! let mut table = tabular::open(Path::new("reflectance.parquet"), &wanted)?;
//! let mut out = tabular::create(Path::new("ndvi.csv"), &wanted.kept, &[ndvi])?;
//! while let Some(block) = table.next_block(4096)? {
//!     let (red, infrared) = (block.numbers.column(0), block.numbers.column(1));
//!     let values = ((&infrared - &red) / (&infrared + &red)).mapv(|v| v as f32);
//!     out.append(&block.kept, values.view().insert_axis(ndarray::Axis(1)))?;
//! }
//! out.finish()?;
//! # Ok(())
//! # }
//! ```
//!
//! Memory is that of a block, of one row group that is written ([`ROWS_OF_A_GROUP`] rows) and of one page of
//! each parquet column that is read, whatever the size of the table. A damaged page can claim up to the 2 GiB
//! that the parquet format allows; everything else a header claims is compared with the file first.

#![forbid(unsafe_code)]

mod cells;
mod columns_file;
mod csv_table;
mod error;
mod format;
mod npy;
mod parquet_table;
mod part_file;
mod rows_to_write;
mod table;

pub use columns_file::columns_file;
pub use error::{Place, RowPlace, TabularError};
pub use format::{Format, column_names, create, open, row_place};
pub use parquet_table::ROWS_OF_A_GROUP;
pub use table::{Block, OutputColumn, TableReader, TableWriter, Wanted};
