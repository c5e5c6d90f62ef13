//! From a checked configuration to an experiment and its samples.

pub(crate) mod forward_model;
mod mogi;
mod rearranged;
mod samples;

use crate::TrainerError;
use crate::config::{
    Activation as ActivationName, BandNoiseConfig, CalibrationName, CheckContext,
    CheckedExperiment, Likelihood, LoadedConfig, ModelVariant, ParameterRange, PhysicsConfig,
    PosteriorName, PretrainDraw, PretrainLoss, ResidualName, SmoothnessConfig,
};
use crate::experiment::{CalibrationKind, Experiment, ResidualRamps};
use crate::metrics::Dimensions;
use crate::training::StageA;
use data::{ReadReport, Splits, Standardization};
use forward_model::Wavelengths;
use losses::{Distance, Goal, Smoothness, Weights};
use model::{Architecture, PhysicsLayer, ResidualKind};
use nn::{Activation, AdamConfig};
use schedules::Ramp;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

pub use samples::read_samples;

/// Checks a configuration against the physics it names.
///
/// # Errors
/// The first thing that is not allowed, with its place.
pub fn check(loaded: &LoadedConfig) -> Result<CheckedExperiment, TrainerError> {
    let parameters = match &loaded.config().physics {
        PhysicsConfig::Inform(_) => inform_parameters(),
        PhysicsConfig::Mogi(_) => physics::Mogi::free_parameters(),
    };
    Ok(loaded.check(&CheckContext {
        parameters: &parameters,
        bands: None,
    })?)
}

/// The parameters of INFORM, any of which can be free.
pub(crate) fn inform_parameters() -> Vec<physics::Quantity> {
    let known = physics::ReflectanceModel::builder().known_parameters();
    known
        .into_iter()
        .map(physics::Parameter::quantity)
        .collect()
}

/// An experiment with its samples.
pub struct Assembled {
    /// Everything a training needs but the samples.
    pub experiment: Experiment,
    /// The samples.
    pub samples: Splits,
    /// What was read of the tables of training, validation and test samples; none of simulated ones.
    pub reports: Vec<ReadReport>,
}

/// Loads or simulates the samples and builds the physics.
///
/// # Errors
/// A table of samples or of the physics is refused.
pub fn assemble(checked: &CheckedExperiment) -> Result<Assembled, TrainerError> {
    assemble_again(checked, None, Path::new(""))
}

/// The same for a run that was trained with this mean and scale, whatever its samples' are now: what its weights mean
/// depends on them. `None` of a run that did not keep them.
///
/// # Errors
/// As [`assemble`], or the files of mean and scale hold others than the run has.
pub fn assemble_again(
    checked: &CheckedExperiment,
    kept: Option<Standardization>,
    run: &Path,
) -> Result<Assembled, TrainerError> {
    let exact = forward_model::build(checked, Wavelengths::All)?;
    let (samples, reports) = samples::load(checked, exact.as_ref(), kept.as_ref())?;
    if kept.is_some_and(|kept| kept != samples.standardization) {
        return Err(TrainerError::ChangedStandardization {
            run: run.to_owned(),
        });
    }
    let experiment = experiment(checked, exact, samples.standardization.clone())?;
    Ok(Assembled {
        experiment,
        samples,
        reports,
    })
}

/// The experiment alone, with a known standardisation: for the evaluation of a run on other samples.
///
/// # Errors
/// A table of the physics is refused, or the standardisation does not fit.
pub fn assemble_without_samples(
    checked: &CheckedExperiment,
    standardization: Standardization,
) -> Result<Experiment, TrainerError> {
    let exact = forward_model::build(checked, Wavelengths::All)?;
    experiment(checked, exact, standardization)
}

fn experiment(
    checked: &CheckedExperiment,
    exact: Arc<dyn physics::ForwardModel>,
    standardization: Standardization,
) -> Result<Experiment, TrainerError> {
    let (config, objective) = (&checked.phys_vae, &checked.objective);
    let low_rank = &config.low_rank;
    let is_low_rank = config.residual == ResidualName::LowRank;
    let ramp = |from, to, epochs| Ramp { from, to, epochs };
    let channels = checked.data.channels();
    let channel_unit = exact.output_unit().to_owned();
    let has_physics = checked.variant() != ModelVariant::NoPhysics;
    let ranges = checked.physics.ranges();
    let sees_conditions = if config.sees_conditions {
        exact.conditions().len()
    } else {
        0
    };
    let physics_name = if has_physics {
        exact.name().to_owned()
    } else {
        "none".to_owned()
    };
    let layer = |forward| {
        PhysicsLayer::new(
            forward,
            ranges.iter().map(|r| (r.min, r.max)).collect(),
            standardization.mean().to_vec(),
            standardization.scale().to_vec(),
        )
    };
    let (physics, exact_physics) = if !has_physics {
        (None, None)
    } else if forward_model::training_is_approximate(checked) {
        let training = forward_model::build(checked, Wavelengths::OfTraining)?;
        (Some(layer(training)?), Some(layer(exact)?))
    } else {
        (Some(layer(exact)?), None)
    };
    let named = |r: &ParameterRange| (r.name.clone(), r.unit.clone());
    let units: Vec<_> = if has_physics {
        ranges.iter().map(named).collect()
    } else {
        vec![]
    };
    Ok(Experiment {
        name: checked.name.clone(),
        physics_name,
        seed: checked.seed,
        architecture: Architecture {
            channels: channels.len(),
            dim_z_phy: config.dim_z_phy,
            dim_z_aux: config.dim_z_aux,
            sees_conditions,
            activation: activation(config.activation),
            num_units_feat: config.num_units_feat,
            hidlayers_feat: config.hidlayers_feat.clone(),
            hidlayers_z_phy: config.hidlayers_z_phy.clone(),
            hidlayers_z_aux: config.hidlayers_z_aux.clone(),
            detach_x_p: config.detach_x_p,
            residual: match config.residual {
                ResidualName::LowRank => ResidualKind::LowRank {
                    rank: low_rank.rank.unwrap_or(config.dim_z_aux),
                    season: low_rank.use_time,
                },
                ResidualName::Gated | ResidualName::None => ResidualKind::Gated,
            },
            running_prior: has_physics && objective.ema_prior_momentum.is_some(),
            learned_noise: (objective.likelihood == Likelihood::LearnedNoise)
                .then_some(objective.noise),
        },
        dimensions: Dimensions {
            physical: units.iter().map(|(name, _)| name.clone()).collect(),
            auxiliary: (0..config.dim_z_aux)
                .map(|k| format!("z_aux_{k}"))
                .collect(),
            channels,
        },
        physics,
        exact_physics,
        units,
        channel_unit,
        standardization,
        schedule: checked.schedule.clone(),
        weights: Weights {
            beta: 0.0,
            gate: config.balance_gate,
            residual: config.balance_residual,
            data_aug: config.balance_data_aug,
        },
        goal: Goal {
            distance: match objective.likelihood {
                Likelihood::SumOfSquares => Distance::Squares,
                Likelihood::FixedNoise | Likelihood::LearnedNoise => Distance::Gaussian,
                Likelihood::L1 => Distance::Absolute,
                Likelihood::Huber => Distance::Huber {
                    delta: objective.huber_delta,
                },
            },
            physics: objective.physics_weight,
            beta_phy: objective.beta_max_z_phy,
            beta_aux: objective.beta_max_z_aux,
            free_bits: objective.free_bits,
            edge: objective.edge_penalty_weight,
            edge_power: objective.edge_penalty_power,
            capacity_weight: objective
                .capacity
                .map_or(0.0, |_| objective.capacity_weight),
            capacity: objective.capacity.unwrap_or(0.0),
            orthogonality: if is_low_rank {
                low_rank.ortho_penalty_weight
            } else {
                0.0
            },
            coefficients: if is_low_rank {
                low_rank.coeff_penalty_weight
            } else {
                0.0
            },
            smoothness: objective
                .temporal_smoothness
                .as_ref()
                .map(|smoothness| smooth(smoothness, ranges)),
        },
        fixed_noise: (objective.likelihood == Likelihood::FixedNoise).then_some(objective.noise),
        stage_a: StageA {
            likelihood: checked.pretrain.loss == PretrainLoss::Likelihood,
            normal: checked.pretrain.draw == PretrainDraw::NormalU,
            noise: checked.pretrain.noise,
            band_noise: checked.pretrain.band_noise.map(BandNoiseConfig::band_noise),
            model_error: checked.pretrain.model_error,
        },
        posterior_is_simulated: objective.posterior == PosteriorName::Simulation,
        calibration: match config.calibration {
            CalibrationName::None => CalibrationKind::None,
            CalibrationName::Offset => CalibrationKind::Offset,
            CalibrationName::GainAndOffset => CalibrationKind::GainAndOffset,
        },
        residual_ramps: ResidualRamps {
            tau: ramp(
                low_rank.tau_init,
                low_rank.tau_final,
                low_rank.tau_warmup_epochs,
            ),
            r: ramp(low_rank.r_init, low_rank.r_final, low_rank.r_warmup_epochs),
        },
        prior_momentum: objective.ema_prior_momentum,
        kl_is_used: has_physics || config.kl_without_physics,
        adam: AdamConfig {
            beta1: checked.optimizer.betas[0],
            beta2: checked.optimizer.betas[1],
            eps: checked.optimizer.eps,
            weight_decay: checked.optimizer.weight_decay,
            amsgrad: checked.optimizer.amsgrad,
            clip_norm: checked.trainer.grad_clip_norm,
            zero_non_finite: checked.trainer.stablize_grad,
        },
        batch_size: NonZeroUsize::new(checked.trainer.batch_size).unwrap_or(NonZeroUsize::MIN),
        spectra_per_epoch: checked
            .pretrain
            .spectra_per_epoch
            .and_then(NonZeroUsize::new),
        early_stop: checked.trainer.early_stop,
        max_skipped_steps: checked.trainer.max_skipped_steps,
    })
}

fn smooth(config: &SmoothnessConfig, ranges: &[ParameterRange]) -> Smoothness {
    let chosen = |name: &String| {
        let parameters = config.parameters.as_ref();
        parameters.is_none_or(|chosen| chosen.contains(name))
    };
    let columns = ranges.iter().enumerate();
    let columns = columns.filter_map(|(column, range)| chosen(&range.name).then_some(column));
    Smoothness {
        weight: config.weight,
        window: NonZeroUsize::new(config.samples).unwrap_or(NonZeroUsize::MIN),
        columns: columns.collect(),
    }
}

fn activation(name: ActivationName) -> Activation {
    match name {
        ActivationName::Elu => Activation::Elu,
        ActivationName::Relu => Activation::Relu,
        ActivationName::LeakyRelu => Activation::LeakyRelu,
        ActivationName::Softplus => Activation::Softplus,
        ActivationName::Tanh => Activation::Tanh,
        ActivationName::Prelu => Activation::Prelu,
    }
}
