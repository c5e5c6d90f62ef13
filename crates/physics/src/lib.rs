//! Forward models and their exact Jacobians: PROSPECT, 4SAIL, INFORM, sensors, Mogi.
//!
//! ```
//! use physics::{CanopyParameters, ReflectanceModel};
//!
//! let inform = ReflectanceModel::builder().build()?; // Sentinel-2A, double precision
//! let forest = CanopyParameters { lai: 4.0, fc: 0.7, tts: 40.0, ..Default::default() };
//! let (bands, jacobian) = inform.bands_with_jacobian(&[forest])?;
//! assert_eq!(bands.dim(), (1, 13));
//! assert_eq!(jacobian.dim(), (1, 13, 7)); // to N, cab, cw, cm, LAI, LAIu, fc
//! # Ok::<(), physics::PhysicsError>(())
//! ```
//!
//! * [`ReflectanceModel`] joins a leaf, a canopy or forest, soil, sky and sensor; its builder chooses them
//!   and what is free. It evaluates batches of [`CanopyParameters`], and is a [`ForwardModel`], which is
//!   all that a training knows of a physical model. [`Mogi`] is another; a model of one's own is a page of
//!   code (`examples/own_model.rs`).
//! * [`Prospect`] and [`Sail`] are the leaf and the canopy for use alone.
//! * Formulas stand on the pages of the types: [`Prospect`], [`LeafAngles`], [`Sail`], [`Variant`] and
//!   [`CrownCover`] for INFORM, [`tables::Band`], [`Mogi`]. [`guide`] says where INFORM differs from other code,
//!   and how far everything agrees with external truths.
//! * Formulas are written once over a number type and run as `f64`, as `f32` registers chosen at run time
//!   ([`Precision`], [`Lanes`]), or as dual numbers of either, which is where the Jacobians come from.

mod canopy;
mod device;
mod error;
mod forward_model;
pub mod guide;
mod leaf;
mod mogi;
mod names;
mod numbers;
mod one_thread;
mod parameters;
mod quantities;
mod reflectance;
mod stand;
pub mod tables;

pub use canopy::{
    LeafAngleClasses, LeafAngles, Sail, SailFluxes, SailParameters, mix_direct_and_diffuse,
    sky_fraction,
};
pub use device::{DeviceNumber, DeviceProgram, Stage, Work};
pub use error::PhysicsError;
pub use forward_model::{ForwardModel, Quantity, check_ranges};
pub use leaf::{LeafJacobian, LeafOptics, LeafParameters, LeafVersion, Prospect};
pub use mogi::{Mogi, MogiSource, Station};
pub use one_thread::on_this_thread;
pub use parameters::{CanopyParameters, Parameter, relative_azimuth};
pub use reflectance::{
    BandQuadrature, Canopy, Certificate, DrawnFit, FittedFor, FittedRange, ForestSpectra,
    Illumination, Lanes, Precision, QuadratureFit, ReflectanceModel, ReflectanceModelBuilder, Soil,
    SpectralSampling, Variant,
};
pub use stand::CrownCover;
pub use tables::{GaussianBand, SENTINEL2_TRAINING_BANDS, Sensor, SpectralTables};
