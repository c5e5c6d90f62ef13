//! Bands and Jacobians of a batch: wavelengths in blocks of a lane, samples one after the other.

use super::parameters::{FREE, ForestParameters};
use super::scene::{SampleScalars, Scene};
use super::spectral::{Block, Response, response};
use super::stages::Stages;
use super::variant::ForestVariant;
use crate::numbers::{Lane, Real};
use crate::tables::{Absorber, SpectralTables};

/// Which wavelengths are evaluated and how they add up to outputs.
pub(super) struct Quadrature {
    /// Places on the grid.
    pub places: Vec<usize>,
    /// One row per output, one weight per place.
    pub weights: Vec<Vec<f64>>,
}

/// The spectral constants and weights of a model in lanes of type `L`.
pub(super) struct Engine<L> {
    blocks: Vec<Block<L>>,
    outputs: Vec<OutputWeights<L>>,
}

/// The absorbers whose content is a free parameter.
const FREE_ABSORBERS: [Absorber; 3] = [Absorber::Chlorophyll, Absorber::Water, Absorber::DryMatter];

/// Weights of one output from its first to its last block.
struct OutputWeights<L> {
    first: usize,
    /// w, and w·K of the free absorbers.
    weights: Vec<[L; 1 + FREE_ABSORBERS.len()]>,
}

/// Where a batch's results go.
pub(super) struct Results<'a> {
    /// n × outputs
    pub values: &'a mut [f64],
    /// n × outputs × free parameters, or empty
    pub jacobian: &'a mut [f64],
    /// Smallest absorptance of each sample's leaf over the wavelengths.
    pub least_absorptance: &'a mut [f64],
}

impl<L: Lane> Engine<L> {
    pub fn new(tables: &SpectralTables, quadrature: &Quadrature) -> Self {
        let count = quadrature.places.len();
        let padded = count.next_multiple_of(L::WIDTH);
        // the last block is filled with copies of the last wavelength, of weight 0
        let places: Vec<usize> = (0..padded)
            .map(|i| quadrature.places[i.min(count - 1)])
            .collect();
        let blocks = places
            .chunks_exact(L::WIDTH)
            .map(|places| Block::new(tables, places))
            .collect();
        let outputs = quadrature
            .weights
            .iter()
            .map(|row| {
                let mut weights = row.clone();
                weights.resize(padded, 0.0);
                OutputWeights::new(tables, &places, &weights)
            })
            .collect();
        Self { blocks, outputs }
    }

    /// The whole batch; the body of every entry point of `dispatch`.
    #[inline(always)]
    pub fn run<S: Stages<L = L>, V: ForestVariant>(
        &self,
        samples: &[ForestParameters],
        results: &mut Results<'_>,
    ) {
        let outputs = self.outputs.len();
        let with_jacobian = S::Forest::PARTIALS > 0;
        let mut spectrum: Vec<Response<L>> = Vec::with_capacity(self.blocks.len());
        let mut scene: Option<Scene<V>> = None;
        for (i, forest) in samples.iter().enumerate() {
            let scene = match &mut scene {
                Some(scene) if scene.fits(forest) => scene,
                other => other.insert(Scene::new(forest)),
            };
            let sample = SampleScalars::new(scene, forest);
            spectrum.clear();
            let mut least_absorptance = L::c(1.0);
            for block in &self.blocks {
                let (response, absorptance) = response::<S, V>(block, forest, scene, &sample);
                spectrum.push(response);
                least_absorptance = least_absorptance.min(absorptance);
            }
            results.least_absorptance[i] = least_absorptance.smallest();
            for (j, output) in self.outputs.iter().enumerate() {
                let spectrum = &spectrum[output.first..output.first + output.weights.len()];
                let at = i * outputs + j;
                if with_jacobian {
                    let (value, slopes) = output.sum_with_slopes(spectrum, 1.0 / forest.n);
                    results.values[at] = value;
                    results.jacobian[at * FREE.len()..(at + 1) * FREE.len()]
                        .copy_from_slice(&slopes);
                } else {
                    results.values[at] = output.sum(spectrum);
                }
            }
        }
    }
}

impl<L: Lane> OutputWeights<L> {
    fn new(tables: &SpectralTables, places: &[usize], weights: &[f64]) -> Self {
        let blocks: Vec<(&[usize], &[f64])> = places
            .chunks_exact(L::WIDTH)
            .zip(weights.chunks_exact(L::WIDTH))
            .collect();
        let used = |block: &(&[usize], &[f64])| block.1.iter().any(|w| *w != 0.0);
        let first = blocks.iter().position(used).unwrap_or(0);
        let end = blocks.iter().rposition(used).map_or(first, |last| last + 1);
        let load = |places: &[usize], weights: &[f64], coefficient: &dyn Fn(usize) -> f64| {
            let values: Vec<f64> = places
                .iter()
                .zip(weights)
                .map(|(place, w)| w * coefficient(*place))
                .collect();
            L::load(&values)
        };
        let weights = blocks[first..end]
            .iter()
            .map(|(places, weights)| {
                let k = |absorber| {
                    load(places, weights, &|place| {
                        tables.leaf.coefficient(absorber, place)
                    })
                };
                let [cab, cw, cm] = FREE_ABSORBERS.map(k);
                [load(places, weights, &|_| 1.0), cab, cw, cm]
            })
            .collect();
        Self { first, weights }
    }

    #[inline(always)]
    fn sum(&self, spectrum: &[Response<L>]) -> f64 {
        let mut sum = L::c(0.0);
        for (weights, response) in self.weights.iter().zip(spectrum) {
            sum = weights[0].fma(response.value, sum);
        }
        sum.sum()
    }

    /// The output and its derivatives in the order of [`FREE`].
    #[inline(always)]
    fn sum_with_slopes(&self, spectrum: &[Response<L>], inverse_n: f64) -> (f64, [f64; 7]) {
        let zero = L::c(0.0);
        let (mut value, mut n, mut cab, mut cw) = (zero, zero, zero, zero);
        let (mut cm, mut lai, mut laiu, mut fc) = (zero, zero, zero, zero);
        for (weights, r) in self.weights.iter().zip(spectrum) {
            value = weights[0].fma(r.value, value);
            n = weights[0].fma(r.to_n, n);
            cab = weights[1].fma(r.to_absorption, cab);
            cw = weights[2].fma(r.to_absorption, cw);
            cm = weights[3].fma(r.to_absorption, cm);
            lai = weights[0].fma(r.to_lai, lai);
            laiu = weights[0].fma(r.to_laiu, laiu);
            fc = weights[0].fma(r.to_fc, fc);
        }
        let slopes = [
            n.sum(),
            cab.sum() * inverse_n,
            cw.sum() * inverse_n,
            cm.sum() * inverse_n,
            lai.sum(),
            laiu.sum(),
            fc.sum(),
        ];
        (value.sum(), slopes)
    }
}
