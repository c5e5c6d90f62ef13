//! What stands on the soil, as seen at a block of wavelengths: a canopy of leaves alone (4SAIL), or a forest
//! of crowns over an understorey (INFORM).

mod inform;
mod light;
mod scene;
mod stages;
mod turbid;

pub use inform::CrownCover;
pub(crate) use inform::{EnmapBox, Inform, Published, Variant as InformVariant};
pub(crate) use light::{BlockLight, LeafLight, SoilScalars};
pub(crate) use scene::Scene;
pub(crate) use stages::{Derivatives, Direction, Stages, Values};
pub(crate) use turbid::Turbid;

use crate::canopy::{HotSpot, Nodes, Scattering, Viewing};
use crate::numbers::Real;
use crate::parameters::Varied;

/// A kind of stand.
pub(crate) trait Stand: Sized {
    /// What a change of the directions, leaf angles or hot spot changes, beyond [`Scene`].
    type Scene;
    /// What is the same at every wavelength of a sample.
    type Sample;

    /// Nodes of the hot spot's integral.
    const NODES: Nodes;

    fn scene(
        varied: Varied<'_>,
        viewing: &Viewing,
        scattering: &Scattering,
        hot_spot: &HotSpot,
    ) -> Self::Scene;

    fn sample(scene: &Scene<Self>, varied: Varied<'_>) -> Self::Sample;

    fn reflectance<S: Stages>(
        light: &LeafLight<S>,
        scene: &Scene<Self>,
        sample: &Self::Sample,
    ) -> StandReflectance<S>;
}

/// Reflectance of a stand at a block of wavelengths.
pub(crate) struct StandReflectance<S: Stages> {
    pub total: S::Forest,
    /// Its derivative to crown cover, where the stand has one and the stages carry derivatives.
    pub to_fc: <S::Forest as Real>::L,
}
