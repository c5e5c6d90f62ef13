//! Rules of the block `physics`.

use crate::config::checked::{CheckedInform, CheckedPhysics, ParameterRange};
use crate::config::error::Problem;
use crate::config::physics::PhysicsConfig;
use crate::config::ranges::{Ranges, RangesSource};
use crate::config::sensor::SensorChoice;
use ::physics::Quantity;
use serde_json::Value;
use std::path::PathBuf;

pub(super) fn check(
    physics: &PhysicsConfig,
    known: &[Quantity],
) -> Result<CheckedPhysics, Problem> {
    let PhysicsConfig::Inform(inform) = physics;
    let sensor = inform.sensor.parse().map_err(|_| {
        let value = Value::from(inform.sensor.as_str());
        Problem::not_allowed("physics.sensor", value, SensorChoice::ALLOWED)
    })?;
    let ranges = match &inform.ranges {
        RangesSource::Inline(ranges) => check_ranges(ranges, known)?,
        RangesSource::File(path) => {
            let value = Value::from(path.as_str());
            return Err(Problem::not_allowed(
                "physics.ranges",
                value,
                "ranges that have been read",
            ));
        }
    };
    Ok(CheckedPhysics::Inform(CheckedInform {
        variant: inform.variant,
        sensor,
        tables: inform.tables.as_ref().map(PathBuf::from),
        precision: inform.precision,
        fixed: inform.fixed.clone(),
        ranges,
    }))
}

fn check_ranges(ranges: &Ranges, known: &[Quantity]) -> Result<Vec<ParameterRange>, Problem> {
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
