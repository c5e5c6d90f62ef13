//! A file of stations by itself, as the command line takes it.

use super::conformity::{conform, deserialize};
use super::document::Document;
use super::error::{ConfigError, Problem};
use super::mogi::{Stations, check_stations};
use super::schema::stations_schema;

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
