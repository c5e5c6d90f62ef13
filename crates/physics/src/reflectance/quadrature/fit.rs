//! Fitting a quadrature: samples, wavelengths, weights, and the comparison with the exact sums.

use super::certificate::{Certificate, Errors};
use super::file::FORMAT;
use super::fitted_for::{Chosen, FittedFor};
use super::random::Random;
use super::selection::{Candidates, least_squares};
use super::{BandQuadrature, SpectralSampling};
use crate::PhysicsError;
use crate::parameters::{CanopyParameters, Parameter};
use crate::reflectance::{Precision, ReflectanceModel, ReflectanceModelBuilder};
use crate::tables::Sensor;
use ndarray::{Array2, Array3};
use std::f64::consts::PI;
use std::ops::RangeInclusive;

/// Samples compared at a time.
const AT_A_TIME: usize = 500;
/// A reflectance or derivative in single precision is off by about this much (bands are held to 5e-6 at
/// worst, see [`Precision::F32`]).
const ROUNDING: f64 = 1e-7;
/// Draws of a sample until its parameters are possible together.
const DRAWS: usize = 1000;

/// Fits a [`BandQuadrature`] for what a builder chooses.
///
/// # Method
///
/// Samples are drawn from the ranges of the free parameters and the conditions, half of them evenly and half
/// crowded towards the ends (arcsine distribution). Of some their spectra are rows of a matrix, of others their
/// derivatives, times ½, to z, which goes from 0 to 1 over the range of a free parameter:
///
/// ```math
/// \mathbf X = \begin{pmatrix} R_s(\lambda) \\[2pt] \tfrac12\,\partial R_s(\lambda)/\partial z_k \end{pmatrix},
/// \qquad
/// \min_{\Lambda,\,w}\;\sum_b \Bigl\lVert \sum_\lambda S_b(\lambda)\,\mathbf x_\lambda -
/// \sum_{i\in\Lambda} w_{bi}\,\mathbf x_i \Bigr\rVert^2
/// ```
///
/// with columns x of wavelengths, and a term 10⁻¹⁴ n Σ w² for n rows, which is what rounding of single precision
/// adds. The nodes Λ, shared by all bands, are found one after the other: at each
/// step the wavelength that, with the best weights, leaves least (orthogonal least squares: Chen, Billings and
/// Luo 1989, International Journal of Control 50:1873–1896, here for all bands at once). Then each is
/// exchanged for the best other one as long as that lowers the sum. Candidates are all nm at which a
/// band has weight. Samples of another seed give the [`Certificate`].
///
/// ```no_run
/// use physics::{Parameter, QuadratureFit, ReflectanceModel};
///
/// let builder = ReflectanceModel::builder()
///     .bands(["B04", "B8A"])
///     .free_within(Parameter::Cab, 10.0..=80.0)
///     .free_within(Parameter::Lai, 0.01..=5.0);
/// let fit = QuadratureFit::new(builder)
///     .condition(Parameter::Tts, 15.0..=75.0)
///     .draw()?;
/// let quadrature = fit.with_nodes(48)?;
/// println!("{}", quadrature.to_json());
/// # Ok::<(), physics::PhysicsError>(())
/// ```
#[doc = include_str!("../../../katex.html")]
#[derive(Clone, Debug)]
#[must_use]
pub struct QuadratureFit {
    builder: ReflectanceModelBuilder,
    conditions: Vec<(Parameter, RangeInclusive<f64>)>,
    spectra: usize,
    jacobians: usize,
    seed: u64,
    exchanges: usize,
    certify: usize,
    certify_seed: u64,
}

impl QuadratureFit {
    /// For the model of this builder. What is given per sample stays at its fixed value unless
    /// [`Self::condition`] gives a range.
    pub fn new(builder: ReflectanceModelBuilder) -> Self {
        Self {
            builder,
            conditions: Vec::new(),
            spectra: 2000,
            jacobians: 400,
            seed: 1,
            exchanges: 10,
            certify: 5000,
            certify_seed: 2,
        }
    }

    /// The range of a parameter that is given per sample.
    pub fn condition(mut self, parameter: Parameter, range: RangeInclusive<f64>) -> Self {
        self.conditions.push((parameter, range));
        self
    }

    /// Samples whose spectra are fitted; 2000 unless chosen.
    pub fn spectra(mut self, count: usize) -> Self {
        self.spectra = count;
        self
    }

    /// Samples whose Jacobians are fitted; 400 unless chosen.
    pub fn jacobians(mut self, count: usize) -> Self {
        self.jacobians = count;
        self
    }

    /// Seed of the samples fitted; 1 unless chosen.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How often each node may be exchanged; 10 times unless chosen.
    pub fn exchanges(mut self, sweeps: usize) -> Self {
        self.exchanges = sweeps;
        self
    }

    /// Samples that are compared with the exact sums, and their seed; 5000 of seed 2 unless chosen.
    pub fn certify(mut self, samples: usize, seed: u64) -> Self {
        self.certify = samples;
        self.certify_seed = seed;
        self
    }

    /// Draw the samples and compute their spectra and Jacobians.
    ///
    /// # Errors
    /// As [`ReflectanceModelBuilder::build`]; a range of a parameter that is not given per sample, or that
    /// is empty or not physical; no sample to fit or to compare, or one seed for both; parameters that are
    /// not possible together.
    pub fn draw(self) -> Result<DrawnFit, PhysicsError> {
        let wrong = |problem: String| {
            Err(PhysicsError::Inconsistent {
                what: "fit of a quadrature",
                problem,
            })
        };
        for (what, count) in [
            ("spectra to fit", self.spectra),
            ("samples to compare", self.certify),
        ] {
            if count == 0 {
                return wrong(format!("0 {what}, expected at least 1"));
            }
        }
        if self.seed == self.certify_seed {
            return wrong(format!(
                "the samples compared have the seed {} of those fitted, expected another",
                self.seed
            ));
        }
        let builder = self
            .builder
            .clone()
            .sampling(SpectralSampling::Exact)
            .precision(Precision::F64);
        let exact = builder.clone().build()?;
        let mut conditions: Vec<(Parameter, f64, f64)> = Vec::new();
        for (parameter, range) in &self.conditions {
            let (min, max) = (*range.start(), *range.end());
            let all = parameter.quantity();
            if !exact.per_sample.contains(parameter)
                || conditions.iter().any(|(p, ..)| p == parameter)
            {
                return wrong(format!(
                    "{parameter} is not given per sample, or has two ranges"
                ));
            }
            if !(all.min <= min && min <= max && max <= all.max) {
                return wrong(format!(
                    "{parameter} from {min} to {max} {}, expected a range within {} to {}",
                    all.unit, all.min, all.max
                ));
            }
            conditions.push((*parameter, min, max));
        }
        for parameter in &exact.per_sample {
            if !conditions.iter().any(|(p, ..)| p == parameter)
                && let Some(value) = exact.base.get(*parameter)
            {
                conditions.push((*parameter, value, value));
            }
        }

        let nm = exact.sensor.wavelengths_nm();
        let single = builder
            .clone()
            .of_sensor(Sensor::hyperspectral(&nm)?)
            .build()?;
        let fit = DrawnFit {
            fitted_for: FittedFor::new(&chosen(&exact, &builder.known_parameters()), &conditions),
            columns: Vec::new(),
            sums: sums(&exact.sensor, &nm),
            candidates: Candidates::new(Vec::new(), &[], 0.0),
            nm,
            exact,
            conditions,
            settings: self,
        };
        let mut random = Random::new(fit.settings.seed);
        let spectra = fit.samples(&mut random, fit.settings.spectra)?;
        let spectra = single.bands(&spectra)?;
        let jacobians = fit.samples(&mut random, fit.settings.jacobians)?;
        let (_, jacobians) = single.bands_with_jacobian(&jacobians)?;
        let columns = fit.columns_of(&spectra, &jacobians);
        Ok(DrawnFit {
            candidates: Candidates::new(columns.clone(), &fit.sums, noise(&columns)),
            columns,
            ..fit
        })
    }
}

/// Length over all rows of the rounding of single precision.
fn noise(columns: &[Vec<f64>]) -> f64 {
    let rows = columns.first().map_or(0, Vec::len);
    ROUNDING * (rows as f64).sqrt()
}

/// What the builder has made of its choices.
fn chosen<'a>(exact: &'a ReflectanceModel, known: &'a [Parameter]) -> Chosen<'a> {
    let free = exact.free.iter().zip(&exact.parameters);
    Chosen {
        canopy: exact.canopy,
        leaf: exact.leaf,
        sensor: &exact.sensor,
        data: &exact.data,
        base: &exact.base,
        free: free.map(|(p, q)| (*p, q.min, q.max)).collect(),
        per_sample: &exact.per_sample,
        leaf_angle_classes: &exact.leaf_angle_classes,
        known,
    }
}

/// Weights of the bands at all these wavelengths.
fn sums(sensor: &Sensor, nm: &[u32]) -> Vec<Vec<f64>> {
    let of_band = |band: &crate::tables::Band| {
        let mut weights = vec![0.0; nm.len()];
        for (at, weight) in band.response() {
            if let Ok(place) = nm.binary_search(at) {
                weights[place] = *weight;
            }
        }
        weights
    };
    sensor.bands().iter().map(of_band).collect()
}

/// A fit with its samples drawn; quadratures with any number of nodes can be made of it.
#[derive(Debug)]
pub struct DrawnFit {
    settings: QuadratureFit,
    exact: ReflectanceModel,
    fitted_for: FittedFor,
    conditions: Vec<(Parameter, f64, f64)>,
    nm: Vec<u32>,
    /// Of each wavelength, what all rows say.
    columns: Vec<Vec<f64>>,
    /// Of each band, the weights of all wavelengths.
    sums: Vec<Vec<f64>>,
    candidates: Candidates,
}

impl DrawnFit {
    /// The wavelengths in nm that can be nodes.
    pub fn candidates_nm(&self) -> &[u32] {
        &self.nm
    }

    /// Fit a quadrature with this many nodes, or fewer where fewer span all spectra, and compare it with the
    /// exact sums.
    ///
    /// # Errors
    /// No node, or more than there are wavelengths.
    pub fn with_nodes(&self, count: usize) -> Result<BandQuadrature, PhysicsError> {
        if !(1..=self.nm.len()).contains(&count) {
            return Err(PhysicsError::OutOfRange {
                row: 0,
                name: "nodes".into(),
                value: count as f64,
                unit: "1".into(),
                min: 1.0,
                max: self.nm.len() as f64,
            });
        }
        let places = self.candidates.choose(count, self.settings.exchanges);
        let nodes: Vec<Vec<f64>> = places.iter().map(|p| self.columns[*p].clone()).collect();
        let mut quadrature = BandQuadrature {
            format: FORMAT,
            fitted_for: self.fitted_for.clone(),
            certificate: Certificate {
                samples: self.settings.certify,
                seed: self.settings.certify_seed,
                largest_band_error: 0.0,
                mean_band_error: 0.0,
                largest_jacobian_error: 0.0,
                mean_jacobian_error: 0.0,
                fitted_spectra: self.settings.spectra,
                fitted_jacobians: self.settings.jacobians,
                fitted_seed: self.settings.seed,
            },
            nodes_nm: places.iter().map(|p| self.nm[*p]).collect(),
            weights: least_squares(&nodes, &self.targets(), noise(&self.columns)),
        };
        self.certify(&mut quadrature)?;
        Ok(quadrature)
    }

    /// Rows of spectra, then of halved derivatives to z, by wavelength.
    fn columns_of(&self, spectra: &Array2<f64>, jacobians: &Array3<f64>) -> Vec<Vec<f64>> {
        let spans = self.spans();
        (0..self.nm.len())
            .map(|place| {
                let values = spectra.column(place);
                let mut column: Vec<f64> = values.to_vec();
                for jacobian in jacobians.outer_iter() {
                    let slopes = jacobian.row(place);
                    column.extend(slopes.iter().zip(&spans).map(|(s, span)| 0.5 * s * span));
                }
                column
            })
            .collect()
    }

    /// What all rows say of each band.
    fn targets(&self) -> Vec<Vec<f64>> {
        let rows = self.columns[0].len();
        let of_band = |weights: &Vec<f64>| {
            let mut target = vec![0.0; rows];
            for (weight, column) in weights.iter().zip(&self.columns) {
                if *weight != 0.0 {
                    for (t, c) in target.iter_mut().zip(column) {
                        *t += weight * c;
                    }
                }
            }
            target
        };
        self.sums.iter().map(of_band).collect()
    }

    /// Lengths of the ranges of the free parameters.
    fn spans(&self) -> Vec<f64> {
        self.exact
            .parameters
            .iter()
            .map(|q| q.max - q.min)
            .collect()
    }

    /// Samples within the ranges.
    fn samples(
        &self,
        random: &mut Random,
        count: usize,
    ) -> Result<Vec<CanopyParameters>, PhysicsError> {
        (0..count)
            .map(|i| {
                let mut outcome = Ok(());
                for _ in 0..DRAWS {
                    let sample = self.sample(random, i % 2 == 1);
                    outcome = self.exact.check(i, &sample);
                    if outcome.is_ok() {
                        return Ok(sample);
                    }
                }
                outcome.map(|()| self.exact.base.clone())
            })
            .collect()
    }

    fn sample(&self, random: &mut Random, to_the_ends: bool) -> CanopyParameters {
        let mut unit = || {
            let u = random.unit();
            if to_the_ends {
                0.5 - 0.5 * (PI * u).cos()
            } else {
                u
            }
        };
        let mut sample = self.exact.base.clone();
        let free = self.exact.free.iter().zip(&self.exact.parameters);
        for (parameter, quantity) in free {
            let value = quantity.min + (quantity.max - quantity.min) * unit();
            sample.put(*parameter, value);
        }
        for (parameter, min, max) in &self.conditions {
            sample.put(*parameter, min + (max - min) * unit());
        }
        let classes = &self.exact.leaf_angle_classes;
        if !classes.is_empty() {
            let place = (random.unit() * classes.len() as f64) as usize;
            sample.leaf_angles = classes[place].clone();
        }
        sample
    }

    /// Measures the errors of a quadrature.
    fn certify(&self, quadrature: &mut BandQuadrature) -> Result<(), PhysicsError> {
        let builder = self.settings.builder.clone();
        let fitted = builder
            .precision(Precision::F64)
            .sampling(SpectralSampling::Fitted(quadrature.clone()))
            .build()?;
        let (mut bands, mut jacobians) = (Errors::default(), Errors::default());
        let spans = self.spans();
        let mut random = Random::new(self.settings.certify_seed);
        let mut left = self.settings.certify;
        while left > 0 {
            let samples = self.samples(&mut random, left.min(AT_A_TIME))?;
            left -= samples.len();
            let (values, slopes) = fitted.bands_with_jacobian(&samples)?;
            let (exact_values, exact_slopes) = self.exact.bands_with_jacobian(&samples)?;
            for (found, expected) in values.iter().zip(&exact_values) {
                bands.see(found - expected);
            }
            let spans = spans.iter().cycle();
            for ((found, expected), span) in slopes.iter().zip(&exact_slopes).zip(spans) {
                jacobians.see((found - expected) * span);
            }
        }
        let certificate = &mut quadrature.certificate;
        certificate.largest_band_error = bands.largest;
        certificate.mean_band_error = bands.mean();
        certificate.largest_jacobian_error = jacobians.largest;
        certificate.mean_jacobian_error = jacobians.mean();
        Ok(())
    }
}
