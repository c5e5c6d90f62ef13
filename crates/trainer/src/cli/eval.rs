//! `trainer eval`: its arguments.

use crate::device::Device;
use clap::Args;
use data::BandNoise;
use std::path::PathBuf;

pub(super) const EXAMPLES: &str = "\
Examples:
  trainer eval runs/rtm_c_austria/20260101-120000
  trainer eval runs/rtm_c_austria/20260101-120000 --data my_spectra.csv --parameters traits.csv
  trainer eval runs/rtm_c_austria/20260101-120000 --refine 5 --by-class classes.csv --json

Exit codes: 0 done, 2 bad input, 3 the model gives numbers that are not finite, 1 anything else.";

/// Arguments of `trainer eval`.
#[derive(Args, Clone, Debug)]
pub struct EvalArgs {
    /// Run directory, such as runs/rtm_c_austria/20260101-120000
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    /// Table of samples (CSV) in the columns of the run's data; without it the run's test table
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// Where the networks compute: `cpu`, or `cuda:N` in a build with CUDA
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    pub device: Device,
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
    /// Also take N Levenberg-Marquardt steps from each answer towards its spectrum, and compare
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub refine: usize,
    /// Noise of each channel that the refinement assumes, A + R times its value [default: that of the training]
    #[arg(long, value_name = "A,R", requires = "refine", value_parser = super::infer::parse_noise)]
    pub noise: Option<BandNoise>,
    /// Writes the parameters by class here (CSV), refined if --refine is given: mean and spread of the medians, mean
    /// posterior standard deviation
    #[arg(long, value_name = "FILE")]
    pub by_class: Option<PathBuf>,
    /// Replace a file to write that is there
    #[arg(long)]
    pub overwrite: bool,
}
