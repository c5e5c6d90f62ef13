//! NumPy arrays as `phys_smpl/_arrays.py` hands them over: two dimensions, numbers of this machine in their places.

use ndarray::{ArrayView2, Axis, CowArray, Ix2, s};
use numpy::{PyReadonlyArray2, PyUntypedArray, PyUntypedArrayMethods};
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

/// Refuses an array whose numbers are not a whole number of steps apart: the view would be of other numbers.
fn in_whole_steps(what: &str, given: &Bound<'_, PyAny>) -> PyResult<()> {
    let array = given
        .cast::<PyUntypedArray>()
        .map_err(|_| PyTypeError::new_err(format!("{what} is no NumPy array")))?;
    let size = isize::try_from(array.dtype().itemsize()).unwrap_or(isize::MAX);
    if size == 0 || array.strides().iter().any(|stride| stride % size != 0) {
        return Err(PyValueError::new_err(format!(
            "{what} has strides that are no multiple of its numbers' size"
        )));
    }
    Ok(())
}

impl<'py> Table<'py> {
    /// # Errors
    /// `TypeError` of another type or number of dimensions.
    pub fn of(what: &str, given: &Bound<'py, PyAny>) -> PyResult<Self> {
        in_whole_steps(what, given)?;
        if let Ok(table) = given.extract() {
            return Ok(Self::Double(table));
        }
        given.extract().map(Self::Single).map_err(|_| {
            PyTypeError::new_err(format!(
                "{what} is no array of float64 or float32 with 2 dimensions"
            ))
        })
    }

    /// Whether results are `float32` too.
    pub fn is_single(&self) -> bool {
        matches!(self, Self::Single(_))
    }

    /// Rows and columns.
    pub fn dim(&self) -> (usize, usize) {
        match self {
            Self::Double(table) => table.as_array().dim(),
            Self::Single(table) => table.as_array().dim(),
        }
    }

    /// The same without the interpreter, for threads.
    pub fn numbers(&self) -> Numbers<'_> {
        match self {
            Self::Double(table) => Numbers::Double(table.as_array()),
            Self::Single(table) => Numbers::Single(table.as_array()),
        }
    }
}

/// The numbers of a [`Table`].
#[derive(Clone, Copy)]
pub enum Numbers<'a> {
    /// Of [`Table::Double`].
    Double(ArrayView2<'a, f64>),
    /// Of [`Table::Single`].
    Single(ArrayView2<'a, f32>),
}

impl<'a> Numbers<'a> {
    /// Some rows, in double precision.
    pub fn rows(&self, rows: Range<usize>) -> CowArray<'a, f64, Ix2> {
        match self {
            Self::Double(all) => CowArray::from(all.clone().slice_move(s![rows, ..])),
            Self::Single(all) => CowArray::from(all.slice(s![rows, ..]).mapv(f64::from)),
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
        in_whole_steps("x", given)?;
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
                "x is no array of float32, float64, uint16 or int16 with 2 dimensions",
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

    /// A number as cells of this type hold it: −9999.9 in `float32` is not quite −9999.9.
    pub fn as_held(&self, number: f64) -> f64 {
        match self {
            Self::Single(_) => f64::from(number as f32),
            _ => number,
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
