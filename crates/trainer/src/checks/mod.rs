//! What a finished run must show: five checks on its records.
//!
//! The records say what a step really did: the learning rate that the optimiser was given, the β that the loss weighed
//! the KL with and what the KL cost in it. The checks hold that to what the configuration says, the one of that time
//! where it changed on the way.
//!
//! rules   what a configuration demands
//! judge   holds the records to it, one after the other

mod judge;
mod rules;
#[cfg(test)]
mod tests;

use crate::TrainerError;
use crate::experiment::Experiment;
use crate::metrics_log::MetricsLog;
use crate::run_directory::RunDirectory;
use serde::{Deserialize, Serialize};

pub use judge::Judge;
pub use rules::{InForce, Rules};

/// The five checks; `None` where a variant or a short run gives a check no meaning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checks {
    /// β = 0 throughout Pretrain: nothing but the synthetic loss is minimised.
    pub beta_zero_in_pretrain: Option<bool>,
    /// β goes from 0 to 1 in Train, as the loss weighed the KL.
    pub beta_anneals_to_one: Option<bool>,
    /// One LR per epoch in the optimiser, equal to the schedule's, switching at the boundary of the phases.
    pub lr_switches_at_boundary: Option<bool>,
    /// The last Pretrain epoch's synthetic loss is below half the first's, none above the first.
    pub synthetic_loss_decreases: Option<bool>,
    /// What the KL cost in the training loss is its weight times the plain sum of the logged per-dimension values (free
    /// bits counted), so that at equal per-dimension KL the physical share is p/(p+a). `None` where the configuration
    /// weighs the blocks differently, or by capacity.
    pub kl_balances_naturally: Option<bool>,
    /// Measured share of the physical dimensions in the last epoch's validation KL.
    pub kl_physical_share: Option<f64>,
}

impl Checks {
    /// Whether no check failed.
    pub fn passed(&self) -> bool {
        self.named()
            .iter()
            .all(|(_, result)| *result != Some(false))
    }

    /// The five with a sentence each.
    pub fn named(&self) -> [(&'static str, Option<bool>); 5] {
        [
            (
                "KL weight is 0 throughout Pretrain",
                self.beta_zero_in_pretrain,
            ),
            (
                "KL weight goes from 0 to 1 in Train",
                self.beta_anneals_to_one,
            ),
            (
                "learning rate switches at the boundary of the phases",
                self.lr_switches_at_boundary,
            ),
            (
                "synthetic loss decreases in Pretrain",
                self.synthetic_loss_decreases,
            ),
            (
                "KL weighs its dimensions equally",
                self.kl_balances_naturally,
            ),
        ]
    }

    /// Checks a run by its records, half-written ones left out.
    ///
    /// # Errors
    /// Records or changes of the run cannot be read.
    pub fn of_run(
        run: &RunDirectory,
        log: &MetricsLog,
        experiment: &Experiment,
    ) -> Result<Self, TrainerError> {
        let mut judge = Judge::new(InForce::of_run(run, experiment)?);
        log.each_whole(&mut |record| judge.see(&record))?;
        Ok(judge.checks())
    }
}
