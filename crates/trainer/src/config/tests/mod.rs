//! Whole configurations: the shipped ones, and bad ones with their messages.

mod messages;
mod mogi;
mod shipped;

use super::{
    CheckContext, CheckedExperiment, ConfigError, ConfigSource, Overrides, PhysicsConfig, load,
};
use crate::assemble::inform_parameters;
use physics::Mogi;
use std::path::{Path, PathBuf};

fn configs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs")
}

fn load_and_check(
    source: &ConfigSource,
    overrides: &Overrides,
) -> Result<CheckedExperiment, ConfigError> {
    let loaded = load(source, overrides)?;
    let parameters = match &loaded.config().physics {
        PhysicsConfig::Inform(_) => inform_parameters(),
        PhysicsConfig::Mogi(_) => Mogi::free_parameters(),
    };
    loaded.check(&CheckContext {
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
