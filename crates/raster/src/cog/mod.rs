//! Cloud-Optimized GeoTIFFs, written block by block.

mod assemble;
mod coding;
mod header;
mod journal;
mod levels;
mod overviews;
mod spec;
mod writer;

pub use spec::{CogBand, CogCompression, CogNumber, CogSpec};
pub use writer::CogWriter;
