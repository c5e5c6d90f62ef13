//! INFORM at a block of wavelengths, written once over the kinds of number.

use super::parameters::ForestParameters;
use super::scene::{SampleScalars, Scene};
use super::stages::Stages;
use super::variant::{CrownLight, ForestVariant};
use crate::canopy::{Layer, Medium};
use crate::leaf::{Plate, keep_off_zero, stack_of_plates};
use crate::numbers::{Lane, Real};
use crate::tables::{Absorber, SpectralTables};

/// The absorbers of PROSPECT-D.
const ABSORBERS: [Absorber; 6] = [
    Absorber::Chlorophyll,
    Absorber::Carotenoids,
    Absorber::Anthocyanins,
    Absorber::BrownPigments,
    Absorber::Water,
    Absorber::DryMatter,
];

/// Spectral constants of one block of wavelengths.
#[derive(Clone, Copy)]
pub(super) struct Block<L> {
    plate: Plate<L>,
    absorption: [L; ABSORBERS.len()],
    dry_soil: L,
    wet_soil: L,
    direct: L,
    diffuse: L,
}

impl<L: Lane> Block<L> {
    /// The block at these places of the grid, one per number of the lane.
    pub fn new(tables: &SpectralTables, places: &[usize]) -> Self {
        let load = |f: &dyn Fn(usize) -> f64| {
            let values: Vec<f64> = places.iter().map(|place| f(*place)).collect();
            L::load(&values)
        };
        let (leaf, rest) = (&tables.leaf, &tables.soil_and_sky);
        let index: Vec<f64> = places.iter().map(|p| leaf.refractive_index()[*p]).collect();
        Self {
            plate: Plate::new(&index),
            absorption: ABSORBERS.map(|a| load(&|place| leaf.coefficient(a, place))),
            dry_soil: load(&|place| rest.dry_soil[place]),
            wet_soil: load(&|place| rest.wet_soil[place]),
            direct: load(&|place| rest.direct[place]),
            diffuse: load(&|place| rest.diffuse[place]),
        }
    }
}

/// Reflectances of the parts of the forest and of the whole.
pub(super) struct Reflectances<S: Stages> {
    pub forest: S::Forest,
    /// Understorey over soil.
    pub understorey: S::Forest,
    /// Infinitely deep crown over the understorey.
    pub deep_crown: S::Forest,
    pub crown_to_sun: S::Forest,
    pub crown_to_view: S::Forest,
    /// Absorption of one leaf layer.
    pub absorption: S::L,
    /// Absorptance of a leaf.
    pub leaf_absorptance: S::L,
}

/// R = R_∞ C + R_u G: crowns that hide the ground, and ground seen or lit through crowns.
#[inline(always)]
pub(super) fn reflectances<S: Stages, V: ForestVariant>(
    block: &Block<S::L>,
    forest: &ForestParameters,
    scene: &Scene<V>,
    sample: &SampleScalars<V>,
) -> Reflectances<S> {
    let c = S::L::c;
    let one = c(1.0);

    let inverse_n = 1.0 / forest.n;
    let contents = [
        forest.cab,
        forest.car,
        forest.anth,
        forest.cbrown,
        forest.cw,
        forest.cm,
    ];
    let mut absorption = block.absorption[0] * c(contents[0] * inverse_n);
    let mut i = 1;
    while i < ABSORBERS.len() {
        absorption = block.absorption[i].fma(c(contents[i] * inverse_n), absorption);
        i += 1;
    }
    let absorption = keep_off_zero(absorption);
    let (rho, tau, absorptance) = stack_of_plates::<S::Leaf>(
        &block.plate,
        S::Leaf::variable(c(forest.n), one, 0),
        S::Leaf::variable(absorption, one, 1),
    );

    let scattering = &scene.scattering;
    let leaf_medium = Medium::new(scattering.bf, rho, tau, absorptance);
    let leaf_sun = leaf_medium.beam(scattering.ks, scattering.bf);
    let leaf_view = leaf_medium.beam(scattering.ko, scattering.bf);
    let leaf_w = leaf_medium.bidirectional(scattering);
    let medium: Medium<S::Layer> = leaf_medium.lift(&S::LEAF_TO_LAYER);
    let sun = leaf_sun.lift(&S::LEAF_TO_LAYER);
    let view = leaf_view.lift(&S::LEAF_TO_LAYER);
    let w: S::Layer = leaf_w.lift(&S::LEAF_TO_LAYER);

    let direct = block.direct * c(1.0 - scene.sky_fraction);
    let diffuse = block.diffuse * c(scene.sky_fraction);
    let diffuse_share = diffuse / (direct + diffuse);
    let soil = block
        .wet_soil
        .fma(c(1.0 - forest.psoil), block.dry_soil * c(forest.psoil));

    let understorey = Layer::new(&medium, &sun, &view, w, &sample.understorey, S::LENGTH)
        .over_soil(S::Layer::constant(soil))
        .mix(diffuse_share);
    let no_variable = usize::MAX;
    let deep_crown = Layer::new(
        &leaf_medium,
        &leaf_sun,
        &leaf_view,
        leaf_w,
        &scene.deep,
        no_variable,
    )
    .lift::<S::Layer>(&S::LEAF_TO_LAYER)
    .over_soil(understorey)
    .mix(diffuse_share);

    let understorey: S::Forest = understorey.lift(&S::UNDERSTOREY_TO_FOREST);
    let deep_crown: S::Forest = deep_crown.lift(&S::UNDERSTOREY_TO_FOREST);
    let light = CrownLight::<S> {
        sky_fraction: scene.sky_fraction,
        medium_of_leaf: &leaf_medium,
        medium: &medium,
        sun: &sun,
        view: &view,
        w,
        background: understorey,
    };
    let (to_sun, to_view) = V::transmittances::<S>(&light, &scene.crown, &sample.crown);

    let cover = &sample.cover;
    let through = to_sun * to_view;
    let crown = (-through).offset(one).scale(c(sample.crown_weight.value));
    let ground = (through.scale(c(cover.fcd.value))
        + to_view.scale(c(cover.fcs.value))
        + to_sun.scale(c(cover.fod.value)))
    .offset(c(cover.fos.value));
    Reflectances {
        forest: deep_crown * crown + understorey * ground,
        understorey,
        deep_crown,
        crown_to_sun: to_sun,
        crown_to_view: to_view,
        absorption,
        leaf_absorptance: absorptance.value(),
    }
}

/// Reflectance at a block of wavelengths with its derivatives. Derivatives to contents follow from the
/// one to the absorption k of a layer: ∂k/∂C = K/N.
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

/// [`reflectances`] reduced to what the bands need, and the absorptance of a leaf.
#[inline(always)]
pub(super) fn response<S: Stages, V: ForestVariant>(
    block: &Block<S::L>,
    forest: &ForestParameters,
    scene: &Scene<V>,
    sample: &SampleScalars<V>,
) -> (Response<S::L>, S::L) {
    let all = reflectances::<S, V>(block, forest, scene, sample);
    let r = all.forest;
    let mut response = Response {
        value: r.value(),
        to_n: r.value(),
        to_absorption: r.value(),
        to_lai: r.value(),
        to_laiu: r.value(),
        to_fc: r.value(),
    };
    if S::Forest::PARTIALS > 0 {
        let c = S::L::c;
        let to_absorption = r.partial(1);
        response.to_absorption = to_absorption;
        response.to_n = (-(to_absorption * c(1.0 / forest.n))).fma(all.absorption, r.partial(0));
        response.to_laiu = r.partial(2);
        response.to_lai = r.partial(3);
        // R is linear in the weights of FLIM
        let cover = &sample.cover;
        let (to_sun, to_view) = (all.crown_to_sun.value(), all.crown_to_view.value());
        let through = to_sun * to_view;
        let ground = c(cover.fcd.slope).fma(
            through,
            c(cover.fcs.slope).fma(to_view, c(cover.fod.slope).fma(to_sun, c(cover.fos.slope))),
        );
        let crown = (c(1.0) - through) * c(sample.crown_weight.slope);
        response.to_fc = (all.deep_crown.value()).fma(crown, all.understorey.value() * ground);
    }
    (response, all.leaf_absorptance)
}
