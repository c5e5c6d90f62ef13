//! `summary.json`: the numbers of a finished run.

use crate::TrainerError;
use crate::checks::Checks;
use crate::disk::Disk;
use crate::evaluation::{Errors, Evaluation};
use crate::experiment::Experiment;
use crate::files::read_to_string;
use crate::metrics::NamedValues;
use crate::recovery::{Recovery, mean_r2};
use crate::separation::Separation;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The numbers of a finished run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Name of the experiment.
    pub experiment: String,
    /// Name of the physics; `none` without.
    pub physics: String,
    /// Unit of the channels (`reflectance`, `mm`), in which RMSE is given.
    pub channel_unit: String,
    /// Seed.
    pub seed: u64,
    /// Epochs trained.
    pub epochs: usize,
    /// The selected epoch (lowest validation rec over the Train epochs), from 0; the last one where
    /// there is no Train epoch.
    pub best_epoch: usize,
    /// The five checks.
    pub checks: Checks,
    /// Test errors at the selected epoch.
    pub test: Errors,
    /// Test errors at the last epoch.
    pub test_last: Errors,
    /// KL per dimension on the test split at the selected epoch, nats.
    pub kl_per_dimension: NamedValues,
    /// The same at the last epoch.
    pub kl_per_dimension_last: NamedValues,
    /// Test RMSE per channel at the selected epoch, in the channels' unit.
    pub rmse_per_channel: NamedValues,
    /// The same of the physics alone; null without physics.
    pub rmse_per_channel_physics_only: Option<NamedValues>,
    /// Recovery per parameter on the test split at the selected epoch; empty where no truth is known.
    pub recovery: BTreeMap<String, Recovery>,
    /// Mean R² of the recovered parameters that have one; null where none has.
    pub recovery_mean_r2: Option<f64>,
    /// How far the inferred parameters tell the classes of the test split apart at the selected epoch; null without
    /// physics or without classes.
    #[serde(default)]
    pub separation: Option<Separation>,
    /// The same at the last epoch.
    #[serde(default)]
    pub separation_last: Option<Separation>,
    /// R² of z on noise-free samples of the physics itself, last epoch; null without physics.
    pub inversion_r2: Option<NamedValues>,
    /// Mean of it over the parameters.
    pub inversion_mean_r2: Option<f64>,
    /// Samples in the training, validation and test splits.
    pub samples: [usize; 3],
    /// Trainable numbers.
    pub parameters: usize,
    /// Wall-clock seconds of training.
    pub wall_seconds: f64,
    /// Samples trained on (real and synthetic) per second of training.
    pub samples_per_second: f64,
}

/// What a summary takes from the training.
pub struct Trained {
    /// Epochs trained.
    pub epochs: usize,
    /// The selected epoch.
    pub best_epoch: usize,
    /// The checks.
    pub checks: Checks,
    /// R² of z on noise-free samples, last epoch.
    pub inversion: Option<NamedValues>,
    /// Samples in the training, validation and test splits.
    pub samples: [usize; 3],
    /// Trainable numbers.
    pub parameters: usize,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Samples trained on.
    pub samples_seen: u64,
}

impl Summary {
    /// Puts the parts together.
    pub fn new(
        experiment: &Experiment,
        trained: Trained,
        best: &Evaluation,
        last: &Evaluation,
    ) -> Self {
        let channels = &experiment.dimensions.channels;
        let recovery: BTreeMap<_, _> = best.recovery.iter().flatten().cloned().collect();
        let recovery_mean_r2 = mean_r2(recovery.values());
        Self {
            experiment: experiment.name.clone(),
            physics: experiment.physics_name.clone(),
            channel_unit: experiment.channel_unit.clone(),
            seed: experiment.seed,
            epochs: trained.epochs,
            best_epoch: trained.best_epoch,
            checks: trained.checks,
            test: best.errors.clone(),
            test_last: last.errors.clone(),
            kl_per_dimension: experiment.dimensions.kl(&best.averages),
            kl_per_dimension_last: experiment.dimensions.kl(&last.averages),
            rmse_per_channel: NamedValues::new(channels, &best.rmse_per_channel),
            rmse_per_channel_physics_only: best
                .rmse_per_channel_physics
                .as_ref()
                .map(|rmse| NamedValues::new(channels, rmse)),
            recovery,
            recovery_mean_r2,
            separation: best.separation.clone(),
            separation_last: last.separation.clone(),
            inversion_mean_r2: trained
                .inversion
                .as_ref()
                .map(|r2| r2.sum() / r2.0.len() as f64),
            inversion_r2: trained.inversion,
            samples: trained.samples,
            parameters: trained.parameters,
            wall_seconds: trained.seconds,
            samples_per_second: trained.samples_seen as f64
                / trained.seconds.max(f64::MIN_POSITIVE),
        }
    }

    /// Writes it as indented JSON.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, disk: &Disk, path: &Path) -> Result<(), TrainerError> {
        let json = serde_json::to_string_pretty(self)
            .map_err(|e| TrainerError::Internal(e.to_string()))?;
        disk.write_whole(path, (json + "\n").as_bytes())
    }

    /// Reads it back.
    ///
    /// # Errors
    /// The file cannot be read or is not a summary.
    pub fn read(path: &Path) -> Result<Self, TrainerError> {
        serde_json::from_str(&read_to_string(path)?).map_err(|e| TrainerError::Damaged {
            path: path.to_owned(),
            why: e.to_string(),
        })
    }
}
