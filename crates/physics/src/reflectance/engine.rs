//! Bands and Jacobians of a batch: wavelengths in blocks of a lane, samples one after the other.

use super::columns::{Columns, SweepSlope};
use super::spectral::{Block, SampleScalars, response, slope, value};
use super::tables::SpectralData;
use crate::numbers::{Lane, Pair, Real};
use crate::parameters::{Along, CanopyParameters, Parameter, Varied};
use crate::stand::{Scene, Stand};
use crate::tables::{Absorber, FIRST_WAVELENGTH_NM, Sensor};

/// Which wavelengths are evaluated and how they add up to outputs.
pub(super) struct Quadrature {
    /// Places on the grid.
    pub places: Vec<usize>,
    /// One row per output, one weight per place.
    pub weights: Vec<Vec<f64>>,
}

impl Quadrature {
    /// Every wavelength at which a band of the sensor has weight.
    pub fn every_wavelength(sensor: &Sensor) -> Self {
        let wavelengths = sensor.wavelengths_nm();
        let weights = sensor
            .bands()
            .iter()
            .map(|band| {
                let mut row = vec![0.0; wavelengths.len()];
                for (nm, weight) in band.response() {
                    if let Ok(i) = wavelengths.binary_search(nm) {
                        row[i] = *weight;
                    }
                }
                row
            })
            .collect();
        let place = |nm: &u32| (nm - FIRST_WAVELENGTH_NM) as usize;
        Self {
            places: wavelengths.iter().map(place).collect(),
            weights,
        }
    }
}

/// The spectral constants and weights of a model in lanes of type `L`.
pub(super) struct Engine<L> {
    blocks: Vec<Block<L>>,
    /// The same two by two, without the last where their number is odd.
    pairs: Vec<Block<Pair<L>>>,
    /// Terms of a sweep by eights.
    groups: usize,
    /// K of the free absorbers block after block, with zeros up to a whole number of groups of terms.
    absorptions: Vec<L>,
    outputs: Vec<OutputWeights<L>>,
    columns: Columns,
}

/// Weights of one output from its first to its last block.
struct OutputWeights<L> {
    first: usize,
    weights: Vec<L>,
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

/// Sums that leave the lanes together.
const AT_ONCE: usize = 8;

/// Terms of a sweep that are there whatever is free: the value and its derivatives to N, LAI, LAIu and fc. Those
/// to contents follow them.
const OWN_TERMS: usize = 5;

/// A line of the processor's cache.
#[repr(align(64))]
struct CacheLine;

/// Has the compiler begin this function's stack at a cache line. Without a local that asks for it, it does
/// not, and most registers that it keeps there for a while lie across two lines, at several times the cost.
macro_rules! aligned_stack {
    () => {
        let line = CacheLine;
        std::hint::black_box(&line);
    };
}

impl<L: Lane + Real<L = L>> Engine<L> {
    pub fn new(data: &SpectralData, quadrature: &Quadrature, columns: &Columns) -> Self {
        let count = quadrature.places.len();
        let padded = count.next_multiple_of(L::WIDTH);
        // the last block is filled with copies of the last wavelength, of weight 0
        let places: Vec<usize> = (0..padded)
            .map(|i| quadrature.places[i.min(count - 1)])
            .collect();
        let blocks = places
            .chunks_exact(L::WIDTH)
            .map(|places| Block::new(data, places))
            .collect();
        let pairs = places
            .chunks_exact(2 * L::WIDTH)
            .map(|places| Block::new(data, places))
            .collect();
        let outputs = quadrature
            .weights
            .iter()
            .map(|row| {
                let mut weights = row.clone();
                weights.resize(padded, 0.0);
                OutputWeights::new(&weights)
            })
            .collect();
        let absorbers = columns.absorbers();
        let groups = (OWN_TERMS + absorbers.len()).div_ceil(AT_ONCE);
        let absorption = |places: &[usize], absorber: Option<&Absorber>| {
            let Some(absorber) = absorber else {
                return L::c(0.0);
            };
            let at = |place: &usize| data.coefficient(*absorber, *place);
            L::load(&places.iter().map(at).collect::<Vec<f64>>())
        };
        let absorptions = places
            .chunks_exact(L::WIDTH)
            .flat_map(|places| {
                (0..groups * AT_ONCE - OWN_TERMS).map(move |k| absorption(places, absorbers.get(k)))
            })
            .collect();
        Self {
            blocks,
            pairs,
            groups,
            absorptions,
            outputs,
            columns: columns.clone(),
        }
    }

    /// The directions that need a sweep of their own.
    pub fn directions(&self) -> &[(Parameter, usize)] {
        self.columns.directions()
    }

    /// Whether the Jacobian has columns of the common sweep.
    pub fn has_sweep(&self) -> bool {
        !self.columns.of_sweep().is_empty()
    }

    /// Values of the whole batch. Like the other two the body of entry points of `dispatch`.
    #[inline(always)]
    pub fn values<K: Stand>(&self, samples: &[CanopyParameters], results: &mut Results<'_>) {
        aligned_stack!();
        let mut scenes = Scenes::<K>::new(Along::EachItsOwn);
        let mut spectrum = Vec::with_capacity(self.blocks.len());
        for (i, parameters) in samples.iter().enumerate() {
            let (scene, sample) = scenes.of(parameters);
            spectrum.clear();
            let mut least_absorptance = L::c(1.0);
            for block in &self.pairs {
                let (Pair(first, second), Pair(a, b)) =
                    value::<Pair<L>, K>(block, parameters, scene, &sample);
                spectrum.extend([first, second]);
                least_absorptance = least_absorptance.min(a.min(b));
            }
            for block in &self.blocks[spectrum.len()..] {
                let (last, absorptance) = value::<L, K>(block, parameters, scene, &sample);
                spectrum.push(last);
                least_absorptance = least_absorptance.min(absorptance);
            }
            results.least_absorptance[i] = least_absorptance.smallest();
            let count = self.outputs.len();
            let values = results.values[i * count..].chunks_mut(AT_ONCE);
            for (outputs, values) in self.outputs.chunks(AT_ONCE).zip(values) {
                let mut sums = [L::c(0.0); AT_ONCE];
                for (output, sum) in outputs.iter().zip(&mut sums) {
                    *sum = output.sum(&spectrum);
                }
                let sums = L::sums(&sums);
                for (value, sum) in values[..outputs.len()].iter_mut().zip(sums) {
                    *value = sum;
                }
            }
        }
    }

    /// Values, and the columns of the Jacobian that one sweep gives.
    #[inline(always)]
    pub fn sweep<K: Stand>(&self, samples: &[CanopyParameters], results: &mut Results<'_>) {
        aligned_stack!();
        let width = self.columns.width();
        let mut scenes = Scenes::<K>::new(Along::EachItsOwn);
        let groups = self.groups;
        // the terms of a block are neighbours, in `groups` of eight
        let mut spectrum = vec![[L::c(0.0); AT_ONCE]; self.blocks.len() * groups];
        let mut sums = vec![0.0; groups * AT_ONCE];
        let mut responses = Vec::with_capacity(self.blocks.len());
        for (i, parameters) in samples.iter().enumerate() {
            let (scene, sample) = scenes.of(parameters);
            let mut least_absorptance = L::c(1.0);
            responses.clear();
            for block in &self.blocks {
                let (response, absorptance) = response::<L, K>(block, parameters, scene, &sample);
                responses.push(response);
                least_absorptance = least_absorptance.min(absorptance);
            }
            let of_blocks = spectrum.chunks_exact_mut(groups);
            let absorptions = self.absorptions.chunks_exact(groups * AT_ONCE - OWN_TERMS);
            for ((response, terms), absorptions) in responses.iter().zip(of_blocks).zip(absorptions)
            {
                let (own, of_contents) = terms.as_flattened_mut().split_at_mut(OWN_TERMS);
                own.copy_from_slice(&[
                    response.value,
                    response.to_n,
                    response.to_lai,
                    response.to_laiu,
                    response.to_fc,
                ]);
                for (term, absorption) in of_contents.iter_mut().zip(absorptions) {
                    *term = response.to_absorption * *absorption;
                }
            }
            results.least_absorptance[i] = least_absorptance.smallest();
            // ∂k/∂C = K/N
            let inverse_n = 1.0 / parameters.n;
            for (j, output) in self.outputs.iter().enumerate() {
                for (g, sums) in sums.chunks_exact_mut(AT_ONCE).enumerate() {
                    let terms = spectrum[output.first * groups + g..].iter().step_by(groups);
                    let mut lanes = [L::c(0.0); AT_ONCE];
                    for (weight, terms) in output.weights.iter().zip(terms) {
                        let mut t = 0;
                        while t < AT_ONCE {
                            lanes[t] = Lane::fma(*weight, terms[t], lanes[t]);
                            t += 1;
                        }
                    }
                    sums.copy_from_slice(&L::sums(&lanes));
                }
                let at = i * self.outputs.len() + j;
                results.values[at] = sums[0];
                let row = &mut results.jacobian[at * width..(at + 1) * width];
                for (slope, column) in self.columns.of_sweep() {
                    row[*column] = match slope {
                        SweepSlope::N => sums[1],
                        SweepSlope::Lai => sums[2],
                        SweepSlope::LaiU => sums[3],
                        SweepSlope::Fc => sums[4],
                        SweepSlope::Absorber(k) => sums[OWN_TERMS + k] * inverse_n,
                    };
                }
            }
        }
    }

    /// The column of the Jacobian along one direction of the scene.
    #[inline(always)]
    pub fn direction<K: Stand>(
        &self,
        samples: &[CanopyParameters],
        (parameter, column): (Parameter, usize),
        results: &mut Results<'_>,
    ) {
        aligned_stack!();
        let width = self.columns.width();
        let mut scenes = Scenes::<K>::new(Along::One(parameter));
        let mut slopes = Vec::with_capacity(self.blocks.len());
        for (i, parameters) in samples.iter().enumerate() {
            let (scene, sample) = scenes.of(parameters);
            slopes.clear();
            for block in &self.blocks {
                slopes.push(slope::<L, K>(block, parameters, scene, &sample));
            }
            for (j, output) in self.outputs.iter().enumerate() {
                let at = (i * self.outputs.len() + j) * width + column;
                results.jacobian[at] = output.sum(&slopes).sum();
            }
        }
    }
}

/// The scene of a sample, kept while it is the next one's too.
struct Scenes<K: Stand> {
    along: Along,
    last: Option<Scene<K>>,
}

impl<K: Stand> Scenes<K> {
    fn new(along: Along) -> Self {
        Self { along, last: None }
    }

    /// What is the same at every wavelength of a sample.
    #[inline(always)]
    fn of(&mut self, parameters: &CanopyParameters) -> (&Scene<K>, SampleScalars<K>) {
        let varied = Varied::new(parameters, self.along);
        if !self
            .last
            .as_ref()
            .is_some_and(|scene| scene.fits(parameters))
        {
            self.last = None;
        }
        let scene = self.last.get_or_insert_with(|| Scene::new(varied));
        let sample = SampleScalars::new(scene, varied);
        (scene, sample)
    }
}

impl<L: Lane> OutputWeights<L> {
    /// `weights` has a whole number of blocks.
    fn new(weights: &[f64]) -> Self {
        let blocks: Vec<&[f64]> = weights.chunks_exact(L::WIDTH).collect();
        let used = |block: &&[f64]| block.iter().any(|w| *w != 0.0);
        let first = blocks.iter().position(used).unwrap_or(0);
        let end = blocks.iter().rposition(used).map_or(first, |last| last + 1);
        Self {
            first,
            weights: blocks[first..end].iter().map(|w| L::load(w)).collect(),
        }
    }

    /// The weighted sum of a spectrum, still in lanes.
    #[inline(always)]
    fn sum(&self, spectrum: &[L]) -> L {
        let mut sum = L::c(0.0);
        for (weight, at) in self.weights.iter().zip(&spectrum[self.first..]) {
            sum = Lane::fma(*weight, *at, sum);
        }
        sum
    }
}
