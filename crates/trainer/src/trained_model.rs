//! A run opened for its selected weights.

use crate::TrainerError;
use crate::assemble::{Assembled, assemble_again, assemble_without_samples, check};
use crate::checkpoint;
use crate::config::{CheckedExperiment, ConfigSource, Overrides, load};
use crate::domain::Domain;
use crate::experiment::Experiment;
use crate::run_directory::RunDirectory;
use crate::training::{Learner, Shards};
use data::Splits;
use nn::Cpu;
use std::path::{Path, PathBuf};

/// The selected weights of a run, decoding with the exact physics.
pub struct TrainedModel<D: Shards<f32> = Cpu> {
    /// The configuration of the run.
    pub checked: CheckedExperiment,
    /// What was trained.
    pub experiment: Experiment,
    /// With the model inside.
    pub learner: Learner<f32, D>,
    /// What it was trained on; `None` of a run that did not keep it.
    pub domain: Option<Domain>,
    /// The file of the weights.
    pub weights: PathBuf,
}

impl<D: Shards<f32>> TrainedModel<D> {
    /// Opens a run or an exported model; its samples are not needed.
    ///
    /// # Errors
    /// Not a run, a file that is missing or damaged, or of another version.
    pub fn open(path: &Path, device: D) -> Result<Self, TrainerError> {
        let run = RunDirectory::open(path)?;
        let checked = configuration(&run)?;
        let experiment = assemble_without_samples(&checked, run.standardization()?)?;
        Self::with(&run, checked, experiment, device)
    }

    /// Opens a run with its samples.
    ///
    /// # Errors
    /// As [`TrainedModel::open`], or its tables are not there or are refused.
    pub fn open_with_samples(path: &Path, device: D) -> Result<(Self, Splits), TrainerError> {
        let run = RunDirectory::open(path)?;
        let checked = configuration(&run)?;
        let Assembled {
            experiment,
            samples,
            ..
        } = assemble_again(&checked, run.kept_standardization()?, run.path())?;
        Ok((Self::with(&run, checked, experiment, device)?, samples))
    }

    fn with(
        run: &RunDirectory,
        checked: CheckedExperiment,
        experiment: Experiment,
        device: D,
    ) -> Result<Self, TrainerError> {
        let weights = run.selected()?;
        let checkpoint = checkpoint::load::<f32>(&weights)?;
        let mut learner = Learner::new(&experiment, device)?;
        checkpoint.restore(&mut learner.model, &mut learner.adam)?;
        if let Some(exact) = &experiment.exact_physics {
            learner.model.set_physics(exact.clone())?;
        }
        let domain = run.domain(experiment.dimensions.channels.len())?;
        Ok(Self {
            checked,
            experiment,
            learner,
            domain,
            weights,
        })
    }
}

fn configuration(run: &RunDirectory) -> Result<CheckedExperiment, TrainerError> {
    check(&load(
        &ConfigSource::File(run.config()),
        &Overrides::default(),
    )?)
}
