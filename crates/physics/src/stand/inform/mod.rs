//! INFORM: crowns over an understorey, which joins 4SAIL and FLIM. Formulas and publications:
//! [`crate::Variant`] and [`CrownCover`].

mod cover;
mod enmap_box;
mod published;

pub use cover::CrownCover;
pub(crate) use enmap_box::EnmapBox;
pub(crate) use published::Published;

use super::{LeafLight, Scene, Stages, Stand, StandReflectance};
use crate::canopy::{HotSpot, Layer, LayerScalars, Nodes, Scattering, Viewing, variable};
use crate::numbers::{Lane, Real, Sloped};
use crate::parameters::{Parameter, Varied};
use cover::{CoverAngles, CoverScalars};
use std::marker::PhantomData;

/// Leaf area index of a crown that lets nothing through.
const DEEP_LAI: f64 = 15.0;

/// A variant of INFORM.
pub(crate) trait Variant {
    /// What a change of the directions, leaf angles or hot spot changes.
    type CrownScene;
    /// What a change of the crown's leaf area index changes.
    type CrownScalars;

    /// Nodes of the hot spot's integral.
    const NODES: Nodes;

    fn crown_scene(
        varied: Varied<'_>,
        viewing: &Viewing,
        scattering: &Scattering,
    ) -> Self::CrownScene;

    fn crown_scalars(
        scene: &Self::CrownScene,
        scattering: &Scattering,
        length: Sloped,
    ) -> Self::CrownScalars;

    /// Crown transmittances towards the sun and towards the view, over a background.
    fn transmittances<S: Stages>(
        light: &LeafLight<S>,
        background: S::Forest,
        scene: &Self::CrownScene,
        scalars: &Self::CrownScalars,
    ) -> (S::Forest, S::Forest);

    fn cover_angles(viewing: &Viewing) -> CoverAngles;

    /// The weight of crown reflectance.
    fn crown_weight(cover: &CoverScalars) -> Sloped;
}

/// INFORM in one of its variants.
pub(crate) struct Inform<V>(PhantomData<V>);

/// What a scene of INFORM has beyond any scene.
pub(crate) struct InformScene<V: Variant> {
    /// The infinitely deep crown.
    deep: LayerScalars,
    crown: V::CrownScene,
}

/// The scalars of one sample.
pub(crate) struct InformScalars<V: Variant> {
    understorey: LayerScalars,
    crown: V::CrownScalars,
    cover: CoverScalars,
    /// Weight of crown reflectance.
    crown_weight: Sloped,
}

impl<V: Variant> InformScalars<V> {
    /// Shares of the scene.
    pub fn cover(&self) -> CrownCover {
        self.cover.values()
    }
}

/// Reflectances of the parts of a forest and of the whole.
pub(crate) struct Parts<S: Stages> {
    pub forest: S::Forest,
    /// Understorey over soil.
    pub understorey: S::Forest,
    /// Infinitely deep crown over the understorey.
    pub deep_crown: S::Forest,
    pub crown_to_sun: S::Forest,
    pub crown_to_view: S::Forest,
}

impl<V: Variant> Inform<V> {
    /// The forest and its parts, composed as [`crate::Variant`] says: crowns that hide the ground, and ground
    /// seen or lit through crowns.
    #[inline(always)]
    pub fn parts<S: Stages>(
        light: &LeafLight<S>,
        scene: &Scene<Self>,
        sample: &InformScalars<V>,
    ) -> Parts<S> {
        let (leaf, canopy) = (&light.of_leaf, &light.of_layer);
        let understorey = Layer::new(
            &canopy.medium,
            &canopy.sun,
            &canopy.view,
            canopy.w,
            &sample.understorey,
            S::LENGTH,
        )
        .over_soil(light.soil)
        .mix(light.diffuse_share);
        let deep_crown = Layer::new(
            &leaf.medium,
            &leaf.sun,
            &leaf.view,
            leaf.w,
            &scene.own.deep,
            S::SCENE,
        )
        .lift::<S::Layer>(S::LEAF_TO_LAYER)
        .over_soil(understorey)
        .mix(light.diffuse_share);

        let understorey: S::Forest = understorey.lift(S::UNDERSTOREY_TO_FOREST);
        let deep_crown: S::Forest = deep_crown.lift(S::UNDERSTOREY_TO_FOREST);
        let (to_sun, to_view) =
            V::transmittances::<S>(light, understorey, &scene.own.crown, &sample.crown);

        let of_scene = variable::<S::Scene>;
        let cover = &sample.cover;
        let through = to_sun * to_view;
        let one = S::L::c(1.0);
        let crown = (-through)
            .offset(one)
            .times(of_scene(sample.crown_weight, 0));
        let ground = (through.times(of_scene(cover.fcd, 0))
            + to_view.times(of_scene(cover.fcs, 0))
            + to_sun.times(of_scene(cover.fod, 0)))
        .plus(of_scene(cover.fos, 0));
        Parts {
            forest: deep_crown * crown + understorey * ground,
            understorey,
            deep_crown,
            crown_to_sun: to_sun,
            crown_to_view: to_view,
        }
    }
}

impl<V: Variant> Stand for Inform<V> {
    type Scene = InformScene<V>;
    type Sample = InformScalars<V>;

    const NODES: Nodes = V::NODES;

    fn scene(
        varied: Varied<'_>,
        viewing: &Viewing,
        scattering: &Scattering,
        hot_spot: &HotSpot,
    ) -> InformScene<V> {
        InformScene {
            deep: LayerScalars::new(scattering, Sloped::constant(DEEP_LAI), hot_spot),
            crown: V::crown_scene(varied, viewing, scattering),
        }
    }

    #[inline(always)]
    fn sample(scene: &Scene<Self>, varied: Varied<'_>) -> InformScalars<V> {
        let own = |parameter| varied.along(varied.along.or_own(parameter));
        let scattering = &scene.scattering;
        let length = own(Parameter::LaiU).get(Parameter::LaiU);
        let crown_length = own(Parameter::Lai).get(Parameter::Lai);
        let cover = CoverScalars::new(own(Parameter::Fc), &V::cover_angles(&scene.viewing));
        InformScalars {
            understorey: LayerScalars::new(scattering, length, &scene.hot_spot),
            crown: V::crown_scalars(&scene.own.crown, scattering, crown_length),
            crown_weight: V::crown_weight(&cover),
            cover,
        }
    }

    #[inline(always)]
    fn reflectance<S: Stages>(
        light: &LeafLight<S>,
        scene: &Scene<Self>,
        sample: &InformScalars<V>,
    ) -> StandReflectance<S> {
        let parts = Self::parts::<S>(light, scene, sample);
        // R is linear in the weights of FLIM
        let c = S::L::c;
        let cover = &sample.cover;
        let (to_sun, to_view) = (parts.crown_to_sun.value(), parts.crown_to_view.value());
        let through = to_sun * to_view;
        let ground = c(cover.fcd.slope()).fma(
            through,
            c(cover.fcs.slope()).fma(
                to_view,
                c(cover.fod.slope()).fma(to_sun, c(cover.fos.slope())),
            ),
        );
        let crown = (c(1.0) - through) * c(sample.crown_weight.slope());
        StandReflectance {
            total: parts.forest,
            to_fc: (parts.deep_crown.value()).fma(crown, parts.understorey.value() * ground),
        }
    }
}
