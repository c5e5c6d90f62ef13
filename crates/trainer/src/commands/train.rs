//! `trainer train`.

use super::on_device::{OnDevice, on_device};
use super::report::{self, Evaluated};
use crate::TrainerError;
use crate::assemble::{Assembled, assemble, assemble_again, check};
use crate::checkpoint;
use crate::checks::Checks;
use crate::cli::TrainArgs;
use crate::config::{CheckedExperiment, ConfigSource, Overrides, load};
use crate::disk::Disk;
use crate::domain::Domain;
use crate::evaluation::{evaluate, inversion};
use crate::experiment::Experiment;
use crate::files::read_to_string;
use crate::interrupt::on_signals;
use crate::metrics::EpochRecord;
use crate::origin::Origin;
use crate::out;
use crate::resume;
use crate::run_directory::RunDirectory;
use crate::run_lock::RunLock;
use crate::screen::{ProgressDisplay, Screen};
use crate::summary::{Summary, Trained};
use crate::summary_text::summary_text;
use crate::tensorboard::EventWriter;
use crate::training::{Changes, Saving, Shards, Training, TrainingEnd};
use data::{ReadReport, Splits};
use nn::named;
use tracing::info;

/// Trains, evaluates, writes summary and report, prints checks and recovery.
pub(super) fn train(args: &TrainArgs, screen: &Screen) -> Result<(), TrainerError> {
    let device = args.device.check()?;
    if let Some(threads) = args.threads {
        // the first pool of a process is the only one; a second call (tests) keeps it
        let _ = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.get())
            .build_global();
    }
    let (checked, resumed) = match &args.resume {
        None => (
            check(&load(&args.config.source(), &args.overrides())?)?,
            None,
        ),
        Some(path) => {
            let run = RunDirectory::open(path)?;
            let (checked, resumed) = checked_again(args, &run)?;
            (checked, Some((run, resumed)))
        }
    };
    let kept = match &resumed {
        None => None,
        Some((run, _)) => run.kept_standardization()?,
    };
    // everything that can be wrong with the data is found before a folder is made
    let Assembled {
        experiment,
        samples,
        reports,
    } = match &resumed {
        None => assemble(&checked)?,
        Some((run, _)) => assemble_again(&checked, kept, run.path())?,
    };
    let (run, resumed) = if let Some((run, resumed)) = resumed {
        (run, Some(resumed))
    } else {
        let run = RunDirectory::create_folder(Disk::default(), &args.runs_dir, &checked.name)?;
        run.keep_standardization(&samples.standardization)?;
        (run, None)
    };
    let lock = RunLock::take(&run)?;
    let config_json = match &resumed {
        // as it is in the file: later versions may write more keys
        Some(resumed) if !resumed.replaces_config => read_to_string(&run.config())?,
        _ => checked.to_json(),
    };
    let job = Job {
        experiment: &experiment,
        samples: &samples,
        run: &run,
        args,
        resumed,
        reports: &reports,
        config_json,
        lock,
        screen,
    };
    on_device(device, job)
}

/// A training with everything it needs but the device.
struct Job<'a> {
    experiment: &'a Experiment,
    samples: &'a Splits,
    run: &'a RunDirectory,
    args: &'a TrainArgs,
    /// What a run goes on from, and how; `None` for a new one.
    resumed: Option<Resumed>,
    /// What was read of the tables.
    reports: &'a [ReadReport],
    config_json: String,
    lock: RunLock,
    screen: &'a Screen,
}

/// How a run goes on.
struct Resumed {
    changes: Changes,
    /// What changes, in words; empty where nothing does.
    told: String,
    /// Whether the configuration is another one than that in `config.json`.
    replaces_config: bool,
}

impl OnDevice for Job<'_> {
    fn with<D: Shards<f32>>(self, device: D) -> Result<(), TrainerError> {
        self.train_on(device)
    }
}

/// The configuration of a run that is resumed, and what changes with it: what the command line says must agree with
/// the run's, unless it may change it, and what the state depends on must be as it was.
fn checked_again(
    args: &TrainArgs,
    run: &RunDirectory,
) -> Result<(CheckedExperiment, Resumed), TrainerError> {
    // a run that cannot be resumed at all is refused for that
    let path = run.state_to_resume(args.after_epoch)?;
    let own = ConfigSource::File(run.config());
    let read = |source: &ConfigSource, overrides: &Overrides| check(&load(source, overrides)?);
    let file = read(&own, &Overrides::default())?;
    let now = match &args.config.config {
        Some(_) => read(&args.config.source(), &args.overrides())?,
        None => read(&own, &args.overrides())?,
    };
    let replaces_config = file.to_json() != now.to_json();
    if replaces_config && !args.allow_changed_config {
        let change = resume::between(run.path(), &file.to_json(), &now.to_json())?;
        let first = change.keys.into_iter().next();
        let first = first.ok_or_else(|| TrainerError::Internal("nothing differs".into()))?;
        return Err(TrainerError::ChangedConfiguration {
            path: run.path().to_owned(),
            key: first.key,
            now: first.now.to_string(),
            then: first.then.to_string(),
        });
    }
    let mut resumed = Resumed {
        changes: Changes {
            config: args.allow_changed_config,
            data: args.allow_changed_data,
            ..Changes::default()
        },
        told: String::new(),
        replaces_config,
    };
    if args.allow_changed_config {
        // of the state's own configuration, which may be an earlier one of the run
        let sha256 = checkpoint::load::<f32>(&path)?.origin.config_sha256;
        let then = run.configuration_of(&sha256)?;
        let then = then.ok_or(TrainerError::UnknownConfiguration { path })?;
        let before = read(&ConfigSource::File(then.clone()), &Overrides::default())?;
        let change = resume::between(run.path(), &before.to_json(), &now.to_json())?;
        resumed.told = change.text();
        resumed.changes = Changes {
            measures: change.measures_anew(),
            learning_rate: change.has_new_learning_rate(),
            keys: change.keys.iter().map(|it| it.key.clone()).collect(),
            then: (then != run.config())
                .then(|| then.file_name().map(|name| name.to_string_lossy().into_owned()))
                .flatten(),
            ..resumed.changes
        };
    }
    Ok((now, resumed))
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
        let had_events = !run.event_files()?.is_empty();
        if let Some(resumed) = &self.resumed {
            training.resume(self.args.after_epoch, &resumed.changes)?;
            // only now is it known that the state fits
            self.begin()?;
            if !resumed.told.is_empty() {
                info!("changed: {}", resumed.told);
            }
            training.settle(resumed.replaces_config.then_some(&*self.config_json))?;
        } else {
            // the configuration makes the folder a run, which then has a state to resume from
            training.save_last()?;
            run.begin(&self.config_json)?;
            self.begin()?;
        }
        self.announce(
            named::count(&training.learner.model),
            training.progress.epoch,
        );
        let mut events = None;
        // those of a future that is no more were taken away; what came before stays to be seen
        let events_again = had_events && run.event_files()?.is_empty();
        if self.resumed.is_none() && self.args.tensorboard {
            events = Some(EventWriter::create(run.disk(), run.path())?);
        } else if self.args.tensorboard || events_again {
            let epochs = training.log().epochs()?;
            let writer = EventWriter::append(run.disk(), run.path(), &epochs)?;
            events = self.args.tensorboard.then_some(writer);
        }
        let interrupt = on_signals();
        let end = {
            let mut display = ProgressDisplay::new(self.screen);
            let mut both = WithEvents {
                display: &mut display,
                events: events.as_mut(),
                failed: None,
            };
            let end = training
                .run(&mut both, &interrupt)
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

    /// What is written to a run once it is known that it goes on.
    fn begin(&self) -> Result<(), TrainerError> {
        self.lock.begin();
        self.screen.log_to(&self.run.log())?;
        if self.reports.iter().any(|report| !report.dropped.is_empty()) {
            self.run.list_dropped_rows(self.reports)?;
        }
        if let Some(process) = self.lock.left_by {
            info!("process {process} left this run without ending it");
        }
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
        let checks = Checks::of_run(run, training.log(), experiment)?;
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
