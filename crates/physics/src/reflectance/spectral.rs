//! A stand at a block of wavelengths: spectral constants in lanes, and the response with its derivatives.

use super::tables::SpectralData;
use crate::leaf::{Plate, keep_off_zero};
use crate::numbers::{Lane, Real};
use crate::parameters::{CanopyParameters, Varied};
use crate::stand::{
    BlockLight, Derivatives, Direction, LeafLight, Scene, SoilScalars, Stages, Stand, Values,
};
use crate::tables::Absorber;

/// Spectral constants of one block of wavelengths.
#[derive(Clone, Copy)]
pub(super) struct Block<L> {
    plate: Plate<L>,
    /// In the order of [`Absorber::ALL`]; 0 for what the leaf model does not know.
    absorption: [L; Absorber::ALL.len()],
    light: BlockLight<L>,
}

impl<L: Lane> Block<L> {
    /// The block at these places of the grid, one per number of the lane.
    pub fn new(data: &SpectralData, places: &[usize]) -> Self {
        let load = |f: &dyn Fn(usize) -> f64| {
            let values: Vec<f64> = places.iter().map(|place| f(*place)).collect();
            L::load(&values)
        };
        let index: Vec<f64> = places.iter().map(|p| data.refractive_index(*p)).collect();
        let soil = &data.soil;
        let measured = data.measured_diffuse_share.as_ref();
        Self {
            plate: Plate::new(&index),
            absorption: Absorber::ALL.map(|a| load(&|place| data.coefficient(a, place))),
            light: BlockLight {
                wet_soil: load(&|place| soil.wet[place]),
                dry_minus_wet: load(&|place| soil.dry[place] - soil.wet[place]),
                direct: load(&|place| data.direct[place]),
                diffuse: load(&|place| data.diffuse[place]),
                measured_share: measured.map(|share| load(&|place| share[place])),
            },
        }
    }
}

/// What is the same at every wavelength of one sample.
pub(super) struct SampleScalars<K: Stand> {
    /// Contents over N, in the order of [`Absorber::ALL`].
    contents: [f64; Absorber::ALL.len()],
    soil: SoilScalars,
    pub stand: K::Sample,
}

impl<K: Stand> SampleScalars<K> {
    #[inline(always)]
    pub fn new(scene: &Scene<K>, varied: Varied<'_>) -> Self {
        let p = varied.parameters;
        let contents = [p.cab, p.car, p.anth, p.cbrown, p.cw, p.cm, p.cp, p.cbc];
        Self {
            contents: contents.map(|content| content / p.n),
            soil: SoilScalars::new(varied),
            stand: K::sample(scene, varied),
        }
    }
}

/// The light of a leaf at a block of wavelengths, the absorption of one of its layers, and its absorptance.
#[inline(always)]
pub(super) fn light<S: Stages, K: Stand>(
    block: &Block<S::L>,
    parameters: &CanopyParameters,
    scene: &Scene<K>,
    sample: &SampleScalars<K>,
) -> (LeafLight<S>, S::L, S::L) {
    let c = S::L::c;
    let mut absorption = block.absorption[0] * c(sample.contents[0]);
    let mut i = 1;
    while i < Absorber::ALL.len() {
        absorption = block.absorption[i].fma(c(sample.contents[i]), absorption);
        i += 1;
    }
    let kept = keep_off_zero(absorption);
    let of_scene = (&scene.scattering, scene.sky_fraction);
    let (light, absorptance) = LeafLight::new(
        &block.plate,
        kept,
        &block.light,
        parameters,
        of_scene,
        &sample.soil,
    );
    (light, kept, absorptance)
}

/// Reflectance at a block of wavelengths, and the absorptance of a leaf.
#[inline(always)]
pub(super) fn value<L: Lane + Real<L = L>, K: Stand>(
    block: &Block<L>,
    parameters: &CanopyParameters,
    scene: &Scene<K>,
    sample: &SampleScalars<K>,
) -> (L, L) {
    let (light, _, absorptance) = light::<Values<L>, K>(block, parameters, scene, sample);
    let stand = K::reflectance::<Values<L>>(&light, scene, &sample.stand);
    (stand.total, absorptance)
}

/// The derivative of reflectance along a direction of the scene at a block of wavelengths.
#[inline(always)]
pub(super) fn slope<L: Lane + Real<L = L>, K: Stand>(
    block: &Block<L>,
    parameters: &CanopyParameters,
    scene: &Scene<K>,
    sample: &SampleScalars<K>,
) -> L {
    let (light, _, _) = light::<Direction<L>, K>(block, parameters, scene, sample);
    let stand = K::reflectance::<Direction<L>>(&light, scene, &sample.stand);
    stand.total.partial(0)
}

/// Reflectance at a block of wavelengths with its derivatives. Derivatives to contents follow from the one to
/// the absorption k of a layer: ∂k/∂C = K/N.
#[derive(Clone, Copy)]
pub(super) struct Response<L> {
    pub value: L,
    /// k's own dependence on N included.
    pub to_n: L,
    pub to_absorption: L,
    pub to_lai: L,
    pub to_laiu: L,
    pub to_fc: L,
}

/// A stand's [`Response`], and the absorptance of a leaf.
#[inline(always)]
pub(super) fn response<L: Lane + Real<L = L>, K: Stand>(
    block: &Block<L>,
    parameters: &CanopyParameters,
    scene: &Scene<K>,
    sample: &SampleScalars<K>,
) -> (Response<L>, L) {
    let (light, absorption, absorptance) =
        light::<Derivatives<L>, K>(block, parameters, scene, sample);
    let stand = K::reflectance::<Derivatives<L>>(&light, scene, &sample.stand);
    let r = stand.total;
    let to_absorption = r.partial(1);
    let through_absorption = to_absorption * L::c(1.0 / parameters.n);
    let response = Response {
        value: r.value(),
        to_n: Lane::fma(-through_absorption, absorption, r.partial(0)),
        to_absorption,
        to_lai: r.partial(3),
        to_laiu: r.partial(2),
        to_fc: stand.to_fc,
    };
    (response, absorptance)
}
