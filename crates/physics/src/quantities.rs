//! Named parameters with their units and allowed ranges.

use crate::{PhysicsError, Quantity};

/// A parameter as its table lists it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    pub name: &'static str,
    pub unit: &'static str,
    pub min: f64,
    pub max: f64,
    pub default: f64,
}

impl Range {
    pub const fn new(
        name: &'static str,
        unit: &'static str,
        (min, max): (f64, f64),
        default: f64,
    ) -> Self {
        Self {
            name,
            unit,
            min,
            max,
            default,
        }
    }

    /// Refuse a value that is not finite or outside the range.
    pub fn check(&self, row: usize, value: f64) -> Result<(), PhysicsError> {
        if (self.min..=self.max).contains(&value) {
            return Ok(());
        }
        Err(PhysicsError::OutOfRange {
            row,
            name: self.name.into(),
            value,
            unit: self.unit.into(),
            min: self.min,
            max: self.max,
        })
    }

    pub fn quantity(&self) -> Quantity {
        Quantity {
            name: self.name.into(),
            unit: self.unit.into(),
            min: self.min,
            max: self.max,
            default: self.default,
        }
    }
}
