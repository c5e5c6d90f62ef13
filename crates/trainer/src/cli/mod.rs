//! The command line: what a user can type, and how it is explained; one file a command.

mod advice;
mod baseline;
mod config;
mod devices;
mod eval;
mod export;
mod files;
mod import_config;
mod infer;
mod manual;
mod replay;
mod report;
mod simulate;
#[cfg(test)]
mod tests;
mod train;

pub use advice::{advice, message};
pub use baseline::BaselineArgs;
pub use config::{CheckArgs, ConfigArgs, ConfigCommand};
pub use eval::EvalArgs;
pub use export::ExportArgs;
pub use files::Files;
pub use import_config::ImportConfigArgs;
pub use infer::{Bbox, Compress, InferArgs};
pub use replay::ReplayArgs;
pub use report::ReportArgs;
pub use simulate::SimulateArgs;
pub use train::TrainArgs;

use clap::{Parser, Subcommand};

/// Trains physics-integrated variational autoencoders: spectra in, forest traits out; or GNSS displacements
/// in, volcanic sources out.
///
/// Without a command, trains the built-in experiment: 150 epochs on 8,192 spectra simulated with INFORM,
/// whose truth is known.
#[derive(Clone, Debug, Parser)]
#[command(name = "trainer", version, long_about = LONG_ABOUT, after_help = TRAINER_EXAMPLES)]
pub struct Cli {
    /// What to do; nothing means `train` with the built-in experiment.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const LONG_ABOUT: &str = "\
Trains physics-integrated variational autoencoders: spectra in, forest traits out; or GNSS displacements
in, volcanic sources out.

Without a command, trains the built-in experiment: 150 epochs on 8,192 spectra simulated with
INFORM, whose truth is known.";

const TRAINER_EXAMPLES: &str = "\
Examples:
  trainer
  trainer train --config configs/rtm_c_austria.json --data-dir data/austria
  trainer eval runs/rtm_c_austria/20260101-120000
  trainer report runs/rtm_c_austria/20260101-120000
  trainer config show --config configs/rtm_c_austria.json

Exit codes: 0 done, 2 bad input (nothing is written), 3 training diverged (the last good state is kept),
130 stopped with Ctrl-C (progress is saved), 1 anything else.";

impl Cli {
    /// The command, or training of the built-in experiment where none is given.
    pub fn into_command(self) -> Command {
        self.command
            .unwrap_or_else(|| Command::Train(TrainArgs::default()))
    }
}

/// Commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Train a model; writes a run directory with checkpoints, metrics and a report
    #[command(after_help = train::EXAMPLES)]
    Train(TrainArgs),
    /// Evaluate the selected checkpoint of a run
    #[command(after_help = eval::EXAMPLES)]
    Eval(EvalArgs),
    /// Put the selected weights of a run into a new folder to be given away, without what only training needs
    #[command(after_help = export::EXAMPLES)]
    Export(ExportArgs),
    /// Infer the parameters of observations: rasters or a table in, estimates with their uncertainty out
    #[command(after_help = infer::EXAMPLES)]
    Infer(InferArgs),
    /// Write the page of a run: checks, curves, fit, distributions, recovery; one HTML file that needs no network
    #[command(after_help = report::EXAMPLES)]
    Report(ReportArgs),
    /// List what can compute here: the processor, each GPU, and what keeps a GPU from being used
    #[command(after_help = devices::EXAMPLES)]
    Devices,
    /// Invert the physics for each test sample without a network: the floor of the physics alone
    #[command(after_help = baseline::EXAMPLES)]
    Baseline(BaselineArgs),
    /// Look at the batch on which a training diverged: take that step again, name the rows that are not finite
    #[command(after_help = replay::EXAMPLES)]
    Replay(ReplayArgs),
    /// Simulate: a table of parameters in, a table of bands or displacements out
    #[command(after_help = simulate::EXAMPLES)]
    Simulate(SimulateArgs),
    /// Turn an experiment file of the original into a configuration, and say what became of each key
    #[command(after_help = import_config::EXAMPLES)]
    ImportConfig(ImportConfigArgs),
    /// Print what a shell needs to complete commands and options
    #[command(after_help = manual::COMPLETIONS)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page (roff), of all commands
    #[command(after_help = manual::MAN)]
    Man,
    /// Check, show or document a configuration
    #[command(subcommand, after_help = config::EXAMPLES)]
    Config(ConfigCommand),
}
