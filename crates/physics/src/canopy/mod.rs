//! A canopy: leaf angles, scattering of a sun and a view beam, hot spot, and 4SAIL's four-stream fluxes.

mod layer;
mod leaf_angles;
mod sail;
mod scattering;
mod streams;

pub(crate) use layer::{HotSpot, LayerScalars, Nodes, Sloped};
pub use leaf_angles::{LeafAngleClasses, LeafAngles};
pub use sail::{Sail, SailFluxes, SailParameters, mix_direct_and_diffuse, sky_fraction};
pub(crate) use scattering::{Scattering, Viewing};
pub(crate) use streams::{Beam, Layer, LayerFluxes, Medium, variable};
