//! A number of a row that is out of its range.

use crate::cell::shown;
use crate::{DataError, Place, Reason};
use std::sync::Arc;

/// A number out of its range.
#[derive(Clone, Copy)]
pub(crate) struct Outside<'a> {
    /// Which of the declared numbers.
    pub(crate) number: usize,
    pub(crate) quantity: &'a str,
    pub(crate) unit: &'a str,
    /// Whether it is the sun's, computed from the date.
    pub(crate) of_date: bool,
    /// In the unit.
    pub(crate) value: f64,
    /// As written, unless computed.
    pub(crate) cell: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Outside<'_> {
    /// `text` is that of the cell.
    pub(crate) fn into_error(self, place: Place, text: &str) -> DataError {
        let place = Box::new(place);
        if self.of_date {
            return DataError::SunOutOfRange {
                place,
                date: shown(text),
                zenith: self.value,
                min: self.min,
                max: self.max,
            };
        }
        DataError::OutOfRange {
            place,
            quantity: self.quantity.into(),
            value: self.value,
            unit: self.unit.into(),
            cell: self.cell,
            min: self.min,
            max: self.max,
        }
    }

    pub(crate) fn into_reason(self, column: Arc<str>) -> Reason {
        if self.of_date {
            return Reason::SunOutOfRange {
                column,
                zenith: self.value,
                min: self.min,
                max: self.max,
            };
        }
        Reason::OutOfRange {
            column,
            value: self.value,
            min: self.min,
            max: self.max,
        }
    }
}
