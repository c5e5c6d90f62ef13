//! A checked configuration: what the trainer takes.

use super::channel_values::CheckedValues;
use super::data::{AngleColumns, LabelColumns, Standardization, SyntheticData};
use super::error::ConfigError;
use super::experiment::ExperimentConfig;
use super::mogi::Stations;
use super::objective::ObjectiveConfig;
use super::phys_vae::{ModelVariant, PhysVaeConfig};
use super::physics::{FixedParameters, InformVariant, Precision, SpectralConfig};
use super::sensor::SensorChoice;
use super::training::{OptimizerConfig, PretrainConfig, TrainerConfig};
use data::{Overpass, RowRules};
use schedules::Schedule;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// An experiment whose values hold together. Only a check makes one.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedExperiment {
    /// Name, fit to be a folder's.
    pub name: String,
    /// Seed of weights, draws and order.
    pub seed: u64,
    /// The forward model.
    pub physics: CheckedPhysics,
    /// The samples.
    pub data: CheckedData,
    /// The network and the weights of its losses; `dim_z_phy` equals the number of ranges, or 0 with
    /// `no_phy`.
    pub phys_vae: PhysVaeConfig,
    /// What stage B minimises.
    pub objective: ObjectiveConfig,
    /// The optimizer.
    pub optimizer: OptimizerConfig,
    /// Phase, β and learning rate of every epoch.
    pub schedule: Schedule,
    /// The training loop.
    pub trainer: TrainerConfig,
    /// Stage A.
    pub pretrain: PretrainConfig,
    pub(super) resolved: ExperimentConfig,
}

impl CheckedExperiment {
    /// What the decoder consists of.
    pub fn variant(&self) -> ModelVariant {
        self.phys_vae.variant()
    }

    /// The configuration with defaults filled in, paths absolute, ranges and stations inside: it needs no
    /// other file, and checks with the same result.
    pub fn resolved(&self) -> &ExperimentConfig {
        &self.resolved
    }

    /// [`CheckedExperiment::resolved`] as JSON, for `config show` and a run's `config.json`.
    pub fn to_json(&self) -> String {
        // Strings, numbers and string-keyed maps: there is nothing that JSON cannot hold.
        serde_json::to_value(&self.resolved)
            .map_or_else(|error| error.to_string(), |it| format!("{it:#}\n"))
    }
}

/// A forward model, checked.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one value in a run")]
pub enum CheckedPhysics {
    /// INFORM.
    Inform(CheckedInform),
    /// Mogi's source.
    Mogi(CheckedMogi),
}

impl CheckedPhysics {
    /// The free parameters in the order of the latents.
    pub fn ranges(&self) -> &[ParameterRange] {
        match self {
            Self::Inform(inform) => &inform.ranges,
            Self::Mogi(mogi) => &mogi.ranges,
        }
    }

    /// The sensor, of a model that has one.
    pub fn sensor(&self) -> Option<&SensorChoice> {
        match self {
            Self::Inform(inform) => Some(&inform.sensor),
            Self::Mogi(_) => None,
        }
    }
}

/// Settings of INFORM, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedInform {
    /// Which INFORM.
    pub variant: InformVariant,
    /// The sensor; the path of a file is absolute.
    pub sensor: SensorChoice,
    /// Folder of spectral tables, absolute; `None` for the built-in ones.
    pub tables: Option<PathBuf>,
    /// Number type of the physics.
    pub precision: Precision,
    /// The wavelengths of training; the path of a file is absolute.
    pub spectral: SpectralConfig,
    /// Inputs that are not learned.
    pub fixed: FixedParameters,
    /// The free parameters in the order of the latents: each parameter of the physics once.
    pub ranges: Vec<ParameterRange>,
}

/// Settings of Mogi's source, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedMogi {
    /// The stations: at least one, each with a name.
    pub stations: Stations,
    /// Poisson's ratio, 0 to 0.5.
    pub poisson_ratio: f64,
    /// The free parameters in the order of the latents: each parameter of the physics once.
    pub ranges: Vec<ParameterRange>,
}

/// Range of a free parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterRange {
    /// Symbol, such as `cab`.
    pub name: String,
    /// Unit, `1` for dimensionless.
    pub unit: String,
    /// Smallest value.
    pub min: f64,
    /// Largest value, greater than `min`.
    pub max: f64,
    /// Index of the parameter among those of the physical model.
    pub position: usize,
}

/// The samples, checked.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one value in a run")]
pub enum CheckedData {
    /// Simulated.
    Synthetic(CheckedSynthetic),
    /// From tables.
    Csv(CheckedCsv),
}

impl CheckedData {
    /// Names of the channels in their order.
    pub fn channels(&self) -> Vec<String> {
        match self {
            Self::Synthetic(synthetic) => synthetic.channels.clone(),
            Self::Csv(csv) => csv.columns.iter().map(|it| it.channel.clone()).collect(),
        }
    }
}

/// Simulated samples.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedSynthetic {
    /// The channels in their order.
    pub channels: Vec<String>,
    /// Numbers, seed and errors.
    pub settings: SyntheticData,
}

/// Tables of samples and the meaning of their columns.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedCsv {
    /// Folder of the files, absolute; `None` where neither configuration nor command line gives it.
    pub dir: Option<PathBuf>,
    pub(super) train: PathBuf,
    pub(super) valid: PathBuf,
    pub(super) test: PathBuf,
    /// The channels in their order.
    pub columns: Vec<ChannelColumn>,
    /// Whether the channels are those that the physics takes where the configuration names none.
    pub channels_by_default: bool,
    /// What the columns of the channels hold.
    pub values: CheckedValues,
    /// Where mean and scale come from; files if the values are standardized.
    pub standardization: Standardization,
    /// Columns of the angles.
    pub angles: Option<AngleColumns>,
    /// From where the sun zenith angle is computed, at a time that can be read; with `angles` none, and a date
    /// among the labels.
    pub sun: Option<Overpass>,
    /// Columns carried along.
    pub labels: LabelColumns,
    /// Column of the true value of each parameter for which it is known.
    pub truth: BTreeMap<String, String>,
    /// Which rows are taken.
    pub rows: RowRules,
    /// The configuration file, for messages.
    pub(super) label: String,
}

/// A channel and the column that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelColumn {
    /// Name of the channel, an output of the physics.
    pub channel: String,
    /// Name of the column.
    pub column: String,
}

/// Paths of the files of a data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvFiles {
    /// Training table.
    pub train: PathBuf,
    /// Validation table.
    pub valid: PathBuf,
    /// Test table.
    pub test: PathBuf,
    /// Means and scales, unless they are measured.
    pub standardization: Option<StandardizationPaths>,
}

/// Paths of mean and scale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandardizationPaths {
    /// Means of the channels.
    pub mean: PathBuf,
    /// Scales of the channels.
    pub scale: PathBuf,
}

impl CheckedCsv {
    /// Where the files are. Looks whether they exist, does not open them.
    ///
    /// # Errors
    /// No folder is known, or a file does not exist.
    pub fn files(&self) -> Result<CsvFiles, ConfigError> {
        let dir = self
            .dir
            .as_ref()
            .ok_or_else(|| ConfigError::NoDataDirectory {
                file: self.label.clone(),
                expected: [&self.train, &self.valid, &self.test]
                    .map(|path| path.display().to_string())
                    .join(", "),
            })?;
        let existing = |key: &str, name: &PathBuf| {
            let path = dir.join(name);
            if path.is_file() {
                return Ok(path);
            }
            Err(ConfigError::MissingFile {
                file: self.label.clone(),
                path: key.to_owned(),
                missing: path,
            })
        };
        let standardization = match &self.standardization {
            Standardization::Measured => None,
            Standardization::Files(files) => Some(StandardizationPaths {
                mean: existing("data.standardization.mean", &PathBuf::from(&files.mean))?,
                scale: existing("data.standardization.scale", &PathBuf::from(&files.scale))?,
            }),
        };
        Ok(CsvFiles {
            train: existing("data.train", &self.train)?,
            valid: existing("data.valid", &self.valid)?,
            test: existing("data.test", &self.test)?,
            standardization,
        })
    }
}
