//! `trainer eval`.

use crate::TrainerError;
use crate::assemble::{assemble, assemble_without_samples, check, read_samples};
use crate::checkpoint;
use crate::cli::EvalArgs;
use crate::config::{ConfigSource, Overrides, load};
use crate::disk::Disk;
use crate::evaluation::{Errors, Recovery, evaluate};
use crate::metrics::NamedValues;
use crate::run_directory::RunDirectory;
use crate::separation::Separation;
use crate::summary_text::{errors_text, recovery_text, separation_text};
use crate::training::Learner;
use nn::Cpu;
use serde::Serialize;
use std::collections::BTreeMap;

/// What `--json` prints; MSE in standardised units, RMSE in the channels' unit, KL in nats.
#[derive(Serialize)]
struct Report<'a> {
    source: &'a str,
    samples: usize,
    weights: String,
    channel_unit: &'a str,
    errors: &'a Errors,
    rmse_per_channel: NamedValues,
    kl_per_dimension: NamedValues,
    separation: Option<&'a Separation>,
    recovery: BTreeMap<String, Recovery>,
}

/// Evaluates the selected weights of a run on its test split or on another table.
pub(super) fn eval(args: &EvalArgs) -> Result<(), TrainerError> {
    let run = RunDirectory::open(&args.run)?;
    let checked = check(&load(
        &ConfigSource::File(run.config()),
        &Overrides::default(),
    )?)?;
    let (experiment, samples) = match &args.data {
        None => {
            let assembled = assemble(&checked)?;
            (assembled.experiment, assembled.samples.test)
        }
        Some(path) => {
            let standardization = run.standardization()?;
            let samples = read_samples(&checked, path, &standardization)?;
            (
                assemble_without_samples(&checked, standardization)?,
                samples,
            )
        }
    };
    let path = run.selected();
    let checkpoint = checkpoint::load::<f32>(&path)?;
    let mut learner = Learner::new(&experiment, Cpu::default())?;
    checkpoint.restore(&mut learner.model, &mut learner.adam)?;
    if let Some(exact) = &experiment.exact_physics {
        learner.model.set_physics(exact.clone())?;
    }
    let evaluation = evaluate(&learner, &experiment, &samples)?;
    if let Some(path) = &args.seasons {
        let Some(seasons) = &evaluation.seasons else {
            return Err(TrainerError::NoSeasons { path: path.clone() });
        };
        Disk::default().write_whole(path, &seasons.to_csv()?)?;
    }
    if let Some(path) = &args.parameters {
        let Some(inferred) = evaluation.inferred(&experiment, &samples) else {
            return Err(TrainerError::NoParameters { path: path.clone() });
        };
        Disk::default().write_whole(path, &inferred.to_csv()?)?;
        let units: Vec<String> = (inferred.parameters.iter())
            .map(|(name, unit)| format!("{name} ({unit})"))
            .collect();
        if !args.json {
            println!("{}: {}", path.display(), units.join(", "));
        }
    }
    let source = args
        .data
        .as_ref()
        .map_or("test".to_owned(), |p| p.display().to_string());
    if args.json {
        let report = Report {
            source: &source,
            samples: samples.len(),
            weights: path.display().to_string(),
            channel_unit: &experiment.channel_unit,
            errors: &evaluation.errors,
            rmse_per_channel: NamedValues::new(
                &experiment.dimensions.channels,
                &evaluation.rmse_per_channel,
            ),
            kl_per_dimension: experiment.dimensions.kl(&evaluation.averages),
            separation: evaluation.separation.as_ref(),
            recovery: evaluation.recovery.iter().flatten().cloned().collect(),
        };
        let text = serde_json::to_string_pretty(&report)
            .map_err(|error| TrainerError::Internal(error.to_string()))?;
        println!("{text}");
        return Ok(());
    }
    println!(
        "{}, {} samples, weights of {}",
        source,
        samples.len(),
        path.display()
    );
    print!(
        "{}",
        errors_text("", &evaluation.errors, &experiment.channel_unit).trim_start()
    );
    if let Some(separation) = &evaluation.separation {
        print!("{}", separation_text("", separation).trim_start());
    }
    for (name, kl) in &experiment.dimensions.kl(&evaluation.averages).0 {
        println!("  KL {name:<8} {kl:.3} nats");
    }
    if let Some(recovery) = &evaluation.recovery
        && !recovery.is_empty()
    {
        print!(
            "{}",
            recovery_text(recovery.iter().map(|(name, r)| (name.as_str(), r)))
        );
    }
    Ok(())
}
