//! A leaf in a canopy under sun and sky, at a block of wavelengths.

use super::stages::Stages;
use crate::canopy::{Beam, LaneScattering, Medium, Scattering, variable};
use crate::leaf::{Plate, stack_of_plates};
use crate::numbers::{Lane, Real, Sloped};
use crate::parameters::{CanopyParameters, Parameter, Varied};

/// Soil and sky at a block of wavelengths.
#[derive(Clone, Copy)]
pub(crate) struct BlockLight<L> {
    pub wet_soil: L,
    /// Dry soil minus wet soil.
    pub dry_minus_wet: L,
    /// Irradiance of sun and sky, of which the sky fraction takes its shares …
    pub direct: L,
    pub diffuse: L,
    /// … or the share of diffuse light as measured.
    pub measured_share: Option<L>,
}

/// Everything a stand needs to know of leaf, soil and sky.
pub(crate) struct LeafLight<S: Stages> {
    /// The canopy without a layer's own variable, and its beams.
    pub of_leaf: Canopy<S::Leaf, S::Scene>,
    /// The same in the layer's variables.
    pub of_layer: Canopy<S::Layer, S::Scene>,
    /// Share of diffuse light at all wavelengths alike.
    pub sky_fraction: S::Scene,
    /// Share of diffuse light in the irradiance at each wavelength.
    pub diffuse_share: S::Scene,
    /// The measured share stands for the sky fraction of any direction.
    pub measured: bool,
    pub soil: S::Layer,
}

/// An endless canopy with a sun and a view beam.
pub(crate) struct Canopy<T: Real, C: Real<L = T::L>> {
    pub medium: Medium<T>,
    pub sun: Beam<T, C>,
    pub view: Beam<T, C>,
    /// Single scattering from the sun into the view.
    pub w: T,
}

impl<S: Stages> LeafLight<S> {
    /// `absorption` is that of one layer of the leaf, above 0. Also gives the leaf's absorptance.
    #[inline(always)]
    pub fn new(
        plate: &Plate<S::L>,
        absorption: S::L,
        block: &BlockLight<S::L>,
        parameters: &CanopyParameters,
        of_scene: (&Scattering, Sloped),
        soil: &SoilScalars,
    ) -> (Self, S::L) {
        let c = S::L::c;
        let one = c(1.0);
        let (rho, tau, absorptance) = stack_of_plates::<S::Plates>(
            plate,
            S::Plates::variable(c(parameters.n), one, 0),
            S::Plates::variable(absorption, one, 1),
        );
        let map = S::PLATES_TO_LEAF;
        let (rho, tau): (S::Leaf, S::Leaf) = (rho.lift(map), tau.lift(map));

        let scattering = LaneScattering::<S::Scene>::new(of_scene.0);
        let medium = Medium::new(scattering.bf, rho, tau, absorptance.lift(map));
        let of_leaf = Canopy {
            sun: medium.beam(scattering.ks, scattering.bf),
            view: medium.beam(scattering.ko, scattering.bf),
            w: medium.bidirectional(&scattering),
            medium,
        };
        let map = S::LEAF_TO_LAYER;
        let of_layer = Canopy {
            medium: of_leaf.medium.lift(map),
            sun: of_leaf.sun.lift(map),
            view: of_leaf.view.lift(map),
            w: of_leaf.w.lift(map),
        };

        let sky_fraction: S::Scene = variable(of_scene.1, 0);
        let (sky_fraction, diffuse_share) = if let Some(share) = block.measured_share {
            let share = S::Scene::constant(share);
            (share, share)
        } else {
            let direct = (-sky_fraction).offset(one).scale(block.direct);
            let diffuse = sky_fraction.scale(block.diffuse);
            (sky_fraction, diffuse / (direct + diffuse))
        };
        let dryness: S::Scene = variable(soil.psoil, 0);
        let soil = dryness
            .scale(block.dry_minus_wet)
            .offset(block.wet_soil)
            .times(variable::<S::Scene>(soil.rsoil, 0));
        let light = Self {
            of_leaf,
            of_layer,
            sky_fraction,
            diffuse_share,
            measured: block.measured_share.is_some(),
            soil: soil.lift(&[0]),
        };
        (light, absorptance.value())
    }
}

/// Mixture and brightness of the soil.
pub(crate) struct SoilScalars {
    psoil: Sloped,
    rsoil: Sloped,
}

impl SoilScalars {
    pub fn new(varied: Varied<'_>) -> Self {
        Self {
            psoil: varied.get(Parameter::Psoil),
            rsoil: varied.get(Parameter::Rsoil),
        }
    }
}
