//! From observations of any number to estimates of the physical parameters: `trainer infer`.
//!
//! ```text
//! estimator   a block of observations in, columns of estimates out
//! networks    the model on its device, asked from the host
//! table_job   a table in, a table out
//! raster_job  rasters in, a GeoTIFF out
//! raster_sample  a few places of a raster, to judge it by
//! refinement  Levenberg-Marquardt steps from the encoder's answer
//! noise       what a refinement weighs errors with
//! columns     which columns there are
//! products    quantities of the canopy over ground area
//! input       what a file holds: described, and fitted to the model
//! evidence    whether the input can be what it is declared as
//! flags       what speaks against an estimate
//! ```

mod columns;
mod estimator;
mod evidence;
mod flags;
pub mod input;
mod networks;
mod noise;
mod products;
mod raster_job;
mod raster_sample;
mod refinement;
mod table_job;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use columns::{Column, Written};
pub(crate) use estimator::rmse_by_row;
pub use estimator::{Estimator, Observations, Request};
pub use evidence::Evidence;
pub use flags::{FLAGS, FlagCounts};
pub use noise::Noise;
pub use raster_job::{BlocksDone, RasterJob};
pub use refinement::Refinement;
pub use table_job::TableJob;
