//! What a user of Python names, as the physics crate knows it.

use physics::{Canopy, Parameter, PhysicsError, Precision, Variant};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use trainer::TrainerError;
use trainer::inference::Written;

/// The crate's own message as a `ValueError`.
pub fn refused(error: PhysicsError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn unknown(what: &'static str, name: &str, known: &[&str]) -> PyErr {
    refused(PhysicsError::UnknownName {
        what,
        name: name.to_owned(),
        known: known.iter().map(|it| (*it).to_owned()).collect(),
    })
}

/// A trained model's message with its causes as a `ValueError`, or as an `OSError` where a file was the matter.
pub fn failed(error: TrainerError) -> PyErr {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(because) = cause {
        let because_text = because.to_string();
        if !text.contains(&because_text) {
            text = format!("{text}: {because_text}");
        }
        cause = because.source();
    }
    match error {
        TrainerError::Io { .. } | TrainerError::NotARun { .. } => PyOSError::new_err(text),
        _ => PyValueError::new_err(text),
    }
}

/// Refuses names of parameters that a trained model does not infer.
pub fn inferred(wanted: &[String], known: &[(String, String)]) -> PyResult<()> {
    let known: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
    match wanted.iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(unknown("parameter", name, &known)),
        None => Ok(()),
    }
}

/// Groups of columns by the names of `trainer infer --write`.
pub fn written(names: &[String]) -> PyResult<Vec<Written>> {
    let allowed = Written::ALL.map(Written::name);
    let group = |name: &String| {
        let found = Written::ALL.iter().find(|group| group.name() == *name);
        found
            .copied()
            .ok_or_else(|| unknown("group of columns", name, &allowed))
    };
    names.iter().map(group).collect()
}

/// What stands on the soil.
pub fn canopy(name: &str) -> PyResult<Canopy> {
    match name {
        "published" => Ok(Canopy::Inform(Variant::Published)),
        "enmap_box" => Ok(Canopy::Inform(Variant::EnmapBox)),
        "sail" => Ok(Canopy::Sail),
        _ => Err(unknown(
            "variant",
            name,
            &["published", "enmap_box", "sail"],
        )),
    }
}

/// What bands and Jacobians are computed in.
pub fn precision(name: &str) -> PyResult<Precision> {
    match name {
        "double" => Ok(Precision::F64),
        "single" => Ok(Precision::F32),
        _ => Err(unknown("precision", name, &["double", "single"])),
    }
}

/// Parameters by their symbols.
pub fn parameters(symbols: &[String]) -> PyResult<Vec<Parameter>> {
    let parsed = symbols.iter().map(|symbol| symbol.parse().map_err(refused));
    parsed.collect()
}
