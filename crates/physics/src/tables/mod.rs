//! Spectral tables on the 1 nm grid from 400 to 2500 nm, and sensors.

mod band_shapes;
mod built_in_sensors;
mod constants;
mod csv;
mod every_nm;
mod sensor;

pub use band_shapes::GaussianBand;
pub use built_in_sensors::SENTINEL2_TRAINING_BANDS;
pub use constants::{Absorber, LeafConstants, SoilAndSky, SpectralTables};
pub use sensor::{Band, Sensor};

use crate::PhysicsError;

/// First wavelength of the grid, nm.
pub const FIRST_WAVELENGTH_NM: u32 = 400;
/// Last wavelength of the grid, nm.
pub const LAST_WAVELENGTH_NM: u32 = 2500;
/// Wavelengths of the grid, 1 nm apart.
pub const WAVELENGTHS: usize = (LAST_WAVELENGTH_NM - FIRST_WAVELENGTH_NM + 1) as usize;

/// Places of wavelengths on the grid.
pub(crate) fn grid_places(wavelengths_nm: &[u32]) -> Result<Vec<usize>, PhysicsError> {
    wavelengths_nm
        .iter()
        .enumerate()
        .map(|(row, nm)| {
            if (FIRST_WAVELENGTH_NM..=LAST_WAVELENGTH_NM).contains(nm) {
                Ok((nm - FIRST_WAVELENGTH_NM) as usize)
            } else {
                Err(PhysicsError::OutOfRange {
                    row,
                    name: "wavelength".into(),
                    value: f64::from(*nm),
                    unit: "nm".into(),
                    min: f64::from(FIRST_WAVELENGTH_NM),
                    max: f64::from(LAST_WAVELENGTH_NM),
                })
            }
        })
        .collect()
}
