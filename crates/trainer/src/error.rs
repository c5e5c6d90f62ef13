//! What can go wrong in a run, and the exit code of each.

use crate::inference::input::Role;
use std::path::{Path, PathBuf};

/// Errors of the trainer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainerError {
    /// The configuration is refused.
    #[error(transparent)]
    Config(Box<crate::config::ConfigError>),
    /// A table of samples is refused.
    #[error(transparent)]
    Data(data::DataError),
    /// More rows of a table were left out than allowed.
    #[error(
        "{report}; that is {:.3} % of its rows, data.max_dropped allows {}",
        100.0 * report.dropped_fraction(), max_dropped
    )]
    TooManyDropped {
        /// What was read.
        report: Box<data::ReadReport>,
        /// The largest share that may be left out.
        max_dropped: f64,
    },
    /// The physics refuses a value or a table.
    #[error(transparent)]
    Physics(#[from] physics::PhysicsError),
    /// A quadrature of another size than declared.
    #[error(
        "physics.spectral.nodes = {wanted}, but the quadrature has {found} nodes; allowed: {found}, or a file of one with \
         {wanted} in physics.spectral.file"
    )]
    Quadrature {
        /// Nodes it has.
        found: usize,
        /// Nodes declared.
        wanted: usize,
    },
    /// The model cannot be built or run.
    #[error(transparent)]
    Model(#[from] model::ModelError),
    /// The layers or the device refuse.
    #[error(transparent)]
    Nn(#[from] nn::NnError),
    /// A run stands on files of the machine that it was trained on.
    #[error(
        "{}: {key} is {file}, a file that an exported model would have to carry; only built-in sensors and tables can be \
         exported",
        run.display()
    )]
    NotPortable {
        /// The run.
        run: PathBuf,
        /// The key that names the file.
        key: &'static str,
        /// The file.
        file: String,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A column or band is not found, or in several places.
    #[error("{problem}")]
    NotFound {
        /// What was looked for, what there is, and where.
        problem: String,
        /// What it is needed for.
        role: Role,
        /// Whether it can be given by its number too.
        by_number: bool,
    },
    /// Observations cannot be what they are declared as.
    #[error("{}: {} declared, but {}; these look like {}: {}", path.display(), what.declared, what.evidence, what.likely, what.cure)]
    Implausible {
        /// The file.
        path: PathBuf,
        /// Why not.
        what: data::Contradiction,
    },
    /// A cell of a table is refused.
    #[error("{}, {place}, {why}", path.display())]
    Cell {
        /// The file.
        path: PathBuf,
        /// Line or row.
        place: String,
        /// Column, value and what is allowed.
        why: String,
    },
    /// A table is refused.
    #[error("{}: {why}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// Place, value and what is allowed.
        why: String,
    },
    /// A file of a run is not what this program writes.
    #[error("{} is damaged or of another version: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A folder is not a run that can be evaluated or resumed.
    #[error("{} cannot be used: {why}", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// Another process writes to the run.
    #[error(
        "{} is being written to by {}; wait for it, or stop it", run.display(),
        process.map_or("another process".to_owned(), |id| format!("process {id}"))
    )]
    InUse {
        /// The run.
        run: PathBuf,
        /// The process, where it is known.
        process: Option<u32>,
    },
    /// The disk refused while a run was being written.
    #[error("{error}; what was on disk before is whole")]
    DiskRefused {
        /// What failed.
        #[source]
        error: Box<TrainerError>,
        /// The run that can be resumed.
        run: PathBuf,
    },
    /// The samples of a run cannot be evaluated again for its report.
    #[error("{error}; a report evaluates the run's samples again")]
    NoSamples {
        /// Why not.
        #[source]
        error: Box<TrainerError>,
        /// The run.
        run: PathBuf,
    },
    /// A state is of other samples than the run's tables hold.
    #[error(
        "{} was made with other samples than its tables hold now (by their SHA-256)", path.display()
    )]
    OtherSamples {
        /// The state.
        path: PathBuf,
    },
    /// A resumed run was given other samples.
    #[error("{} was made with other samples than its tables hold now (by their SHA-256); restore the tables", path.display())]
    ChangedData {
        /// The run.
        path: PathBuf,
    },
    /// A state is of another configuration than the run's.
    #[error(
        "{} was made with another configuration than config.json of its run holds now (by its SHA-256); \
         restore that file", path.display()
    )]
    OtherConfiguration {
        /// The state.
        path: PathBuf,
    },
    /// A state is of a configuration that is nowhere in the run any more.
    #[error(
        "{} was made with another configuration than config.json of its run holds now (by its SHA-256), and none that the \
         run kept is that one; restore config.json, then give what is to change on the command line: \
         --allow-changed-config --set KEY=VALUE", path.display()
    )]
    UnknownConfiguration {
        /// The state.
        path: PathBuf,
    },
    /// Weights, moments or their meaning depend on what was changed.
    #[error(
        "{} cannot go on with {key} = {now}: its weights or their moments were learned with {then}, and mean something \
         else under another; go on without that change, or begin anew: trainer train", run.display()
    )]
    StateDependsOn {
        /// The run.
        run: PathBuf,
        /// The key that differs.
        key: String,
        /// Its value now.
        now: String,
        /// Its value in the run.
        then: String,
    },
    /// A resumed run has more epochs behind it than it shall have.
    #[error(
        "{} has {done} epochs behind it, trainer.epochs = {wanted}; allowed: {done} or more, or an earlier state \
         (--after-epoch N)", run.display()
    )]
    FewerEpochs {
        /// The run.
        run: PathBuf,
        /// Epochs that it has trained.
        done: usize,
        /// What was asked for.
        wanted: usize,
    },
    /// The files of mean and scale hold others than the run was trained with.
    #[error(
        "{} was trained with another mean and scale than data.standardization names now; its weights mean something \
         else under these: restore the files, or begin anew: trainer train", run.display()
    )]
    ChangedStandardization {
        /// The run.
        run: PathBuf,
    },
    /// A state is of another network than the configuration's.
    #[error("{0}; a state goes on only in the network it was made with")]
    OtherNetwork(nn::NnError),
    /// A resumed run was given another configuration.
    #[error("{} was made with another configuration: {key} is {now}, the run has {then}", path.display())]
    ChangedConfiguration {
        /// The run.
        path: PathBuf,
        /// The key that differs.
        key: String,
        /// Its value now.
        now: String,
        /// Its value in the run.
        then: String,
    },
    /// Too many losses in a row were not finite.
    #[error(
        "training diverged: {skipped} losses or gradients in a row were not finite, the last at epoch {epoch}, batch {batch}; \
         physical parameters seen in that batch: {seen}; the state before it and the batch are kept"
    )]
    Diverged {
        /// Steps left out in a row.
        skipped: usize,
        /// Epoch, from 0.
        epoch: usize,
        /// Batch, from 0.
        batch: usize,
        /// Ranges of the physical parameters in the batch.
        seen: String,
        /// The run, which holds state and batch.
        run: PathBuf,
    },
    /// A validation or test batch gave a loss that is not finite.
    #[error("the {split} loss is not finite at epoch {epoch}; no state was replaced")]
    NotFinite {
        /// Which split.
        split: &'static str,
        /// Epoch, from 0.
        epoch: usize,
    },
    /// The training was asked to stop, and did after a step.
    #[error("interrupted; its state is saved in {}", run.display())]
    Interrupted {
        /// The run that can be resumed.
        run: PathBuf,
    },
    /// The device asked for is not there.
    #[error("device {device} is not available: {why}")]
    Device {
        /// As given.
        device: String,
        /// Why not.
        why: String,
    },
    /// An operation needs physics and the variant has none.
    #[error("this variant has no physics")]
    NoPhysics,
    /// Inferred parameters were asked for, and there are none.
    #[error("{path}: not written, this variant has no physics and infers no parameters")]
    NoParameters {
        /// The file that was asked for.
        path: PathBuf,
    },
    /// The course over the year is asked for of samples that have none.
    #[error(
        "{path}: not written, the samples have no classes or no dates (data.labels), or this variant has no physics"
    )]
    NoSeasons {
        /// The file that was asked for.
        path: PathBuf,
    },
    /// Windows of consecutive samples would be cut.
    #[error("batches of {batch_size} rows do not hold whole windows of {length}")]
    Windows {
        /// Rows of a batch.
        batch_size: usize,
        /// Rows of a window.
        length: usize,
    },
    /// A value that was asked for is not allowed.
    #[error("{name} {value} is not allowed: {allowed}")]
    Argument {
        /// What was given.
        name: &'static str,
        /// Its value as given.
        value: String,
        /// What is.
        allowed: String,
    },
    /// A table is refused by its reader or writer.
    #[error(transparent)]
    Tabular(#[from] tabular::TabularError),
    /// A raster is refused by its reader or writer.
    #[error(transparent)]
    Raster(#[from] raster::RasterError),
    /// A long piece of work was asked to stop before its output was whole.
    #[error("interrupted before {} was whole", output.display())]
    Stopped {
        /// What was being written.
        output: PathBuf,
    },
    /// No noise is known to weigh errors with.
    #[error(
        "a refinement needs a noise: neither the configuration of this model nor its training says how far a channel may \
         be off"
    )]
    NoNoise,
    /// The residual needs the time of year, which inference does not know.
    #[error(
        "the residual of this model sees the time of year (phys_vae.low_rank.use_time), which inference does not give it; \
         allowed: a model without"
    )]
    SeasonIsNotInferred,
    /// Nobody reads standard output any more, as behind `head`: there is nothing to say and nothing wrong.
    #[error("standard output is closed")]
    OutputClosed,
    /// A value that cannot be wrong is.
    #[error("internal error: {0}")]
    Internal(String),
}

impl From<crate::config::ConfigError> for TrainerError {
    fn from(error: crate::config::ConfigError) -> Self {
        Self::Config(Box::new(error))
    }
}

impl From<data::DataError> for TrainerError {
    fn from(error: data::DataError) -> Self {
        match error {
            data::DataError::TooManyDropped {
                report,
                max_dropped,
            } => Self::TooManyDropped {
                report,
                max_dropped,
            },
            other => Self::Data(other),
        }
    }
}

impl TrainerError {
    /// An argument that is not allowed.
    pub(crate) fn argument(name: &'static str, value: &str, allowed: &str) -> Self {
        Self::Argument {
            name,
            value: value.to_owned(),
            allowed: allowed.to_owned(),
        }
    }

    /// From the file system.
    pub fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }

    /// What the file system refused in the middle of a run says how to go on.
    #[must_use]
    pub fn resumable(self, run: &Path) -> Self {
        match self {
            Self::Io { .. } => Self::DiskRefused {
                error: Box::new(self),
                run: run.to_owned(),
            },
            other => other,
        }
    }

    /// Exit code of the program: 130 after Ctrl-C (of another signal [`crate::interrupt::exit_code`] knows it), 0 where
    /// nobody reads the output any more, 3 after divergence, 1 for what is not the user's
    /// doing, 2 for the rest.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::OutputClosed => 0,
            Self::Interrupted { .. } | Self::Stopped { .. } => 130,
            Self::Diverged { .. } | Self::NotFinite { .. } => 3,
            Self::Nn(nn::NnError::OutOfMemory) => 2,
            Self::Internal(_) | Self::Nn(_) => 1,
            _ => 2,
        }
    }
}
