//! Forward models and their exact Jacobians: PROSPECT, 4SAIL, INFORM, sensors, Mogi.
//!
//! ```
//! use physics::{ForestParameters, Inform, InformOptions};
//!
//! let inform = Inform::new(InformOptions::default())?; // Sentinel-2A, double precision
//! let forest = ForestParameters { lai: 4.0, fc: 0.7, tts: 40.0, ..Default::default() };
//! let (bands, jacobian) = inform.bands_with_jacobian(&[forest])?;
//! assert_eq!(bands.dim(), (1, 13));
//! assert_eq!(jacobian.dim(), (1, 13, 7)); // to N, cab, cw, cm, LAI, LAIu, fc
//! # Ok::<(), physics::PhysicsError>(())
//! ```
//!
//! * [`Inform`] evaluates batches of forests; [`InformModel`] is the same as a [`ForwardModel`], which is
//!   all the rest of the workspace knows of a physical model. [`Mogi`] is another; a model of one's own is
//!   a page of code (`examples/own_model.rs`).
//! * [`Prospect`] and [`Sail`] are INFORM's leaf and canopy for use alone.
//! * Formulas are written once over a number type and run as `f64`, as `f32` registers chosen at run time
//!   ([`Precision`], [`Lanes`]), or as dual numbers of either, which is where the Jacobians come from.

mod canopy;
mod error;
mod forest;
mod forward_model;
mod leaf;
mod mogi;
mod numbers;
mod quantities;
pub mod tables;

pub use canopy::{
    LeafAngleClasses, LeafAngles, Sail, SailFluxes, SailParameters, mix_direct_and_diffuse,
    sky_fraction,
};
pub use error::PhysicsError;
pub use forest::{
    CrownCover, ForestParameters, ForestSpectra, Inform, InformModel, InformOptions, Lanes,
    Precision, Variant,
};
pub use forward_model::{ForwardModel, Quantity, check_ranges, check_shapes};
pub use leaf::{LeafJacobian, LeafOptics, LeafParameters, LeafVersion, Prospect};
pub use mogi::{Mogi, MogiSource, Station};
pub use tables::{GaussianBand, SENTINEL2_TRAINING_BANDS, Sensor, SpectralTables};

/// The README's example is compiled and run as a test.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
