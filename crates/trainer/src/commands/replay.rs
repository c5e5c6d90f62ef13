//! `trainer replay`.

use crate::TrainerError;
use crate::assemble::{assemble_without_samples, check};
use crate::checkpoint;
use crate::cli::ReplayArgs;
use crate::config::{ConfigSource, Overrides, load};
use crate::experiment::Experiment;
use crate::out;
use crate::run_directory::RunDirectory;
use crate::training::{Learner, StepBatch};
use ndarray::{Array2, ArrayView1};
use nn::Cpu;
use schedules::Phase;
use std::fmt::Write as _;

/// Rows that are named; the rest is counted.
const ROWS_NAMED: usize = 10;

/// Takes the step on which a run diverged once more, in memory only, and says which rows are not finite and from
/// where on.
pub(super) fn replay(args: &ReplayArgs) -> Result<(), TrainerError> {
    let run = RunDirectory::open(&args.run)?;
    if !run.diverged_batch().is_file() {
        return Err(TrainerError::NotARun {
            path: run.path().to_owned(),
            why: "it did not diverge: there is no diverged_batch.safetensors".into(),
        });
    }
    let own = ConfigSource::File(run.config());
    let checked = check(&load(&own, &Overrides::default())?)?;
    let experiment = assemble_without_samples(&checked, run.standardization()?)?;
    let batch = StepBatch::load(&run.diverged_batch())?;
    let mut learner = Learner::<f32, Cpu>::new(&experiment, Cpu::default())?;
    let state = checkpoint::load::<f32>(&run.diverged())?;
    let progress = state.restore(&mut learner.model, &mut learner.adam)?;
    let place = &batch.place;
    let lr = experiment
        .schedule
        .learning_rate(place.epoch, &progress.learning_rate);
    out::line(format_args!(
        "epoch {}, batch {} ({:?}): {} rows, beta {}, learning rate {lr}",
        place.epoch,
        place.batch,
        place.phase,
        batch.rows(),
        experiment.beta(place.epoch),
    ))?;
    let rows = rows_that_are_not_finite(&learner, &experiment, &batch)?;
    let mut unused = learner.statistics();
    let outcome = learner.step(&batch, &experiment, lr, &mut unused)?;
    out::line(verdict(&outcome))?;
    out::text(rows_text(&rows, &experiment, &batch))?;
    Ok(())
}

fn verdict(outcome: &crate::training::StepOutcome) -> String {
    let loss = outcome.loss;
    match outcome.update {
        None => format!("loss {loss}, KL {}: the step is left out", outcome.kl),
        Some(update) if !update.applied => format!(
            "loss {loss}, but {} elements of the gradient are not finite, its norm is {}: the step is left out",
            update.non_finite, update.gradient_norm
        ),
        Some(update) => format!(
            "loss {loss}, gradient norm {}, {} elements of it not finite: the step can be taken",
            update.gradient_norm, update.non_finite
        ),
    }
}

/// Where on its way through the model a row is first not finite.
#[derive(Clone, Copy)]
enum Stage {
    Encoder,
    Physics,
    Residual,
    Loss,
}

impl Stage {
    fn text(self) -> &'static str {
        match self {
            Self::Encoder => "the encoder's answer is not finite",
            Self::Physics => "the physics' output is not finite",
            Self::Residual => "the residual is not finite",
            Self::Loss => "the loss overflows f32",
        }
    }
}

fn rows_that_are_not_finite(
    learner: &Learner<f32, Cpu>,
    experiment: &Experiment,
    batch: &StepBatch,
) -> Result<Vec<(usize, Stage)>, TrainerError> {
    let finite = |row: ArrayView1<f64>| row.iter().all(|v| v.is_finite());
    let is_bad = |table: Option<&Array2<f64>>, row| table.is_some_and(|t| !finite(t.row(row)));
    let mut found = vec![];
    match batch.place.phase {
        Phase::Pretrain => {
            let physics = experiment.physics.as_ref().ok_or(TrainerError::NoPhysics)?;
            let x = physics.signals(batch.inputs.view(), batch.conditions())?;
            let z = learner.infer_z(x.view(), batch.conditions())?;
            for row in 0..batch.rows() {
                if is_bad(Some(&x), row) {
                    found.push((row, Stage::Physics));
                } else if is_bad(Some(&z), row) {
                    found.push((row, Stage::Encoder));
                }
            }
        }
        Phase::Train => {
            let mut unused = learner.statistics();
            let mut noise = batch.noise_of(experiment);
            let x = batch.inputs.view();
            let conditions = batch.conditions();
            let answer = learner.reconstruct(x, conditions, Some(&mut noise), &mut unused)?;
            for row in 0..batch.rows() {
                let error = &answer.x_pb.row(row) - &x.row(row);
                let stage = if is_bad(answer.z_phy.as_ref(), row) {
                    Stage::Encoder
                } else if is_bad(answer.x_p.as_ref(), row) {
                    Stage::Physics
                } else if is_bad(Some(&answer.x_pb), row) {
                    Stage::Residual
                } else if error.dot(&error) > f64::from(f32::MAX) {
                    Stage::Loss
                } else {
                    continue;
                };
                found.push((row, stage));
            }
        }
    }
    Ok(found)
}

fn rows_text(rows: &[(usize, Stage)], experiment: &Experiment, batch: &StepBatch) -> String {
    let mut text = format!("{} of {} rows are not finite", rows.len(), batch.rows());
    let names: Vec<&str> = match batch.place.phase {
        Phase::Pretrain => experiment.dimensions.physical.iter(),
        Phase::Train => experiment.dimensions.channels.iter(),
    }
    .map(String::as_str)
    .collect();
    for &(row, stage) in rows.iter().take(ROWS_NAMED) {
        let place = &batch.place;
        let who = match (place.rows.get(row), place.sample_ids.get(row)) {
            (Some(row), Some(sample)) => format!("training row {row}, sample {sample}"),
            (Some(row), None) => format!("training row {row}"),
            _ => format!("drawn row {row}"),
        };
        let inputs = batch.inputs.row(row);
        let largest = inputs
            .iter()
            .zip(&names)
            .max_by(|(a, _), (b, _)| a.abs().total_cmp(&b.abs()));
        let largest = largest.map_or(String::new(), |(value, name)| {
            format!("; its largest input is {value} in {name}")
        });
        // a String takes any text
        let _ = write!(text, "\n  {who}: {}{largest}", stage.text());
    }
    if rows.len() > ROWS_NAMED {
        let _ = write!(text, "\n  and {} more", rows.len() - ROWS_NAMED);
    }
    text + "\n"
}
