//! `trainer import-config`: its arguments.

use clap::Args;
use std::path::PathBuf;

pub(super) const EXAMPLES: &str = "\
Examples:
  trainer import-config original/configs/phys_smpl/AE_RTM_C_austria.json --root original --output mine.json
  trainer train --config mine.json

Exit codes: 0 done, 2 bad input, 1 anything else.";

/// Arguments of `import-config`.
#[derive(Clone, Debug, Args)]
pub struct ImportConfigArgs {
    /// The experiment file of the original (JSON)
    #[arg(value_name = "OLD.json")]
    pub original: PathBuf,
    /// Configuration to write
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,
    /// Folder of the original's project, which the paths in its file start from
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub root: PathBuf,
    /// Replace a configuration that is there
    #[arg(long)]
    pub overwrite: bool,
}
