//! Sensors described by a few numbers: one band per nm, and Gaussian bands.

use super::{Band, FIRST_WAVELENGTH_NM, LAST_WAVELENGTH_NM, Sensor, grid_places};
use crate::PhysicsError;
use std::f64::consts::LN_2;

/// Share of a Gaussian's top below which its response is cut; 2e-5 of its weight lies there.
const CUT: f64 = 1e-4;
/// Narrower bands are no longer resolved by the 1 nm grid.
const LEAST_FWHM_NM: f64 = 1.0;
/// Share of a band's weight that may lie outside the grid.
const MOST_OFF_GRID: f64 = 0.01;

/// A band with a Gaussian response, as imaging spectrometers are usually described.
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianBand {
    /// Name.
    pub name: String,
    /// Wavelength of the largest response, nm, 400 to 2500; need not be whole.
    pub centre_nm: f64,
    /// Full width at half maximum, nm, 1 to 2100.
    pub fwhm_nm: f64,
}

impl Sensor {
    /// One band per wavelength (whole nm, 400 to 2500), 1 nm wide, named `400nm` and so on, in the order
    /// given: the spectrum itself.
    ///
    /// ```
    /// let sensor = physics::Sensor::hyperspectral(&[550, 670])?;
    /// assert_eq!(sensor.band_names(), ["550nm", "670nm"]);
    /// # Ok::<(), physics::PhysicsError>(())
    /// ```
    ///
    /// # Errors
    /// No wavelength, a wavelength off the grid, or one given twice.
    pub fn hyperspectral(wavelengths_nm: &[u32]) -> Result<Self, PhysicsError> {
        grid_places(wavelengths_nm)?;
        let bands = wavelengths_nm
            .iter()
            .map(|nm| Band {
                name: format!("{nm}nm"),
                response: vec![(*nm, 1.0)],
            })
            .collect();
        Self::from_bands("hyperspectral", bands)
    }

    /// Bands with Gaussian responses of centre c and full width w at half maximum,
    ///
    /// ```math
    /// S(\lambda) \propto \exp\!\left(-4\ln 2\,\frac{(\lambda-c)^2}{w^2}\right),
    /// ```
    ///
    /// at the whole nm of the grid, cut where S is below 1e-4 of its top (|λ − c| > 1.82 w, 2e-5 of the
    /// weight) and normalised to sum 1. From w = 2 nm on the mean of the sampled band is c to 2e-4 nm and
    /// its width w to 0.06 %, unless an end of it is off the grid; at w = 1 nm, the least allowed, the mean
    /// may be off by 0.07 nm.
    ///
    /// ```
    /// use physics::{GaussianBand, Sensor};
    ///
    /// let red = GaussianBand { name: "red".into(), centre_nm: 665.0, fwhm_nm: 6.5 };
    /// let sensor = Sensor::gaussian("spectrometer", &[red])?;
    /// assert!((sensor.bands()[0].mean_wavelength_nm() - 665.0).abs() < 1e-9);
    /// # Ok::<(), physics::PhysicsError>(())
    /// ```
    ///
    /// # Errors
    /// No band, a name twice, a centre outside 400 to 2500 nm, a width outside 1 to 2100 nm, or more than
    /// 1 % of a band's weight off the grid.
    pub fn gaussian(name: &str, bands: &[GaussianBand]) -> Result<Self, PhysicsError> {
        let bands = bands.iter().enumerate();
        let bands = bands.map(|(row, band)| band.sample(name, row));
        Self::from_bands(name, bands.collect::<Result<_, _>>()?)
    }
}

impl GaussianBand {
    /// The response on the grid, normalised; `row` is the band's place among those of `sensor`.
    fn sample(&self, sensor: &str, row: usize) -> Result<Band, PhysicsError> {
        let (first, last) = (
            f64::from(FIRST_WAVELENGTH_NM),
            f64::from(LAST_WAVELENGTH_NM),
        );
        let within = |what: &str, value: f64, min: f64, max: f64| {
            if (min..=max).contains(&value) {
                return Ok(());
            }
            Err(PhysicsError::OutOfRange {
                row,
                name: format!("{what} of band '{}' of {sensor}", self.name),
                value,
                unit: "nm".into(),
                min,
                max,
            })
        };
        within("centre", self.centre_nm, first, last)?;
        within("width", self.fwhm_nm, LEAST_FWHM_NM, last - first)?;

        let reach = self.fwhm_nm * (-CUT.ln() / (4.0 * LN_2)).sqrt();
        let from = (self.centre_nm - reach).ceil() as i64;
        let to = (self.centre_nm + reach).floor() as i64;
        let weight = |nm: i64| {
            let x = (nm as f64 - self.centre_nm) / self.fwhm_nm;
            (-4.0 * LN_2 * x * x).exp()
        };
        let grid = i64::from(FIRST_WAVELENGTH_NM)..=i64::from(LAST_WAVELENGTH_NM);
        let everything: f64 = (from..=to).map(weight).sum();
        let response: Vec<(u32, f64)> = (from..=to)
            .filter(|nm| grid.contains(nm))
            .map(|nm| (nm as u32, weight(nm)))
            .collect();
        let total: f64 = response.iter().map(|(_, s)| s).sum();
        let off_grid = 1.0 - total / everything;
        if off_grid > MOST_OFF_GRID {
            return Err(PhysicsError::Inconsistent {
                what: "response functions",
                problem: format!(
                    "{sensor}: band '{}' of centre {} nm and width {} nm has {:.1} % of its weight \
                     outside {FIRST_WAVELENGTH_NM} to {LAST_WAVELENGTH_NM} nm, at most {} % are allowed",
                    self.name,
                    self.centre_nm,
                    self.fwhm_nm,
                    100.0 * off_grid,
                    100.0 * MOST_OFF_GRID
                ),
            });
        }
        Ok(Band {
            name: self.name.clone(),
            response: response.iter().map(|(nm, s)| (*nm, s / total)).collect(),
        })
    }
}
