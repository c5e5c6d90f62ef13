//! The place and time of day over which the sun is computed.

use data::Overpass;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the samples are and when the satellite passes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SunConfig {
    /// Latitude in degrees, north positive.
    #[schemars(range(min = -90, max = 90))]
    pub latitude: f64,
    /// Longitude in degrees, east positive.
    #[schemars(range(min = -180, max = 180))]
    pub longitude: f64,
    /// Time of day of the overpass in UTC, `hh:mm` or `hh:mm:ss`; a date with a time of its own (in UTC too) has
    /// that one.
    #[schemars(length(min = 1))]
    pub time_utc: String,
}

impl SunConfig {
    /// The same, as tables are read by it.
    pub(super) fn overpass(&self) -> Overpass {
        Overpass {
            latitude: self.latitude,
            longitude: self.longitude,
            time_utc: self.time_utc.clone(),
        }
    }
}
