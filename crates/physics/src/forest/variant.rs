//! The two variants of INFORM differ in the crowns' transmittances and in the angles of FLIM.

use super::cover::{CoverAngles, CoverScalars};
use super::parameters::ForestParameters;
use super::stages::Stages;
use crate::canopy::{
    Beam, HotSpot, Layer, LayerFluxes, LayerScalars, Medium, Nodes, Scattering, Sloped, Viewing,
    sky_fraction, variable,
};
use crate::numbers::{Lane, Real};

/// Everything the crowns need at one block of wavelengths: leaf optics as a canopy, and its two beams,
/// all with partial derivatives to (N, k).
pub(super) struct CrownLight<'a, S: Stages> {
    pub sky_fraction: f64,
    /// Without the crown's own variable.
    pub medium_of_leaf: &'a Medium<S::Leaf>,
    pub medium: &'a Medium<S::Layer>,
    pub sun: &'a Beam<S::Layer>,
    pub view: &'a Beam<S::Layer>,
    /// Single scattering from the sun into the view.
    pub w: S::Layer,
    /// Reflectance of the understorey.
    pub background: S::Forest,
}

/// A variant of INFORM.
pub(super) trait ForestVariant {
    /// What a change of the directions, leaf angles or hot spot changes.
    type CrownScene;
    /// What a change of the crown's leaf area index changes.
    type CrownScalars;

    /// Nodes of the hot spot's integral.
    const NODES: Nodes;

    fn crown_scene(
        forest: &ForestParameters,
        viewing: &Viewing,
        scattering: &Scattering,
    ) -> Self::CrownScene;

    fn crown_scalars(
        scene: &Self::CrownScene,
        scattering: &Scattering,
        length: f64,
    ) -> Self::CrownScalars;

    /// Crown transmittances towards the sun and towards the view.
    fn transmittances<S: Stages>(
        light: &CrownLight<'_, S>,
        scene: &Self::CrownScene,
        scalars: &Self::CrownScalars,
    ) -> (S::Forest, S::Forest);

    fn cover_angles(viewing: &Viewing) -> CoverAngles;

    /// The weight of crown reflectance.
    fn crown_weight(cover: &CoverScalars) -> Sloped;
}

/// INFORM as published.
pub(super) struct Published;

impl ForestVariant for Published {
    type CrownScene = ();
    type CrownScalars = LayerScalars;

    const NODES: Nodes = Nodes::Published;

    fn crown_scene(_: &ForestParameters, _: &Viewing, _: &Scattering) {}

    fn crown_scalars((): &(), scattering: &Scattering, length: f64) -> LayerScalars {
        LayerScalars::without_bidirectional(scattering, length)
    }

    /// The flux that reaches the background below a crown, multiple reflections between the two included:
    /// T(θ) = (1 − s)[tss + (tsd + tss R_u rdd)/(1 − R_u rdd)] + s tdd/(1 − R_u rdd), s the sky's share.
    #[inline(always)]
    fn transmittances<S: Stages>(
        light: &CrownLight<'_, S>,
        (): &(),
        scalars: &LayerScalars,
    ) -> (S::Forest, S::Forest) {
        let medium = light.medium;
        let fluxes = LayerFluxes::new(medium, scalars.length, S::LENGTH);
        let sun = fluxes.beam(medium, light.sun, variable(scalars.tss, S::LENGTH));
        let view = fluxes.beam(medium, light.view, variable(scalars.too, S::LENGTH));

        let c = S::L::c;
        let rdd: S::Forest = fluxes.rdd.lift(&S::CROWN_TO_FOREST);
        let tdd: S::Forest = fluxes.tdd.lift(&S::CROWN_TO_FOREST);
        let bounced = light.background * rdd;
        let inverse = (-bounced).offset(c(1.0)).recip();
        let below = BelowCrown::<S::Forest> {
            bounced,
            inverse,
            direct_share: c(1.0 - light.sky_fraction),
            diffuse: (tdd * inverse).scale(c(light.sky_fraction)),
        };
        (
            below.reached_by(
                variable(scalars.tss, S::FOREST_LAI),
                sun.scattered.lift(&S::CROWN_TO_FOREST),
            ),
            below.reached_by(
                variable(scalars.too, S::FOREST_LAI),
                view.scattered.lift(&S::CROWN_TO_FOREST),
            ),
        )
    }

    fn cover_angles(viewing: &Viewing) -> CoverAngles {
        CoverAngles {
            cos_sun: viewing.cos_sun,
            cos_view: viewing.cos_view,
            shadow_distance: viewing.shadow_distance(),
        }
    }

    /// co·cs
    fn crown_weight(cover: &CoverScalars) -> Sloped {
        cover.both()
    }
}

/// What light finds below a crown.
struct BelowCrown<T: Real> {
    /// R_u rdd
    bounced: T,
    /// 1/(1 − R_u rdd)
    inverse: T,
    direct_share: T::L,
    /// The sky's part of the transmittance.
    diffuse: T,
}

impl<T: Real> BelowCrown<T> {
    /// Transmittance for a beam of which `direct` passes and `scattered` arrives as diffuse light.
    #[inline(always)]
    fn reached_by(&self, direct: T, scattered: T) -> T {
        let beam = direct + (scattered + direct * self.bounced) * self.inverse;
        beam.scale(self.direct_share) + self.diffuse
    }
}

/// INFORM as the widely used EnMAP-Box lineage computes it; see [`super::Variant::EnmapBox`].
pub(super) struct EnmapBox;

/// The sun put at the view zenith, for the transmittance towards the view.
pub(super) struct EnmapBoxScene {
    /// Hot spot of size 0 under the scene's sun.
    from_sun: HotSpot,
    scattering: Scattering,
    from_view: HotSpot,
    sky_fraction: f64,
}

/// The crown under the two suns.
pub(super) struct EnmapBoxScalars {
    from_sun: LayerScalars,
    from_view: LayerScalars,
}

impl ForestVariant for EnmapBox {
    type CrownScene = EnmapBoxScene;
    type CrownScalars = EnmapBoxScalars;

    const NODES: Nodes = Nodes::EnmapBox;

    fn crown_scene(
        forest: &ForestParameters,
        viewing: &Viewing,
        scattering: &Scattering,
    ) -> EnmapBoxScene {
        let no_hot_spot = |scattering: &Scattering, viewing: &Viewing| {
            HotSpot::new(scattering, viewing.shadow_distance(), 0.0, Self::NODES)
        };
        let from_view = viewing.sun_at_view_with_cosine_for_sine();
        let scattering_from_view = Scattering::new(&forest.leaf_angles, &from_view);
        EnmapBoxScene {
            from_sun: no_hot_spot(scattering, viewing),
            from_view: no_hot_spot(&scattering_from_view, &from_view),
            scattering: scattering_from_view,
            sky_fraction: sky_fraction(forest.tto),
        }
    }

    fn crown_scalars(
        scene: &EnmapBoxScene,
        scattering: &Scattering,
        length: f64,
    ) -> EnmapBoxScalars {
        EnmapBoxScalars {
            from_sun: LayerScalars::new(scattering, length, &scene.from_sun),
            from_view: LayerScalars::new(&scene.scattering, length, &scene.from_view),
        }
    }

    /// Reflectances of the crown over the understorey take the place of transmittances. Diffuse fluxes
    /// and those of the view beam are the same under both suns.
    #[inline(always)]
    fn transmittances<S: Stages>(
        light: &CrownLight<'_, S>,
        scene: &EnmapBoxScene,
        scalars: &EnmapBoxScalars,
    ) -> (S::Forest, S::Forest) {
        let medium = light.medium;
        let fluxes = LayerFluxes::new(medium, scalars.from_sun.length, S::LENGTH);
        let too = variable(scalars.from_sun.too, S::LENGTH);
        let view = (light.view, fluxes.beam(medium, light.view, too));
        let from_sun = Layer::under_sun(
            medium,
            &fluxes,
            light.sun,
            view,
            light.w,
            &scalars.from_sun,
            S::LENGTH,
        );
        let from_view = &scene.scattering;
        let leaf = light.medium_of_leaf;
        let sun_at_view = leaf
            .beam(from_view.ks, from_view.bf)
            .lift(&S::LEAF_TO_LAYER);
        let w_at_view = leaf.bidirectional(from_view).lift(&S::LEAF_TO_LAYER);
        let from_view = Layer::under_sun(
            medium,
            &fluxes,
            &sun_at_view,
            view,
            w_at_view,
            &scalars.from_view,
            S::LENGTH,
        );
        // sun and sky of equal irradiance
        (
            from_sun
                .lift::<S::Forest>(&S::CROWN_TO_FOREST)
                .over_soil(light.background)
                .mix(S::L::c(light.sky_fraction)),
            from_view
                .lift::<S::Forest>(&S::CROWN_TO_FOREST)
                .over_soil(light.background)
                .mix(S::L::c(scene.sky_fraction)),
        )
    }

    /// Cosines are taken for angles: both zeniths are cos θ_o radians, the azimuth is cos ψ radians.
    fn cover_angles(viewing: &Viewing) -> CoverAngles {
        let zenith = viewing.cos_view;
        let azimuth = viewing.azimuth.cos();
        CoverAngles {
            cos_sun: zenith.cos(),
            cos_view: zenith.cos(),
            shadow_distance: (2.0 * zenith.tan().powi(2) * (1.0 - azimuth.cos())).sqrt(),
        }
    }

    /// Fcd
    fn crown_weight(cover: &CoverScalars) -> Sloped {
        cover.fcd
    }
}
