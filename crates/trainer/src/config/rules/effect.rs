//! Settings that nothing reads: a value that is not the default, in a configuration where it changes nothing, is
//! refused with the reason.
//!
//! A default that is written out is no error, so that a run's `config.json`, which spells all of them out, can be used.
//! Neither is a number that this run does not reach and a longer one would (`trainer.early_stop` in a run of few epochs),
//! nor what only speaks of a file (`data.labels`, stations that no channel names, the height of a station).

use crate::config::data::{CsvData, DataConfig, DuplicateRow, UnusableRow};
use crate::config::error::Problem;
use crate::config::experiment::ExperimentConfig;
use crate::config::file_or::FileOr;
use crate::config::objective::{Likelihood, PosteriorName};
use crate::config::phys_vae::{CalibrationName, ModelVariant, ResidualName};
use crate::config::physics::{PhysicsConfig, SpectralSampling};
use crate::config::schema::{alternatives, configuration_schema, object_schemas, property};
use schedules::LrScheduler;
use serde_json::Value;

/// A key that nothing reads in a configuration.
struct Unread {
    path: String,
    /// Why, as the end of a sentence: "while …" or "unless …".
    why: &'static str,
}

/// The keys whose settings have no effect in a configuration, each with the reason.
pub(crate) fn keys_without_effect(config: &ExperimentConfig) -> Vec<(String, &'static str)> {
    let Ok(written) = serde_json::to_value(config) else {
        return vec![];
    };
    let keys = Keys::of(config).unread.into_iter();
    keys.filter(|key| at(&written, &key.path) != default_of(&written, &key.path).as_ref())
        .map(|key| (key.path, key.why))
        .collect()
}

/// What is wrong with the settings of a configuration that have no effect, one problem for each.
pub(in crate::config) fn without_effect(config: &ExperimentConfig) -> Vec<Problem> {
    let Ok(written) = serde_json::to_value(config) else {
        return vec![];
    };
    let keys = Keys::of(config).unread;
    keys.into_iter()
        .filter_map(|key| {
            let value = at(&written, &key.path)?;
            let default = default_of(&written, &key.path)?;
            let allowed = format!("{default}, because it has no effect {}", key.why);
            (*value != default).then(|| Problem::not_allowed(key.path, value, allowed))
        })
        .collect()
}

fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, key| value.get(key))
}

/// The default of a key, as the schema states it for the model, the source and the type that are chosen.
fn default_of(config: &Value, path: &str) -> Option<Value> {
    let mut schema = configuration_schema();
    let mut value = config;
    for key in path.split('.') {
        let objects = object_schemas(schema, value);
        schema = objects.iter().find_map(|object| property(object, key))?;
        value = value.get(key)?;
    }
    Some(schema.get("default").cloned().unwrap_or(Value::Null))
}

/// The keys that nothing reads.
struct Keys<'a> {
    config: &'a ExperimentConfig,
    unread: Vec<Unread>,
}

const NO_PHYSICS: &str = "while phys_vae.no_phy is true";
const NO_RESIDUAL: &str =
    "while there is no residual (phys_vae.dim_z_aux is 0 or phys_vae.no_phy is true)";
const SIMULATED: &str =
    "while objective.posterior is \"simulation\": the encoder then learns from simulations alone";
const DETERMINISTIC: &str = "while phys_vae.deterministic_latents is true: there is no KL";

impl<'a> Keys<'a> {
    fn of(config: &'a ExperimentConfig) -> Self {
        let mut keys = Self {
            config,
            unread: vec![],
        };
        keys.of_physics();
        keys.of_data();
        keys.of_network();
        keys.of_residual();
        keys.of_objective();
        keys.of_stage_a();
        keys
    }

    fn unread(&mut self, when: bool, path: impl Into<String>, why: &'static str) {
        if when {
            let path = path.into();
            self.unread.push(Unread { path, why });
        }
    }

    fn variant(&self) -> ModelVariant {
        self.config.phys_vae.variant()
    }

    fn no_physics(&self) -> bool {
        self.config.phys_vae.no_phy
    }

    fn simulated(&self) -> bool {
        self.config.objective.posterior == PosteriorName::Simulation
    }

    /// Whether the encoder ever learns from simulated spectra.
    fn learns_from_simulations(&self) -> bool {
        self.config.phys_vae.epochs_pretrain > 0 || self.simulated()
    }

    fn of_physics(&mut self) {
        let from_tables = matches!(self.config.data, DataConfig::Csv(_));
        let unused = self.no_physics() && from_tables;
        let tables =
            "while phys_vae.no_phy is true and data.source is \"csv\": no physics is computed";
        let inform = match &self.config.physics {
            PhysicsConfig::Mogi(_) => {
                self.unread(unused, "physics.poisson_ratio", tables);
                return;
            }
            PhysicsConfig::Inform(inform) => inform,
        };
        for key in ["variant", "tables", "precision"] {
            self.unread(unused, format!("physics.{key}"), tables);
        }
        for key in keys_of("physics.fixed", self.config) {
            let path = format!("physics.fixed.{key}");
            let leaf_angles = ["ALA", "LIDFa", "LIDFb"];
            let free = |name: &str| name == key || (key == "lidf" && leaf_angles.contains(&name));
            let is_free = match &inform.ranges {
                FileOr::Inline(ranges) => ranges.names().any(free),
                FileOr::File(_) => false,
            };
            self.unread(unused, path.clone(), tables);
            self.unread(is_free, path, "while physics.ranges sets it free");
        }
        let exact = inform.spectral.sampling == SpectralSampling::Exact;
        let only_training = "while phys_vae.no_phy is true: it is the physics of training";
        self.unread(
            self.no_physics(),
            "physics.spectral.sampling",
            only_training,
        );
        for key in ["physics.spectral.nodes", "physics.spectral.file"] {
            self.unread(exact, key, "while physics.spectral.sampling is \"exact\"");
        }
    }

    fn of_data(&mut self) {
        let DataConfig::Csv(csv) = &self.config.data else {
            return;
        };
        let truth = "while phys_vae.no_phy is true: no parameter is inferred";
        self.unread(self.no_physics(), "data.truth", truth);
        let all = "while no row is left out (data.missing, data.out_of_range and data.duplicates: none is \"drop_row\")";
        self.unread(!drops_rows(csv), "data.max_dropped", all);
    }

    fn of_network(&mut self) {
        let network = &self.config.phys_vae;
        let no_hidden_layer = network.hidlayers_feat.is_empty()
            && (self.no_physics() || network.hidlayers_z_phy.is_empty())
            && (network.dim_z_aux == 0 || network.hidlayers_z_aux.is_empty());
        let linear = match self.variant() {
            ModelVariant::NoPhysics => false,
            ModelVariant::PhysicsOnly => true,
            ModelVariant::PhysicsAndResidual => network.residual == ResidualName::LowRank,
        };
        let no_place = "while no network has a hidden layer";
        self.unread(linear && no_hidden_layer, "phys_vae.activation", no_place);
        self.unread(self.no_physics(), "phys_vae.hidlayers_z_phy", NO_PHYSICS);
        self.unread(self.no_physics(), "phys_vae.calibration", NO_PHYSICS);
        let no_aux = "while phys_vae.dim_z_aux is 0";
        self.unread(network.dim_z_aux == 0, "phys_vae.hidlayers_z_aux", no_aux);
        let waits = self.config.trainer.early_stop.is_some()
            || matches!(
                self.config.lr_scheduler,
                LrScheduler::ReduceLROnPlateau { .. }
            );
        let never =
            "while there is no KL, and neither early stopping nor a plateau waits for its end";
        self.unread(!self.has_kl() && !waits, "phys_vae.kl_warmup_epochs", never);
    }

    /// Whether β is ever more than 0.
    fn has_kl(&self) -> bool {
        let network = &self.config.phys_vae;
        !network.deterministic_latents && (!network.no_phy || network.kl_without_physics)
    }

    fn of_residual(&mut self) {
        let network = &self.config.phys_vae;
        let none = self.variant() != ModelVariant::PhysicsAndResidual;
        let low_rank = network.residual == ResidualName::LowRank;
        self.unread(none && low_rank, "phys_vae.residual", NO_RESIDUAL);
        let gated = "unless phys_vae.residual is \"gated\"";
        self.unread(none, "phys_vae.balance_gate", NO_RESIDUAL);
        self.unread(!none && low_rank, "phys_vae.balance_gate", gated);
        self.unread(none, "phys_vae.balance_residual", NO_RESIDUAL);
        self.unread(none, "phys_vae.detach_x_p", NO_RESIDUAL);
        self.unread(self.simulated(), "phys_vae.detach_x_p", SIMULATED);
        for key in keys_of("phys_vae.low_rank", self.config) {
            let path = format!("phys_vae.low_rank.{key}");
            self.unread(none, path.clone(), NO_RESIDUAL);
            let other = "unless phys_vae.residual is \"low_rank\"";
            self.unread(!low_rank, path, other);
        }
        let own = &network.low_rank;
        let ramps = [
            ("tau", own.tau_init, own.tau_final),
            ("r", own.r_init, own.r_final),
        ];
        for (name, from, to) in ramps {
            let constant = "while its first and last value are the same";
            let path = |end: &str| format!("phys_vae.low_rank.{name}_{end}");
            #[expect(clippy::float_cmp, reason = "a ramp between equal ends is none")]
            self.unread(from == to, path("warmup_epochs"), constant);
        }
    }

    fn of_objective(&mut self) {
        let objective = &self.config.objective;
        let (likelihood, simulated) = (objective.likelihood, self.simulated());
        let noise = matches!(
            likelihood,
            Likelihood::FixedNoise | Likelihood::LearnedNoise
        );
        let without = "unless objective.likelihood is \"fixed_noise\" or \"learned_noise\"";
        self.unread(!noise, "objective.noise", without);
        let huber = likelihood == Likelihood::Huber;
        let without = "unless objective.likelihood is \"huber\"";
        self.unread(!huber, "objective.huber_delta", without);
        let absolute = matches!(likelihood, Likelihood::L1 | Likelihood::Huber);
        let judges_nothing = simulated && self.variant() == ModelVariant::PhysicsOnly;
        self.unread(
            absolute && judges_nothing,
            "objective.likelihood",
            SIMULATED,
        );
        self.unread(self.no_physics(), "objective.physics_weight", NO_PHYSICS);
        let learns_noise = likelihood == Likelihood::LearnedNoise;
        let nothing_learns = simulated && !learns_noise;
        self.unread(nothing_learns, "objective.physics_weight", SIMULATED);
        for key in ["edge_penalty_weight", "temporal_smoothness"] {
            let path = format!("objective.{key}");
            self.unread(self.no_physics(), path.clone(), NO_PHYSICS);
            self.unread(simulated, path, SIMULATED);
        }
        let no_edge = objective.edge_penalty_weight == 0.0;
        let without = "while objective.edge_penalty_weight is 0";
        self.unread(no_edge, "objective.edge_penalty_power", without);
        self.of_kl();
    }

    fn of_kl(&mut self) {
        let objective = &self.config.objective;
        let deterministic = self.config.phys_vae.deterministic_latents;
        for key in ["beta_max_z_phy", "capacity", "ema_prior_momentum"] {
            let path = format!("objective.{key}");
            self.unread(self.no_physics(), path.clone(), NO_PHYSICS);
            self.unread(deterministic, path.clone(), DETERMINISTIC);
            // a prior that follows the posterior changes the KL that is reported
            let unlearned = self.simulated() && key != "ema_prior_momentum";
            self.unread(unlearned, path, SIMULATED);
        }
        let controlled = objective.capacity.is_some();
        let beside = "beside objective.capacity";
        self.unread(controlled, "objective.beta_max_z_phy", beside);
        let without = "while objective.capacity is null";
        self.unread(!controlled, "objective.capacity_weight", without);
        let no_aux = "while phys_vae.dim_z_aux is 0";
        let has_aux = self.config.phys_vae.dim_z_aux > 0;
        self.unread(!has_aux, "objective.beta_max_z_aux", no_aux);
        let switched_off = "while phys_vae.kl_without_physics is false";
        self.unread(deterministic, "objective.beta_max_z_aux", DETERMINISTIC);
        self.unread(deterministic, "phys_vae.kl_without_physics", DETERMINISTIC);
        self.unread(!self.has_kl(), "objective.beta_max_z_aux", switched_off);
        let physical = !self.no_physics()
            && !self.simulated()
            && (controlled || objective.beta_max_z_phy > 0.0);
        let auxiliary = has_aux && self.has_kl() && objective.beta_max_z_aux > 0.0;
        let weighs = !deterministic && (physical || auxiliary);
        let no_kl = "while no KL is part of what is minimised";
        self.unread(!weighs, "objective.free_bits", no_kl);
    }

    fn of_stage_a(&mut self) {
        let no_epochs = self.config.phys_vae.epochs_pretrain == 0;
        let never = "while phys_vae.epochs_pretrain is 0";
        self.unread(no_epochs, "trainer.pretrain_lr", never);
        self.unread(no_epochs, "pretrain.spectra_per_epoch", never);
        let unsimulated = !self.learns_from_simulations();
        let never =
            "while phys_vae.epochs_pretrain is 0 and objective.posterior is not \"simulation\"";
        for key in ["loss", "noise", "band_noise", "model_error"] {
            self.unread(unsimulated, format!("pretrain.{key}"), never);
        }
        self.unread(unsimulated, "phys_vae.balance_data_aug", never);
        let uncalibrated = self.config.phys_vae.calibration == CalibrationName::None;
        let never = "while phys_vae.epochs_pretrain is 0, objective.posterior is not \"simulation\" and \
                     phys_vae.calibration is \"none\"";
        self.unread(unsimulated && uncalibrated, "pretrain.draw", never);
    }
}

fn drops_rows(csv: &CsvData) -> bool {
    csv.missing == UnusableRow::DropRow
        || csv.out_of_range == UnusableRow::DropRow
        || csv.duplicates == DuplicateRow::DropRow
}

/// Names of the keys of a block of the configuration.
fn keys_of(block: &str, config: &ExperimentConfig) -> Vec<String> {
    let Ok(mut value) = serde_json::to_value(config) else {
        return vec![];
    };
    let mut schema = configuration_schema();
    for key in block.split('.') {
        let objects = object_schemas(schema, &value);
        let Some(below) = objects.iter().find_map(|object| property(object, key)) else {
            return vec![];
        };
        schema = below;
        value = value[key].take();
    }
    let objects = alternatives(schema).into_iter();
    objects
        .filter_map(|object| object["properties"].as_object())
        .flat_map(|properties| properties.keys().cloned())
        .collect()
}
