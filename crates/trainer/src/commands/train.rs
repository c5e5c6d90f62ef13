//! `trainer train`.

use super::on_device::{OnDevice, on_device};
use super::report::{self, Evaluated};
use crate::TrainerError;
use crate::assemble::{Assembled, assemble, check};
use crate::checkpoint;
use crate::cli::TrainArgs;
use crate::config::{CheckedExperiment, ConfigSource, Overrides, load};
use crate::domain::Domain;
use crate::evaluation::{evaluate, inversion};
use crate::experiment::Experiment;
use crate::files::read_to_string;
use crate::interrupt::on_signals;
use crate::memory::room_for_training;
use crate::metrics::EpochRecord;
use crate::origin::Origin;
use crate::out;
use crate::run_directory::RunDirectory;
use crate::run_lock::RunLock;
use crate::screen::{ProgressDisplay, Screen};
use crate::summary::{Summary, Trained};
use crate::summary_text::summary_text;
use crate::tensorboard::EventWriter;
use crate::training::{Changes, Saving, Shards, Training, TrainingEnd};
use data::Splits;
use nn::named;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tracing::info;

/// Trains, evaluates, writes summary and report, prints checks and recovery.
pub(super) fn train(args: &TrainArgs, screen: &Screen) -> Result<(), TrainerError> {
    let device = args.device.check()?;
    let (checked, resumed) = match &args.resume {
        None => (
            check(&load(&args.config.source(), &args.overrides())?)?,
            None,
        ),
        Some(path) => {
            let run = RunDirectory::open(path)?;
            let (checked, changed) = checked_again(args, &run)?;
            (checked, Some((run, changed)))
        }
    };
    // from here on a signal lets the first step be taken and saved
    let interrupt = on_signals();
    // everything that can be wrong with the data is found before a folder is made
    let Assembled {
        experiment,
        samples,
        reports,
    } = assemble(&checked)?;
    room_for_training(&experiment, samples.train.len())?;
    let resume = resumed.is_some();
    let (run, changed) = if let Some(resumed) = resumed {
        resumed
    } else {
        let run = RunDirectory::create(&args.runs_dir, &checked.name, &checked.to_json())?;
        run.keep_standardization(&samples.standardization)?;
        (run, false)
    };
    let lock = RunLock::take(&run)?;
    let config_json = if changed {
        checked.to_json()
    } else {
        // as it is in the file: later versions may write more keys
        read_to_string(&run.config())?
    };
    screen.log_to(&run.log())?;
    if reports.iter().any(|report| !report.dropped.is_empty()) {
        run.list_dropped_rows(&reports)?;
    }
    if let Some(process) = lock.left_by {
        info!("process {process} left this run without ending it");
    }
    let job = Job {
        experiment: &experiment,
        samples: &samples,
        run: &run,
        args,
        resume,
        changed,
        config_json,
        screen,
        interrupt,
    };
    on_device(device, job)
}

/// A training with everything it needs but the device.
struct Job<'a> {
    experiment: &'a Experiment,
    samples: &'a Splits,
    run: &'a RunDirectory,
    args: &'a TrainArgs,
    resume: bool,
    /// Whether the configuration is another one than that in the run.
    changed: bool,
    config_json: String,
    screen: &'a Screen,
    /// Set by a signal that asks the program to stop.
    interrupt: Arc<AtomicBool>,
}

impl OnDevice for Job<'_> {
    fn with<D: Shards<f32>>(self, device: D) -> Result<(), TrainerError> {
        self.train_on(device)
    }
}

/// The configuration of a run that is resumed, and whether it is another one than the run's: what the command
/// line says must agree with that, unless it may change it.
fn checked_again(
    args: &TrainArgs,
    run: &RunDirectory,
) -> Result<(CheckedExperiment, bool), TrainerError> {
    let own = ConfigSource::File(run.config());
    let then = check(&load(&own, &Overrides::default())?)?;
    let now = match &args.config.config {
        Some(_) => check(&load(&args.config.source(), &args.overrides())?)?,
        None => check(&load(&own, &args.overrides())?)?,
    };
    let (then_json, now_json) = (then.to_json(), now.to_json());
    let changed = then_json != now_json;
    if changed && !args.allow_changed_config {
        let parse = |text: &str| serde_json::from_str(text).unwrap_or(serde_json::Value::Null);
        let (key, then, now) = first_difference("", &parse(&then_json), &parse(&now_json));
        return Err(TrainerError::ChangedConfiguration {
            path: run.path().to_owned(),
            key,
            now,
            then,
        });
    }
    Ok((now, changed))
}

/// The first key whose values differ, with both.
fn first_difference(
    at: &str,
    then: &serde_json::Value,
    now: &serde_json::Value,
) -> (String, String, String) {
    if let (Some(a), Some(b)) = (then.as_object(), now.as_object()) {
        for key in a.keys().chain(b.keys()) {
            let (x, y) = (&then[key], &now[key]);
            if x != y {
                let path = if at.is_empty() {
                    key.clone()
                } else {
                    format!("{at}.{key}")
                };
                return first_difference(&path, x, y);
            }
        }
    }
    (at.to_owned(), then.to_string(), now.to_string())
}

impl Job<'_> {
    fn train_on<D: Shards<f32>>(&self, device: D) -> Result<(), TrainerError> {
        let origin = Origin::of(&self.config_json, self.samples);
        let (experiment, samples, run) = (self.experiment, self.samples, self.run);
        let mut training = Training::<f32, D>::new(experiment, samples, run, device, origin)?;
        training.saving = Saving {
            within_epochs: self.args.save_minutes,
            keep_epochs: self.args.keep_epochs,
        };
        if self.resume {
            let allowed = Changes {
                config: self.args.allow_changed_config,
                data: self.args.allow_changed_data,
            };
            training.resume(self.args.after_epoch, allowed)?;
            if self.changed {
                // only now is it known that the state fits
                run.replace_config(&self.config_json)?;
                run.keep_standardization(&samples.standardization)?;
                training.save_last()?;
            }
        }
        self.announce(
            named::count(&training.learner.model),
            training.progress.epoch,
        );
        let mut events = match (self.args.tensorboard, self.resume) {
            (false, _) => None,
            (true, false) => Some(EventWriter::create(run.disk(), run.path())?),
            (true, true) => {
                let epochs = training.log().epochs()?;
                Some(EventWriter::append(run.disk(), run.path(), &epochs)?)
            }
        };
        let end = {
            let mut display = ProgressDisplay::new(self.screen);
            let mut both = WithEvents {
                display: &mut display,
                events: events.as_mut(),
                failed: None,
            };
            let end = training
                .run(&mut both, &self.interrupt)
                .map_err(|error| error.resumable(run.path()))?;
            if let Some(error) = both.failed {
                tracing::warn!("the TensorBoard events are incomplete: {error}");
            }
            end
        };
        if end == TrainingEnd::Interrupted {
            return Err(TrainerError::Interrupted {
                run: run.path().to_owned(),
            });
        }
        let summary = self
            .finish(&mut training)
            .map_err(|error| error.resumable(run.path()))?;
        out::text(summary_text(&summary, run.path()))?;
        Ok(())
    }

    fn announce(&self, parameters: usize, epoch: usize) {
        let (experiment, samples) = (self.experiment, self.samples);
        let config = experiment.schedule.config();
        info!(
            "{}: {} physics, {} training, {} validation, {} test samples, {parameters} parameters, \
             {} epochs of which {} Pretrain, seed {}",
            experiment.name,
            experiment.physics_name,
            samples.train.len(),
            samples.valid.len(),
            samples.test.len(),
            config.epochs,
            config.epochs_pretrain,
            experiment.seed
        );
        info!("run directory {}", self.run.path().display());
        if epoch > 0 {
            info!("continuing at epoch {epoch}");
        }
    }

    /// Evaluates the last and the selected weights and writes what a finished run holds.
    fn finish<D: Shards<f32>>(
        &self,
        training: &mut Training<'_, f32, D>,
    ) -> Result<Summary, TrainerError> {
        let (experiment, test, run) = (self.experiment, &self.samples.test, self.run);
        let epochs = training.log().epochs()?;
        let checks = report::checks(&epochs, experiment);
        if let Some(exact) = &experiment.exact_physics {
            training.learner.model.set_physics(exact.clone())?;
        }
        let last = evaluate(&training.learner, experiment, test)?;
        let inversion = inversion(&training.learner, experiment, &self.samples.train)?;
        let last_epoch = training.progress.epoch.saturating_sub(1);
        let (best_epoch, best) = match training.progress.best.best {
            Some(best) => {
                let selected = checkpoint::load::<f32>(&run.best())?;
                if selected.progress.epoch != best.epoch + 1 {
                    return Err(TrainerError::Damaged {
                        path: run.best(),
                        why: format!(
                            "it is of epoch {}, the selected one is {}",
                            selected.progress.epoch.saturating_sub(1),
                            best.epoch
                        ),
                    });
                }
                let learner = &mut training.learner;
                selected.restore(&mut learner.model, &mut learner.adam)?;
                (best.epoch, evaluate(learner, experiment, test)?)
            }
            None => (last_epoch, evaluate(&training.learner, experiment, test)?),
        };
        let trained = Trained {
            epochs: training.progress.epoch,
            best_epoch,
            checks,
            inversion,
            samples: report::sizes(self.samples),
            parameters: named::count(&training.learner.model),
            seconds: training.progress.seconds,
            samples_seen: training.progress.samples_seen,
        };
        // the selected weights are in the model now
        let domain = Domain::learned(&training.learner, experiment, self.samples)?;
        run.keep_domain(&domain)?;
        let summary = Summary::new(experiment, trained, &best, &last);
        summary.write(run.disk(), &run.summary())?;
        if let Some(seasons) = &best.seasons {
            run.disk().write_whole(&run.seasons(), &seasons.to_csv()?)?;
        }
        let page = Evaluated {
            learner: &training.learner,
            experiment,
            samples: self.samples,
            evaluation: &best,
        }
        .page(run, &summary, &epochs, &self.config_json, None)?;
        run.disk().write_whole(&run.report(), page.as_bytes())?;
        Ok(summary)
    }
}

/// Shows a training and writes its TensorBoard events; a failure there does not stop the training.
struct WithEvents<'a> {
    display: &'a mut ProgressDisplay,
    events: Option<&'a mut EventWriter>,
    failed: Option<TrainerError>,
}

impl crate::training::Observer for WithEvents<'_> {
    fn epoch_begins(&mut self, epoch: usize, epochs: usize, batch: usize, batches: usize) {
        self.display.epoch_begins(epoch, epochs, batch, batches);
    }
    fn phase_switches(&mut self, epoch: usize, lr: f64) {
        self.display.phase_switches(epoch, lr);
    }
    fn step(&mut self, record: &crate::metrics::StepRecord) {
        self.display.step(record);
    }
    fn epoch_ends(&mut self, record: &EpochRecord, seconds: f64) {
        if let Some(Err(error)) = self.events.as_mut().map(|to| to.write_epoch(record)) {
            self.failed = Some(error);
        }
        self.display.epoch_ends(record, seconds);
    }
    fn stopped_early(&mut self, epoch: usize, best: usize) {
        self.display.stopped_early(epoch, best);
    }
}
