//! What is the same at every wavelength, in double precision.

use super::cover::CoverScalars;
use super::parameters::ForestParameters;
use super::variant::ForestVariant;
use crate::canopy::{HotSpot, LayerScalars, LeafAngles, Scattering, Sloped, Viewing, sky_fraction};

/// Leaf area index of a crown that lets nothing through.
const DEEP_LAI: f64 = 15.0;

/// Depends on directions, leaf angles and hot spot only; kept while these do not change.
pub(super) struct Scene<V: ForestVariant> {
    key: ([f64; 4], LeafAngles),
    viewing: Viewing,
    pub scattering: Scattering,
    pub sky_fraction: f64,
    hot_spot: HotSpot,
    /// The infinitely deep crown.
    pub deep: LayerScalars,
    pub crown: V::CrownScene,
}

fn key(forest: &ForestParameters) -> [f64; 4] {
    [forest.tts, forest.tto, forest.psi, forest.hspot]
}

impl<V: ForestVariant> Scene<V> {
    pub fn new(forest: &ForestParameters) -> Self {
        let viewing = Viewing::new(forest.tts, forest.tto, forest.psi);
        let scattering = Scattering::new(&forest.leaf_angles, &viewing);
        let distance = viewing.shadow_distance();
        let hot_spot = HotSpot::new(&scattering, distance, forest.hspot, V::NODES);
        Self {
            key: (key(forest), forest.leaf_angles.clone()),
            sky_fraction: sky_fraction(forest.tts),
            deep: LayerScalars::new(&scattering, DEEP_LAI, &hot_spot),
            crown: V::crown_scene(forest, &viewing, &scattering),
            viewing,
            scattering,
            hot_spot,
        }
    }

    /// Whether this is the scene of `forest`.
    pub fn fits(&self, forest: &ForestParameters) -> bool {
        self.key.0 == key(forest) && self.key.1 == forest.leaf_angles
    }
}

/// The scalars of one sample.
pub(super) struct SampleScalars<V: ForestVariant> {
    pub understorey: LayerScalars,
    pub crown: V::CrownScalars,
    pub cover: CoverScalars,
    /// Weight of crown reflectance.
    pub crown_weight: Sloped,
}

impl<V: ForestVariant> SampleScalars<V> {
    pub fn new(scene: &Scene<V>, forest: &ForestParameters) -> Self {
        let scattering = &scene.scattering;
        let cover = CoverScalars::new(forest, &V::cover_angles(&scene.viewing));
        Self {
            understorey: LayerScalars::new(scattering, forest.laiu, &scene.hot_spot),
            crown: V::crown_scalars(&scene.crown, scattering, forest.lai),
            crown_weight: V::crown_weight(&cover),
            cover,
        }
    }
}
