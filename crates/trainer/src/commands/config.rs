//! `trainer config`.

use crate::TrainerError;
use crate::assemble::{assemble, check};
use crate::cli::ConfigCommand;
use crate::config::{CheckedExperiment, LoadedConfig, load, schema_json};
use crate::disk::Disk;
use crate::out;
use data::{ReadReport, Samples};
use serde_json::json;
use std::slice;

/// What `config check --json` prints of a configuration that is sound.
fn print_json(
    loaded: &LoadedConfig,
    checked: &CheckedExperiment,
    samples: Option<[usize; 3]>,
) -> Result<(), TrainerError> {
    let ranges = checked.physics.ranges();
    let report = json!({
        "file": loaded.label(),
        "name": checked.name,
        "channels": checked.data.channels(),
        "parameters": ranges.iter().map(|range| &range.name).collect::<Vec<_>>(),
        "epochs": checked.trainer.epochs,
        "samples": samples,
    });
    out::line(format_args!("{report:#}"))
}

/// Checks, shows or documents a configuration.
pub(super) fn config(command: &ConfigCommand) -> Result<(), TrainerError> {
    match command {
        ConfigCommand::Check(args) => {
            let loaded = load(&args.config.source(), &args.config.overrides())?;
            let checked = check(&loaded)?;
            if args.data {
                let assembled = assemble(&checked);
                if let Some(path) = &args.dropped_rows {
                    let reports = match &assembled {
                        Ok(assembled) => assembled.reports.as_slice(),
                        Err(TrainerError::TooManyDropped { report, .. }) => {
                            slice::from_ref(report.as_ref())
                        }
                        Err(_) => &[],
                    };
                    let csv = ReadReport::dropped_rows_as_csv(reports);
                    Disk::default().write_output(path, csv.as_bytes())?;
                }
                let samples = assembled?.samples;
                if args.json {
                    let sizes = [&samples.train, &samples.valid, &samples.test].map(Samples::len);
                    return print_json(&loaded, &checked, Some(sizes));
                }
                out::line(format_args!(
                    "{}: ok, with {} training, {} validation and {} test samples",
                    loaded.label(),
                    samples.train.len(),
                    samples.valid.len(),
                    samples.test.len()
                ))?;
            } else if args.json {
                print_json(&loaded, &checked, None)?;
            } else {
                out::line(format_args!("{}: ok", loaded.label()))?;
            }
        }
        ConfigCommand::Show(args) => {
            out::text(check(&load(&args.source(), &args.overrides())?)?.to_json())?;
        }
        ConfigCommand::Schema => out::text(schema_json())?,
    }
    Ok(())
}
