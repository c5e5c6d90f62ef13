//! What simulated samples are spread over and disturbed by, beside their parameters.

use ::data::{BandNoise, Geometries};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Angles that simulated samples are spread over, each row with its own. Ranges are [from, to] and drawn from uniformly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GeometriesConfig {
    /// Latitudes in degrees, north positive; with the day of the year, drawn uniformly, and the time they give the sun.
    #[schemars(inner(range(min = -90, max = 90)))]
    pub latitude: [f64; 2],
    /// Mean solar times of the place in hours; Sentinel-2 crosses the middle latitudes between 10 and 11.5.
    #[serde(default = "default_solar_time")]
    #[schemars(inner(range(min = 0, max = 24)))]
    pub solar_time: [f64; 2],
    /// View zenith angles in degrees.
    #[serde(default = "default_view_zenith")]
    #[schemars(inner(range(min = 0, max = 80)))]
    pub view_zenith: [f64; 2],
    /// Relative azimuths of sun and view in degrees.
    #[serde(default = "default_relative_azimuth")]
    #[schemars(inner(range(min = 0, max = 180)))]
    pub relative_azimuth: [f64; 2],
    /// Largest sun zenith angle in degrees: a day, latitude and time with a lower sun are drawn again.
    #[serde(default = "default_sun_zenith_max")]
    #[schemars(range(max = 80), extend("exclusiveMinimum" = 0))]
    pub sun_zenith_max: f64,
}

fn default_solar_time() -> [f64; 2] {
    [10.0, 11.5]
}

fn default_view_zenith() -> [f64; 2] {
    [0.0, 12.0]
}

fn default_relative_azimuth() -> [f64; 2] {
    [0.0, 180.0]
}

fn default_sun_zenith_max() -> f64 {
    70.0
}

impl GeometriesConfig {
    /// The same, as rows are drawn by it.
    pub(crate) fn geometries(&self) -> Geometries {
        Geometries {
            latitude: self.latitude,
            solar_time: self.solar_time,
            view_zenith: self.view_zenith,
            relative_azimuth: self.relative_azimuth,
            sun_zenith_max: self.sun_zenith_max,
        }
    }
}

/// Normal noise of standard deviation absolute + relative·|signal|.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BandNoiseConfig {
    /// Where there is no signal, in the unit of the channels (reflectance 0–1, mm).
    #[schemars(range(min = 0, max = 1000))]
    pub absolute: f64,
    /// Part of the signal, 0.03 for 3 %.
    #[schemars(range(min = 0, max = 1))]
    pub relative: f64,
}

impl BandNoiseConfig {
    /// The same, as samples are disturbed by it.
    pub(crate) fn band_noise(self) -> BandNoise {
        BandNoise {
            absolute: self.absolute,
            relative: self.relative,
        }
    }
}
