//! NumPy arrays of either number type.

use ndarray::{Array2, ArrayView2, Axis, CowArray, Ix2};
use numpy::{PyArrayDyn, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use std::ops::Range;

/// An n × k table of a user, borrowed.
pub enum Table<'py> {
    /// `float64`: read where it lies.
    Double(PyReadonlyArray2<'py, f64>),
    /// `float32`: widened when it is read.
    Single(PyReadonlyArray2<'py, f32>),
}

impl<'py> Table<'py> {
    /// # Errors
    /// `TypeError` of another type, `ValueError` of another number of dimensions.
    pub fn of(what: &str, given: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(table) = given.extract() {
            return Ok(Self::Double(table));
        }
        if let Ok(table) = given.extract() {
            return Ok(Self::Single(table));
        }
        let dimensions = |n: usize| {
            PyValueError::new_err(format!(
                "{what} has {n} dimensions; allowed: 2, a row a sample"
            ))
        };
        if let Ok(array) = given.downcast::<PyArrayDyn<f64>>() {
            return Err(dimensions(array.ndim()));
        }
        if let Ok(array) = given.downcast::<PyArrayDyn<f32>>() {
            return Err(dimensions(array.ndim()));
        }
        Err(PyTypeError::new_err(format!(
            "{what} is no NumPy array of float64 or float32"
        )))
    }

    /// Whether results are `float32` too.
    pub fn is_single(&self) -> bool {
        matches!(self, Self::Single(_))
    }

    /// Its numbers.
    pub fn numbers(&self) -> CowArray<'_, f64, Ix2> {
        match self {
            Self::Double(table) => CowArray::from(table.as_array()),
            Self::Single(table) => CowArray::from(widened(table.as_array())),
        }
    }
}

/// n observations as a sensor's files hold them, n × d, borrowed.
pub enum Observed<'py> {
    /// `float64`.
    Double(PyReadonlyArray2<'py, f64>),
    /// `float32`.
    Single(PyReadonlyArray2<'py, f32>),
    /// `uint16`, digital numbers.
    Digital(PyReadonlyArray2<'py, u16>),
    /// `int16`, digital numbers.
    Signed(PyReadonlyArray2<'py, i16>),
}

/// The same without the interpreter, for threads.
#[derive(Clone, Copy)]
pub enum Cells<'a> {
    /// Of [`Observed::Double`].
    Double(ArrayView2<'a, f64>),
    /// Of [`Observed::Single`].
    Single(ArrayView2<'a, f32>),
    /// Of [`Observed::Digital`].
    Digital(ArrayView2<'a, u16>),
    /// Of [`Observed::Signed`].
    Signed(ArrayView2<'a, i16>),
}

impl<'py> Observed<'py> {
    /// # Errors
    /// `TypeError` of another type or number of dimensions.
    pub fn of(given: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(table) = given.extract() {
            return Ok(Self::Double(table));
        }
        if let Ok(table) = given.extract() {
            return Ok(Self::Single(table));
        }
        if let Ok(table) = given.extract() {
            return Ok(Self::Digital(table));
        }
        given.extract().map(Self::Signed).map_err(|_| {
            PyTypeError::new_err(
                "x is no NumPy array of float32, float64, uint16 or int16 with 2 dimensions, a row an observation",
            )
        })
    }

    /// Its numbers.
    pub fn cells(&self) -> Cells<'_> {
        match self {
            Self::Double(table) => Cells::Double(table.as_array()),
            Self::Single(table) => Cells::Single(table.as_array()),
            Self::Digital(table) => Cells::Digital(table.as_array()),
            Self::Signed(table) => Cells::Signed(table.as_array()),
        }
    }
}

impl Cells<'_> {
    /// Rows and columns.
    pub fn dim(&self) -> (usize, usize) {
        match self {
            Self::Double(cells) => cells.dim(),
            Self::Single(cells) => cells.dim(),
            Self::Digital(cells) => cells.dim(),
            Self::Signed(cells) => cells.dim(),
        }
    }

    /// Some rows, column after column, each number through `of`.
    pub fn columns(&self, rows: Range<usize>, of: impl Fn(f64) -> f32) -> Vec<f32> {
        fn through<T: Copy + Into<f64>>(
            cells: &ArrayView2<T>,
            rows: Range<usize>,
            of: impl Fn(f64) -> f32,
        ) -> Vec<f32> {
            let rows = cells.slice_axis(Axis(0), rows.into());
            rows.t().iter().map(|&v| of(v.into())).collect()
        }
        match self {
            Self::Double(cells) => through(cells, rows, of),
            Self::Single(cells) => through(cells, rows, of),
            Self::Digital(cells) => through(cells, rows, of),
            Self::Signed(cells) => through(cells, rows, of),
        }
    }
}

fn widened(table: ArrayView2<f32>) -> Array2<f64> {
    table.mapv(f64::from)
}
