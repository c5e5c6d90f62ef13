//! The assembled model: batches of samples to bands and Jacobians.

use super::choices::{Canopy, Precision};
use super::columns::Columns;
use super::dispatch::AnyEngine;
use super::engine::{Quadrature, Results};
use super::precision::LEAST_ABSORPTANCE_F32;
use super::quadrature::Limits;
use super::tables::{SpectralData, check_brightness};
use crate::canopy::LeafAngles;
use crate::leaf::LeafVersion;
use crate::one_thread::is_alone;
use crate::parameters::{CanopyParameters, Parameter};
use crate::tables::Sensor;
use crate::{PhysicsError, Quantity};
use ndarray::{Array2, Array3};
use rayon::prelude::*;

/// Name of the condition that chooses a sample's leaf angle distribution.
pub(super) const LEAF_ANGLES: &str = "leaf_angles";

/// Samples a thread takes at a time, at least and at most. The scene is computed once for each run of equal
/// geometry among them.
const LEAST_AT_A_TIME: usize = 16;
const MOST_AT_A_TIME: usize = 64;

/// Some for each thread, so that none waits long for the last one. Results do not depend on it.
fn at_a_time(samples: usize) -> usize {
    if is_alone() {
        return MOST_AT_A_TIME;
    }
    let shares = 4 * rayon::current_num_threads();
    (samples / shares).clamp(LEAST_AT_A_TIME, MOST_AT_A_TIME)
}

/// A canopy reflectance model seen by a sensor: PROSPECT leaves in a 4SAIL canopy or an INFORM forest.
///
/// Made by [`ReflectanceModel::builder`]. Use it with batches of [`CanopyParameters`], or as a
/// [`crate::ForwardModel`] with arrays of its free parameters.
///
/// # Formulas
///
/// Leaves are those of [`Prospect`](crate::Prospect), the canopy that of [`Sail`](crate::Sail) or INFORM
/// ([`Variant`](crate::Variant), [`CrownCover`](crate::CrownCover)), bands weighted means over the whole nm from
/// 400 to 2500 ([`Band`](crate::tables::Band)). The soil is
///
/// ```math
/// R_s = rsoil\,\bigl[psoil\,R_{dry} + (1-psoil)\,R_{wet}\bigr]
/// ```
///
/// with the tables' dry and wet soil, or rsoil times a spectrum of the user ([`Soil`](crate::Soil)); an rsoil with
/// which it reflects more than 1 at some wavelength is refused. Sun and sky: [`Illumination`](crate::Illumination).
///
/// # Jacobian
///
/// Exact derivatives by forward differentiation of the same formulas, in one sweep with the values; no
/// differences are taken. Any [`Parameter`] the model knows can be free: contents of leaves that its PROSPECT has;
/// LAI, hspot, psoil (with the tables' soils), rsoil, skyl (unless irradiance is measured), tts, tto, psi; of a
/// forest also LAIu, fc or cd, sd and h; of leaf angles ALA, or LIDFa and LIDFb. Classes of leaf angles, spectra
/// and sensor are constants. The seven of [`Parameter::USUAL`] cost one sweep; of others, those of leaves cost
/// a sum per band, each other one a sweep of its own.
///
/// Chain rule for the contents, which a spectrum depends on through the absorption k of a leaf's layer alone:
///
/// ```math
/// \frac{\partial R_{band}}{\partial C_j} = \frac{1}{N}\sum_\lambda S(\lambda)\,K_j(\lambda)\,
/// \frac{\partial R}{\partial k}(\lambda), \qquad
/// \frac{dR}{dN} = \frac{\partial R}{\partial N} - \frac{k}{N}\,\frac{\partial R}{\partial k}
/// ```
///
/// with S of sum 1. What follows from a free parameter follows in its derivative ([`CanopyParameters`]).
///
/// At a kink the derivative is that of the flat part, or of one side:
///
/// | where | derivative |
/// |---|---|
/// | an exact hot spot, both beams alike | 0 through the distance d_so |
/// | a hot spot beyond its limit, α > 200, also hspot = 0 | 0 to hspot, and 0 to all else through α |
/// | f_ρ or f_τ at 0 for all leaves of one inclination | 0 through it |
/// | absorptance of a leaf below 1e-10 | 0 through m, the extinction of diffuse light |
/// | the edge of a range | the one-sided derivative |
///
/// # Precision
///
/// In double precision the values agree with independent implementations, and the Jacobians with differences, to
/// rounding: [`guide::validation`](crate::guide::validation). In single precision
/// ([`Precision::F32`](crate::Precision)) bands are within 5e-6 and Jacobians within 3e-4 of the largest of
/// their column. Digits of multiple scattering are lost as leaves absorb less: a sample with a leaf of
/// absorptance below 0.002 at some wavelength, or whose result is not finite, is computed in double precision
/// instead. Results depend neither on the number of threads nor on the batch.
///
/// # Where INFORM ends
///
/// INFORM takes the understorey's reflectance into the view for that of the ground under the crowns, as if
/// it were Lambertian. For bright leaves in a wide hot spot it can exceed 1; light bounced between such a
/// ground and the crowns diverges, and bands far outside 0 to 1 come out. No ordinary stand comes near.
#[doc = include_str!("../../katex.html")]
pub struct ReflectanceModel {
    pub(super) name: String,
    pub(super) canopy: Canopy,
    pub(super) leaf: LeafVersion,
    pub(super) precision: Precision,
    pub(super) free: Vec<Parameter>,
    pub(super) per_sample: Vec<Parameter>,
    pub(super) leaf_angle_classes: Vec<LeafAngles>,
    pub(super) base: CanopyParameters,
    /// With it the brightest soil reflects everything at some wavelength.
    pub(super) largest_rsoil: f64,
    /// The samples that the quadrature serves, if there is one.
    pub(super) limits: Option<Limits>,
    pub(super) parameters: Vec<Quantity>,
    pub(super) conditions: Vec<Quantity>,
    pub(super) outputs: Vec<String>,
    pub(super) sensor: Sensor,
    pub(super) data: SpectralData,
    pub(super) quadrature: Quadrature,
    pub(super) columns: Columns,
    /// Single precision, if asked for.
    pub(super) single: Option<Box<dyn AnyEngine>>,
    pub(super) double: Box<dyn AnyEngine>,
}

impl std::fmt::Debug for ReflectanceModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReflectanceModel")
            .field("name", &self.name)
            .field("leaf", &self.leaf)
            .field("precision", &self.precision)
            .field("free", &self.free)
            .field("bands", &self.outputs)
            .finish_non_exhaustive()
    }
}

impl ReflectanceModel {
    /// What stands on the soil.
    pub fn canopy(&self) -> Canopy {
        self.canopy
    }

    /// The leaf model.
    pub fn leaf(&self) -> LeafVersion {
        self.leaf
    }

    /// Its precision.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The sensor, with the bands used.
    pub fn sensor(&self) -> &Sensor {
        &self.sensor
    }

    /// The free parameters, in the order of the Jacobian's columns.
    pub fn free(&self) -> &[Parameter] {
        &self.free
    }

    /// Values of what is neither free nor given per sample, and the defaults of what is.
    pub fn base(&self) -> &CanopyParameters {
        &self.base
    }

    /// Band reflectances: samples × bands.
    ///
    /// # Errors
    /// A parameter that is not finite or outside its range; the error names row and parameter.
    pub fn bands(&self, samples: &[CanopyParameters]) -> Result<Array2<f64>, PhysicsError> {
        let mut values = Array2::zeros((samples.len(), self.outputs.len()));
        let room = values.as_slice_mut().unwrap_or_default();
        self.evaluate_samples(samples, room, &mut [])?;
        Ok(values)
    }

    /// Band reflectances (samples × bands) and their derivatives to the free parameters (samples × bands ×
    /// parameters), in the units of [`CanopyParameters`]. What follows from a free parameter (crown
    /// diameter and height from cover, the sky's share from the sun zenith) follows in the derivative.
    ///
    /// At a kink (an exact hot spot, a clip) the derivative is that of one side or of the flat part.
    ///
    /// # Errors
    /// As [`ReflectanceModel::bands`]; a sample that lacks a free parameter, such as `ALA` where its leaf
    /// angles are uniform.
    pub fn bands_with_jacobian(
        &self,
        samples: &[CanopyParameters],
    ) -> Result<(Array2<f64>, Array3<f64>), PhysicsError> {
        for (row, sample) in samples.iter().enumerate() {
            if let Some(missing) = self.free.iter().find(|p| sample.get(**p).is_none()) {
                return Err(PhysicsError::Inconsistent {
                    what: "free parameters",
                    problem: format!("row {row} has no {missing}"),
                });
            }
        }
        let (n, d) = (samples.len(), self.outputs.len());
        let mut values = Array2::zeros((n, d));
        let mut jacobian = Array3::zeros((n, d, self.free.len()));
        self.evaluate_samples(
            samples,
            values.as_slice_mut().unwrap_or_default(),
            jacobian.as_slice_mut().unwrap_or_default(),
        )?;
        Ok((values, jacobian))
    }

    /// Refuse a sample that is not physical, or not served by the quadrature; `row` stands in the message.
    pub(super) fn check_served(
        &self,
        row: usize,
        sample: &CanopyParameters,
    ) -> Result<(), PhysicsError> {
        self.check(row, sample)?;
        match &self.limits {
            Some(limits) => limits.check(row, sample),
            None => Ok(()),
        }
    }

    /// Refuse a sample that is not physical; `row` stands in the message.
    pub(super) fn check(&self, row: usize, sample: &CanopyParameters) -> Result<(), PhysicsError> {
        sample.check(row)?;
        check_brightness(row, sample.rsoil, self.largest_rsoil)
    }

    /// Into `values` (n × bands) and, unless it is empty, `jacobian` (n × bands × parameters), row after
    /// row.
    pub(super) fn evaluate_samples(
        &self,
        samples: &[CanopyParameters],
        values: &mut [f64],
        jacobian: &mut [f64],
    ) -> Result<(), PhysicsError> {
        for (row, sample) in samples.iter().enumerate() {
            self.check_served(row, sample)?;
        }
        let at_a_time = at_a_time(samples.len());
        let per_chunk = at_a_time * self.outputs.len();
        // an empty Jacobian has no chunks to go with: give each its own empty one
        let jacobians: Vec<&mut [f64]> = if jacobian.is_empty() {
            let chunks = samples.chunks(at_a_time);
            chunks.map(|_| &mut [][..]).collect()
        } else {
            jacobian.chunks_mut(per_chunk * self.free.len()).collect()
        };
        if is_alone() {
            let values = values.chunks_mut(per_chunk);
            let mut chunks = samples.chunks(at_a_time).zip(values).zip(jacobians);
            let mut first_row = 0;
            return chunks.try_for_each(|((samples, values), jacobian)| {
                self.evaluate_chunk(first_row, samples, values, jacobian)?;
                first_row += at_a_time;
                Ok(())
            });
        }
        samples
            .par_chunks(at_a_time)
            .zip(values.par_chunks_mut(per_chunk))
            .zip(jacobians)
            .enumerate()
            .try_for_each(|(chunk, ((samples, values), jacobian))| {
                self.evaluate_chunk(chunk * at_a_time, samples, values, jacobian)
            })
    }

    fn evaluate_chunk(
        &self,
        first_row: usize,
        samples: &[CanopyParameters],
        values: &mut [f64],
        jacobian: &mut [f64],
    ) -> Result<(), PhysicsError> {
        let mut absorptance = [1.0; MOST_AT_A_TIME];
        let mut results = Results {
            values,
            jacobian,
            least_absorptance: &mut absorptance,
        };
        let engine = self.single.as_ref().unwrap_or(&self.double);
        engine.evaluate(self.canopy, samples, &mut results);

        let outputs = values.len() / samples.len();
        let slopes = jacobian.len() / samples.len();
        for (i, sample) in samples.iter().enumerate() {
            let values = &mut values[i * outputs..(i + 1) * outputs];
            let jacobian = &mut jacobian[i * slopes..(i + 1) * slopes];
            let finite =
                |values: &[f64], jacobian: &[f64]| all_finite(values) && all_finite(jacobian);
            let weak = absorptance[i] < LEAST_ABSORPTANCE_F32;
            if self.single.is_some() && (weak || !finite(values, jacobian)) {
                let mut results = Results {
                    values: &mut *values,
                    jacobian: &mut *jacobian,
                    least_absorptance: &mut [0.0],
                };
                let sample = std::slice::from_ref(sample);
                self.double.evaluate(self.canopy, sample, &mut results);
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
}

/// Without leaving early, which would make it a loop of single numbers.
fn all_finite(values: &[f64]) -> bool {
    values.iter().fold(true, |all, v| all & v.is_finite())
}
