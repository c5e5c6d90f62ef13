//! Sensors: the spectral response of their bands.

use super::FIRST_WAVELENGTH_NM;
use super::csv::NumericTable;
use super::every_nm::{LARGEST_STEP_NM, on_every_nm};
use crate::PhysicsError;
use std::collections::HashSet;
use std::path::Path;

/// One band of a sensor: the mean of a spectrum with the band's relative spectral response S as weight,
///
/// ```math
/// \rho_b = \frac{\sum_\lambda S(\lambda)\,\rho(\lambda)}{\sum_\lambda S(\lambda)},
/// ```
///
/// λ the whole nm from 400 to 2500, S ≥ 0 in any unit. A response at one wavelength alone gives ρ there; a
/// constant spectrum is its own band value.
#[doc = include_str!("../../katex.html")]
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    pub(super) name: String,
    /// (wavelength in nm, response normalised to sum 1), ascending, without zeros.
    pub(super) response: Vec<(u32, f64)>,
}

impl Band {
    /// Name, such as `B8A`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Wavelengths in nm with their response normalised to sum 1, ascending, without zeros.
    pub fn response(&self) -> &[(u32, f64)] {
        &self.response
    }

    /// Response-weighted mean wavelength in nm,
    ///
    /// ```math
    /// \bar\lambda = \frac{\sum_\lambda S(\lambda)\,\lambda}{\sum_\lambda S(\lambda)}.
    /// ```
    pub fn mean_wavelength_nm(&self) -> f64 {
        self.response.iter().map(|(nm, s)| f64::from(*nm) * s).sum()
    }

    /// The two wavelengths in nm between which the response is at least half of its largest value,
    /// interpolated; a response that ends above half ends at its last wavelength.
    ///
    /// Their mean is the centre and their difference the full width at half maximum (FWHM) that agencies
    /// publish of bands; [`Band::mean_wavelength_nm`] is another centre of bands that are not symmetric.
    pub fn half_maximum_nm(&self) -> (f64, f64) {
        let half = self.response.iter().fold(0.0_f64, |m, (_, s)| m.max(*s)) / 2.0;
        let crossing = |ordered: &mut dyn Iterator<Item = &(u32, f64)>| {
            let mut below: Option<(f64, f64)> = None;
            for (nm, s) in ordered {
                let nm = f64::from(*nm);
                if *s >= half {
                    return below.map_or(nm, |(x, y)| x + (nm - x) * (half - y) / (s - y));
                }
                below = Some((nm, *s));
            }
            f64::NAN // not reached: the largest value is above half of itself
        };
        (
            crossing(&mut self.response.iter()),
            crossing(&mut self.response.iter().rev()),
        )
    }

    /// Value of the band for a spectrum on the whole grid (400 to 2500 nm).
    ///
    /// # Errors
    /// The spectrum does not have one value per wavelength of the grid.
    pub fn value(&self, spectrum: &[f64]) -> Result<f64, PhysicsError> {
        if spectrum.len() != super::WAVELENGTHS {
            return Err(PhysicsError::Shape {
                what: "spectrum",
                found: vec![spectrum.len()],
                expected: vec![super::WAVELENGTHS],
            });
        }
        let at = |nm: u32| spectrum[(nm - FIRST_WAVELENGTH_NM) as usize];
        Ok(self.response.iter().map(|(nm, s)| s * at(*nm)).sum())
    }
}

/// A sensor: named bands.
///
/// [Built in](Sensor::BUILT_IN) are Sentinel-2A and 2B and Landsat 8 and 9; others are [read](Sensor::read)
/// from a table of response functions, or described by [centres and widths](Sensor::gaussian) or
/// [single wavelengths](Sensor::hyperspectral).
#[doc = include_str!("../../katex.html")]
#[derive(Clone, Debug, PartialEq)]
pub struct Sensor {
    name: String,
    bands: Vec<Band>,
}

impl Sensor {
    /// Read response functions: columns `wavelength_nm` (whole, ascending, between 400 and 2500) and one
    /// per band, not necessarily normalised; `#` starts a comment line. The file's stem becomes the
    /// sensor's name.
    ///
    /// Between rows a response is linear, beyond the first and the last row it is 0. A table may leave out what no
    /// band sees: a band that is 0 on one side of such a jump (three times as wide as the steps beside it) and below
    /// 5 % of its top on the other is 0 in between.
    ///
    /// # Errors
    /// The file cannot be read, a value is not a number, a wavelength is off the grid or more than 25 nm after the
    /// one before it although a band has weight there, a response is negative, a band has no weight or a name twice; the error names file, line, column and value.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, PhysicsError> {
        let path = path.as_ref();
        let name = path
            .file_stem()
            .map_or_else(|| "sensor".into(), |stem| stem.to_string_lossy());
        Self::from_table(&name, &NumericTable::read(path)?)
    }

    /// As [`Sensor::read`] from the text of a table.
    ///
    /// # Errors
    /// As [`Sensor::read`].
    pub fn parse(name: &str, text: &str) -> Result<Self, PhysicsError> {
        Self::from_table(name, &NumericTable::parse(name, text)?)
    }

    fn from_table(name: &str, table: &NumericTable) -> Result<Self, PhysicsError> {
        let wavelengths = table.wavelengths()?;
        let mut bands: Vec<Band> = Vec::new();
        for band in table.value_columns() {
            let inconsistent = |problem: &str| PhysicsError::Inconsistent {
                what: "response functions",
                problem: format!("{}: band '{band}' {problem}", table.name()),
            };
            let values = table.column(band, 0.0, f64::INFINITY)?;
            let response = on_every_nm(&wavelengths, &values).map_err(|row| {
                let (from, to) = (wavelengths[row - 1], wavelengths[row]);
                table.reject_at(
                    row,
                    0,
                    format!(
                        "at most {LARGEST_STEP_NM} nm after the wavelength before it, {from}, which it must be unless \
                         band '{band}' is 0 at both ({} at {from} nm, {} at {to} nm)",
                        values[row - 1],
                        values[row]
                    ),
                )
            })?;
            let total: f64 = response.iter().map(|(_, s)| s).sum();
            if total <= 0.0 || !total.is_finite() {
                return Err(inconsistent("has no weight at any wavelength"));
            }
            bands.push(Band {
                name: band.clone(),
                response: response
                    .into_iter()
                    .filter(|(_, s)| *s > 0.0)
                    .map(|(nm, s)| (nm, s / total))
                    .collect(),
            });
        }
        Self::from_bands(table.name(), bands).map(|sensor| Self {
            name: name.to_owned(),
            ..sensor
        })
    }

    /// A sensor of at least one band with a name of its own each; `name` stands for it in messages.
    pub(super) fn from_bands(name: &str, bands: Vec<Band>) -> Result<Self, PhysicsError> {
        let inconsistent = |problem: String| PhysicsError::Inconsistent {
            what: "response functions",
            problem: format!("{name}: {problem}"),
        };
        if bands.is_empty() {
            return Err(inconsistent("no band".into()));
        }
        let mut names = HashSet::new();
        if let Some(twice) = bands.iter().find(|b| !names.insert(&b.name)) {
            return Err(inconsistent(format!("band '{}' appears twice", twice.name)));
        }
        Ok(Self {
            name: name.to_owned(),
            bands,
        })
    }

    /// Only the bands named, in that order.
    ///
    /// # Errors
    /// No name, a band the sensor does not have, or a name twice.
    pub fn with_bands<S: AsRef<str>>(&self, names: &[S]) -> Result<Self, PhysicsError> {
        if names.is_empty() {
            return Err(PhysicsError::Inconsistent {
                what: "bands",
                problem: format!(
                    "none chosen, expected some of {}",
                    self.band_names().join(", ")
                ),
            });
        }
        let mut bands: Vec<Band> = Vec::new();
        for name in names.iter().map(AsRef::as_ref) {
            if bands.iter().any(|b| b.name == name) {
                return Err(PhysicsError::Inconsistent {
                    what: "bands",
                    problem: format!("'{name}' appears twice"),
                });
            }
            let band = self.bands.iter().find(|b| b.name == name);
            bands.push(band.cloned().ok_or_else(|| PhysicsError::UnknownName {
                what: "band",
                name: name.to_owned(),
                known: self.band_names(),
            })?);
        }
        Ok(Self {
            name: self.name.clone(),
            bands,
        })
    }

    /// Name, such as `s2a`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The bands.
    pub fn bands(&self) -> &[Band] {
        &self.bands
    }

    /// Names of the bands.
    pub fn band_names(&self) -> Vec<String> {
        self.bands.iter().map(|b| b.name.clone()).collect()
    }

    /// The wavelengths in nm at which any band has weight, ascending.
    pub fn wavelengths_nm(&self) -> Vec<u32> {
        let mut all: Vec<u32> = self
            .bands
            .iter()
            .flat_map(|b| b.response.iter().map(|(nm, _)| *nm))
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}
