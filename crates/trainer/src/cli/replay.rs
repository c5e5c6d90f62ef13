//! `trainer replay`: its arguments.

use clap::Args;
use std::path::PathBuf;

pub(super) const EXAMPLES: &str = "\
Examples:
  trainer replay runs/rtm_c_austria/20260101-120000

Exit codes: 0 done, 2 bad input or a run that did not diverge, 1 anything else.";

/// Arguments of `trainer replay`.
#[derive(Args, Clone, Debug)]
pub struct ReplayArgs {
    /// Directory of a run that ended with exit code 3
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
}
