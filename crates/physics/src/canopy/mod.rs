//! A canopy: leaf angles, scattering of a sun and a view beam, hot spot, and 4SAIL's four-stream fluxes.

mod inclination;
mod layer;
mod leaf_angles;
mod sail;
mod scattering;
mod streams;

pub(crate) use layer::{HotSpot, LayerScalars, Nodes};
pub(crate) use leaf_angles::{
    ALA, CLASS_EDGES_DEG, CLASS_MIDDLES_DEG, LIDF_A, LIDF_B, VariedLeafAngles,
};
pub use leaf_angles::{LeafAngleClasses, LeafAngles};
pub(crate) use sail::sky_fraction_at;
pub use sail::{Sail, SailFluxes, SailParameters, mix_direct_and_diffuse, sky_fraction};
pub(crate) use scattering::{Scattering, Viewing};
pub(crate) use streams::{Beam, LaneScattering, Layer, LayerFluxes, Medium, variable};
