//! `trainer report`: its arguments.

use clap::Args;
use std::path::PathBuf;

pub(super) const EXAMPLES: &str = "\
Examples:
  trainer report runs/rtm_c_austria/20260101-120000
  trainer report runs/rtm_c_austria/20260101-120000 --output austria.html
  trainer report runs/rtm_c_austria/20260101-120000 --without-samples

Exit codes: 0 done, 2 bad input, 3 the model gives numbers that are not finite, 1 anything else.";

/// Arguments of `trainer report`.
#[derive(Args, Clone, Debug)]
pub struct ReportArgs {
    /// Run directory, such as runs/rtm_c_austria/20260101-120000; one that was stopped or diverged too
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    /// Page to write; without it report.html of the run directory
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Make the page of what the run directory alone holds (summary.json, metrics.jsonl, config.json), where the
    /// run's tables are gone: without distributions, scatter plots, spectra and flags
    #[arg(long)]
    pub without_samples: bool,
    /// Replace a page that is there
    #[arg(long)]
    pub overwrite: bool,
}
