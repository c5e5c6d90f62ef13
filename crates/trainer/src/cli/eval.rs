//! `trainer eval`: its arguments.

use clap::Args;
use std::path::PathBuf;

/// Arguments of `trainer eval`.
#[derive(Args, Clone, Debug)]
pub struct EvalArgs {
    /// Run directory, such as runs/rtm_c_austria/20260101-120000
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    /// Table of samples (CSV) in the columns of the run's data; without it the run's test table
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// Print one JSON object, for programs
    #[arg(long)]
    pub json: bool,
    /// Writes mean and standard deviation of the inferred parameters by class and date here (CSV)
    #[arg(long, value_name = "FILE")]
    pub seasons: Option<PathBuf>,
    /// Writes the inferred parameters of each sample here (CSV): labels, then value, standard deviation, 5 % and 95 %
    /// quantile of each posterior, in the parameter's unit
    #[arg(long, value_name = "FILE")]
    pub parameters: Option<PathBuf>,
}
