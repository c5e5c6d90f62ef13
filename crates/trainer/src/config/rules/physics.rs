//! Rules of the block `physics`.

use crate::config::checked::{CheckedInform, CheckedMogi, CheckedPhysics, ParameterRange};
use crate::config::error::Problem;
use crate::config::file_or::FileOr;
use crate::config::mogi::{MogiConfig, check_stations};
use crate::config::physics::{InformConfig, PhysicsConfig};
use crate::config::ranges::Ranges;
use crate::config::sensor::SensorChoice;
use ::physics::Quantity;
use serde_json::Value;
use std::path::PathBuf;

pub(super) fn check(
    physics: &PhysicsConfig,
    known: &[Quantity],
) -> Result<CheckedPhysics, Problem> {
    match physics {
        PhysicsConfig::Inform(inform) => check_inform(inform, known).map(CheckedPhysics::Inform),
        PhysicsConfig::Mogi(mogi) => check_mogi(mogi, known).map(CheckedPhysics::Mogi),
    }
}

fn check_inform(inform: &InformConfig, known: &[Quantity]) -> Result<CheckedInform, Problem> {
    let sensor = inform.sensor.parse().map_err(|_| {
        let value = Value::from(inform.sensor.as_str());
        Problem::not_allowed("physics.sensor", value, SensorChoice::ALLOWED)
    })?;
    Ok(CheckedInform {
        variant: inform.variant,
        sensor,
        tables: inform.tables.as_ref().map(PathBuf::from),
        precision: inform.precision,
        spectral: inform.spectral.clone(),
        fixed: inform.fixed.clone(),
        ranges: check_ranges(read(&inform.ranges, "physics.ranges")?, known, Needed::Any)?,
    })
}

fn check_mogi(mogi: &MogiConfig, known: &[Quantity]) -> Result<CheckedMogi, Problem> {
    let stations = read(&mogi.stations, "physics.stations")?;
    check_stations(stations, "physics.stations")?;
    Ok(CheckedMogi {
        stations: stations.clone(),
        poisson_ratio: mogi.poisson_ratio,
        ranges: check_ranges(read(&mogi.ranges, "physics.ranges")?, known, Needed::All)?,
    })
}

/// What stands in the configuration itself: files have been read by now.
fn read<'a, T>(source: &'a FileOr<T>, key: &str) -> Result<&'a T, Problem> {
    match source {
        FileOr::Inline(content) => Ok(content),
        FileOr::File(path) => Err(Problem::not_allowed(
            key,
            Value::from(path.as_str()),
            "the content of a file that has been read",
        )),
    }
}

/// Which of a model's parameters must be free.
#[derive(Clone, Copy, PartialEq)]
enum Needed {
    /// The others have fixed values.
    Any,
    All,
}

fn check_ranges(
    ranges: &Ranges,
    known: &[Quantity],
    needed: Needed,
) -> Result<Vec<ParameterRange>, Problem> {
    let names = || {
        known
            .iter()
            .map(|it| it.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut checked: Vec<ParameterRange> = Vec::with_capacity(ranges.0.len());
    for (name, range) in &ranges.0 {
        let path = format!("physics.ranges.{name}");
        let Some(position) = known.iter().position(|it| it.name == *name) else {
            let allowed = format!("the parameters of the physics: {}", names());
            return Err(Problem::not_allowed(&path, compact(range), allowed));
        };
        if checked.iter().any(|earlier| earlier.position == position) {
            return Err(Problem::not_allowed(
                &path,
                compact(range),
                "one range for each parameter",
            ));
        }
        let quantity = &known[position];
        for (end, value) in [("min", range.min), ("max", range.max)] {
            if !(quantity.min..=quantity.max).contains(&value) {
                let allowed = format!("{}, the limits of the physics", span(quantity));
                return Err(Problem::not_allowed(
                    format!("{path}.{end}"),
                    value,
                    allowed,
                ));
            }
        }
        if range.min >= range.max {
            let allowed = format!("less than {name}.max = {}", range.max);
            return Err(Problem::not_allowed(
                format!("{path}.min"),
                range.min,
                allowed,
            ));
        }
        checked.push(ParameterRange {
            name: name.clone(),
            unit: quantity.unit.clone(),
            min: range.min,
            max: range.max,
            position,
        });
    }
    if checked.is_empty() {
        return Err(Problem::not_allowed(
            "physics.ranges",
            "{}",
            format!("a range for at least one of {}", names()),
        ));
    }
    if needed == Needed::Any {
        return Ok(checked);
    }
    if let Some(missing) = known
        .iter()
        .find(|it| checked.iter().all(|range| range.name != it.name))
    {
        let path = format!("physics.ranges.{}", missing.name);
        let allowed = format!(
            "min and max from {}; the physics needs a range for each of {}",
            span(missing),
            names()
        );
        return Err(Problem::MissingKey { path, allowed });
    }
    Ok(checked)
}

/// Limits of a quantity with its unit.
fn span(quantity: &Quantity) -> String {
    let unit = if quantity.unit == "1" {
        ""
    } else {
        &quantity.unit
    };
    format!("{} to {} {unit}", quantity.min, quantity.max)
        .trim_end()
        .to_owned()
}

fn compact(range: &crate::config::ranges::Range) -> String {
    format!("{{\"min\": {}, \"max\": {}}}", range.min, range.max)
}
