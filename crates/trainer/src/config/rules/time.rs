//! Rules of what needs to know when a sample was taken.

use crate::config::checked::{CheckedData, ParameterRange};
use crate::config::error::Problem;
use crate::config::objective::ObjectiveConfig;
use crate::config::phys_vae::{ModelVariant, PhysVaeConfig, ResidualName};
use serde_json::{Value, json};

/// Windows of consecutive samples are whole, and of one series.
pub(super) fn check_smoothness(
    objective: &ObjectiveConfig,
    no_phy: bool,
    data: &CheckedData,
    ranges: &[ParameterRange],
    batch_size: usize,
) -> Result<(), Problem> {
    const KEY: &str = "objective.temporal_smoothness";
    let Some(smoothness) = &objective.temporal_smoothness else {
        return Ok(());
    };
    let refused = |allowed: &str| Err(Problem::not_allowed(KEY, json!(smoothness), allowed));
    if no_phy {
        return refused(
            "null, because phys_vae.no_phy is true and there are no physical parameters",
        );
    }
    let CheckedData::Csv(csv) = data else {
        return refused("null, because simulated samples are no series");
    };
    if csv.labels.date.is_none() {
        return refused(
            "null, or data.labels.date with the column of the dates, because windows are of consecutive ones",
        );
    }
    if let Some(column) = &csv.labels.sample_id {
        return Err(Problem::not_allowed(
            "data.labels.sample_id",
            json!(column),
            format!("null, because {KEY} takes the whole table for one series"),
        ));
    }
    let names: Vec<&str> = ranges.iter().map(|range| range.name.as_str()).collect();
    let parameters = smoothness.parameters.as_deref();
    if parameters.is_some_and(<[String]>::is_empty) {
        return Err(Problem::not_allowed(
            format!("{KEY}.parameters"),
            "[]",
            format!("null or some of {}", names.join(", ")),
        ));
    }
    for (index, name) in parameters.unwrap_or_default().iter().enumerate() {
        let again = parameters.is_some_and(|all| all[..index].contains(name));
        if again || !names.contains(&name.as_str()) {
            return Err(Problem::not_allowed(
                format!("{KEY}.parameters.{index}"),
                json!(name),
                format!(
                    "parameters of physics.ranges, each once: {}",
                    names.join(", ")
                ),
            ));
        }
    }
    let samples = smoothness.samples;
    if !batch_size.is_multiple_of(samples) {
        let allowed = format!(
            "a multiple of {KEY}.samples = {samples}, such as {}",
            batch_size.next_multiple_of(samples)
        );
        return Err(Problem::not_allowed(
            "trainer.batch_size",
            batch_size,
            allowed,
        ));
    }
    Ok(())
}

/// The residual that sees the time of year is there, and so are the dates.
pub(super) fn check_use_time(phys_vae: &PhysVaeConfig, data: &CheckedData) -> Result<(), Problem> {
    if !phys_vae.low_rank.use_time {
        return Ok(());
    }
    let refused = |allowed: &str| {
        Err(Problem::not_allowed(
            "phys_vae.low_rank.use_time",
            Value::from(true),
            allowed,
        ))
    };
    if phys_vae.variant() != ModelVariant::PhysicsAndResidual {
        return refused("false, because this variant has no residual");
    }
    if phys_vae.residual != ResidualName::LowRank {
        return refused("false, unless phys_vae.residual is low_rank");
    }
    match data {
        CheckedData::Csv(csv) if csv.labels.date.is_some() => Ok(()),
        CheckedData::Csv(_) => refused(
            "false, or data.labels.date with the column of the dates, from which it follows",
        ),
        CheckedData::Synthetic(_) => refused("false, because simulated samples have no dates"),
    }
}
