//! The block `physics` for a volcano: the point source of Mogi and the stations around it.

use super::conformity::conform;
use super::document::Document;
use super::error::{ConfigError, Problem};
use super::file_or::FileOr;
use super::load::deserialize;
use super::named::Named;
use super::ranges::RangesSource;
use super::schema::stations_schema;
use ::physics::Station;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const M_PER_KM: f64 = 1e3;

/// Settings of Mogi's source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MogiConfig {
    /// Where displacements are measured: path of a JSON file (relative to this file) or the stations
    /// themselves, as {"AV07": {"xE": -7.188, "yN": 2.299}, …}. Stations that no channel names are not
    /// used.
    pub stations: StationsSource,
    /// Poisson's ratio ν of the half-space, dimensionless; 0.25 where nothing is known.
    #[serde(default = "default_poisson_ratio")]
    #[schemars(range(min = 0, max = 0.5))]
    pub poisson_ratio: f64,
    /// The free parameters and their ranges; their order is the order of the physical latents. Path of
    /// a JSON file (relative to this file) or the ranges themselves, for xcen and ycen (km), d (km) and
    /// dV (1e5 m³ above −1e7 m³).
    pub ranges: RangesSource,
}

fn default_poisson_ratio() -> f64 {
    0.25
}

/// Position of a station.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StationPosition {
    /// East of the origin, km.
    #[serde(rename = "xE")]
    #[schemars(range(min = -1000, max = 1000))]
    pub x_east_km: f64,
    /// North of the origin, km.
    #[serde(rename = "yN")]
    #[schemars(range(min = -1000, max = 1000))]
    pub y_north_km: f64,
    /// Height, km; not used, because the half-space is flat.
    #[serde(rename = "zV", default, skip_serializing_if = "Option::is_none")]
    pub z_up_km: Option<f64>,
}

impl StationPosition {
    /// The station of this name there.
    pub fn station(&self, name: &str) -> Station {
        Station {
            name: name.to_owned(),
            x_m: self.x_east_km * M_PER_KM,
            y_m: self.y_north_km * M_PER_KM,
        }
    }
}

/// Stations in their order.
pub type Stations = Named<StationPosition>;

/// Stations in a file of their own or in the configuration itself.
pub type StationsSource = FileOr<Stations>;

/// Stations from the text of a JSON file, at least one; `label` names the file in messages.
///
/// # Errors
/// Anything that is not JSON or not stations, with its line and column.
pub fn read_stations(label: &str, text: &str) -> Result<Stations, ConfigError> {
    const KEY: &str = "stations";
    let document = Document::parse(label, text)?;
    let here = |problem: Problem| {
        let below = problem.path().strip_prefix(KEY).unwrap_or_default();
        let place = document.place(below.trim_start_matches('.'));
        problem.at(place, true)
    };
    conform(document.value(), stations_schema(), KEY).map_err(here)?;
    let stations = deserialize(document.value(), KEY).map_err(here)?;
    check_stations(&stations, KEY).map_err(here)?;
    Ok(stations)
}

/// At least one station, each with a name of its own.
pub(super) fn check_stations(stations: &Stations, key: &str) -> Result<(), Problem> {
    if stations.0.is_empty() {
        return Err(Problem::not_allowed(key, "{}", "at least one station"));
    }
    for (index, (name, station)) in stations.0.iter().enumerate() {
        let refused = |allowed: &str| {
            let value = serde_json::json!(station);
            Err(Problem::not_allowed(
                format!("{key}.{name}"),
                value,
                allowed,
            ))
        };
        if name.is_empty() {
            return refused("a name for each station");
        }
        if stations.0[..index]
            .iter()
            .any(|(earlier, _)| earlier == name)
        {
            return refused("each station once");
        }
    }
    Ok(())
}
