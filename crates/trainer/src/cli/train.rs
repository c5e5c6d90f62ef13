//! `trainer train`: its arguments.

use super::ConfigArgs;
use crate::config::Overrides;
use crate::device::Device;
use crate::training::Saving;
use clap::{ArgAction, Args};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

pub(super) const EXAMPLES: &str = "\
Examples:
  trainer train --seed 1
  trainer train --config configs/rtm_c_austria.json --data-dir data/austria
  trainer train --config configs/rtm_c_austria.json --data-dir data/austria \\
      --set physics.variant=published --set optimizer.lr=1e-3
  trainer train --set phys_vae.epochs_pretrain=2 --epochs 4
  trainer train --resume runs/rtm_c_synthetic/20260101-120000

Exit codes: 0 done, 2 bad input (nothing is written), 3 training diverged (the last good state is kept; trainer
replay shows the batch), 130 stopped with Ctrl-C, 128 + N by signal N of TERM, HUP, USR1, USR2, XCPU (progress
is saved), 1 anything else.";

/// Arguments of `trainer train`.
#[derive(Args, Clone, Debug)]
pub struct TrainArgs {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Seed of weights, draws and order; takes the place of seed
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Number of epochs, pretraining included; takes the place of trainer.epochs
    #[arg(long, value_name = "N")]
    pub epochs: Option<usize>,
    /// Continue a run from its last checkpoint, with the configuration it holds
    #[arg(long, value_name = "RUN")]
    pub resume: Option<PathBuf>,
    /// With --resume: continue from the state kept after this many epochs (see --keep-epochs), not the last
    #[arg(long, value_name = "N", requires = "resume")]
    pub after_epoch: Option<usize>,
    /// With --resume: continue with the configuration given here (--config, --set, --epochs …) in place of the
    /// run's; config.json is replaced, the old one kept beside it
    #[arg(long, requires = "resume")]
    pub allow_changed_config: bool,
    /// With --resume: continue although the tables hold other samples than they did
    #[arg(long, requires = "resume")]
    pub allow_changed_data: bool,
    /// Folder of run directories; a run goes to DIR/NAME/TIME
    #[arg(long, value_name = "DIR", default_value = TrainArgs::RUNS_DIR)]
    pub runs_dir: PathBuf,
    /// Where to compute: `cpu`, or `cuda:N` in a build with CUDA
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    pub device: Device,
    /// Number of threads; the results do not depend on it [default: one per core]
    #[arg(long, value_name = "N", value_parser = crate::threads::parse)]
    pub threads: Option<NonZeroUsize>,
    /// Minutes from one saved state to the next within an epoch, at most; every end of an epoch saves too
    #[arg(long, value_name = "MINUTES", default_value = "5", value_parser = parse_minutes)]
    pub save_minutes: Duration,
    /// Keep the states after the newest N epochs, to resume from with --after-epoch
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub keep_epochs: usize,
    /// Write event files for `tensorboard --logdir RUN`: each scalar of metrics.jsonl's epochs, with the epoch as step
    #[arg(long, value_name = "true|false", action = ArgAction::Set, num_args = 0..=1, default_value_t = true,
          default_missing_value = "true")]
    pub tensorboard: bool,
}

/// Two years: that is, only after epochs.
const MOST_MINUTES: f64 = 1e6;

fn parse_minutes(text: &str) -> Result<Duration, String> {
    let minutes: Option<f64> = text.parse().ok();
    minutes
        .filter(|minutes| (0.0..=MOST_MINUTES).contains(minutes))
        .map(|minutes| Duration::from_secs_f64(minutes * 60.0))
        .ok_or_else(|| format!("allowed: a number from 0 to {MOST_MINUTES}"))
}

impl TrainArgs {
    const RUNS_DIR: &'static str = "runs";

    /// The values to replace in the configuration.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            seed: self.seed,
            epochs: self.epochs,
            ..self.config.overrides()
        }
    }
}

impl Default for TrainArgs {
    /// As typed without any argument.
    fn default() -> Self {
        Self {
            config: ConfigArgs::default(),
            seed: None,
            epochs: None,
            resume: None,
            after_epoch: None,
            allow_changed_config: false,
            allow_changed_data: false,
            runs_dir: Self::RUNS_DIR.into(),
            device: Device::Cpu,
            threads: None,
            save_minutes: Saving::default().within_epochs,
            keep_epochs: Saving::default().keep_epochs,
            tensorboard: true,
        }
    }
}
