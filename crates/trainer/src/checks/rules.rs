//! What a configuration demands of the records of its run.

use crate::TrainerError;
use crate::assemble::{assemble_without_samples, check};
use crate::config::{ConfigSource, Overrides, load};
use crate::experiment::Experiment;
use crate::resume::{ChangeLog, ChangeRecord, LEARNING_RATE};
use crate::run_directory::RunDirectory;
use crate::training::StageA;
use schedules::Schedule;

/// What a configuration demands.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Phase, β and learning rate of every epoch.
    pub schedule: Schedule,
    /// Whether β weighs any KL.
    pub beta_weighs: bool,
    /// The weight of every dimension's KL in parts of β; `None` where they differ, or none is weighed.
    pub kl_weight: Option<f64>,
    /// Nats per dimension that cost nothing.
    pub free_bits: f64,
    /// The weight of the synthetic loss, where Stage A must bring it down; `None` where it need not.
    pub synthetic_weight: Option<f64>,
    /// Whether an epoch is judged by its loss on simulations, not by its reconstruction.
    pub judged_by_simulations: bool,
}

impl Rules {
    /// Those of an experiment.
    pub fn of(experiment: &Experiment) -> Self {
        let (x, goal, a) = (experiment, &experiment.goal, &experiment.architecture);
        let controlled = goal.capacity_weight > 0.0 && a.dim_z_phy > 0;
        let blocks = [
            (a.dim_z_phy, goal.beta_phy, !controlled),
            (a.dim_z_aux, goal.beta_aux, true),
        ];
        let mut weights: Vec<f64> = blocks
            .iter()
            .filter(|(k, _, by_beta)| *k > 0 && *by_beta)
            .map(|(_, weight, _)| *weight)
            .collect();
        weights.dedup();
        let beta_weighs = x.kl_is_used && weights.iter().any(|weight| *weight > 0.0);
        // a simulated posterior learns nothing from its KL
        let comparable = beta_weighs && !controlled && !(x.posterior_is_simulated && a.dim_z_phy > 0);
        // disturbed spectra cannot be inverted to half the error
        let inverts = x.stage_a == StageA::default() && x.weights.data_aug > 0.0;
        Self {
            schedule: x.schedule.clone(),
            beta_weighs,
            kl_weight: weights.first().copied().filter(|_| comparable && weights.len() == 1),
            free_bits: goal.free_bits,
            synthetic_weight: inverts.then_some(x.weights.data_aug),
            judged_by_simulations: x.posterior_is_simulated && !a.has_residual(),
        }
    }
}

/// Rules that hold up to a place of a run.
#[derive(Clone, Debug)]
pub struct InForce {
    /// Epoch and batch from which they hold no more; `None`: to the end.
    pub until: Option<(usize, usize)>,
    /// The rules; `None` where their configuration is not there any more.
    pub rules: Option<Rules>,
    /// Whether the next ones have another initial learning rate.
    pub then_other_lr: bool,
    /// Whether with the next ones everything is measured anew.
    pub then_anew: bool,
}

impl InForce {
    /// Rules that hold from the first step to the last.
    pub fn throughout(rules: Rules) -> Vec<Self> {
        vec![Self {
            until: None,
            rules: Some(rules),
            then_other_lr: false,
            then_anew: false,
        }]
    }

    /// The rules of a run and those that it had before, where its configuration changed on the way.
    ///
    /// # Errors
    /// The changes of the run cannot be read.
    pub fn of_run(run: &RunDirectory, experiment: &Experiment) -> Result<Vec<Self>, TrainerError> {
        let changes = ChangeLog::new(run.disk().clone(), run.path()).read()?;
        let mut all = Self::throughout(Rules::of(experiment));
        // from the last one back: what a change of the samples alone left is what came after it
        for change in changes.iter().rev() {
            let rules = match &change.config_until {
                Some(file) => rules_of(run, file, experiment),
                None => all[0].rules.clone(),
            };
            all.insert(0, Self::until(change, rules));
        }
        Ok(all)
    }

    fn until(change: &ChangeRecord, rules: Option<Rules>) -> Self {
        Self {
            until: Some(change.place()),
            rules,
            then_other_lr: change.keys.iter().any(|key| key == LEARNING_RATE),
            then_anew: change.measured_anew,
        }
    }
}

/// The rules of a configuration that the run had; `None` where it cannot be read any more.
fn rules_of(run: &RunDirectory, file: &str, now: &Experiment) -> Option<Rules> {
    let source = ConfigSource::File(run.path().join(file));
    let checked = check(&load(&source, &Overrides::default()).ok()?).ok()?;
    let then = assemble_without_samples(&checked, now.standardization.clone()).ok()?;
    Some(Rules::of(&then))
}
