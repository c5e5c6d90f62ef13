//! A rectangle of pixels.

use crate::RasterError;
use std::fmt;

/// A rectangle of pixels of a grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// Its leftmost column, from 0.
    pub col: usize,
    /// Its uppermost row, from 0.
    pub row: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Window {
    /// The window of `width` x `height` pixels whose upper left one is (`col`, `row`).
    pub fn new(col: usize, row: usize, width: usize, height: usize) -> Self {
        Self {
            col,
            row,
            width,
            height,
        }
    }

    /// Number of pixels.
    pub fn pixels(&self) -> usize {
        self.width.saturating_mul(self.height)
    }

    /// The part that both windows have, if there is one.
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let col = self.col.max(other.col);
        let row = self.row.max(other.row);
        let right = self.right().min(other.right());
        let bottom = self.bottom().min(other.bottom());
        (right > col && bottom > row).then(|| Self::new(col, row, right - col, bottom - row))
    }

    /// The column behind the last one.
    pub(crate) fn right(&self) -> usize {
        self.col.saturating_add(self.width)
    }

    /// The row behind the last one.
    pub(crate) fn bottom(&self) -> usize {
        self.row.saturating_add(self.height)
    }

    /// Whether all of `other` is in here.
    pub(crate) fn holds(&self, other: &Self) -> bool {
        self.intersection(other) == Some(*other)
    }

    pub(crate) fn check(self, width: usize, height: usize) -> Result<(), RasterError> {
        if Self::new(0, 0, width, height).holds(&self) {
            return Ok(());
        }
        Err(RasterError::Window {
            window: self,
            width,
            height,
        })
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            col,
            row,
            width,
            height,
        } = self;
        write!(f, "{width} x {height} at column {col}, row {row}")
    }
}
