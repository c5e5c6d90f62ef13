//! The assembled model: leaf, canopy, soil, sky and sensor, for batches of samples.

mod builder;
mod choices;
mod columns;
mod dispatch;
mod engine;
mod forward;
mod model;
mod precision;
mod spectra;
mod spectral;
mod tables;

pub use builder::ReflectanceModelBuilder;
pub use choices::{Canopy, Illumination, Precision, Soil, Variant};
pub use dispatch::Lanes;
pub use model::ReflectanceModel;
pub use spectra::ForestSpectra;
