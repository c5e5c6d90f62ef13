//! The loop over epochs and batches.

use super::calibrate::calibration;
use super::resuming::Pending;
use super::{EpochSums, Learner, Observer, Progress, Saving, Shards, StepBatch, StepOutcome};
use crate::TrainerError;
use crate::checkpoint;
use crate::evaluation::monitor;
use crate::experiment::Experiment;
use crate::metrics::{EpochRecord, Measures, Record, StepRecord};
use crate::metrics_log::MetricsLog;
use crate::origin::Origin;
use crate::run_directory::RunDirectory;
use data::{Splits, batch_count, epoch_order, epoch_order_of_windows, rows_by_date};
use ndarray::Array2;
use nn::Scalar;
use schedules::{BestSelection, EarlyStopping, LearningRateState, Phase};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// How a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainingEnd {
    /// All epochs are done, or early stopping said so.
    Finished,
    /// It was interrupted between two steps; the state is on disk.
    Interrupted,
}

/// A training under way.
pub struct Training<'a, E: Scalar, D: Shards<E>> {
    pub(super) experiment: &'a Experiment,
    pub(super) samples: &'a Splits,
    /// The training rows by date and the length of a window, where consecutive ones are to be alike.
    series: Option<(Vec<usize>, NonZeroUsize)>,
    pub(super) run: &'a RunDirectory,
    /// Model and optimiser.
    pub learner: Learner<E, D>,
    /// Where it stands.
    pub progress: Progress,
    pub(super) log: MetricsLog,
    pub(super) origin: Origin,
    /// When and how many states are saved.
    pub saving: Saving,
    /// What a state that was resumed has still to do on the disk.
    pub(super) pending: Option<Pending>,
    /// The β and the learning rate that the last step of this epoch was made with.
    used: Option<(f64, f64)>,
}

impl<'a, E: Scalar, D: Shards<E>> Training<'a, E, D> {
    /// A training at its beginning: weights drawn by the experiment's seed.
    ///
    /// # Errors
    /// Physics and architecture do not agree, the device refuses, or consecutive samples are to be alike and have no
    /// dates, or batches do not hold whole windows of them.
    pub fn new(
        experiment: &'a Experiment,
        samples: &'a Splits,
        run: &'a RunDirectory,
        device: D,
        origin: Origin,
    ) -> Result<Self, TrainerError> {
        let mut learner = Learner::new(experiment, device)?;
        learner.model.buffers_mut().calibration = calibration(experiment, &samples.train)?;
        let sums = EpochSums::new(learner.statistics());
        let early_stopping = EarlyStopping::new(experiment.early_stop)
            .map_err(|e| TrainerError::Internal(e.to_string()))?;
        let progress = Progress {
            epoch: 0,
            batch: 0,
            best: BestSelection::default(),
            early_stopping,
            learning_rate: LearningRateState::default(),
            skipped_in_a_row: 0,
            sums,
            finished: false,
            samples_seen: 0,
            seconds: 0.0,
        };
        let series = (experiment.goal.smoothness.as_ref())
            .map(|smooth| series(samples, smooth.window, experiment.batch_size))
            .transpose()?;
        let log = MetricsLog::new(run.disk().clone(), run.path());
        Ok(Self {
            experiment,
            samples,
            series,
            run,
            learner,
            progress,
            log,
            origin,
            saving: Saving::default(),
            pending: None,
            used: None,
        })
    }

    /// Trains to the end, or until `interrupt` is set.
    ///
    /// # Errors
    /// The physics or the device refuses, a file cannot be written, training diverges.
    pub fn run(
        &mut self,
        observer: &mut dyn Observer,
        interrupt: &AtomicBool,
    ) -> Result<TrainingEnd, TrainerError> {
        let epochs = self.experiment.schedule.config().epochs;
        self.settle(None)?;
        if (self.progress.epoch, self.progress.batch) == (0, 0) && !self.run.last().exists() {
            // from here on there is a state to resume from
            self.save_last()?;
        }
        let mut saved = Instant::now();
        while !self.progress.finished {
            let epoch = self.progress.epoch;
            if epoch >= epochs {
                self.progress.finished = true;
                self.save_last()?;
                break;
            }
            let started = Instant::now();
            let seconds_before = self.progress.seconds;
            let lr = self
                .experiment
                .schedule
                .learning_rate(epoch, &self.progress.learning_rate);
            if self.experiment.schedule.switches_at(epoch) && self.progress.batch == 0 {
                observer.phase_switches(epoch, lr);
            }
            let observed = self.samples.train.len();
            let n = self.experiment.rows_in_epoch(epoch, observed);
            let size = self.experiment.batch_size;
            let total = batch_count(n, size);
            observer.epoch_begins(epoch, epochs, self.progress.batch, total);
            let order = self.order_of(epoch);
            for batch in self.progress.batch..total {
                let rows = batch * size.get()..n.min((batch + 1) * size.get());
                let x = self.experiment;
                let taken =
                    StepBatch::of(x, &self.samples.train, (epoch, batch), rows.clone(), &order);
                let sums = &mut self.progress.sums.statistics;
                let outcome = self.learner.step(&taken, x, lr, sums)?;
                let record = match self.account(rows.len(), &outcome, lr) {
                    Err(diverged @ TrainerError::Diverged { .. }) => {
                        self.keep_diverged(&taken)?;
                        return Err(diverged);
                    }
                    accounted => accounted?,
                };
                self.log.record(&Record::Step(Box::new(record.clone())))?;
                observer.step(&record);
                self.progress.batch += 1;
                self.progress.samples_seen += rows.len() as u64;
                self.progress.seconds = seconds_before + started.elapsed().as_secs_f64();
                let interrupted = interrupt.load(Ordering::SeqCst);
                let due = interrupted || saved.elapsed() >= self.saving.within_epochs;
                // the end of an epoch saves by itself
                if due && self.progress.batch < total {
                    self.save_last()?;
                    saved = Instant::now();
                    if interrupted {
                        return Ok(TrainingEnd::Interrupted);
                    }
                }
            }
            let record = self.end_epoch(lr)?;
            let seconds = started.elapsed().as_secs_f64();
            self.progress.seconds = seconds_before + seconds;
            self.log.record(&Record::Epoch(Box::new(record.clone())))?;
            self.log.timing(epoch, seconds, n)?;
            self.save_last()?;
            if record.best {
                // behind the last state: whatever happens in between, that one says which weights are the best
                self.save(&self.run.best())?;
            }
            self.keep_epoch()?;
            saved = Instant::now();
            observer.epoch_ends(&record, seconds);
            if self.progress.finished && epoch + 1 < epochs {
                observer.stopped_early(epoch, self.progress.best.best.map_or(epoch, |s| s.epoch));
            }
            if interrupt.load(Ordering::SeqCst) && !self.progress.finished {
                return Ok(TrainingEnd::Interrupted);
            }
        }
        Ok(TrainingEnd::Finished)
    }

    /// The order in which an epoch takes the training rows.
    fn order_of(&self, epoch: usize) -> Vec<usize> {
        let (seed, epoch) = (self.experiment.seed, epoch as u32);
        match &self.series {
            Some((series, window)) => epoch_order_of_windows(seed, epoch, series, *window),
            None => epoch_order(seed, epoch, self.samples.train.len()),
        }
    }

    /// Keeps the state and the batch on which the training diverged, for `trainer replay`.
    fn keep_diverged(&self, batch: &StepBatch) -> Result<(), TrainerError> {
        self.log.sync()?;
        self.save(&self.run.diverged())?;
        let (disk, path) = (self.run.disk(), self.run.diverged_batch());
        batch.save(disk, &path, &self.samples.train)
    }

    /// Adds a step to the epoch's sums and makes its record; too many skipped in a row are an error.
    fn account(
        &mut self,
        rows: usize,
        outcome: &StepOutcome,
        lr: f64,
    ) -> Result<StepRecord, TrainerError> {
        let (epoch, batch) = (self.progress.epoch, self.progress.batch);
        let phase = self.experiment.schedule.phase(epoch);
        let sums = &mut self.progress.sums;
        let mut train = outcome
            .averages
            .as_ref()
            .map_or_else(Measures::default, |averages| {
                Measures::of(averages, &self.experiment.dimensions)
            });
        train.loss = Some(outcome.loss);
        if phase == Phase::Pretrain {
            train.synthetic = Some(outcome.synthetic);
            // nothing but the synthetic loss belongs there; whatever else is in it must be seen
            train.kl_cost = Some(outcome.kl_cost).filter(|cost| *cost != 0.0);
        } else {
            let has_kl = !self.experiment.deterministic_latents;
            train.kl = has_kl.then_some(outcome.kl);
            train.kl_cost = has_kl.then_some(outcome.kl_cost);
            train.synthetic = self
                .learner
                .posterior_is_simulated
                .then_some(outcome.synthetic);
        }
        let used = outcome.update.map_or(lr, |update| update.learning_rate);
        let lr = used;
        if let Some(update) = outcome.update.filter(|update| update.applied) {
            self.used = Some((outcome.beta, used));
            self.progress.skipped_in_a_row = 0;
            train.gradient_norm = Some(update.gradient_norm);
            train.non_finite_gradients = Some(update.non_finite);
            let weight = rows as f64;
            sums.rows += rows;
            sums.loss += outcome.loss * weight;
            sums.kl += outcome.kl * weight;
            sums.synthetic += train.synthetic.unwrap_or(0.0) * weight;
            sums.gradient_norm += update.gradient_norm;
            sums.steps += 1;
            sums.non_finite += update.non_finite;
        } else {
            sums.skipped += 1;
            self.progress.skipped_in_a_row += 1;
            train.skipped_steps = Some(1);
            let skipped = self.progress.skipped_in_a_row;
            if skipped >= self.experiment.max_skipped_steps {
                return Err(TrainerError::Diverged {
                    skipped,
                    epoch,
                    batch,
                    seen: self.describe_seen(outcome),
                    run: self.run.path().to_owned(),
                });
            }
        }
        Ok(StepRecord {
            epoch,
            batch,
            phase,
            beta: outcome.beta,
            lr,
            train,
        })
    }

    /// `N 1.2 to 2.8, cab …` of the batch, in physical units.
    fn describe_seen(&self, outcome: &StepOutcome) -> String {
        let Some(physics) = &self.experiment.physics else {
            return "none".to_owned();
        };
        let p = outcome.z_seen.len();
        let ends = Array2::from_shape_fn((2, p), |(i, k)| {
            if i == 0 {
                outcome.z_seen[k].0
            } else {
                outcome.z_seen[k].1
            }
        });
        let ends = physics.to_physical(ends.view());
        let names = &self.experiment.units;
        let parts = names.iter().enumerate().take(p);
        parts
            .map(|(k, (name, _))| format!("{name} {:.4} to {:.4}", ends[[0, k]], ends[[1, k]]))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Validates, selects, and moves on to the next epoch.
    fn end_epoch(&mut self, lr: f64) -> Result<EpochRecord, TrainerError> {
        let x = self.experiment;
        let epoch = self.progress.epoch;
        let phase = x.schedule.phase(epoch);
        let empty = EpochSums::new(self.learner.statistics());
        let sums = std::mem::replace(&mut self.progress.sums, empty);
        let rows = sums.rows.max(1) as f64;
        let mut train = match phase {
            Phase::Pretrain => Measures {
                synthetic: Some(sums.synthetic / rows),
                ..Measures::default()
            },
            Phase::Train => Measures {
                kl: (!x.deterministic_latents).then_some(sums.kl / rows),
                synthetic: self
                    .learner
                    .posterior_is_simulated
                    .then_some(sums.synthetic / rows),
                ..Measures::of(&sums.statistics.averages(), &x.dimensions)
            },
        };
        train.loss = Some(sums.loss / rows);
        train.gradient_norm = Some(sums.gradient_norm / sums.steps.max(1) as f64);
        train.non_finite_gradients = Some(sums.non_finite);
        train.skipped_steps = Some(sums.skipped);

        let mut valid = monitor(&self.learner, x, &self.samples.valid, "validation", epoch)?;
        let rec = valid.rec.unwrap_or(f64::NAN);
        let judged_by = if self.learner.is_judged_by_simulations() {
            let weights = x.weights_at(epoch);
            let loss = (self.learner).loss_of_simulations(x, &self.samples.valid, &weights)?;
            valid.synthetic = Some(loss);
            loss
        } else {
            rec
        };
        let progress = &mut self.progress;
        let best = progress.best.observe(&x.schedule, epoch, judged_by);
        let stop = (progress.early_stopping).observe(&x.schedule, epoch, judged_by);
        (x.schedule).observe(epoch, judged_by, &mut progress.learning_rate);
        self.progress.epoch += 1;
        self.progress.batch = 0;
        self.progress.finished = stop || self.progress.epoch >= x.schedule.config().epochs;
        let (beta, lr) = self.used.take().unwrap_or((x.beta(epoch), lr));
        Ok(EpochRecord {
            epoch,
            phase,
            beta,
            lr,
            best,
            train,
            valid,
        })
    }

    /// Saves the state to resume from; the records before it first.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn save_last(&self) -> Result<(), TrainerError> {
        self.log.sync()?;
        self.save(&self.run.last())
    }

    /// Keeps the state after this epoch and the best weights of this time, where that is asked for, and lets go of
    /// older ones.
    fn keep_epoch(&self) -> Result<(), TrainerError> {
        let (keep, done) = (self.saving.keep_epochs, self.progress.epoch);
        if keep == 0 {
            return Ok(());
        }
        let (run, disk) = (self.run, self.run.disk());
        if self.progress.epochs_of_best().is_some() && !self.progress.is_its_own_best() {
            disk.copy(&run.best(), &run.best_after_epochs(done))?;
        }
        self.save(&run.after_epochs(done))?;
        for kept in run.kept_epochs()? {
            if kept.saturating_add(keep) <= done {
                disk.remove(&run.after_epochs(kept))?;
                disk.remove(&run.best_after_epochs(kept))?;
            }
        }
        Ok(())
    }

    pub(super) fn save(&self, path: &std::path::Path) -> Result<(), TrainerError> {
        let learner = &self.learner;
        checkpoint::save(
            (self.run.disk(), path),
            &learner.model,
            &learner.adam,
            &self.progress,
            &self.origin,
        )
    }

    /// The records so far.
    pub fn log(&self) -> &MetricsLog {
        &self.log
    }
}

/// The training rows by date, in batches that hold whole windows.
fn series(
    samples: &Splits,
    window: NonZeroUsize,
    batch_size: NonZeroUsize,
) -> Result<(Vec<usize>, NonZeroUsize), TrainerError> {
    let (batch_size, length) = (batch_size.get(), window.get());
    if !batch_size.is_multiple_of(length) {
        return Err(TrainerError::Windows { batch_size, length });
    }
    Ok((rows_by_date(samples.train.labels())?, window))
}
