//! INFORM as published.

use super::cover::{CoverAngles, CoverScalars};
use super::{LeafLight, Stages, Variant};
use crate::canopy::{LayerFluxes, LayerScalars, Nodes, Scattering, Viewing, variable};
use crate::numbers::{Lane, Real, Sloped};
use crate::parameters::Varied;

/// INFORM as published.
pub(crate) struct Published;

impl Variant for Published {
    type CrownScene = ();
    type CrownScalars = LayerScalars;

    const NODES: Nodes = Nodes::Published;

    fn crown_scene(_: Varied<'_>, _: &Viewing, _: &Scattering) {}

    #[inline(always)]
    fn crown_scalars((): &(), scattering: &Scattering, length: Sloped) -> LayerScalars {
        LayerScalars::without_bidirectional(scattering, length)
    }

    /// The flux that reaches the background below a crown, multiple reflections between the two included: T(θ)
    /// of [`crate::Variant`].
    #[inline(always)]
    fn transmittances<S: Stages>(
        light: &LeafLight<S>,
        background: S::Forest,
        (): &(),
        scalars: &LayerScalars,
    ) -> (S::Forest, S::Forest) {
        let canopy = &light.of_layer;
        let fluxes = LayerFluxes::new(&canopy.medium, scalars.length, S::LENGTH);
        let (tss, too) = (
            variable(scalars.tss, S::LENGTH),
            variable(scalars.too, S::LENGTH),
        );
        let sun = fluxes.beam(&canopy.medium, &canopy.sun, tss);
        let view = fluxes.beam(&canopy.medium, &canopy.view, too);

        let one = S::L::c(1.0);
        let rdd: S::Forest = fluxes.rdd.lift(S::CROWN_TO_FOREST);
        let tdd: S::Forest = fluxes.tdd.lift(S::CROWN_TO_FOREST);
        let bounced = background * rdd;
        let inverse = (-bounced).offset(one).recip();
        let below = BelowCrown {
            bounced,
            inverse,
            direct_share: (-light.sky_fraction).offset(one),
            diffuse: (tdd * inverse).times(light.sky_fraction),
        };
        (
            below.reached_by(
                variable(scalars.tss, S::FOREST_LAI),
                sun.scattered.lift(S::CROWN_TO_FOREST),
            ),
            below.reached_by(
                variable(scalars.too, S::FOREST_LAI),
                view.scattered.lift(S::CROWN_TO_FOREST),
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
        cover.co * cover.cs
    }
}

/// What light finds below a crown.
struct BelowCrown<T: Real, C: Real<L = T::L>> {
    /// R_u rdd
    bounced: T,
    /// 1/(1 − R_u rdd)
    inverse: T,
    direct_share: C,
    /// The sky's part of the transmittance.
    diffuse: T,
}

impl<T: Real, C: Real<L = T::L>> BelowCrown<T, C> {
    /// Transmittance for a beam of which `direct` passes and `scattered` arrives as diffuse light.
    #[inline(always)]
    fn reached_by(&self, direct: T, scattered: T) -> T {
        let beam = direct + (scattered + direct * self.bounced) * self.inverse;
        beam.times(self.direct_share) + self.diffuse
    }
}
