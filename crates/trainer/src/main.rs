//! The binary: parse, call the library, print errors.
#![deny(clippy::print_stdout, clippy::print_stderr)]

use clap::Parser;
use std::io::{self, Write as _};
use std::process::ExitCode;
use trainer::cli::{Cli, message};
use trainer::{TrainerError, commands, interrupt, out, screen::Screen};

fn main() -> ExitCode {
    let done = match Cli::try_parse() {
        Ok(cli) => commands::run(cli, &Screen::install()),
        Err(said) => match say(&said) {
            Ok(()) => return ExitCode::from(u8::try_from(said.exit_code()).unwrap_or(2)),
            Err(error) => Err(error),
        },
    };
    match done {
        Ok(()) | Err(TrainerError::OutputClosed) => ExitCode::SUCCESS,
        Err(error) => {
            out::tell(format_args!("error: {}", message(&error)));
            ExitCode::from(match &error {
                TrainerError::Interrupted { .. } | TrainerError::Stopped { .. } => {
                    interrupt::exit_code()
                }
                other => other.exit_code(),
            })
        }
    }
}

/// Prints a help text, or what is wrong with the arguments.
fn say(said: &clap::Error) -> Result<(), TrainerError> {
    let printed = said.print().and_then(|()| io::stdout().flush());
    match printed {
        // where nobody reads standard error there is nobody to tell
        Err(_) if said.use_stderr() => Ok(()),
        printed => printed.map_err(out::refused),
    }
}
