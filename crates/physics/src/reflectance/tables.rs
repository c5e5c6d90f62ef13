//! The spectra a model is made of, as it uses them.

use super::choices::{Illumination, Soil};
use crate::PhysicsError;
use crate::leaf::LeafVersion;
use crate::parameters::Parameter;
use crate::tables::{Absorber, FIRST_WAVELENGTH_NM, LeafConstants, SoilAndSky, WAVELENGTHS};

/// Leaf constants, soil and sky at every wavelength of the grid.
#[derive(Clone, Debug)]
pub(super) struct SpectralData {
    leaf: LeafConstants,
    absorbers: &'static [Absorber],
    pub soil: SoilSpectra,
    pub direct: Vec<f64>,
    pub diffuse: Vec<f64>,
    /// Where the user's irradiance takes the place of a sky fraction.
    pub measured_diffuse_share: Option<Vec<f64>>,
}

/// Reflectance of dry and of wet soil; equal where the soil is one spectrum.
#[derive(Clone, Debug)]
pub(super) struct SoilSpectra {
    pub dry: Vec<f64>,
    pub wet: Vec<f64>,
}

impl SoilSpectra {
    /// Largest reflectance of any mixture.
    pub fn largest(&self) -> f64 {
        let all = self.dry.iter().chain(&self.wet);
        all.fold(0.0, |largest, r| largest.max(*r))
    }
}

impl SpectralData {
    pub fn new(
        version: LeafVersion,
        leaf: LeafConstants,
        soil_and_sky: &SoilAndSky,
        soil: &Soil,
        illumination: &Illumination,
    ) -> Result<Self, PhysicsError> {
        let soil = match soil {
            Soil::Mixture => SoilSpectra {
                dry: soil_and_sky.dry_soil.clone(),
                wet: soil_and_sky.wet_soil.clone(),
            },
            Soil::Spectrum(reflectance) => {
                check_spectrum("soil reflectance", reflectance, 1.0)?;
                SoilSpectra {
                    dry: reflectance.clone(),
                    wet: reflectance.clone(),
                }
            }
        };
        let measured = match illumination {
            Illumination::SkyFraction => None,
            Illumination::Measured { direct, diffuse } => {
                check_spectrum("direct irradiance", direct, f64::MAX)?;
                check_spectrum("diffuse irradiance", diffuse, f64::MAX)?;
                let total = |i: usize| direct[i] + diffuse[i];
                if let Some(dark) = (0..WAVELENGTHS).find(|i| total(*i) <= 0.0) {
                    return Err(PhysicsError::Inconsistent {
                        what: "irradiance",
                        problem: format!(
                            "direct and diffuse are both 0 at {} nm",
                            dark + FIRST_WAVELENGTH_NM as usize
                        ),
                    });
                }
                Some((0..WAVELENGTHS).map(|i| diffuse[i] / total(i)).collect())
            }
        };
        Ok(Self {
            leaf,
            absorbers: version.absorbers(),
            soil,
            direct: soil_and_sky.direct.clone(),
            diffuse: soil_and_sky.diffuse.clone(),
            measured_diffuse_share: measured,
        })
    }

    pub fn refractive_index(&self, place: usize) -> f64 {
        self.leaf.refractive_index()[place]
    }

    /// Specific absorption; 0 for what the leaf model does not know, whatever the table holds.
    pub fn coefficient(&self, absorber: Absorber, place: usize) -> f64 {
        if self.absorbers.contains(&absorber) {
            self.leaf.coefficient(absorber, place)
        } else {
            0.0
        }
    }
}

/// One value from 0 to `max` for every wavelength of the grid.
fn check_spectrum(what: &'static str, values: &[f64], max: f64) -> Result<(), PhysicsError> {
    if values.len() != WAVELENGTHS {
        return Err(PhysicsError::Shape {
            what,
            found: vec![values.len()],
            expected: vec![WAVELENGTHS],
        });
    }
    match values.iter().position(|v| !(0.0..=max).contains(v)) {
        None => Ok(()),
        Some(i) => Err(PhysicsError::Inconsistent {
            what,
            problem: format!(
                "{} at {} nm, expected {}",
                values[i],
                i + FIRST_WAVELENGTH_NM as usize,
                if max == 1.0 { "0 to 1" } else { "0 or more" }
            ),
        }),
    }
}

/// Refuse a soil that reflects more than it gets.
pub(super) fn check_brightness(row: usize, rsoil: f64, largest: f64) -> Result<(), PhysicsError> {
    if rsoil <= largest {
        return Ok(());
    }
    Err(PhysicsError::OutOfRange {
        row,
        name: Parameter::Rsoil.symbol().into(),
        value: rsoil,
        unit: Parameter::Rsoil.quantity().unit,
        min: 0.0,
        max: largest,
    })
}
