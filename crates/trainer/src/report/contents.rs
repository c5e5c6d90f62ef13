//! What a page is made of.

use super::test_split::TestSplit;
use crate::inferred_parameters::InferredParameters;
use crate::metrics::EpochRecord;
use crate::seasons::Seasons;
use crate::summary::Summary;
use serde_json::Value;

/// How the inferred parameters of the test split go with time.
#[derive(Clone, Copy, Debug)]
pub enum OverTime<'a> {
    /// Over the year by class, where classes and dates are known.
    Seasons(&'a Seasons),
    /// Over the years, where dates are known and there are no classes.
    Course(&'a InferredParameters),
}

/// What a page is made of; it leaves out what is not there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Contents<'a> {
    /// The numbers of the run; `None` where it has not finished and no weights were evaluated.
    pub summary: Option<&'a Summary>,
    /// The epochs' records, first to last.
    pub epochs: &'a [EpochRecord],
    /// The samples of the test split, evaluated.
    pub split: Option<&'a TestSplit>,
    /// Where dates are known.
    pub over_time: Option<OverTime<'a>>,
    /// The text of the run's `config.json`.
    pub config_json: &'a str,
    /// What a reader must know of this page before the rest: that the run has not finished, that samples are missing.
    pub note: Option<&'a str>,
}

impl Contents<'_> {
    /// Name of the experiment, name of the physics and seed: of the summary, or else of the configuration.
    pub(super) fn title(&self) -> (String, String, String) {
        if let Some(summary) = self.summary {
            return (
                summary.experiment.clone(),
                summary.physics.clone(),
                summary.seed.to_string(),
            );
        }
        let config: Value = serde_json::from_str(self.config_json).unwrap_or(Value::Null);
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let physics = match &config["phys_vae"]["no_phy"] {
            Value::Bool(true) => "none".to_owned(),
            _ => text(&config["physics"]["model"]),
        };
        (text(&config["name"]), physics, text(&config["seed"]))
    }

    /// The selected epoch: of the summary, or else the last one that was the best so far.
    pub(super) fn selected(&self) -> usize {
        let best = || self.epochs.iter().rfind(|e| e.best).map(|e| e.epoch);
        (self.summary.map(|s| s.best_epoch))
            .or_else(best)
            .unwrap_or(usize::MAX)
    }
}
