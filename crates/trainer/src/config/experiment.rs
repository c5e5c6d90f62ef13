//! A whole configuration file, unchecked.

use super::data::DataConfig;
use super::objective::ObjectiveConfig;
use super::phys_vae::PhysVaeConfig;
use super::physics::PhysicsConfig;
use super::training::{OptimizerConfig, PretrainConfig, TrainerConfig};
use schedules::LrScheduler;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Configuration of an experiment: physics, data, model and training.
///
/// This is what a file says; [`ExperimentConfig::check`] turns it into what the trainer takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(description = "Configuration of an experiment: physics, data, model and training.")]
pub struct ExperimentConfig {
    /// Name of the experiment, also of its folder of runs: letters, digits, `_`, `-` and `.`.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Seed of the weights, the draws and the order of the samples.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// The forward model.
    pub physics: PhysicsConfig,
    /// The samples.
    pub data: DataConfig,
    /// The network and the weights of its losses.
    #[serde(default)]
    pub phys_vae: PhysVaeConfig,
    /// What stage B minimises, where it is not the sum of squares with its KL.
    #[serde(default)]
    pub objective: ObjectiveConfig,
    /// The optimizer.
    #[serde(default)]
    pub optimizer: OptimizerConfig,
    /// Learning rate of stage B; its clock starts at the end of stage A.
    #[serde(default)]
    #[schemars(schema_with = "super::lr_scheduler::schema")]
    pub lr_scheduler: LrScheduler,
    /// Stage A.
    #[serde(default)]
    pub pretrain: PretrainConfig,
    /// The training loop.
    #[serde(default)]
    pub trainer: TrainerConfig,
}

fn default_seed() -> u64 {
    123
}
