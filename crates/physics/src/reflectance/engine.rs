//! Bands and Jacobians of a batch: wavelengths in blocks of a lane, samples one after the other.

use super::columns::{Columns, SweepSlope};
use super::spectral::{Block, Response, SampleScalars, response};
use super::tables::SpectralData;
use crate::numbers::{Lane, Real};
use crate::parameters::{Along, CanopyParameters, Parameter, Varied};
use crate::stand::{Derivatives, Direction, Scene, Stages, Stand, Values};
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
    outputs: Vec<OutputWeights<L>>,
    columns: Columns,
}

/// Weights of one output from its first to its last block.
struct OutputWeights<L> {
    first: usize,
    weights: Vec<L>,
    /// Weight times K of each free absorber.
    absorbers: Vec<Vec<L>>,
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

/// The weighted sum of a part of an output's spectrum. A macro, for a closure might be compiled on its own,
/// without the instructions of the entry point.
macro_rules! weighted_sum {
    ($output:expr, $spectrum:expr, $part:ident) => {{
        let mut sum = L::c(0.0);
        let spectrum = &$spectrum[$output.first..];
        for (weight, response) in $output.weights.iter().zip(spectrum) {
            sum = Lane::fma(*weight, response.$part, sum);
        }
        sum.sum()
    }};
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
        let outputs = quadrature
            .weights
            .iter()
            .map(|row| {
                let mut weights = row.clone();
                weights.resize(padded, 0.0);
                OutputWeights::new(data, &places, &weights, columns.absorbers())
            })
            .collect();
        Self {
            blocks,
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
        let mut sweep = Sweep::<L, K>::new(self, Along::EachItsOwn);
        for (i, parameters) in samples.iter().enumerate() {
            results.least_absorptance[i] = sweep.run::<Values<L>>(parameters);
            for (j, output) in self.outputs.iter().enumerate() {
                let at = i * self.outputs.len() + j;
                results.values[at] = weighted_sum!(output, sweep.spectrum, value);
            }
        }
    }

    /// Values, and the columns of the Jacobian that one sweep gives.
    #[inline(always)]
    pub fn sweep<K: Stand>(&self, samples: &[CanopyParameters], results: &mut Results<'_>) {
        let width = self.columns.width();
        let mut sweep = Sweep::<L, K>::new(self, Along::EachItsOwn);
        for (i, parameters) in samples.iter().enumerate() {
            results.least_absorptance[i] = sweep.run::<Derivatives<L>>(parameters);
            let inverse_n = 1.0 / parameters.n;
            for (j, output) in self.outputs.iter().enumerate() {
                let at = i * self.outputs.len() + j;
                results.values[at] = weighted_sum!(output, sweep.spectrum, value);
                let row = &mut results.jacobian[at * width..(at + 1) * width];
                for (slope, column) in self.columns.of_sweep() {
                    row[*column] = match slope {
                        SweepSlope::N => weighted_sum!(output, sweep.spectrum, to_n),
                        SweepSlope::Absorber(k) => {
                            output.sum_absorber(&sweep.spectrum, *k) * inverse_n
                        }
                        SweepSlope::Lai => weighted_sum!(output, sweep.spectrum, to_lai),
                        SweepSlope::LaiU => weighted_sum!(output, sweep.spectrum, to_laiu),
                        SweepSlope::Fc => weighted_sum!(output, sweep.spectrum, to_fc),
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
        let width = self.columns.width();
        let mut sweep = Sweep::<L, K>::new(self, Along::One(parameter));
        for (i, parameters) in samples.iter().enumerate() {
            sweep.run::<Direction<L>>(parameters);
            for (j, output) in self.outputs.iter().enumerate() {
                let at = (i * self.outputs.len() + j) * width + column;
                results.jacobian[at] = weighted_sum!(output, sweep.spectrum, to_direction);
            }
        }
    }
}

/// Sweeps over the wavelengths, sample after sample.
struct Sweep<'a, L, K: Stand> {
    blocks: &'a [Block<L>],
    along: Along,
    scene: Option<Scene<K>>,
    spectrum: Vec<Response<L>>,
}

impl<'a, L: Lane, K: Stand> Sweep<'a, L, K> {
    #[inline(always)]
    fn new(engine: &'a Engine<L>, along: Along) -> Self {
        Self {
            blocks: &engine.blocks,
            along,
            scene: None,
            spectrum: Vec::with_capacity(engine.blocks.len()),
        }
    }

    /// The spectrum of one sample; returns its leaf's least absorptance.
    #[inline(always)]
    fn run<S: Stages<L = L>>(&mut self, parameters: &CanopyParameters) -> f64 {
        let varied = Varied::new(parameters, self.along);
        let scene = match &mut self.scene {
            Some(scene) if scene.fits(parameters) => scene,
            other => other.insert(Scene::new(varied)),
        };
        let sample = SampleScalars::new(scene, varied);
        self.spectrum.clear();
        let mut least_absorptance = L::c(1.0);
        for block in self.blocks {
            let (response, absorptance) = response::<S, K>(block, parameters, scene, &sample);
            self.spectrum.push(response);
            least_absorptance = least_absorptance.min(absorptance);
        }
        least_absorptance.smallest()
    }
}

impl<L: Lane> OutputWeights<L> {
    fn new(data: &SpectralData, places: &[usize], weights: &[f64], absorbers: &[Absorber]) -> Self {
        let blocks: Vec<(&[usize], &[f64])> = places
            .chunks_exact(L::WIDTH)
            .zip(weights.chunks_exact(L::WIDTH))
            .collect();
        let used = |block: &(&[usize], &[f64])| block.1.iter().any(|w| *w != 0.0);
        let first = blocks.iter().position(used).unwrap_or(0);
        let end = blocks.iter().rposition(used).map_or(first, |last| last + 1);
        let load = |factor: &dyn Fn(usize) -> f64| {
            let of_block = |(places, weights): &(&[usize], &[f64])| {
                let values: Vec<f64> = places
                    .iter()
                    .zip(*weights)
                    .map(|(place, w)| w * factor(*place))
                    .collect();
                L::load(&values)
            };
            blocks[first..end].iter().map(of_block).collect()
        };
        Self {
            first,
            weights: load(&|_| 1.0),
            absorbers: absorbers
                .iter()
                .map(|absorber| load(&|place| data.coefficient(*absorber, place)))
                .collect(),
        }
    }

    /// The weighted sum of K ∂R/∂k for one of the free absorbers.
    #[inline(always)]
    fn sum_absorber(&self, spectrum: &[Response<L>], absorber: usize) -> f64 {
        let mut sum = L::c(0.0);
        let weights = &self.absorbers[absorber];
        for (weight, response) in weights.iter().zip(&spectrum[self.first..]) {
            sum = weight.fma(response.to_absorption, sum);
        }
        sum.sum()
    }
}
