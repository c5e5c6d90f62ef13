//! Arguments of `trainer export`.

use clap::Args;
use std::path::PathBuf;

/// What is shown behind the options.
pub(super) const EXAMPLES: &str = "\
Examples:
  trainer export runs/rtm_s2_midlatitude/20260101-120000 --output models/s2_midlatitude
  trainer eval models/s2_midlatitude --data my_spectra.csv --parameters traits.csv

Exit codes: 0 done, 2 bad input, 1 anything else.";

/// Arguments of `trainer export`.
#[derive(Args, Clone, Debug)]
pub struct ExportArgs {
    /// Run directory, such as runs/rtm_c_austria/20260101-120000
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    /// Folder to make; it must not exist yet
    #[arg(long, value_name = "DIR")]
    pub output: PathBuf,
}
