//! Sensors: the spectral response of their bands.

use super::FIRST_WAVELENGTH_NM;
use super::csv::NumericTable;
use crate::PhysicsError;
use std::path::Path;

/// The Sentinel-2 bands that see the surface: all but the aerosol (B01) and cirrus (B10) bands.
pub const SENTINEL2_TRAINING_BANDS: [&str; 11] = [
    "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12",
];

/// One band of a sensor: ρ_b = Σ_λ S(λ) ρ(λ)/Σ_λ S(λ) on the 1 nm grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    name: String,
    /// (wavelength in nm, response normalised to sum 1), ascending, without zeros.
    response: Vec<(u32, f64)>,
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

    /// Response-weighted mean wavelength in nm.
    pub fn mean_wavelength_nm(&self) -> f64 {
        self.response.iter().map(|(nm, s)| f64::from(*nm) * s).sum()
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
#[derive(Clone, Debug, PartialEq)]
pub struct Sensor {
    name: String,
    bands: Vec<Band>,
}

impl Sensor {
    /// Sentinel-2A MSI, 13 bands (ESA COPE-GSEG-EOPG-TN-15-0007 v3.0).
    ///
    /// # Panics
    /// Never: the built-in tables are tested.
    pub fn sentinel2a() -> Self {
        let text = include_str!("../../tables/srf_sentinel2a.csv");
        Self::parse("s2a", text).expect("built-in table")
    }

    /// Sentinel-2B MSI, 13 bands (ESA COPE-GSEG-EOPG-TN-15-0007 v3.0).
    ///
    /// # Panics
    /// Never: the built-in tables are tested.
    pub fn sentinel2b() -> Self {
        let text = include_str!("../../tables/srf_sentinel2b.csv");
        Self::parse("s2b", text).expect("built-in table")
    }

    /// Read response functions: columns `wavelength_nm` (whole, ascending, between 400 and 2500) and one
    /// per band, not necessarily normalised; `#` starts a comment line. The file's stem becomes the
    /// sensor's name.
    ///
    /// # Errors
    /// The file cannot be read, a value is not a number, a wavelength is off the grid, a response is
    /// negative, a band has no weight or a name twice; the error names file, line, column and value.
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
            if bands.iter().any(|b| b.name == *band) {
                return Err(inconsistent("appears twice"));
            }
            let values = table.column(band, 0.0, f64::INFINITY)?;
            let total: f64 = values.iter().sum();
            if total <= 0.0 || !total.is_finite() {
                return Err(inconsistent("has no weight at any wavelength"));
            }
            let response = wavelengths.iter().zip(&values);
            bands.push(Band {
                name: band.clone(),
                response: response
                    .filter(|(_, s)| **s > 0.0)
                    .map(|(nm, s)| (*nm, s / total))
                    .collect(),
            });
        }
        if bands.is_empty() {
            return Err(PhysicsError::Inconsistent {
                what: "response functions",
                problem: format!("{}: no band", table.name()),
            });
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
