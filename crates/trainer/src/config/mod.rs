//! The configuration of an experiment: reading, overriding, checking, showing.
//!
//! A configuration file is JSON. [`load`] reads it (or the built-in one), applies [`Overrides`] from the
//! command line, refuses unknown keys, wrong types and values outside their range, and reads the files of
//! ranges and stations; [`LoadedConfig::check`] then checks what the values say together and returns the
//! [`CheckedExperiment`] that the trainer takes. Every message names the file, line and column (or the
//! argument of the command line), the value and what is allowed.
//!
//! ```
//! use physics::{Parameter, ReflectanceModel};
//! use trainer::config::{CheckContext, ConfigSource, Overrides, load};
//!
//! let known = ReflectanceModel::builder().known_parameters();
//! let parameters: Vec<_> = known.into_iter().map(Parameter::quantity).collect();
//! let overrides = Overrides { set: vec!["trainer.epochs=60".into()], ..Overrides::default() };
//! let experiment = load(&ConfigSource::BuiltIn, &overrides)?
//!     .check(&CheckContext { parameters: &parameters, bands: None })?;
//! assert_eq!(experiment.name, "rtm_c_synthetic");
//! assert_eq!(experiment.trainer.epochs, 60);
//! # Ok::<(), trainer::config::ConfigError>(())
//! ```

mod built_in;
mod channel_values;
mod checked;
mod conformity;
mod data;
mod document;
mod error;
mod experiment;
mod file_or;
mod included;
mod load;
mod low_rank;
mod lr_scheduler;
mod mogi;
mod named;
mod objective;
mod overrides;
mod phys_vae;
mod physics;
mod ranges;
mod rules;
pub(crate) mod schema;
mod sensor;
mod simulation;
mod smoothness;
mod stations_file;
mod suggestion;
mod sun;
mod training;

#[cfg(test)]
mod tests;

pub use self::data::{
    AngleColumns, CsvData, DataConfig, DuplicateRow, LabelColumns, SENTINEL_2_BANDS,
    Standardization, StandardizationFiles, SyntheticData, UnusableRow,
};
pub use self::physics::{
    FixedParameters, InformConfig, InformVariant, LeafAngles, PhysicsConfig, Precision,
    SpectralConfig, SpectralSampling,
};
pub use channel_values::{ChannelValues, CheckedValues, DigitalNumbers};
pub use checked::{
    ChannelColumn, CheckedCsv, CheckedData, CheckedExperiment, CheckedInform, CheckedMogi,
    CheckedPhysics, CheckedSynthetic, CsvFiles, ParameterRange, StandardizationPaths,
};
pub use error::{ConfigError, Place};
pub use experiment::ExperimentConfig;
pub use file_or::FileOr;
pub use load::{ConfigSource, LoadedConfig, load, load_text};
pub use low_rank::LowRankConfig;
pub use mogi::{MogiConfig, StationPosition, Stations, StationsSource};
pub use named::Named;
pub use objective::{Likelihood, ObjectiveConfig, PosteriorName};
pub use overrides::Overrides;
pub use phys_vae::{Activation, CalibrationName, ModelVariant, PhysVaeConfig, ResidualName};
pub use ranges::{Range, Ranges, RangesSource};
pub use rules::CheckContext;
pub use schema::schema_json;
pub use sensor::SensorChoice;
pub use simulation::{BandNoiseConfig, GeometriesConfig};
pub use smoothness::SmoothnessConfig;
pub use stations_file::read_stations;
pub use sun::SunConfig;
pub use training::{
    OptimizerConfig, OptimizerKind, PretrainConfig, PretrainDraw, PretrainLoss, TrainerConfig,
};
