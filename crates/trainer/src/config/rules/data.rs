//! Rules of the block `data`.

use crate::config::checked::{BandColumn, CheckedCsv, CheckedData, CheckedValues, ParameterRange};
use crate::config::data::{BandValues, CsvData, DataConfig, SENTINEL_2_BANDS, Standardization};
use crate::config::error::Problem;
use crate::config::sensor::SensorChoice;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

pub(super) fn check(
    data: &DataConfig,
    ranges: &[ParameterRange],
    sensor: &SensorChoice,
    sensor_bands: Option<&[String]>,
    label: &str,
) -> Result<CheckedData, Problem> {
    let known: Option<Vec<&str>> = match (sensor_bands, sensor) {
        (Some(bands), _) => Some(bands.iter().map(String::as_str).collect()),
        (None, SensorChoice::S2a | SensorChoice::S2b) => Some(SENTINEL_2_BANDS.to_vec()),
        (None, SensorChoice::Csv(_)) => None,
    };
    check_bands(data.bands(), known.as_deref())?;
    match data {
        DataConfig::Synthetic(synthetic) => Ok(CheckedData::Synthetic(synthetic.clone())),
        DataConfig::Csv(csv) => check_csv(csv, ranges, label).map(CheckedData::Csv),
    }
}

fn check_bands(bands: &[String], known: Option<&[&str]>) -> Result<(), Problem> {
    if bands.is_empty() {
        return Err(Problem::not_allowed(
            "data.bands",
            "[]",
            "at least one band of the sensor",
        ));
    }
    for (index, band) in bands.iter().enumerate() {
        let not_allowed = |allowed: String| {
            Err(Problem::not_allowed(
                format!("data.bands.{index}"),
                json!(band),
                allowed,
            ))
        };
        if let Some(known) = known
            && !known.contains(&band.as_str())
        {
            return not_allowed(format!("the bands of the sensor: {}", known.join(", ")));
        }
        if bands[..index].contains(band) {
            return not_allowed("each band once".to_owned());
        }
    }
    Ok(())
}

fn check_csv(csv: &CsvData, ranges: &[ParameterRange], label: &str) -> Result<CheckedCsv, Problem> {
    for (band, column) in &csv.columns {
        if !csv.bands.contains(band) {
            let allowed = format!(
                "entries for the bands of data.bands: {}",
                csv.bands.join(", ")
            );
            return Err(Problem::not_allowed(
                format!("data.columns.{band}"),
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
    check_columns(csv)?;
    let values = check_values(csv)?;
    if values == CheckedValues::Standardized && csv.standardization == Standardization::Measured {
        let allowed = "{\"mean\": file, \"scale\": file}, because data.values is \"standardized\" and \
                       the physics is standardized with the same mean and scale";
        return Err(Problem::not_allowed(
            "data.standardization",
            "\"measured\"",
            allowed,
        ));
    }
    let columns = csv.bands.iter().map(|band| BandColumn {
        band: band.clone(),
        column: csv.column(band).to_owned(),
    });
    Ok(CheckedCsv {
        dir: csv.dir.as_ref().map(PathBuf::from),
        train: PathBuf::from(&csv.train),
        valid: PathBuf::from(&csv.valid),
        test: PathBuf::from(&csv.test),
        columns: columns.collect(),
        values,
        standardization: csv.standardization.clone(),
        angles: csv.angles.clone(),
        labels: csv.labels.clone(),
        truth: csv.truth.clone(),
        missing: csv.missing,
        label: label.to_owned(),
    })
}

/// A column has one meaning.
fn check_columns(csv: &CsvData) -> Result<(), Problem> {
    let bands = csv.bands.iter().map(|band| {
        let written = csv.columns.contains_key(band);
        let key = if written {
            format!("data.columns.{band}")
        } else {
            "data.bands".to_owned()
        };
        (key, csv.column(band))
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
    for (key, column) in bands.chain(angles).chain(labels).chain(truth) {
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

fn check_values(csv: &CsvData) -> Result<CheckedValues, Problem> {
    match (csv.values, csv.digital_numbers) {
        (BandValues::Standardized, None) => Ok(CheckedValues::Standardized),
        (BandValues::Reflectance, None) => Ok(CheckedValues::Reflectance),
        (BandValues::DigitalNumbers, Some(conversion)) => {
            Ok(CheckedValues::DigitalNumbers(conversion))
        }
        (BandValues::DigitalNumbers, None) => Err(Problem::not_allowed(
            "data.digital_numbers",
            Value::Null,
            "{\"scale\": 1e-4, \"offset\": -1000} or the like, because data.values is \
             \"digital_numbers\" (offset −1000 from processing baseline 04.00 on, 0 before)",
        )),
        (values, Some(conversion)) => Err(Problem::not_allowed(
            "data.digital_numbers",
            json!(conversion),
            format!("null, because data.values is {}", json!(values)),
        )),
    }
}
