//! The assembled model: leaf, canopy, soil, sky and sensor, for batches of samples.

mod builder;
mod choices;
mod columns;
mod dispatch;
mod engine;
mod fingerprint;
mod forward;
mod model;
mod parameters;
mod precision;
mod program;
mod quadrature;
mod spectra;
mod spectral;
mod tables;

pub use builder::ReflectanceModelBuilder;
pub use choices::{Canopy, Illumination, Precision, Soil, Variant};
pub use dispatch::Lanes;
pub use model::ReflectanceModel;
pub use quadrature::{
    BandQuadrature, Certificate, DrawnFit, FittedFor, FittedRange, QuadratureFit, SpectralSampling,
};
pub use spectra::ForestSpectra;
