//! What each command does.

mod baseline;
mod config;
mod devices;
mod eval;
mod export;
mod import_config;
mod infer;
mod manual;
mod on_device;
mod outputs;
mod replay;
mod report;
mod simulate;
mod simulate_mogi;
mod simulated_rows;
mod train;

use crate::TrainerError;
use crate::cli::{Cli, Command};
use crate::screen::Screen;

/// Does what the command line says.
///
/// # Errors
/// Whatever goes wrong; [`TrainerError::exit_code`] is the program's.
pub fn run(cli: Cli, screen: &Screen) -> Result<(), TrainerError> {
    let command = cli.into_command();
    outputs::check(&command.files())?;
    match command {
        Command::Train(args) => train::train(&args, screen),
        Command::Eval(args) => eval::eval(&args),
        Command::Infer(args) => infer::infer(&args, screen),
        Command::Report(args) => report::report(&args),
        Command::Export(args) => export::export(&args),
        Command::Devices => devices::devices(),
        Command::Baseline(args) => baseline::baseline(&args),
        Command::Replay(args) => replay::replay(&args),
        Command::Simulate(args) => simulate::simulate(&args),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man => manual::page(),
        Command::ImportConfig(args) => import_config::import_config(&args),
        Command::Config(command) => config::config(&command),
    }
}
