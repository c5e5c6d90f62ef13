//! The table of parameters that `trainer simulate` reads.

use crate::TrainerError;
use crate::csv_rows::CsvRows;
use physics::{CanopyParameters, LeafAngles, PhysicsError};
use std::path::Path;

/// Columns that must be there.
const NEEDED: [&str; 7] = ["N", "cab", "cw", "cm", "LAI", "LAIu", "fc"];
/// Columns that may be there; numbers but for `lidf`.
const OPTIONAL: [&str; 14] = [
    "car", "anth", "cbrown", "psoil", "rsoil", "hspot", "lidf", "skyl", "tts", "tto", "psi", "sd",
    "cd", "h",
];

/// Reads a CSV of forests, one a row; columns that are absent, and empty cells of optional ones, take the
/// defaults.
///
/// # Errors
/// The file cannot be read, a column is missing, unknown or there twice, there are no rows, a cell is not
/// a number or outside its range; with file, line and column.
pub fn read_forests(path: &Path) -> Result<Vec<CanopyParameters>, TrainerError> {
    let mut forests = vec![];
    let own = |names: &[&str]| {
        check_columns(names)?;
        Ok(names.iter().map(|name| (*name).to_owned()).collect())
    };
    CsvRows::open(path)?.each(own, |names: &Vec<String>, record| {
        let mut forest = CanopyParameters::default();
        for (name, cell) in names.iter().zip(record) {
            set(&mut forest, name, cell).map_err(|why| format!("column {name}: {why}"))?;
        }
        forests.push(forest);
        Ok(())
    })?;
    Ok(forests)
}

fn check_columns(names: &[&str]) -> Result<(), String> {
    let allowed = || {
        format!(
            "needed {}; optional {}",
            NEEDED.join(", "),
            OPTIONAL.join(", ")
        )
    };
    for (i, name) in names.iter().enumerate() {
        if !NEEDED.contains(name) && !OPTIONAL.contains(name) {
            return Err(format!("column {name:?} is unknown; {}", allowed()));
        }
        if names[..i].contains(name) {
            return Err(format!("column {name} is there twice"));
        }
    }
    match NEEDED.iter().find(|name| !names.contains(name)) {
        Some(missing) => Err(format!("column {missing} is missing; {}", allowed())),
        None => Ok(()),
    }
}

fn set(forest: &mut CanopyParameters, name: &str, cell: &str) -> Result<(), String> {
    if cell.is_empty() && OPTIONAL.contains(&name) {
        return Ok(());
    }
    if name == "lidf" {
        forest.leaf_angles = match (LeafAngles::named(cell), cell.parse::<f64>()) {
            (Ok(named), _) => named,
            (_, Ok(degrees)) if (0.0..=90.0).contains(&degrees) => LeafAngles::Ellipsoidal(degrees),
            _ => {
                return Err(format!(
                    "{cell:?} is not allowed; it is {} or an average leaf angle from 0 to 90 degrees",
                    LeafAngles::NAMES.join(", ")
                ));
            }
        };
        return Ok(());
    }
    let value: f64 = cell
        .parse()
        .map_err(|_| format!("{cell:?} is not a number"))?;
    forest.set(name, value).map_err(|error| match error {
        PhysicsError::OutOfRange {
            value,
            unit,
            min,
            max,
            ..
        } => {
            let unit = if unit == "1" {
                String::new()
            } else {
                format!(" {unit}")
            };
            format!("{value}{unit} is outside the allowed range {min} to {max}")
        }
        other => other.to_string(),
    })
}
