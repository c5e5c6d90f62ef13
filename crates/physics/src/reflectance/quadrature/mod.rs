//! Bands from a few wavelengths: what a fitted quadrature is, and what it may be used for.

mod certificate;
mod file;
mod fit;
mod fitted_for;
mod random;
mod selection;

pub use certificate::Certificate;
pub use fit::{DrawnFit, QuadratureFit};
pub use fitted_for::{FittedFor, FittedRange};

pub(super) use fitted_for::{Chosen, Limits};

use super::engine::Quadrature;
use crate::PhysicsError;
use crate::tables::FIRST_WAVELENGTH_NM;
use serde::{Deserialize, Serialize};

/// At which wavelengths a model is evaluated to give its bands.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "a builder holds one, and it is written without a box"
)]
pub enum SpectralSampling {
    /// At every nm at which a band has weight: 875 for the training bands of Sentinel-2A.
    #[default]
    Exact,
    /// At the nodes of a quadrature that was fitted for what is chosen.
    Fitted(BandQuadrature),
}

/// A few wavelengths that give all bands of a sensor, and their Jacobian.
///
/// A band is a weighted mean of a spectrum R that is smooth and varies in few directions, so that a sum over
/// n nodes shared by all bands takes its place,
///
/// ```math
/// \rho_b = \sum_\lambda S_b(\lambda)\,R(\lambda) \approx \sum_{i=1}^{n} w_{bi}\,R(\lambda_i),
/// ```
///
/// and its derivatives follow with the same weights. Weights have either sign. They are those of least squares
/// over spectra and Jacobians drawn from the ranges served ([`QuadratureFit`]).
///
/// # Limits
///
/// A quadrature serves the model, the sensor's response functions, the tables, the fixed values and the ranges
/// it was fitted for ([`FittedFor`]) and nothing else: [`build`](crate::ReflectanceModelBuilder::build) refuses
/// another model, the evaluation a sample outside the ranges. Fewer free parameters, narrower ranges and fewer
/// bands are allowed. The error within is the [`Certificate`]'s: the largest over samples that the fit has not
/// seen, not a bound in the strict sense.
///
/// | built in | free | sun, view, azimuth |
/// |---|---|---|
/// | `published_s2a`, `enmap_box_s2a` | the usual seven, ranges of `configs/ranges/rtm.json` | 30°, 0°, 0° |
/// | `published_s2a_angles`, `enmap_box_s2a_angles` | the same | 15 to 75°, 0 to 12°, 0 to 180° |
///
/// All with PROSPECT-D leaves of uniform angles, the built-in tables, default values of everything else and
/// the [training bands](crate::SENTINEL2_TRAINING_BANDS). Others are made by `cargo xtask quadrature`.
///
/// ```
/// use physics::{BandQuadrature, Parameter, ReflectanceModel, SpectralSampling, SENTINEL2_TRAINING_BANDS};
///
/// let quadrature = BandQuadrature::built_in("published_s2a_angles")?;
/// assert!(quadrature.certificate().largest_band_error < 4e-5);
/// let model = ReflectanceModel::builder()
///     .bands(SENTINEL2_TRAINING_BANDS)
///     .free_within(Parameter::Cab, 10.0..=80.0)
///     .free_within(Parameter::Lai, 0.01..=5.0)
///     .fix(Parameter::Cw, 0.01)
///     .fix(Parameter::Cm, 0.01)
///     .fix(Parameter::Fc, 0.7)
///     .sampling(SpectralSampling::Fitted(quadrature))
///     .build()?;
/// # Ok::<(), physics::PhysicsError>(())
/// ```
#[doc = include_str!("../../../katex.html")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BandQuadrature {
    /// Of the file.
    format: u32,
    fitted_for: FittedFor,
    certificate: Certificate,
    /// Ascending.
    nodes_nm: Vec<u32>,
    /// Bands × nodes.
    weights: Vec<Vec<f64>>,
}

impl BandQuadrature {
    /// What it was fitted for.
    pub fn fitted_for(&self) -> &FittedFor {
        &self.fitted_for
    }

    /// How far it was from the exact bands and Jacobians on samples it had not seen.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The nodes in nm, ascending.
    pub fn nodes_nm(&self) -> &[u32] {
        &self.nodes_nm
    }

    /// The weights of each band, in the order of [`FittedFor::bands`], one per node.
    pub fn weights(&self) -> &[Vec<f64>] {
        &self.weights
    }

    /// The part of it that gives what is chosen, and the samples it may be used for.
    pub(super) fn select(&self, chosen: &Chosen<'_>) -> Result<(Quadrature, Limits), PhysicsError> {
        let limits = self.fitted_for.limits(chosen)?;
        let weights = chosen.sensor.bands().iter().map(|band| {
            let fitted = self.fitted_for.bands.iter().zip(&self.weights);
            let mut of_band = fitted.filter(|(name, _)| *name == band.name());
            // `limits` has found every band
            of_band
                .next()
                .map_or_else(Vec::new, |(_, weights)| weights.clone())
        });
        let place = |nm: &u32| (nm - FIRST_WAVELENGTH_NM) as usize;
        let quadrature = Quadrature {
            places: self.nodes_nm.iter().map(place).collect(),
            weights: weights.collect(),
        };
        Ok((quadrature, limits))
    }
}
