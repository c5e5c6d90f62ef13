//! What can go wrong in `physics`.

/// Errors of the physics crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PhysicsError {
    /// A quantity is not finite or outside its allowed range.
    #[error("row {row}: {name} = {value} {unit} is outside the allowed range {min} to {max}")]
    OutOfRange {
        /// Row of the batch, from 0.
        row: usize,
        /// Name of the quantity.
        name: String,
        /// Its value.
        value: f64,
        /// Its unit.
        unit: String,
        /// Smallest allowed value.
        min: f64,
        /// Largest allowed value.
        max: f64,
    },
    /// An array has the wrong shape.
    #[error("{what} has shape {found:?}, expected {expected:?}")]
    Shape {
        /// Which array.
        what: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// The shape it must have.
        expected: Vec<usize>,
    },
}
