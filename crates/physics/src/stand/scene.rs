//! What is the same at every wavelength and for every sample of one geometry, in double precision.

use super::Stand;
use crate::canopy::{HotSpot, LeafAngles, Scattering, Viewing, sky_fraction_at};
use crate::numbers::Sloped;
use crate::parameters::{CanopyParameters, Parameter, Varied};

/// Depends on directions, leaf angles, hot spot and sky only; kept while these do not change.
pub(crate) struct Scene<K: Stand> {
    key: (Key, LeafAngles),
    pub viewing: Viewing,
    pub scattering: Scattering,
    /// Share of diffuse light.
    pub sky_fraction: Sloped,
    pub hot_spot: HotSpot,
    /// The stand's own part.
    pub own: K::Scene,
}

/// The numbers a scene depends on.
type Key = ([f64; 4], Option<f64>);

fn key(p: &CanopyParameters) -> Key {
    ([p.tts, p.tto, p.psi, p.hspot], p.skyl)
}

impl<K: Stand> Scene<K> {
    pub fn new(varied: Varied<'_>) -> Self {
        let parameters = varied.parameters;
        let viewing = Viewing::new(
            varied.get(Parameter::Tts),
            varied.get(Parameter::Tto),
            varied.get(Parameter::Psi),
        );
        let scattering = Scattering::new(&varied.leaf_angles(), &viewing);
        let distance = viewing.shadow_distance();
        let size = varied.get(Parameter::Hspot);
        let hot_spot = HotSpot::new(&scattering, distance, size, K::NODES);
        Self {
            key: (key(parameters), parameters.leaf_angles.clone()),
            sky_fraction: sky_share(varied, viewing.cos_sun),
            own: K::scene(varied, &viewing, &scattering, &hot_spot),
            hot_spot,
            viewing,
            scattering,
        }
    }

    /// Whether this is the scene of `parameters`.
    pub fn fits(&self, parameters: &CanopyParameters) -> bool {
        self.key.0 == key(parameters) && self.key.1 == parameters.leaf_angles
    }
}

/// The share of diffuse light: as given, or from the cosine of the sun zenith.
pub(super) fn sky_share(varied: Varied<'_>, cos_sun: Sloped) -> Sloped {
    let given = varied.given(Parameter::Skyl);
    given.unwrap_or_else(|| sky_fraction_at(cos_sun))
}
