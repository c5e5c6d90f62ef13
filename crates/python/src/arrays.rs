//! NumPy arrays of either number type.

use ndarray::{Array2, ArrayView2, CowArray, Ix2};
use numpy::{PyArrayDyn, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

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

fn widened(table: ArrayView2<f32>) -> Array2<f64> {
    table.mapv(f64::from)
}
