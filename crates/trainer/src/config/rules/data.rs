//! Rules of the block `data`.

use super::outputs::Outputs;
use crate::config::channel_values::{ChannelValues, CheckedValues};
use crate::config::checked::{
    ChannelColumn, CheckedCsv, CheckedData, CheckedPhysics, CheckedSynthetic,
};
use crate::config::data::{CsvData, DataConfig, Standardization, SyntheticData};
use crate::config::error::Problem;
use crate::config::sun::SunConfig;
use ::data::Overpass;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

pub(super) fn check(
    data: &DataConfig,
    physics: &CheckedPhysics,
    sensor_bands: Option<&[String]>,
    label: &str,
) -> Result<CheckedData, Problem> {
    check_channels(data, &Outputs::of(physics, sensor_bands))?;
    match data {
        DataConfig::Synthetic(synthetic) => {
            check_simulation(synthetic, physics)?;
            Ok(CheckedData::Synthetic(CheckedSynthetic {
                channels: data.channels().to_vec(),
                settings: synthetic.clone(),
            }))
        }
        DataConfig::Csv(csv) => {
            check_csv(csv, data.channels(), data.channels_key(), physics, label)
                .map(CheckedData::Csv)
        }
    }
}

/// Angles and noise of simulated samples.
fn check_simulation(synthetic: &SyntheticData, physics: &CheckedPhysics) -> Result<(), Problem> {
    if let Some(geometries) = &synthetic.geometries {
        let refused = |allowed: String| {
            let value = json!(geometries);
            Err(Problem::not_allowed("data.geometries", value, allowed))
        };
        match physics {
            CheckedPhysics::Mogi(_) => {
                return refused(
                    "null, because physics.model is \"mogi\", which has no angles".into(),
                );
            }
            CheckedPhysics::Inform(inform) => {
                let angle = |name: &str| ["tts", "tto", "psi"].contains(&name);
                if let Some(free) = inform.ranges.iter().find(|range| angle(&range.name)) {
                    return refused(format!(
                        "null, because physics.ranges sets {} free",
                        free.name
                    ));
                }
            }
        }
        if let Err(error) = geometries.geometries().check() {
            return refused(format!("ranges that hold together: {error}"));
        }
    }
    if let Some(noise) = &synthetic.band_noise {
        let allowed = match physics {
            _ if !synthetic.noise => "null, because data.noise is false",
            CheckedPhysics::Mogi(_) => {
                "null, because physics.model is \"mogi\", whose displacements have the noise of their axis"
            }
            CheckedPhysics::Inform(_) => return Ok(()),
        };
        return Err(Problem::not_allowed(
            "data.band_noise",
            json!(noise),
            allowed,
        ));
    }
    Ok(())
}

fn check_channels(data: &DataConfig, outputs: &Outputs<'_>) -> Result<(), Problem> {
    let key = data.channels_key();
    if let (Some(_), Some(bands)) = data.channels_and_bands() {
        return Err(Problem::not_allowed(
            "data.bands",
            json!(bands),
            "null, because data.channels says the same",
        ));
    }
    let channels = data.channels();
    if channels.is_empty() {
        return Err(Problem::not_allowed(
            key,
            "[]",
            format!("at least one of {}", outputs.described()),
        ));
    }
    for (index, channel) in channels.iter().enumerate() {
        let not_allowed = |allowed: String| {
            Err(Problem::not_allowed(
                format!("{key}.{index}"),
                json!(channel),
                allowed,
            ))
        };
        if !outputs.may_hold(channel) {
            return not_allowed(outputs.described());
        }
        if channels[..index].contains(channel) {
            return not_allowed(outputs.each_once().to_owned());
        }
    }
    Ok(())
}

fn check_csv(
    csv: &CsvData,
    channels: &[String],
    key: &'static str,
    physics: &CheckedPhysics,
    label: &str,
) -> Result<CheckedCsv, Problem> {
    let ranges = physics.ranges();
    for (channel, column) in &csv.columns {
        if !channels.contains(channel) {
            let what = key.trim_start_matches("data.");
            let allowed = format!("entries for the {what} of {key}: {}", channels.join(", "));
            return Err(Problem::not_allowed(
                format!("data.columns.{channel}"),
                json!(column),
                allowed,
            ));
        }
    }
    for (name, column) in &csv.truth {
        if ranges.iter().all(|range| range.name != *name) {
            let names: Vec<&str> = ranges.iter().map(|range| range.name.as_str()).collect();
            let allowed = format!(
                "entries for the parameters of the physics: {}",
                names.join(", ")
            );
            return Err(Problem::not_allowed(
                format!("data.truth.{name}"),
                json!(column),
                allowed,
            ));
        }
    }
    check_angles(csv, physics)?;
    let sun = (csv.sun.as_ref())
        .map(|sun| check_sun(sun, csv, physics))
        .transpose()?;
    check_columns(csv, channels, key)?;
    let values = check_values(csv, physics)?;
    if values == CheckedValues::Standardized && csv.standardization == Standardization::Measured {
        let allowed = "{\"mean\": file, \"scale\": file}, because data.values is \"standardized\" and \
                       the physics is standardized with the same mean and scale";
        return Err(Problem::not_allowed(
            "data.standardization",
            "\"measured\"",
            allowed,
        ));
    }
    let columns = channels.iter().map(|channel| ChannelColumn {
        channel: channel.clone(),
        column: csv.column(channel).to_owned(),
    });
    Ok(CheckedCsv {
        dir: csv.dir.as_ref().map(PathBuf::from),
        train: PathBuf::from(&csv.train),
        valid: PathBuf::from(&csv.valid),
        test: PathBuf::from(&csv.test),
        columns: columns.collect(),
        // the rules do not see it; `LoadedConfig::check` fills it in
        channels_by_default: false,
        values,
        standardization: csv.standardization.clone(),
        angles: csv.angles.clone(),
        sun,
        labels: csv.labels.clone(),
        truth: csv.truth.clone(),
        rows: csv.row_rules(),
        label: label.to_owned(),
    })
}

fn check_angles(csv: &CsvData, physics: &CheckedPhysics) -> Result<(), Problem> {
    match (physics, &csv.angles) {
        (CheckedPhysics::Mogi(_), Some(angles)) => Err(Problem::not_allowed(
            "data.angles",
            json!(angles),
            "null, because physics.model is \"mogi\", which has no angles",
        )),
        (CheckedPhysics::Inform(inform), Some(angles)) => {
            let given = |name: &str| ["tts", "tto", "psi"].contains(&name);
            match inform.ranges.iter().find(|range| given(&range.name)) {
                Some(free) => Err(Problem::not_allowed(
                    "data.angles",
                    json!(angles),
                    format!("null, because physics.ranges sets {} free", free.name),
                )),
                None => Ok(()),
            }
        }
        (_, None) => Ok(()),
    }
}

/// The sun zenith angle comes from one place alone: the dates.
fn check_sun(
    sun: &SunConfig,
    csv: &CsvData,
    physics: &CheckedPhysics,
) -> Result<Overpass, Problem> {
    let refused = |allowed: &str| Err(Problem::not_allowed("data.sun", json!(sun), allowed));
    match physics {
        CheckedPhysics::Mogi(_) => {
            return refused("null, because physics.model is \"mogi\", which has no sun");
        }
        CheckedPhysics::Inform(inform) => {
            if inform.ranges.iter().any(|range| range.name == "tts") {
                return refused("null, because physics.ranges sets tts free");
            }
        }
    }
    if csv.angles.is_some() {
        return refused("null, because data.angles names the column of the sun zenith angle");
    }
    if csv.labels.date.is_none() {
        return refused(
            "null, or data.labels.date with the column of the dates, because the sun follows from them",
        );
    }
    let overpass = sun.overpass();
    if !overpass.time_is_readable() {
        return Err(Problem::not_allowed(
            "data.sun.time_utc",
            json!(sun.time_utc),
            Overpass::TIMES,
        ));
    }
    Ok(overpass)
}

/// A column has one meaning.
fn check_columns(
    csv: &CsvData,
    channels: &[String],
    channels_key: &'static str,
) -> Result<(), Problem> {
    let channels = channels.iter().map(|channel| {
        let written = csv.columns.contains_key(channel);
        let key = if written {
            format!("data.columns.{channel}")
        } else {
            channels_key.to_owned()
        };
        (key, csv.column(channel))
    });
    let angles = csv.angles.iter().flat_map(|angles| {
        [
            ("tts", &angles.tts),
            ("tto", &angles.tto),
            ("psi", &angles.psi),
        ]
        .map(|(name, column)| (format!("data.angles.{name}"), column.as_str()))
    });
    let labels = [
        ("class", &csv.labels.class),
        ("sample_id", &csv.labels.sample_id),
        ("date", &csv.labels.date),
    ];
    let labels = labels
        .into_iter()
        .filter_map(|(name, column)| Some((format!("data.labels.{name}"), column.as_deref()?)));
    let truth = csv
        .truth
        .iter()
        .map(|(name, column)| (format!("data.truth.{name}"), column.as_str()));
    let mut meanings: BTreeMap<&str, String> = BTreeMap::new();
    for (key, column) in channels.chain(angles).chain(labels).chain(truth) {
        if column.is_empty() {
            return Err(Problem::not_allowed(key, "\"\"", "the name of a column"));
        }
        if let Some(other) = meanings.insert(column, key.clone()) {
            let allowed = format!("a column of its own ({other} names it already)");
            return Err(Problem::not_allowed(key, json!(column), allowed));
        }
    }
    Ok(())
}

fn check_values(csv: &CsvData, physics: &CheckedPhysics) -> Result<CheckedValues, Problem> {
    let (model, allowed) = match physics {
        CheckedPhysics::Inform(_) => ("inform", ChannelValues::OF_REFLECTANCE),
        CheckedPhysics::Mogi(_) => ("mogi", ChannelValues::OF_DISPLACEMENTS),
    };
    if !allowed.contains(&csv.values) {
        let names: Vec<String> = allowed.iter().map(|it| json!(it).to_string()).collect();
        let allowed = format!("{}, because physics.model is \"{model}\"", names.join(", "));
        return Err(Problem::not_allowed(
            "data.values",
            json!(csv.values),
            allowed,
        ));
    }
    csv.values
        .with(csv.digital_numbers)
        .ok_or_else(|| match csv.digital_numbers {
            None => Problem::not_allowed(
                "data.digital_numbers",
                Value::Null,
                "{\"scale\": 1e-4, \"offset\": -1000} or the like, because data.values is \
             \"digital_numbers\" (offset −1000 from processing baseline 04.00 on, 0 before)",
            ),
            Some(conversion) => Problem::not_allowed(
                "data.digital_numbers",
                json!(conversion),
                format!("null, because data.values is {}", json!(csv.values)),
            ),
        })
}
