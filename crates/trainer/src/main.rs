//! The binary: parse, call the library, print errors.

use clap::Parser;
use std::process::ExitCode;
use trainer::cli::Cli;
use trainer::{commands, screen::Screen};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let screen = Screen::install();
    match commands::run(cli, &screen) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut cause = std::error::Error::source(&error);
            while let Some(inner) = cause {
                eprintln!("  because {inner}");
                cause = inner.source();
            }
            ExitCode::from(error.exit_code())
        }
    }
}
