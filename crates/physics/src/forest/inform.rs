//! INFORM for users: options, batches of forests, spectra.

use super::choices::{Precision, Variant};
use super::cover::{CoverScalars, CrownCover};
use super::dispatch::{AnyEngine, Lanes, double_engine, single_engine};
use super::engine::{Quadrature, Results};
use super::parameters::{FREE, ForestParameters};
use super::precision::LEAST_ABSORPTANCE_F32;
use super::scene::{SampleScalars, Scene};
use super::spectral::{Block, Reflectances, reflectances};
use super::stages::Values;
use super::variant::{EnmapBox, ForestVariant, Published};
use crate::canopy::Viewing;
use crate::tables::{FIRST_WAVELENGTH_NM, Sensor, SpectralTables, grid_places};
use crate::{PhysicsError, Quantity};
use ndarray::{Array2, Array3};
use rayon::prelude::*;

/// What an [`Inform`] is made of. The default is published INFORM with the built-in tables and all 13
/// bands of Sentinel-2A in double precision.
#[derive(Clone, Debug)]
pub struct InformOptions {
    /// Which INFORM.
    pub variant: Variant,
    /// Leaf constants, soils and sky.
    pub tables: SpectralTables,
    /// The sensor.
    pub sensor: Sensor,
    /// Only these bands, in this order; all where `None`.
    pub bands: Option<Vec<String>>,
    /// Precision.
    pub precision: Precision,
    /// Lanes of single precision, for comparisons; the fastest where `None`.
    pub lanes: Option<Lanes>,
}

impl Default for InformOptions {
    fn default() -> Self {
        Self {
            variant: Variant::default(),
            tables: SpectralTables::built_in(),
            sensor: Sensor::sentinel2a(),
            bands: None,
            precision: Precision::default(),
            lanes: None,
        }
    }
}

/// Samples a thread takes at a time. The scene is computed once for each run of equal geometry in it.
const SAMPLES_AT_A_TIME: usize = 16;

/// Reflectances of a forest and its parts at some wavelengths.
#[derive(Clone, Debug, PartialEq)]
pub struct ForestSpectra {
    /// The forest, R = R_∞ C + R_u G.
    pub forest: Vec<f64>,
    /// Understorey over soil, R_u.
    pub understorey: Vec<f64>,
    /// Infinitely deep crown over the understorey, R_∞.
    pub deep_crown: Vec<f64>,
    /// Crown transmittance towards the sun, T_s.
    pub crown_to_sun: Vec<f64>,
    /// Crown transmittance towards the view, T_o.
    pub crown_to_view: Vec<f64>,
    /// Shares of the scene.
    pub cover: CrownCover,
}

/// INFORM with PROSPECT-D leaves and 4SAIL canopies, seen by a sensor.
///
/// The understorey's reflectance into the view stands for the ground under the crowns, as if it were
/// Lambertian. For bright leaves in a wide hot spot it can exceed 1; light bounced between such a ground and
/// the crowns diverges, and bands far outside 0 to 1 come out. No ordinary stand comes near.
pub struct Inform {
    variant: Variant,
    precision: Precision,
    tables: SpectralTables,
    sensor: Sensor,
    /// Single precision, if asked for.
    single: Option<Box<dyn AnyEngine>>,
    double: Box<dyn AnyEngine>,
}

impl std::fmt::Debug for Inform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inform")
            .field("variant", &self.variant)
            .field("precision", &self.precision)
            .field("sensor", &self.sensor.name())
            .field("bands", &self.sensor.band_names())
            .finish_non_exhaustive()
    }
}

impl Inform {
    /// # Errors
    /// A band the sensor does not have, or lanes the processor does not have.
    pub fn new(options: InformOptions) -> Result<Self, PhysicsError> {
        let InformOptions {
            variant,
            tables,
            sensor,
            bands,
            precision,
            lanes,
        } = options;
        let sensor = match bands {
            Some(bands) => sensor.with_bands(&bands)?,
            None => sensor,
        };
        let quadrature = every_wavelength(&sensor);
        let single = match precision {
            Precision::F64 => None,
            Precision::F32 => {
                let lanes = lanes.unwrap_or_else(|| Lanes::available()[0]);
                let engine = single_engine(lanes, &tables, &quadrature);
                Some(engine.ok_or_else(|| PhysicsError::Inconsistent {
                    what: "lanes",
                    problem: format!(
                        "{lanes:?} is not on this processor, which has {:?}",
                        Lanes::available()
                    ),
                })?)
            }
        };
        Ok(Self {
            variant,
            precision,
            single,
            double: double_engine(&tables, &quadrature),
            tables,
            sensor,
        })
    }

    /// Which INFORM.
    pub fn variant(&self) -> Variant {
        self.variant
    }

    /// Its precision.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The sensor, with the bands used.
    pub fn sensor(&self) -> &Sensor {
        &self.sensor
    }

    /// The parameters of the Jacobian's columns: N, cab, cw, cm, LAI, LAIu, fc.
    pub fn free_parameters() -> Vec<Quantity> {
        FREE.iter()
            .map(crate::quantities::Range::quantity)
            .collect()
    }

    /// Band reflectances: samples × bands.
    ///
    /// # Errors
    /// A parameter that is not finite or outside its range; the error names row and parameter.
    pub fn bands(&self, samples: &[ForestParameters]) -> Result<Array2<f64>, PhysicsError> {
        let mut values = Array2::zeros((samples.len(), self.sensor.bands().len()));
        let room = values.as_slice_mut().unwrap_or_default();
        self.evaluate(samples, room, &mut [])?;
        Ok(values)
    }

    /// Band reflectances (samples × bands) and their derivatives to N, cab, cw, cm, LAI, LAIu, fc
    /// (samples × bands × 7), in the units of [`ForestParameters`]. Crown diameter and height follow cover
    /// where they are not given.
    ///
    /// # Errors
    /// As [`Inform::bands`].
    pub fn bands_with_jacobian(
        &self,
        samples: &[ForestParameters],
    ) -> Result<(Array2<f64>, Array3<f64>), PhysicsError> {
        let (n, d) = (samples.len(), self.sensor.bands().len());
        let mut values = Array2::zeros((n, d));
        let mut jacobian = Array3::zeros((n, d, FREE.len()));
        self.evaluate(
            samples,
            values.as_slice_mut().unwrap_or_default(),
            jacobian.as_slice_mut().unwrap_or_default(),
        )?;
        Ok((values, jacobian))
    }

    /// Into `values` (n × bands) and, unless it is empty, `jacobian` (n × bands × 7), row after row.
    pub(super) fn evaluate(
        &self,
        samples: &[ForestParameters],
        values: &mut [f64],
        jacobian: &mut [f64],
    ) -> Result<(), PhysicsError> {
        for (row, forest) in samples.iter().enumerate() {
            forest.check(row)?;
        }
        let outputs = self.sensor.bands().len();
        let per_chunk = SAMPLES_AT_A_TIME * outputs;
        // an empty Jacobian has no chunks to go with: give each its own empty one
        let jacobians: Vec<&mut [f64]> = if jacobian.is_empty() {
            samples
                .chunks(SAMPLES_AT_A_TIME)
                .map(|_| &mut [][..])
                .collect()
        } else {
            jacobian.chunks_mut(per_chunk * FREE.len()).collect()
        };
        samples
            .par_chunks(SAMPLES_AT_A_TIME)
            .zip(values.par_chunks_mut(per_chunk))
            .zip(jacobians)
            .enumerate()
            .try_for_each(|(chunk, ((samples, values), jacobian))| {
                self.evaluate_chunk(chunk * SAMPLES_AT_A_TIME, samples, values, jacobian)
            })
    }

    fn evaluate_chunk(
        &self,
        first_row: usize,
        samples: &[ForestParameters],
        values: &mut [f64],
        jacobian: &mut [f64],
    ) -> Result<(), PhysicsError> {
        let mut absorptance = [1.0; SAMPLES_AT_A_TIME];
        let mut results = Results {
            values,
            jacobian,
            least_absorptance: &mut absorptance,
        };
        let engine = self.single.as_ref().unwrap_or(&self.double);
        engine.evaluate(self.variant, samples, &mut results);

        let outputs = values.len() / samples.len();
        let slopes = jacobian.len() / samples.len();
        for (i, forest) in samples.iter().enumerate() {
            let values = &mut values[i * outputs..(i + 1) * outputs];
            let jacobian = &mut jacobian[i * slopes..(i + 1) * slopes];
            let finite = |values: &[f64], jacobian: &[f64]| {
                values.iter().chain(jacobian).all(|v| v.is_finite())
            };
            let weak = absorptance[i] < LEAST_ABSORPTANCE_F32;
            if self.single.is_some() && (weak || !finite(values, jacobian)) {
                let mut results = Results {
                    values: &mut *values,
                    jacobian: &mut *jacobian,
                    least_absorptance: &mut [0.0],
                };
                let forest = std::slice::from_ref(forest);
                self.double.evaluate(self.variant, forest, &mut results);
            }
            if !finite(values, jacobian) {
                return Err(PhysicsError::NotFinite {
                    row: first_row + i,
                    output: "a band or its Jacobian".into(),
                });
            }
        }
        Ok(())
    }

    /// Reflectance at these wavelengths (whole nm, 400 to 2500) in double precision: samples ×
    /// wavelengths.
    ///
    /// # Errors
    /// As [`Inform::bands`], or a wavelength off the grid.
    pub fn spectra(
        &self,
        samples: &[ForestParameters],
        wavelengths_nm: &[u32],
    ) -> Result<Array2<f64>, PhysicsError> {
        let parts = self.spectra_of_parts(samples, wavelengths_nm)?;
        let columns = wavelengths_nm.len();
        Ok(Array2::from_shape_fn((samples.len(), columns), |(i, j)| {
            parts[i].forest[j]
        }))
    }

    /// As [`Inform::spectra`], with the spectra of the forest's parts and the shares of the scene.
    ///
    /// # Errors
    /// As [`Inform::spectra`].
    pub fn spectra_of_parts(
        &self,
        samples: &[ForestParameters],
        wavelengths_nm: &[u32],
    ) -> Result<Vec<ForestSpectra>, PhysicsError> {
        let places = grid_places(wavelengths_nm)?;
        let blocks: Vec<Block<f64>> = places
            .into_iter()
            .map(|place| Block::new(&self.tables, &[place]))
            .collect();
        samples
            .par_iter()
            .enumerate()
            .map(|(row, forest)| {
                forest.check(row)?;
                Ok(match self.variant {
                    Variant::Published => spectra_of::<Published>(&blocks, forest),
                    Variant::EnmapBox => spectra_of::<EnmapBox>(&blocks, forest),
                })
            })
            .collect()
    }

    /// The shares of crowns and background in the scene.
    ///
    /// # Errors
    /// A parameter outside its range.
    pub fn crown_cover(&self, forest: &ForestParameters) -> Result<CrownCover, PhysicsError> {
        forest.check(0)?;
        let viewing = Viewing::new(forest.tts, forest.tto, forest.psi);
        let angles = match self.variant {
            Variant::Published => Published::cover_angles(&viewing),
            Variant::EnmapBox => EnmapBox::cover_angles(&viewing),
        };
        Ok(CoverScalars::new(forest, &angles).values())
    }
}

/// Every wavelength at which a band has weight.
pub(super) fn every_wavelength(sensor: &Sensor) -> Quadrature {
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
    Quadrature {
        places: wavelengths.iter().map(place).collect(),
        weights,
    }
}

fn spectra_of<V: ForestVariant>(blocks: &[Block<f64>], forest: &ForestParameters) -> ForestSpectra {
    let scene = Scene::<V>::new(forest);
    let sample = SampleScalars::new(&scene, forest);
    let at: Vec<Reflectances<Values<f64>>> = blocks
        .iter()
        .map(|block| reflectances(block, forest, &scene, &sample))
        .collect();
    ForestSpectra {
        forest: at.iter().map(|r| r.forest).collect(),
        understorey: at.iter().map(|r| r.understorey).collect(),
        deep_crown: at.iter().map(|r| r.deep_crown).collect(),
        crown_to_sun: at.iter().map(|r| r.crown_to_sun).collect(),
        crown_to_view: at.iter().map(|r| r.crown_to_view).collect(),
        cover: sample.cover.values(),
    }
}
