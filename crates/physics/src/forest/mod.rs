//! INFORM: a forest of crowns over an understorey (Rosema et al. 1992; Atzberger 2000; Schlerf and
//! Atzberger 2006).

mod choices;
mod cover;
mod dispatch;
mod engine;
mod inform;
mod model;
mod parameters;
mod precision;
mod scene;
mod spectral;
mod stages;
mod variant;

pub use choices::{Precision, Variant};
pub use cover::CrownCover;
pub use dispatch::Lanes;
pub use inform::{ForestSpectra, Inform, InformOptions};
pub use model::InformModel;
pub use parameters::ForestParameters;
