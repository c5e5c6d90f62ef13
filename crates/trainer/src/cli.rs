//! The command line: what a user can type, and how it is explained.

use crate::cli_export::{EXPORT_EXAMPLES, ExportArgs};
use crate::config::{ConfigError, ConfigSource, InformVariant, Overrides, Precision, SensorChoice};
use crate::training::Saving;
use clap::{Args, Parser, Subcommand};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Trains physics-integrated variational autoencoders: spectra in, forest traits out; or GNSS displacements
/// in, volcanic sources out.
///
/// Without a command, trains the built-in experiment: 150 epochs on 8,192 spectra simulated with INFORM,
/// whose truth is known.
#[derive(Clone, Debug, Parser)]
#[command(name = "trainer", version, long_about = LONG_ABOUT, after_help = TRAINER_EXAMPLES)]
pub struct Cli {
    /// What to do; nothing means `train` with the built-in experiment.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const LONG_ABOUT: &str = "\
Trains physics-integrated variational autoencoders: spectra in, forest traits out; or GNSS displacements
in, volcanic sources out.

Without a command, trains the built-in experiment: 150 epochs on 8,192 spectra simulated with
INFORM, whose truth is known.";

const TRAINER_EXAMPLES: &str = "\
Examples:
  trainer
  trainer train --config configs/rtm_c_austria.json --data-dir data/austria
  trainer eval runs/rtm_c_austria/20260101-120000
  trainer config show --config configs/rtm_c_austria.json

Exit codes: 0 done, 2 bad input (nothing is written), 3 training diverged (the last good state is kept),
130 stopped with Ctrl-C (progress is saved), 1 anything else.";

impl Cli {
    /// The command, or training of the built-in experiment where none is given.
    pub fn into_command(self) -> Command {
        self.command
            .unwrap_or_else(|| Command::Train(TrainArgs::default()))
    }
}

/// Commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Train a model; writes a run directory with checkpoints, metrics and a report
    #[command(after_help = TRAIN_EXAMPLES)]
    Train(TrainArgs),
    /// Evaluate the selected checkpoint of a run
    Eval(EvalArgs),
    /// Put the selected weights of a run into a new folder to be given away, without what only training needs
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(ExportArgs),
    /// Invert the physics for each test sample without a network: the floor of the physics alone
    #[command(after_help = BASELINE_EXAMPLES)]
    Baseline(BaselineArgs),
    /// Look at the batch on which a training diverged: take that step again, name the rows that are not finite
    Replay(ReplayArgs),
    /// Simulate: a table of parameters in, a table of bands or displacements out
    #[command(after_help = SIMULATE_EXAMPLES)]
    Simulate(SimulateArgs),
    /// Turn an experiment file of the original into a configuration, and say what became of each key
    #[command(after_help = IMPORT_EXAMPLES)]
    ImportConfig(ImportConfigArgs),
    /// Print what a shell needs to complete commands and options
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page (roff), of all commands
    #[command(after_help = MAN_EXAMPLES)]
    Man,
    /// Check, show or document a configuration
    #[command(subcommand)]
    Config(ConfigCommand),
}

const TRAIN_EXAMPLES: &str = "\
Examples:
  trainer train --seed 1
  trainer train --config configs/rtm_c_austria.json --data-dir data/austria
  trainer train --config configs/rtm_c_austria.json --data-dir data/austria \\
      --set physics.variant=published --set optimizer.lr=1e-3
  trainer train --set phys_vae.epochs_pretrain=2 --epochs 4
  trainer train --resume runs/rtm_c_synthetic/20260101-120000";

const SET_HELP: &str = "\
Replace a value of the configuration; repeatable. The value is read as JSON and, where it is none,
as text:
  --set trainer.batch_size=128          --set physics.variant=published
  --set trainer.early_stop=null         --set phys_vae.hidlayers_feat=[64,64]
Paths given here are relative to the working directory, paths in the file to the file.
`trainer config schema` lists all keys.";

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
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    pub threads: Option<NonZeroUsize>,
    /// Minutes from one saved state to the next within an epoch, at most; every end of an epoch saves too
    #[arg(long, value_name = "MINUTES", default_value = "5", value_parser = parse_minutes)]
    pub save_minutes: Duration,
    /// Keep the states after the newest N epochs, to resume from with --after-epoch
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub keep_epochs: usize,
}

fn parse_minutes(text: &str) -> Result<Duration, String> {
    let minutes: Option<f64> = text.parse().ok();
    minutes
        .and_then(|minutes| Duration::try_from_secs_f64(minutes * 60.0).ok())
        .ok_or_else(|| "allowed: a number ≥ 0".to_owned())
}

fn parse_threads(text: &str) -> Result<NonZeroUsize, String> {
    text.parse()
        .map_err(|_| "allowed: a whole number ≥ 1".to_owned())
}

fn parse_poisson_ratio(text: &str) -> Result<f64, String> {
    let ratio = text.parse().ok().filter(|it| (0.0..=0.5).contains(it));
    ratio.ok_or_else(|| "allowed: a number from 0 to 0.5".to_owned())
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
        }
    }
}

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

const BASELINE_EXAMPLES: &str = "\
Examples:
  trainer baseline --config configs/rtm_c_austria.json --data-dir data/austria
  trainer baseline --config configs/rtm_c_austria.json --data-dir data/austria --set physics.variant=published";

/// Arguments of `trainer baseline`.
#[derive(Args, Clone, Debug)]
pub struct BaselineArgs {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Drawn points from which each fit begins, besides the middle of the ranges
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub starts: usize,
    /// Steps of each fit at most (Levenberg-Marquardt)
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub steps: usize,
    /// Simulated spectra of the lookup table; 0: none
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    pub table: usize,
}

/// Arguments of `trainer replay`.
#[derive(Args, Clone, Debug)]
pub struct ReplayArgs {
    /// Directory of a run that ended with exit code 3
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
}

const SIMULATE_EXAMPLES: &str = "\
Columns of the parameters of forests, in any order:
  needed    N (-), cab (ug/cm2), cw (cm), cm (g/cm2), LAI (m2/m2), LAIu (m2/m2), fc (-)
  optional  car (ug/cm2), anth (ug/cm2), cbrown (-), psoil (-), hspot (-),
            lidf (uniform, spherical or the average leaf angle in degrees),
            tts, tto, psi (degrees), sd (trees/ha), cd (m), h (m; cd and h follow from fc if absent)
Columns of the bands: B01 to B12 as reflectance (0-1), with all digits of the precision; with
--jacobian also d_<band>_d_<parameter>.
With --stations the parameters are those of Mogi's source: xcen (km), ycen (km), d (km) and dV (1e5 m3
above -1e7 m3); the columns are ux_<station>, uy_<station> and uz_<station> in mm.

Examples:
  trainer simulate --params traits.csv --output spectra.csv
  trainer simulate --params traits.csv --output spectra.csv --sensor s2b --precision f64 --jacobian
  trainer simulate --params sources.csv --output mm.csv --stations configs/stations/akutan.json";

/// Arguments of `trainer simulate`.
#[derive(Args, Clone, Debug)]
pub struct SimulateArgs {
    /// Table of parameters (CSV with a header), one row a sample
    #[arg(long, value_name = "IN.csv")]
    pub params: PathBuf,
    /// Table of bands or displacements to write (CSV)
    #[arg(long, value_name = "OUT.csv")]
    pub output: PathBuf,
    /// Variant of INFORM
    #[arg(long, value_name = "VARIANT", value_enum, default_value_t)]
    pub variant: InformVariant,
    /// Sensor: s2a, s2b, or a CSV file of response functions
    #[arg(long, value_name = "SENSOR", default_value = "s2a")]
    pub sensor: SensorChoice,
    /// Folder of spectral tables to use in place of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub tables: Option<PathBuf>,
    /// Number type
    #[arg(long, value_name = "PRECISION", value_enum, default_value_t)]
    pub precision: Precision,
    /// Also write the derivative of each band or displacement by each of the needed parameters
    #[arg(long)]
    pub jacobian: bool,
    /// Stations (JSON) around a volcano: simulate displacements by Mogi's source in place of spectra
    #[arg(long, value_name = "STATIONS.json", conflicts_with_all = ["variant", "sensor", "tables", "precision"])]
    pub stations: Option<PathBuf>,
    /// Poisson's ratio of the half-space, 0 to 0.5
    #[arg(long, value_name = "NU", default_value_t = 0.25, requires = "stations", value_parser = parse_poisson_ratio)]
    pub poisson_ratio: f64,
}

/// Commands of `trainer config`.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check a configuration; opens no table of samples unless --data is given
    Check(CheckArgs),
    /// Print a configuration as JSON, defaults filled in, paths absolute, ranges and stations inside
    Show(ConfigArgs),
    /// Print the JSON Schema of a configuration: every key with its meaning, unit and default
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
}

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  trainer completions bash > ~/.local/share/bash-completion/completions/trainer
  trainer completions fish > ~/.config/fish/completions/trainer.fish";

const MAN_EXAMPLES: &str = "\
Examples:
  trainer man > trainer.1
  man ./trainer.1";

const IMPORT_EXAMPLES: &str = "\
Examples:
  trainer import-config original/configs/phys_smpl/AE_RTM_C_austria.json --root original --output mine.json
  trainer train --config mine.json";

/// Arguments of `import-config`.
#[derive(Clone, Debug, Args)]
pub struct ImportConfigArgs {
    /// The experiment file of the original (JSON)
    #[arg(value_name = "OLD.json")]
    pub original: PathBuf,
    /// Configuration to write; it must not exist
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,
    /// Folder of the original's project, which the paths in its file start from
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub root: PathBuf,
}

/// Where to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// The processor.
    Cpu,
    /// The GPU with this number.
    Cuda(usize),
}

impl Device {
    /// Whether this build can compute there.
    ///
    /// # Errors
    /// A GPU in a build without CUDA.
    pub fn check(self) -> Result<Self, ConfigError> {
        match self {
            Self::Cuda(index) if !cfg!(feature = "cuda") => Err(ConfigError::NoCuda { index }),
            available => Ok(available),
        }
    }
}

impl FromStr for Device {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "cpu" => Some(Self::Cpu),
            Some(("cuda", index)) => index.parse().map(Self::Cuda).ok(),
            _ => None,
        }
        .ok_or_else(|| "allowed: cpu, or cuda:N with the number of a GPU".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn parse(line: &str) -> Result<Command, clap::Error> {
        Cli::try_parse_from(line.split(' ')).map(Cli::into_command)
    }

    fn rejection(line: &str) -> String {
        parse(line).unwrap_err().to_string()
    }

    #[test]
    fn definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn nothing_means_training_the_built_in_experiment() {
        let (Ok(Command::Train(nothing)), Ok(Command::Train(train))) =
            (parse("trainer"), parse("trainer train"))
        else {
            panic!("both train");
        };
        assert_eq!(format!("{nothing:?}"), format!("{train:?}"));
        assert_eq!(nothing.config.source(), ConfigSource::BuiltIn);
        assert_eq!(nothing.overrides(), Overrides::default());
        assert_eq!(nothing.runs_dir, PathBuf::from("runs"));
    }

    #[test]
    fn train_takes_all_its_arguments() {
        let line = "trainer train --config a.json --data-dir d --set a.b=1 --set c=x=y --seed 7 \
                    --epochs 3 --resume r --runs-dir out --device cuda:1 --threads 2";
        let Ok(Command::Train(train)) = parse(line) else {
            panic!("{line}")
        };
        assert_eq!(train.config.source(), ConfigSource::File("a.json".into()));
        assert_eq!(
            train.overrides(),
            Overrides {
                set: vec!["a.b=1".into(), "c=x=y".into()],
                seed: Some(7),
                epochs: Some(3),
                data_dir: Some("d".into()),
            }
        );
        assert_eq!(train.resume, Some("r".into()));
        assert_eq!(train.device, Device::Cuda(1));
        assert_eq!(train.threads, NonZeroUsize::new(2));
    }

    #[test]
    fn simulate_and_config_take_their_arguments() {
        let line = "trainer simulate --params a.csv --output b.csv --variant enmap_box --sensor x.csv \
                    --tables t --precision f64 --jacobian";
        let Ok(Command::Simulate(simulate)) = parse(line) else {
            panic!("{line}")
        };
        assert_eq!(simulate.variant, InformVariant::EnmapBox);
        assert_eq!(simulate.sensor, SensorChoice::Csv("x.csv".into()));
        assert_eq!(simulate.precision, Precision::F64);
        assert!(simulate.jacobian);
        let line = "trainer config check --config a.json --data --data-dir d";
        let Ok(Command::Config(ConfigCommand::Check(check))) = parse(line) else {
            panic!("{line}")
        };
        assert!(check.data && check.config.data_dir == Some("d".into()));
        assert!(matches!(
            parse("trainer config schema"),
            Ok(Command::Config(ConfigCommand::Schema))
        ));
        assert!(matches!(
            parse("trainer config show"),
            Ok(Command::Config(ConfigCommand::Show(_)))
        ));
        assert!(matches!(
            parse("trainer eval run --data f.csv"),
            Ok(Command::Eval(_))
        ));
    }

    #[test]
    fn a_gpu_needs_a_build_with_cuda() {
        let cuda = "cuda:0".parse::<Device>().unwrap().check();
        if cfg!(feature = "cuda") {
            assert_eq!(cuda.unwrap(), Device::Cuda(0));
        } else {
            insta::assert_snapshot!(cuda.unwrap_err(), @"--device cuda:0: this build has no CUDA support; allowed: cpu (or build with `--features cuda`)");
        }
        assert_eq!(Device::Cpu.check().unwrap(), Device::Cpu);
    }

    #[test]
    fn bad_arguments_say_what_is_allowed() {
        insta::assert_snapshot!(rejection("trainer train --device gpu"), @r"
        error: invalid value 'gpu' for '--device <DEVICE>': allowed: cpu, or cuda:N with the number of a GPU

        For more information, try '--help'.
        ");
        insta::assert_snapshot!(rejection("trainer train --threads 0"), @r"
        error: invalid value '0' for '--threads <N>': allowed: a whole number ≥ 1

        For more information, try '--help'.
        ");
        insta::assert_snapshot!(
            rejection("trainer simulate --params a.csv --output b.csv --sensor S2A"), @r#"
        error: invalid value 'S2A' for '--sensor <SENSOR>': allowed: "s2a", "s2b", "l8", "l9" or the path of a CSV file of response functions (*.csv)

        For more information, try '--help'.
        "#);
        insta::assert_snapshot!(
            rejection("trainer simulate --params a.csv --output b.csv --stations s.json --poisson-ratio 0.7"), @r"
        error: invalid value '0.7' for '--poisson-ratio <NU>': allowed: a number from 0 to 0.5

        For more information, try '--help'.
        ");
        insta::assert_snapshot!(
            rejection("trainer simulate --params a.csv --output b.csv --variant enmap"), @r"
        error: invalid value 'enmap' for '--variant <VARIANT>'
          [possible values: published, enmap_box]

          tip: a similar value exists: 'enmap_box'

        For more information, try '--help'.
        ");
    }

    #[test]
    fn help_texts() {
        let help = |line: &str| rejection(line);
        insta::assert_snapshot!("help", help("trainer --help"));
        insta::assert_snapshot!("help_train", help("trainer train --help"));
        insta::assert_snapshot!("help_eval", help("trainer eval --help"));
        insta::assert_snapshot!("help_simulate", help("trainer simulate --help"));
        insta::assert_snapshot!("help_config", help("trainer config --help"));
        insta::assert_snapshot!("help_config_check", help("trainer config check --help"));
    }
}
