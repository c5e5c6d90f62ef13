//! A leaf: interfaces, plates and stacks of them (PROSPECT).

mod interface;
mod plates;
mod prospect;

pub(crate) use plates::{Plate, keep_off_zero, stack_of_plates};
pub(crate) use prospect::ranges as prospect_ranges;
pub use prospect::{LeafOptics, LeafParameters, LeafVersion, Prospect};
