//! What the values of a configuration must say together. Keys, types and the limits of single values
//! are the schema's business.

mod data;
mod effect;
mod outputs;
mod physics;
mod time;

pub(crate) use effect::keys_without_effect;
pub(super) use effect::without_effect;

use super::checked::{CheckedExperiment, CheckedPhysics};
use super::error::Problem;
use super::experiment::ExperimentConfig;
use super::objective::PosteriorName;
use super::phys_vae::{CalibrationName, ModelVariant, PhysVaeConfig, ResidualName};
use super::training::PretrainLoss;
use ::physics::Quantity;
use schedules::{Schedule, ScheduleConfig, ScheduleError};
use serde_json::{Value, json};

/// What the rules need to know of the world outside the configuration.
#[derive(Clone, Copy, Debug)]
pub struct CheckContext<'a> {
    /// The free parameters of the physical model, with the limits it accepts.
    pub parameters: &'a [Quantity],
    /// The bands of the sensor, of a model that has one; `None` for those of Sentinel-2 (bands of a
    /// sensor from a file are then not checked here).
    pub bands: Option<&'a [String]>,
}

pub(super) fn check(
    config: &ExperimentConfig,
    context: &CheckContext<'_>,
    label: &str,
) -> Result<CheckedExperiment, Problem> {
    check_name(&config.name)?;
    let physics = physics::check(&config.physics, context.parameters)?;
    check_dimensions(
        &config.phys_vae,
        physics.ranges().iter().map(|range| range.name.as_str()),
    )?;
    let data = data::check(&config.data, &physics, context.bands, label)?;
    check_rank(&config.phys_vae, data.channels().len())?;
    check_posterior(config)?;
    check_seen_conditions(&config.phys_vae, &physics)?;
    time::check_use_time(&config.phys_vae, &data)?;
    time::check_smoothness(
        &config.objective,
        config.phys_vae.no_phy,
        &data,
        physics.ranges(),
        config.trainer.batch_size,
    )?;
    let schedule = check_schedule(config)?;
    Ok(CheckedExperiment {
        name: config.name.clone(),
        seed: config.seed,
        physics,
        data,
        phys_vae: config.phys_vae.clone(),
        objective: config.objective.clone(),
        optimizer: config.optimizer.clone(),
        schedule,
        trainer: config.trainer.clone(),
        pretrain: config.pretrain.clone(),
        resolved: config.clone(),
    })
}

/// The name is also a folder's.
fn check_name(name: &str) -> Result<(), Problem> {
    const LONGEST: usize = 100;
    let allowed_character = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '-' | '.');
    if name.starts_with('.') || name.len() > LONGEST || !name.chars().all(allowed_character) {
        let allowed = format!(
            "at most {LONGEST} letters a–z, A–Z, digits, `_`, `-` and `.`, not starting with `.`"
        );
        return Err(Problem::not_allowed("name", Value::from(name), allowed));
    }
    Ok(())
}

fn check_dimensions<'a>(
    phys_vae: &PhysVaeConfig,
    ranges: impl Iterator<Item = &'a str>,
) -> Result<(), Problem> {
    if phys_vae.no_phy {
        let allowed = |what| format!("{what}, because phys_vae.no_phy is true");
        if phys_vae.dim_z_phy != 0 {
            let value = phys_vae.dim_z_phy;
            return Err(Problem::not_allowed(
                "phys_vae.dim_z_phy",
                value,
                allowed("0"),
            ));
        }
        if phys_vae.epochs_pretrain != 0 {
            let value = phys_vae.epochs_pretrain;
            return Err(Problem::not_allowed(
                "phys_vae.epochs_pretrain",
                value,
                allowed("0"),
            ));
        }
        if phys_vae.dim_z_aux == 0 {
            return Err(Problem::not_allowed(
                "phys_vae.dim_z_aux",
                0,
                allowed("at least 1"),
            ));
        }
        return Ok(());
    }
    check_residual(phys_vae)?;
    let names: Vec<&str> = ranges.collect();
    if phys_vae.dim_z_phy != names.len() {
        let allowed = format!(
            "{}, the number of entries of physics.ranges ({})",
            names.len(),
            names.join(", ")
        );
        return Err(Problem::not_allowed(
            "phys_vae.dim_z_phy",
            phys_vae.dim_z_phy,
            allowed,
        ));
    }
    if !phys_vae.kl_without_physics {
        let allowed = "true, unless phys_vae.no_phy is true";
        return Err(Problem::not_allowed(
            "phys_vae.kl_without_physics",
            false,
            allowed,
        ));
    }
    Ok(())
}

/// A posterior that learns from simulations learns its variances from them too.
fn check_posterior(config: &ExperimentConfig) -> Result<(), Problem> {
    let is_simulated = config.objective.posterior == PosteriorName::Simulation;
    if is_simulated && config.phys_vae.deterministic_latents {
        let allowed =
            "false, because objective.posterior is \"simulation\", whose latents have a spread";
        let key = "phys_vae.deterministic_latents";
        return Err(Problem::not_allowed(key, true, allowed));
    }
    if is_simulated && config.pretrain.loss != PretrainLoss::Likelihood {
        let allowed = "elbo, unless pretrain.loss is likelihood";
        let value = json!(config.objective.posterior);
        return Err(Problem::not_allowed("objective.posterior", value, allowed));
    }
    if is_simulated && config.phys_vae.no_phy {
        let allowed = "elbo, because phys_vae.no_phy is true";
        let value = json!(config.objective.posterior);
        return Err(Problem::not_allowed("objective.posterior", value, allowed));
    }
    Ok(())
}

/// What an encoder sees beside the channels must be there.
fn check_seen_conditions(
    phys_vae: &PhysVaeConfig,
    physics: &CheckedPhysics,
) -> Result<(), Problem> {
    let allowed = match physics {
        _ if !phys_vae.sees_conditions => return Ok(()),
        _ if phys_vae.no_phy => "false, because phys_vae.no_phy is true",
        CheckedPhysics::Mogi(_) => {
            "false, because physics.model is \"mogi\", which has no conditions"
        }
        CheckedPhysics::Inform(inform) => {
            let is_free = |angle: &&str| inform.ranges.iter().any(|range| range.name == **angle);
            if !["tts", "tto", "psi"].iter().all(is_free) {
                return Ok(());
            }
            "false, because physics.ranges sets tts, tto and psi free and no condition is left"
        }
    };
    let key = "phys_vae.sees_conditions";
    Err(Problem::not_allowed(key, true, allowed))
}

/// There are no more orthogonal directions than channels.
fn check_rank(phys_vae: &PhysVaeConfig, channels: usize) -> Result<(), Problem> {
    let has_directions = phys_vae.residual == ResidualName::LowRank
        && phys_vae.variant() == ModelVariant::PhysicsAndResidual;
    let (key, rank) = match phys_vae.low_rank.rank {
        Some(rank) => ("phys_vae.low_rank.rank", rank),
        None => ("phys_vae.dim_z_aux", phys_vae.dim_z_aux),
    };
    if has_directions && rank > channels {
        let allowed = format!("at most {channels}, the number of channels, with residual low_rank");
        return Err(Problem::not_allowed(key, rank, allowed));
    }
    Ok(())
}

fn check_residual(phys_vae: &PhysVaeConfig) -> Result<(), Problem> {
    match (phys_vae.residual, phys_vae.dim_z_aux) {
        (ResidualName::None, aux) if aux > 0 => Err(Problem::not_allowed(
            "phys_vae.residual",
            Value::from("none"),
            "gated or low_rank, because phys_vae.dim_z_aux is not 0",
        )),
        (_, 0) if phys_vae.calibration != CalibrationName::None => Err(Problem::not_allowed(
            "phys_vae.calibration",
            json!(phys_vae.calibration),
            "none, because phys_vae.dim_z_aux is 0: without a residual the physics stands alone",
        )),
        _ => Ok(()),
    }
}

fn check_schedule(config: &ExperimentConfig) -> Result<Schedule, Problem> {
    let (epochs, pretrain) = (config.trainer.epochs, config.phys_vae.epochs_pretrain);
    if pretrain > epochs {
        let allowed = format!(
            "at least phys_vae.epochs_pretrain = {pretrain}, the epochs of stage A, which count as \
             epochs (for a shorter run set phys_vae.epochs_pretrain too)"
        );
        return Err(Problem::not_allowed("trainer.epochs", epochs, allowed));
    }
    let schedule = ScheduleConfig {
        epochs,
        epochs_pretrain: pretrain,
        kl_warmup_epochs: config.phys_vae.kl_warmup_epochs,
        lr: config.optimizer.lr,
        pretrain_lr: config.trainer.pretrain_lr,
        lr_scheduler: config.lr_scheduler.clone(),
    };
    schedule.check().map_err(|error| match error {
        ScheduleError::NotAllowed {
            name,
            value,
            allowed,
        } => {
            let block = match name {
                "epochs" | "pretrain_lr" => "trainer",
                "epochs_pretrain" | "kl_warmup_epochs" => "phys_vae",
                "lr" => "optimizer",
                _ => "lr_scheduler",
            };
            Problem::not_allowed(format!("{block}.{name}"), value, allowed)
        }
        other => Problem::not_allowed("lr_scheduler", "…", other.to_string()),
    })
}
