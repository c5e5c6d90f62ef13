//! The parameters of a leaf, its canopy, the soil below, and the directions of sun and view.

mod azimuth;
mod canopy;
mod parameter;
mod varied;

pub use azimuth::relative_azimuth;
pub use canopy::CanopyParameters;
pub(crate) use canopy::{PARAMETERS, within};
pub use parameter::Parameter;
pub(crate) use parameter::unknown;
pub(crate) use varied::{Along, Varied};
