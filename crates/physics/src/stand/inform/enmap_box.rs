//! INFORM as the widely used EnMAP-Box lineage computes it, deviations included; each of them is written out
//! and measured in [`crate::guide::inform_variants`].

use super::cover::{CoverAngles, CoverScalars};
use super::{LeafLight, Stages, Variant};
use crate::canopy::{
    HotSpot, LaneScattering, Layer, LayerFluxes, LayerScalars, Nodes, Scattering, Viewing, variable,
};
use crate::numbers::{Real, Sloped};
use crate::parameters::Varied;
use crate::stand::scene::sky_share;

/// INFORM as the widely used EnMAP-Box lineage computes it.
pub(crate) struct EnmapBox;

/// The sun put at the view zenith, for the transmittance towards the view.
pub(crate) struct EnmapBoxScene {
    /// Hot spot of size 0 under the scene's sun.
    from_sun: HotSpot,
    scattering: Scattering,
    from_view: HotSpot,
    sky_fraction: Sloped,
}

/// The crown under the two suns.
pub(crate) struct EnmapBoxScalars {
    from_sun: LayerScalars,
    from_view: LayerScalars,
}

impl Variant for EnmapBox {
    type CrownScene = EnmapBoxScene;
    type CrownScalars = EnmapBoxScalars;

    const NODES: Nodes = Nodes::EnmapBox;

    fn crown_scene(
        varied: Varied<'_>,
        viewing: &Viewing,
        scattering: &Scattering,
    ) -> EnmapBoxScene {
        let no_hot_spot = |scattering: &Scattering, viewing: &Viewing| {
            let size = Sloped::constant(0.0);
            HotSpot::new(scattering, viewing.shadow_distance(), size, Self::NODES)
        };
        let from_view = viewing.sun_at_view_with_cosine_for_sine();
        let scattering_from_view = Scattering::new(&varied.leaf_angles(), &from_view);
        EnmapBoxScene {
            from_sun: no_hot_spot(scattering, viewing),
            from_view: no_hot_spot(&scattering_from_view, &from_view),
            scattering: scattering_from_view,
            sky_fraction: sky_share(varied, viewing.cos_view),
        }
    }

    #[inline(always)]
    fn crown_scalars(
        scene: &EnmapBoxScene,
        scattering: &Scattering,
        length: Sloped,
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
        light: &LeafLight<S>,
        background: S::Forest,
        scene: &EnmapBoxScene,
        scalars: &EnmapBoxScalars,
    ) -> (S::Forest, S::Forest) {
        let canopy = &light.of_layer;
        let medium = &canopy.medium;
        let fluxes = LayerFluxes::new(medium, scalars.from_sun.length, S::LENGTH);
        let too = variable(scalars.from_sun.too, S::LENGTH);
        let view = (&canopy.view, fluxes.beam(medium, &canopy.view, too));
        let from_sun = Layer::under_sun(
            medium,
            &fluxes,
            &canopy.sun,
            view,
            canopy.w,
            &scalars.from_sun,
            S::LENGTH,
        );
        let at_view = LaneScattering::<S::Scene>::new(&scene.scattering);
        let leaf = &light.of_leaf.medium;
        let sun_at_view = leaf.beam(at_view.ks, at_view.bf).lift(S::LEAF_TO_LAYER);
        let w_at_view = leaf.bidirectional(&at_view).lift(S::LEAF_TO_LAYER);
        let from_view = Layer::under_sun(
            medium,
            &fluxes,
            &sun_at_view,
            view,
            w_at_view,
            &scalars.from_view,
            S::LENGTH,
        );
        let sky_at_view = if light.measured {
            light.sky_fraction
        } else {
            variable(scene.sky_fraction, 0)
        };
        // sun and sky of equal irradiance
        (
            from_sun
                .lift::<S::Forest>(S::CROWN_TO_FOREST)
                .over_soil(background)
                .mix(light.sky_fraction),
            from_view
                .lift::<S::Forest>(S::CROWN_TO_FOREST)
                .over_soil(background)
                .mix(sky_at_view),
        )
    }

    /// Cosines are taken for angles: both zeniths are cos θ_o radians, the azimuth is cos ψ radians.
    fn cover_angles(viewing: &Viewing) -> CoverAngles {
        let zenith = viewing.cos_view;
        let (sin, cos) = zenith.sin_cos();
        let tan = sin / cos;
        // √(2 (1 − cos φ)) = 2 |sin(φ/2)|
        let half_azimuth = viewing.azimuth.cos().scale(0.5);
        CoverAngles {
            cos_sun: cos,
            cos_view: cos,
            shadow_distance: (tan * half_azimuth.sin_cos().0).scale(2.0).abs_or_flat(),
        }
    }

    /// Fcd
    fn crown_weight(cover: &CoverScalars) -> Sloped {
        cover.fcd
    }
}
