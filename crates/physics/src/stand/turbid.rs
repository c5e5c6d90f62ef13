//! 4SAIL alone: one layer of leaves over the soil.

use super::{LeafLight, Scene, Stages, Stand, StandReflectance};
use crate::canopy::{HotSpot, Layer, LayerScalars, Nodes, Scattering, Viewing};
use crate::numbers::Real;
use crate::parameters::{Parameter, Varied};

/// A turbid medium of leaves over the soil, under the mixture of sun and sky.
pub(crate) struct Turbid;

impl Stand for Turbid {
    type Scene = ();
    type Sample = LayerScalars;

    const NODES: Nodes = Nodes::Published;

    fn scene(_: Varied<'_>, _: &Viewing, _: &Scattering, _: &HotSpot) {}

    #[inline(always)]
    fn sample(scene: &Scene<Self>, varied: Varied<'_>) -> LayerScalars {
        let varied = varied.along(varied.along.or_own(Parameter::Lai));
        let length = varied.get(Parameter::Lai);
        LayerScalars::new(&scene.scattering, length, &scene.hot_spot)
    }

    #[inline(always)]
    fn reflectance<S: Stages>(
        light: &LeafLight<S>,
        _: &Scene<Self>,
        sample: &LayerScalars,
    ) -> StandReflectance<S> {
        let canopy = &light.of_layer;
        let layer = Layer::new(
            &canopy.medium,
            &canopy.sun,
            &canopy.view,
            canopy.w,
            sample,
            S::LENGTH,
        );
        let total = layer.over_soil(light.soil).mix(light.diffuse_share);
        StandReflectance {
            total: total.lift(S::CROWN_TO_FOREST),
            to_fc: total.value(),
        }
    }
}
