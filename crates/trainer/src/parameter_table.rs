//! The table of parameters that `trainer simulate` reads.

use crate::TrainerError;
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
    let refused = |why: String| TrainerError::Table {
        path: path.to_owned(),
        why,
    };
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_path(path)
        .map_err(|e| refused(e.to_string()))?;
    let header = reader
        .headers()
        .map_err(|e| refused(e.to_string()))?
        .clone();
    let names: Vec<&str> = header
        .iter()
        .map(|name| name.trim_start_matches('\u{feff}'))
        .collect();
    check_columns(&names).map_err(refused)?;

    let mut forests = vec![];
    let mut record = csv::StringRecord::new();
    while reader
        .read_record(&mut record)
        .map_err(|e| refused(e.to_string()))?
    {
        let line = record.position().map_or(0, csv::Position::line);
        let mut forest = CanopyParameters::default();
        for (name, cell) in names.iter().zip(record.iter()) {
            set(&mut forest, name, cell)
                .map_err(|why| refused(format!("line {line}, column {name}: {why}")))?;
        }
        forests.push(forest);
    }
    if forests.is_empty() {
        return Err(refused("there are no rows below the header".to_owned()));
    }
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
            return Err(format!("line 1: column {name:?} is unknown; {}", allowed()));
        }
        if names[..i].contains(name) {
            return Err(format!("line 1: column {name} is there twice"));
        }
    }
    match NEEDED.iter().find(|name| !names.contains(name)) {
        Some(missing) => Err(format!(
            "line 1: column {missing} is missing; {}",
            allowed()
        )),
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
