//! `trainer eval`.

use super::infer::refinement;
use super::on_device::{OnDevice, on_device};
use crate::TrainerError;
use crate::assemble::read_samples;
use crate::cli::EvalArgs;
use crate::disk::Disk;
use crate::evaluation::{Errors, Recovery, evaluate};
use crate::metrics::NamedValues;
use crate::out;
use crate::refined_evaluation::{EstimateErrors, Estimated};
use crate::separation::Separation;
use crate::summary_text::{errors_text, recovery_text, separation_text};
use crate::trained_model::TrainedModel;
use crate::training::Shards;
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
    #[serde(skip_serializing_if = "Option::is_none")]
    refinement: Option<RefinementReport>,
}

/// The estimates of the encoder and the refined ones.
#[derive(Serialize)]
struct RefinementReport {
    steps: usize,
    before: EstimateReport,
    after: EstimateReport,
}

#[derive(Serialize)]
struct EstimateReport {
    errors: EstimateErrors,
    recovery: BTreeMap<String, Recovery>,
    seconds: f64,
    flags: BTreeMap<&'static str, u64>,
}

impl EstimateReport {
    fn of(estimated: &Estimated) -> Self {
        Self {
            errors: estimated.errors,
            recovery: estimated.recovery.iter().flatten().cloned().collect(),
            seconds: estimated.seconds,
            flags: estimated.flags.named().collect(),
        }
    }
}

/// Evaluates the selected weights of a run on its test split or on another table.
pub(super) fn eval(args: &EvalArgs) -> Result<(), TrainerError> {
    on_device(args.device.check()?, Evaluating(args))
}

struct Evaluating<'a>(&'a EvalArgs);

impl OnDevice for Evaluating<'_> {
    fn with<D: Shards<f32>>(self, device: D) -> Result<(), TrainerError> {
        eval_on(self.0, device)
    }
}

fn eval_on<D: Shards<f32>>(args: &EvalArgs, device: D) -> Result<(), TrainerError> {
    let (trained, samples) = match &args.data {
        None => {
            let (trained, samples) = TrainedModel::open_with_samples(&args.run, device)?;
            (trained, samples.test)
        }
        Some(path) => {
            let trained = TrainedModel::open(&args.run, device)?;
            let standardization = &trained.experiment.standardization;
            let samples = read_samples(&trained.checked, path, standardization)?;
            (trained, samples)
        }
    };
    let (experiment, path) = (&trained.experiment, &trained.weights);
    let refinement = refinement(&trained, args.refine, args.noise)?;
    let estimated = if refinement.is_some() || args.by_class.is_some() {
        let encoder = Estimated::of(&args.run, args.device, &samples, None)?;
        let refined = match refinement {
            Some(_) => Some(Estimated::of(&args.run, args.device, &samples, refinement)?),
            None => None,
        };
        Some((encoder, refined))
    } else {
        None
    };
    if let (Some(path), Some((encoder, refined))) = (&args.by_class, &estimated) {
        let csv = refined.as_ref().unwrap_or(encoder).by_class(&samples)?;
        Disk::default().write_output(path, &csv)?;
    }
    let evaluation = evaluate(&trained.learner, experiment, &samples)?;
    if let Some(path) = &args.seasons {
        let Some(seasons) = &evaluation.seasons else {
            return Err(TrainerError::NoSeasons { path: path.clone() });
        };
        Disk::default().write_output(path, &seasons.to_csv()?)?;
    }
    if let Some(path) = &args.parameters {
        let Some(inferred) = evaluation.inferred(experiment, &samples) else {
            return Err(TrainerError::NoParameters { path: path.clone() });
        };
        Disk::default().write_output(path, &inferred.to_csv()?)?;
        let units: Vec<String> = (inferred.parameters.iter())
            .map(|(name, unit)| format!("{name} ({unit})"))
            .collect();
        if !args.json {
            out::line(format_args!("{}: {}", path.display(), units.join(", ")))?;
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
            refinement: match &estimated {
                Some((before, Some(after))) => Some(RefinementReport {
                    steps: args.refine,
                    before: EstimateReport::of(before),
                    after: EstimateReport::of(after),
                }),
                _ => None,
            },
        };
        let text = serde_json::to_string_pretty(&report)
            .map_err(|error| TrainerError::Internal(error.to_string()))?;
        out::line(&text)?;
        return Ok(());
    }
    out::line(format_args!(
        "{}, {} samples, weights of {}",
        source,
        samples.len(),
        path.display()
    ))?;
    out::text(errors_text("", &evaluation.errors, &experiment.channel_unit).trim_start())?;
    if let Some(separation) = &evaluation.separation {
        out::text(separation_text("", separation).trim_start())?;
    }
    for (name, kl) in &experiment.dimensions.kl(&evaluation.averages).0 {
        out::line(format_args!("  KL {name:<8} {kl:.3} nats"))?;
    }
    if let Some(recovery) = &evaluation.recovery
        && !recovery.is_empty()
    {
        out::text(recovery_text(
            recovery.iter().map(|(name, r)| (name.as_str(), r)),
        ))?;
    }
    if let Some((before, Some(after))) = &estimated {
        tell_refinement(args.refine, before, after, &experiment.channel_unit)?;
    }
    Ok(())
}

/// What the steps changed.
fn tell_refinement(
    steps: usize,
    before: &Estimated,
    after: &Estimated,
    unit: &str,
) -> Result<(), TrainerError> {
    out::line(format_args!(
        "\nrefinement, {steps} steps        before       after"
    ))?;
    let row = |name: &str, before: f64, after: f64| {
        out::line(format_args!("  {name:<24} {before:>9.5}   {after:>9.5}"))
    };
    let (was, is) = (before.errors, after.errors);
    row("MSE of the physics", was.mse_physics, is.mse_physics)?;
    row(
        &format!("its RMSE, {unit}"),
        was.rmse_physics,
        is.rmse_physics,
    )?;
    if let (Some(was), Some(is)) = (was.rmse_reconstruction, is.rmse_reconstruction) {
        row("RMSE of the whole", was, is)?;
    }
    for ((name, was), (_, is)) in before.flags.named().zip(after.flags.named()) {
        if was + is > 0 {
            out::line(format_args!("  {name:<38} {was:>8}   {is:>9}"))?;
        }
    }
    out::line(format_args!(
        "  {:.0} samples/s refined",
        after.median.nrows() as f64 / after.seconds.max(1e-9)
    ))?;
    if let Some(recovery) = after.recovery.as_ref().filter(|all| !all.is_empty()) {
        out::line(format_args!("recovery after the refinement"))?;
        out::text(recovery_text(
            recovery.iter().map(|(name, r)| (name.as_str(), r)),
        ))?;
    }
    Ok(())
}
