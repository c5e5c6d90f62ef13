//! Whole configurations: the shipped ones, and bad ones with their messages.

mod messages;
mod shipped;

use super::{CheckContext, CheckedExperiment, ConfigError, ConfigSource, Overrides, load};
use physics::Inform;
use std::path::{Path, PathBuf};

fn configs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs")
}

fn load_and_check(
    source: &ConfigSource,
    overrides: &Overrides,
) -> Result<CheckedExperiment, ConfigError> {
    let parameters = Inform::free_parameters();
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
