//! Messages and progress bars: on a terminal, in a log file, and in the run's own log.

use crate::TrainerError;
use crate::metrics::{EpochRecord, Measures, StepRecord};
use crate::training::Observer;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use schedules::Phase;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tracing::info;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

#[derive(Default)]
struct State {
    bar: Option<ProgressBar>,
    log: Option<File>,
}

/// Where messages go: standard error, above the progress bar if there is one, and the run's log.
#[derive(Clone, Default)]
pub struct Screen(Arc<Mutex<State>>);

impl Screen {
    /// Sends all `tracing` messages here, at level `info` or as the variable `RUST_LOG` says.
    pub fn install() -> Self {
        let screen = Self::default();
        let filter =
            || EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        let on_screen = fmt::layer()
            .without_time()
            .with_target(false)
            .with_level(false)
            .with_ansi(false)
            .with_writer(ToScreen(screen.clone()))
            .with_filter(filter());
        let in_log = fmt::layer()
            .with_target(false)
            .with_ansi(false)
            .with_writer(ToLog(screen.clone()))
            .with_filter(filter());
        // a second installation in one process (tests) keeps the first
        let _ = tracing_subscriber::registry()
            .with(on_screen)
            .with(in_log)
            .try_init();
        screen
    }

    /// From now on messages also go to this file.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn log_to(&self, path: &Path) -> Result<(), TrainerError> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(|e| TrainerError::io(path, e))?;
        self.state().log = Some(file);
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // a panic while writing a message leaves nothing half-done worth refusing
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct ToScreen(Screen);
struct ToLog(Screen);

impl Write for ToScreen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bar = self.0.state().bar.clone();
        // where nobody reads standard error there is nobody to tell, and the work goes on
        let _ = match bar {
            Some(bar) => bar.suspend(|| io::stderr().write_all(bytes)),
            None => io::stderr().write_all(bytes),
        };
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for ToLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(log) = &mut self.0.state().log {
            // a full disk ends a run where its state is written, with a message of its own
            let _ = log.write_all(bytes);
        }
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for ToScreen {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        Self(self.0.clone())
    }
}

impl<'a> MakeWriter<'a> for ToLog {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        Self(self.0.clone())
    }
}

/// Shows a training: a bar over all batches on a terminal, one line per epoch everywhere.
pub struct ProgressDisplay {
    screen: Screen,
    bar: ProgressBar,
    epochs: usize,
}

impl ProgressDisplay {
    /// A display on this screen; the bar appears only on a terminal.
    pub fn new(screen: &Screen) -> Self {
        let target = if io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = "{msg} {wide_bar} {pos}/{len} batches, {elapsed} of about {duration}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        screen.state().bar = Some(bar.clone());
        Self {
            screen: screen.clone(),
            bar,
            epochs: 0,
        }
    }
}

impl Drop for ProgressDisplay {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        self.screen.state().bar = None;
    }
}

/// Counts what is done of something long: a bar with the time left on a terminal, some lines elsewhere.
pub struct Counter {
    screen: Screen,
    bar: ProgressBar,
    what: &'static str,
    /// Tenths that were told.
    told: AtomicU64,
}

impl Counter {
    /// `what` is counted, such as `rows`.
    pub fn new(screen: &Screen, what: &'static str) -> Self {
        let target = if io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = "{wide_bar} {pos}/{len} {msg}, {elapsed} gone, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        bar.set_message(what);
        screen.state().bar = Some(bar.clone());
        Self {
            screen: screen.clone(),
            bar,
            what,
            told: AtomicU64::new(0),
        }
    }

    /// So many are done, of so many where that is known.
    pub fn at(&self, done: u64, all: Option<u64>) {
        if let Some(all) = all {
            self.bar.set_length(all);
        }
        self.bar.set_position(done);
        let Some(all) = all.filter(|all| *all > 0) else {
            return;
        };
        let tenth = 10 * done / all;
        if self.bar.is_hidden() && self.told.fetch_max(tenth, Ordering::Relaxed) < tenth {
            let left = self.bar.eta().as_secs();
            info!("{done} of {all} {}, about {left} s left", self.what);
        }
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        self.screen.state().bar = None;
    }
}

impl Observer for ProgressDisplay {
    fn epoch_begins(&mut self, epoch: usize, epochs: usize, batch: usize, batches: usize) {
        self.epochs = epochs;
        self.bar.set_length((epochs * batches) as u64);
        self.bar.set_position((epoch * batches + batch) as u64);
        self.bar.set_message(format!("epoch {epoch}"));
        if epoch == 0 && batch == 0 {
            self.bar.reset_elapsed();
        }
    }

    fn phase_switches(&mut self, epoch: usize, lr: f64) {
        info!(
            "epoch {epoch}: Pretrain is over, Train begins at learning rate {lr:.4e}, KL weight 0"
        );
    }

    fn step(&mut self, record: &StepRecord) {
        self.bar.inc(1);
        if record.train.skipped_steps.is_some() {
            tracing::warn!(
                "epoch {}, batch {}: the loss or its gradient is not finite; the step is left out",
                record.epoch,
                record.batch
            );
        }
    }

    fn epoch_ends(&mut self, record: &EpochRecord, seconds: f64) {
        info!("{}", epoch_line(record, self.epochs, seconds));
    }

    fn stopped_early(&mut self, epoch: usize, best: usize) {
        info!("stopped after epoch {epoch}: no improvement; the selected epoch is {best}");
    }
}

/// One line that says how an epoch went.
fn epoch_line(record: &EpochRecord, epochs: usize, seconds: f64) -> String {
    let EpochRecord {
        epoch,
        phase,
        beta,
        lr,
        best,
        train,
        valid,
    } = record;
    let name = match phase {
        Phase::Pretrain => "pretrain",
        Phase::Train => "train",
    };
    let width = epochs.to_string().len();
    let mut line = format!("epoch {epoch:>width$} {name:<8} beta {beta:.2} lr {lr:.3e}");
    let mut add = |name: &str, value: Option<f64>| {
        if let Some(value) = value {
            let _ = write!(line, "  {name} {value:.4}");
        }
    };
    add("synthetic", train.synthetic);
    add("rec", train.rec);
    add("kl", train.kl);
    let Measures {
        rec,
        physics_rec,
        gate,
        ..
    } = valid;
    add("valid rec", *rec);
    add("physics alone", *physics_rec);
    add("gate", *gate);
    let _ = write!(line, "  {seconds:.2} s");
    if *best {
        line += "  best";
    }
    line
}
