//! The configuration of a command, and `trainer config`.

use crate::config::{ConfigSource, Overrides};
use clap::{Args, Subcommand};
use std::path::PathBuf;

const SET_HELP: &str = "\
Replace a value of the configuration; repeatable. The value is read as JSON and, where it is none,
as text:
  --set trainer.batch_size=128          --set physics.variant=published
  --set trainer.early_stop=null         --set phys_vae.hidlayers_feat=[64,64]
Paths given here are relative to the working directory, paths in the file to the file.
`trainer config schema` lists all keys.";

pub(super) const EXAMPLES: &str = "\
Examples:
  trainer config check --config configs/rtm_c_austria.json
  trainer config show --set physics.variant=published
  trainer config schema > schema.json

Exit codes: 0 done, 2 bad input, 1 anything else.";

const CHECK_EXAMPLES: &str = "\
Examples:
  trainer config check --config configs/rtm_c_austria.json
  trainer config check --config configs/rtm_c_austria.json --data --data-dir data/austria --dropped-rows dropped.csv

Exit codes: 0 nothing is wrong, 2 bad input, 1 anything else.";

const SHOW_EXAMPLES: &str = "\
Examples:
  trainer config show
  trainer config show --config configs/rtm_c_austria.json --set physics.variant=published > mine.json

Exit codes: 0 done, 2 bad input, 1 anything else.";

const SCHEMA_EXAMPLES: &str = "\
Examples:
  trainer config schema > schema.json

Exit codes: 0 done, 1 anything else.";

/// Which configuration, with which values replaced.
#[derive(Args, Clone, Debug, Default)]
pub struct ConfigArgs {
    /// Configuration file (JSON); without it the built-in experiment rtm_c_synthetic
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of the tables of samples; takes the place of data.dir
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Replace a value of the configuration; repeatable
    #[arg(long, value_name = "PATH.TO.KEY=VALUE", long_help = SET_HELP)]
    pub set: Vec<String>,
}

impl ConfigArgs {
    /// Where the configuration comes from.
    pub fn source(&self) -> ConfigSource {
        self.config.clone().into()
    }

    /// The values to replace.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            set: self.set.clone(),
            data_dir: self.data_dir.clone(),
            ..Overrides::default()
        }
    }
}

/// Commands of `trainer config`.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check a configuration; opens no table of samples unless --data is given
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
    /// Print a configuration as JSON, defaults filled in, paths absolute, ranges and stations inside
    #[command(after_help = SHOW_EXAMPLES)]
    Show(ConfigArgs),
    /// Print the JSON Schema of a configuration: every key with its meaning, unit and default
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema,
}

/// Arguments of `trainer config check`.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Also open and check the tables of samples
    #[arg(long)]
    pub data: bool,
    /// Print one JSON object, for programs
    #[arg(long)]
    pub json: bool,
    /// With --data: list the rows that the rules of the data leave out (CSV: file, line, rule, reason)
    #[arg(long, value_name = "FILE", requires = "data")]
    pub dropped_rows: Option<PathBuf>,
    /// Replace a list of rows that is there
    #[arg(long, requires = "dropped_rows")]
    pub overwrite: bool,
}
