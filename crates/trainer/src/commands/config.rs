//! `trainer config`.

use crate::TrainerError;
use crate::assemble::{assemble, check};
use crate::cli::ConfigCommand;
use crate::config::{load, schema_json};

/// Checks, shows or documents a configuration.
pub(super) fn config(command: &ConfigCommand) -> Result<(), TrainerError> {
    match command {
        ConfigCommand::Check(args) => {
            let loaded = load(&args.config.source(), &args.config.overrides())?;
            let checked = check(&loaded)?;
            if args.data {
                let (_, samples) = assemble(&checked)?;
                println!(
                    "{}: ok, with {} training, {} validation and {} test samples",
                    loaded.label(),
                    samples.train.len(),
                    samples.valid.len(),
                    samples.test.len()
                );
            } else {
                println!("{}: ok", loaded.label());
            }
        }
        ConfigCommand::Show(args) => {
            print!(
                "{}",
                check(&load(&args.source(), &args.overrides())?)?.to_json()
            );
        }
        ConfigCommand::Schema => print!("{}", schema_json()),
    }
    Ok(())
}
