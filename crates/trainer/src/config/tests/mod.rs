//! Whole configurations: the shipped ones, and bad ones with their messages.

mod messages;
mod shipped;

use super::{CheckContext, CheckedExperiment, ConfigError, ConfigSource, Overrides, load};
use physics::Quantity;
use std::path::{Path, PathBuf};

/// Parameters and limits as INFORM's.
fn parameters() -> Vec<Quantity> {
    [
        ("N", "1", 1.0, 4.0, 1.5),
        ("cab", "µg/cm²", 0.0, 120.0, 40.0),
        ("cw", "cm", 0.0, 0.1, 0.03),
        ("cm", "g/cm²", 0.0, 0.06, 0.012),
        ("LAI", "m²/m²", 0.0, 15.0, 7.0),
        ("LAIu", "m²/m²", 0.0, 10.0, 0.1),
        ("fc", "1", 0.0, 1.0, 0.5),
    ]
    .map(|(name, unit, min, max, default)| Quantity {
        name: name.to_owned(),
        unit: unit.to_owned(),
        min,
        max,
        default,
    })
    .into()
}

fn configs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs")
}

fn load_and_check(
    source: &ConfigSource,
    overrides: &Overrides,
) -> Result<CheckedExperiment, ConfigError> {
    let parameters = parameters();
    load(source, overrides)?.check(&CheckContext {
        parameters: &parameters,
        bands: None,
    })
}

fn set(assignments: &[&str]) -> Overrides {
    Overrides {
        set: assignments.iter().map(|&it| it.to_owned()).collect(),
        ..Overrides::default()
    }
}
