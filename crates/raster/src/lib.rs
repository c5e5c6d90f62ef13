//! GeoTIFFs read by windows, Cloud-Optimized GeoTIFFs written block by block.
//!
//! - [`RasterFile`] says what is in a file, [`GeoReference`] where it lies.
//! - [`Stack`] is several files as one grid of bands; a [`StackReader`] for each thread reads its
//!   [`Window`]s as `f32`, missing values as NaN.
//! - [`CogWriter`] writes the blocks of a [`CogSpec`] from several threads, goes on where a killed
//!   process stopped, and adds overviews at the end.

#![forbid(unsafe_code)]

mod band_info;
mod beside;
mod cog;
mod error;
mod file;
mod georeference;
mod image;
mod masks;
mod metadata;
mod pages;
mod placement;
mod positioned;
mod stack;
mod tiff;
mod window;

pub use band_info::BandInfo;
pub use cog::{CogBand, CogCompression, CogNumber, CogSpec, CogWriter};
pub use error::RasterError;
pub use file::RasterFile;
pub use georeference::GeoReference;
pub use stack::{BandChoice, Stack, StackBand, StackReader};
pub use tiff::samples::SampleType;
pub use window::Window;
