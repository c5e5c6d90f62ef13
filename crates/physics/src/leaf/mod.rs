//! A leaf: interfaces, plates and stacks of them (PROSPECT).

mod contents;
mod interface;
mod jacobian;
mod plates;
mod prospect;
mod version;

pub use contents::LeafParameters;
pub(crate) use contents::ranges as prospect_ranges;
pub use jacobian::LeafJacobian;
pub(crate) use plates::{Plate, keep_off_zero, stack_of_plates};
pub use prospect::{LeafOptics, Prospect};
pub use version::LeafVersion;
