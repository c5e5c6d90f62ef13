//! `trainer report`, and the page at the end of `trainer train`.

use crate::TrainerError;
use crate::assemble::{Assembled, assemble_again, check};
use crate::checkpoint;
use crate::checks::Checks;
use crate::cli::ReportArgs;
use crate::config::{ConfigSource, Overrides, load};
use crate::evaluation::{Evaluation, evaluate};
use crate::experiment::Experiment;
use crate::files::read_to_string;
use crate::fit_by_row::row_errors;
use crate::metrics::EpochRecord;
use crate::metrics_log::MetricsLog;
use crate::origin::Origin;
use crate::out;
use crate::report::{self, Contents, OverTime, TestSplit};
use crate::run_directory::RunDirectory;
use crate::summary::{Summary, Trained};
use crate::training::{Learner, Progress, Shards};
use data::Splits;
use nn::{Cpu, Scalar, named};
use std::path::Path;

/// Writes the page of a run, finished or not.
pub(super) fn report(args: &ReportArgs) -> Result<(), TrainerError> {
    let run = RunDirectory::open(&args.run)?;
    let config_json = read_to_string(&run.config())?;
    let epochs = MetricsLog::new(run.disk().clone(), run.path()).whole_epochs()?;
    let summary = (run.summary().exists())
        .then(|| Summary::read(&run.summary()))
        .transpose()?
        // a run that was resumed and stopped has an older one
        .filter(|summary| summary.epochs == epochs.len());
    if epochs.is_empty() && summary.is_none() {
        return Err(TrainerError::NotARun {
            path: run.path().to_owned(),
            why: "it has no epoch to report yet".to_owned(),
        });
    }
    let has_weights = run.best().exists() || run.last().exists();
    let weights = has_weights.then(|| run.selected()).transpose()?;
    let mut notes = vec![];
    if summary.is_none() {
        notes.push(unfinished(&run, epochs.len()));
    }
    let page = match weights {
        Some(weights) if !args.without_samples => {
            let found = Found {
                run: &run,
                summary,
                epochs: &epochs,
                config_json: &config_json,
            };
            found.evaluated(&weights, &notes.concat())?
        }
        _ => {
            notes.push(
                "This page is made of what the run’s folder holds, without the test samples: distributions, scatter \
                 plots, spectra and flags are left out."
                    .to_owned(),
            );
            report::html(&Contents {
                summary: summary.as_ref(),
                epochs: &epochs,
                config_json: &config_json,
                note: Some(&notes.join(" ")),
                ..Contents::default()
            })
        }
    };
    let path = args.output.clone().unwrap_or_else(|| run.report());
    run.disk().write_output(&path, page.as_bytes())?;
    out::line(format_args!("report   {}", path.display()))?;
    Ok(())
}

/// What a run without a summary has to say first.
fn unfinished(run: &RunDirectory, epochs: usize) -> String {
    let what = if run.diverged().exists() {
        "The training diverged (trainer replay RUN shows the batch)"
    } else {
        "The run has not finished"
    };
    let after = match epochs {
        1 => "1 epoch".to_owned(),
        n => format!("{n} epochs"),
    };
    format!("{what}; this page shows it after {after}.")
}

/// What a run's folder holds.
struct Found<'a> {
    run: &'a RunDirectory,
    summary: Option<Summary>,
    epochs: &'a [EpochRecord],
    config_json: &'a str,
}

impl Found<'_> {
    /// The page with the test split, evaluated again.
    fn evaluated(&self, weights: &Path, note: &str) -> Result<String, TrainerError> {
        let run = self.run;
        let config = ConfigSource::File(run.config());
        let checked = check(&load(&config, &Overrides::default())?)?;
        let gone = |error| TrainerError::NoSamples {
            error: Box::new(error),
            run: run.path().to_owned(),
        };
        let Assembled {
            experiment,
            samples,
            ..
        } = assemble_again(&checked, run.kept_standardization()?, run.path()).map_err(gone)?;
        let mut learner = Learner::new(&experiment, Cpu::default())?;
        if let Some(exact) = &experiment.exact_physics {
            learner.model.set_physics(exact.clone())?;
        }
        let now = Origin::of(self.config_json, &samples).data_sha256;
        let mut evaluated = |path: &Path| -> Result<(Progress, Evaluation), TrainerError> {
            let state = checkpoint::load::<f32>(path)?;
            if state.origin.data_sha256.is_some() && state.origin.data_sha256 != now {
                return Err(gone(TrainerError::OtherSamples {
                    path: path.to_owned(),
                }));
            }
            let progress = state.restore(&mut learner.model, &mut learner.adam)?;
            let evaluation = evaluate(&learner, &experiment, &samples.test)?;
            Ok((progress, evaluation))
        };
        let last = match (&self.summary, run.last()) {
            (None, last) if last.exists() => Some(evaluated(&last)?),
            _ => None,
        };
        let (selected, evaluation) = evaluated(weights)?;
        let summary = match (&self.summary, last) {
            (Some(summary), _) => summary.clone(),
            (None, last) => {
                let (progress, last) = match &last {
                    Some((progress, last)) => (progress, last),
                    None => (&selected, &evaluation),
                };
                let trained = Trained {
                    epochs: self.epochs.len(),
                    best_epoch: selected.epoch.saturating_sub(1),
                    checks: Checks::of_run(run, &MetricsLog::new(run.disk().clone(), run.path()), &experiment)?,
                    inversion: None,
                    samples: sizes(&samples),
                    parameters: named::count(&learner.model),
                    seconds: progress.seconds,
                    samples_seen: progress.samples_seen,
                };
                Summary::new(&experiment, trained, &evaluation, last)
            }
        };
        let note = (!note.is_empty()).then_some(note);
        Evaluated {
            learner: &learner,
            experiment: &experiment,
            samples: &samples,
            evaluation: &evaluation,
        }
        .page(run, &summary, self.epochs, self.config_json, note)
    }
}

/// The selected weights with what they make of the test split.
pub(super) struct Evaluated<'a, E: Scalar, D: Shards<E>> {
    pub(super) learner: &'a Learner<E, D>,
    pub(super) experiment: &'a Experiment,
    pub(super) samples: &'a Splits,
    pub(super) evaluation: &'a Evaluation,
}

impl<E: Scalar, D: Shards<E>> Evaluated<'_, E, D> {
    /// The page with the samples of the test split; `domain.json` is read from the run, so that its page is the same
    /// whenever it is made.
    pub(super) fn page(
        &self,
        run: &RunDirectory,
        summary: &Summary,
        epochs: &[EpochRecord],
        config_json: &str,
        note: Option<&str>,
    ) -> Result<String, TrainerError> {
        let (experiment, test, evaluation) = (self.experiment, &self.samples.test, self.evaluation);
        let labels = test.labels();
        let inferred = match (&labels.date, &labels.class) {
            (Some(_), None) => evaluation.inferred(experiment, test),
            _ => None,
        };
        let over_time = match (&evaluation.seasons, &inferred) {
            (Some(seasons), _) => Some(OverTime::Seasons(seasons)),
            (None, Some(inferred)) => Some(OverTime::Course(inferred)),
            (None, None) => None,
        };
        let valid = row_errors(self.learner, &self.samples.valid)?;
        let domain = run.domain(experiment.dimensions.channels.len())?;
        let split = TestSplit::of(experiment, test, evaluation, &valid, domain.as_ref())?;
        Ok(report::html(&Contents {
            summary: Some(summary),
            epochs,
            split: Some(&split),
            over_time,
            config_json,
            note,
        }))
    }
}

/// Samples in the training, validation and test splits.
pub(super) fn sizes(samples: &Splits) -> [usize; 3] {
    [samples.train.len(), samples.valid.len(), samples.test.len()]
}
