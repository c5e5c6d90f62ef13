//! Sensors whose response functions come with the crate.

use super::Sensor;
use crate::PhysicsError;

/// The Sentinel-2 bands that see the surface: all but the aerosol (B01) and cirrus (B10) bands.
pub const SENTINEL2_TRAINING_BANDS: [&str; 11] = [
    "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12",
];

impl Sensor {
    /// Names of the built-in sensors: Sentinel-2A and 2B, Landsat 8 and 9.
    pub const BUILT_IN: [&'static str; 4] = ["s2a", "s2b", "l8", "l9"];

    /// The built-in sensor with this name.
    ///
    /// # Errors
    /// A name that is not in [`Sensor::BUILT_IN`].
    pub fn built_in(name: &str) -> Result<Self, PhysicsError> {
        match name {
            "s2a" => Ok(Self::sentinel2a()),
            "s2b" => Ok(Self::sentinel2b()),
            "l8" => Ok(Self::landsat8()),
            "l9" => Ok(Self::landsat9()),
            _ => Err(PhysicsError::UnknownName {
                what: "sensor",
                name: name.to_owned(),
                known: Self::BUILT_IN.map(str::to_owned).to_vec(),
            }),
        }
    }

    /// Sentinel-2A MSI, 13 bands B01 to B12 with B8A (ESA COPE-GSEG-EOPG-TN-15-0007 v3.0).
    ///
    /// # Panics
    /// Never: the built-in tables are tested.
    pub fn sentinel2a() -> Self {
        Self::from_text("s2a", include_str!("../../tables/srf_sentinel2a.csv"))
    }

    /// Sentinel-2B MSI, 13 bands B01 to B12 with B8A (ESA COPE-GSEG-EOPG-TN-15-0007 v3.0).
    ///
    /// # Panics
    /// Never: the built-in tables are tested.
    pub fn sentinel2b() -> Self {
        Self::from_text("s2b", include_str!("../../tables/srf_sentinel2b.csv"))
    }

    /// Landsat 8 OLI, the 9 reflective bands B1 to B9; B8 is panchromatic, B9 the cirrus band
    /// (band-average response, NASA, `Ball_BA_RSR` v1.2).
    ///
    /// # Panics
    /// Never: the built-in tables are tested.
    pub fn landsat8() -> Self {
        Self::from_text("l8", include_str!("../../tables/srf_landsat8.csv"))
    }

    /// Landsat 9 OLI-2, bands as [`Sensor::landsat8`] (band-average response, NASA,
    /// `L9_OLI2_Ball_BA_RSR` v1.0).
    ///
    /// # Panics
    /// Never: the built-in tables are tested.
    pub fn landsat9() -> Self {
        Self::from_text("l9", include_str!("../../tables/srf_landsat9.csv"))
    }

    fn from_text(name: &str, text: &str) -> Self {
        Self::parse(name, text).expect("built-in table")
    }
}
