//! Forward models and their exact Jacobians: PROSPECT, 4SAIL, INFORM, sensors, Mogi.

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
pub use leaf::{LeafOptics, LeafParameters, LeafVersion, Prospect};
pub use mogi::{Mogi, MogiSource, Station};
pub use tables::{SENTINEL2_TRAINING_BANDS, Sensor, SpectralTables};
