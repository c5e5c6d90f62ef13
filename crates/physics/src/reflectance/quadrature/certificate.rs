//! How good a quadrature is, measured on samples it has not seen.

use serde::{Deserialize, Serialize};

/// Errors of a [`BandQuadrature`](crate::BandQuadrature) against the exact sum over all wavelengths, both in
/// double precision. Samples are drawn anew from the fitted ranges: half of them evenly, half crowded towards
/// the ends of the ranges (arcsine distribution), where errors are largest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// Samples compared, values and Jacobians of each.
    pub samples: usize,
    /// Seed of these samples.
    pub seed: u64,
    /// Largest error of a band, in reflectance.
    pub largest_band_error: f64,
    /// Mean of the errors of all bands.
    pub mean_band_error: f64,
    /// Largest error of a derivative ∂ρ/∂z, where z goes from 0 to 1 over the fitted range of a free parameter.
    pub largest_jacobian_error: f64,
    /// Mean of the errors of all derivatives.
    pub mean_jacobian_error: f64,
    /// Spectra it was fitted to.
    pub fitted_spectra: usize,
    /// Jacobians it was fitted to.
    pub fitted_jacobians: usize,
    /// Seed of the samples it was fitted to.
    pub fitted_seed: u64,
}

/// Largest and mean of absolute errors.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Errors {
    pub largest: f64,
    sum: f64,
    count: usize,
}

impl Errors {
    pub fn see(&mut self, error: f64) {
        // a NaN stays: nothing is certified by what is not a number
        self.largest = if error.abs() <= self.largest {
            self.largest
        } else {
            error.abs()
        };
        self.sum += error.abs();
        self.count += 1;
    }

    /// 0 where nothing was seen.
    pub fn mean(&self) -> f64 {
        self.sum / self.count.max(1) as f64
    }
}
