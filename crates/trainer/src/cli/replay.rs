//! `trainer replay`: its arguments.

use clap::Args;
use std::path::PathBuf;

/// Arguments of `trainer replay`.
#[derive(Args, Clone, Debug)]
pub struct ReplayArgs {
    /// Directory of a run that ended with exit code 3
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
}
