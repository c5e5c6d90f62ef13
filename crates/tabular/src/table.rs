//! What a table is to its users: blocks of rows.

use crate::TabularError;
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

/// Which columns of a table to read, and as what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Columns needed as numbers, in the order of [`Block::numbers`].
    pub numbers: Vec<String>,
    /// Columns carried along as text, in the order of [`Block::kept`]; a column may also be in `numbers`.
    pub kept: Vec<String>,
    /// Names of the columns of a `.npy` file, in its order, as many as it has. `None`: those of the
    /// `<file>.columns.json` beside it, if there is one, else `"0"`, `"1"`, …. Other formats ignore it.
    pub positions: Option<Vec<String>>,
}

impl Wanted {
    /// Columns as numbers alone.
    pub fn numbers<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self {
            numbers: names.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }
}

/// Some successive rows of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Number of the first row in the table, from 0 (a header line is no row).
    pub first_row: u64,
    /// Rows × [`Wanted::numbers`], C order. NaN where the cell has no number: empty, `NA`, `NaN`, `null` or
    /// `none` in any case, a null of parquet. Infinities are passed on.
    pub numbers: Array2<f64>,
    /// For each of [`Wanted::kept`] its text in every row; empty where the cell is null.
    pub kept: Vec<Vec<String>>,
}

impl Block {
    /// Number of rows, at least 1.
    pub fn rows(&self) -> usize {
        self.numbers.nrows()
    }
}

/// A table that is read from its first row to its last.
pub trait TableReader: Send {
    /// Rows of the whole table; `None` where only reading tells (`.csv`).
    fn total_rows(&self) -> Option<u64>;

    /// The next rows: `rows` of them, fewer only at the end of the table, `None` after it. `rows` = 0 reads
    /// one row.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, or a wanted cell is not a number. After an error the reader stays
    /// failed.
    fn next_block(&mut self, rows: usize) -> Result<Option<Block>, TabularError>;

    /// Passes over rows without looking at their cells, and says how many there were: fewer than `rows` only
    /// at the end of the table.
    ///
    /// # Errors
    /// The file cannot be read or is damaged.
    fn skip_rows(&mut self, rows: u64) -> Result<u64, TabularError>;
}

/// A column of numbers to write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputColumn {
    /// Name, unique in the table.
    pub name: String,
    /// Unit; empty where there is none.
    #[serde(default)]
    pub unit: String,
    /// What the numbers are.
    #[serde(default)]
    pub description: String,
}

/// A table that is written from its first row to its last.
///
/// Rows go to `<file>.part`; only [`TableWriter::finish`] puts the table in its place. A writer that is dropped
/// before leaves nothing behind.
pub trait TableWriter: Send {
    /// Adds rows: `kept` has the text of each kept column, `values` is rows × columns; NaN is written as an
    /// empty cell (`.csv`), null (`.parquet`) or NaN (`.npy`).
    ///
    /// # Errors
    /// The sizes do not fit the columns; the file cannot be written.
    fn append(
        &mut self,
        kept: &[Vec<String>],
        values: ArrayView2<'_, f32>,
    ) -> Result<(), TabularError>;

    /// Ends the table, syncs it and puts it in its place; returns the number of its rows.
    ///
    /// # Errors
    /// The file cannot be written; what was in its place is then untouched.
    fn finish(self: Box<Self>) -> Result<u64, TabularError>;
}
