//! INFORM: a forest of crowns over an understorey (Rosema et al. 1992; Atzberger 2000; Schlerf and
//! Atzberger 2006).

mod cover;
mod dispatch;
mod engine;
mod inform;
mod model;
mod parameters;
mod precision;
mod scene;
mod spectral;
mod variant;

pub use cover::CrownCover;
pub use dispatch::Lanes;
pub use inform::{ForestSpectra, Inform, InformOptions, Precision, Variant};
pub use model::InformModel;
pub use parameters::ForestParameters;
