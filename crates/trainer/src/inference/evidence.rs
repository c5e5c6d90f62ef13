//! Whether observations can be what their user declares, by the rules that training tables are judged by.

use super::Estimator;
use super::input::names::blue;
use crate::TrainerError;
use data::{AngleEvidence, ChannelEvidence, Contradiction, Values};
use std::path::Path;

/// Numbers of this size and more are no measurements in any unit: they say nothing of the others.
const ABSURD: f64 = 1e9;

/// What observations look like, as their file has them.
#[derive(Clone, Debug)]
pub struct Evidence {
    channels: ChannelEvidence,
    angles: Vec<AngleEvidence>,
}

impl Evidence {
    /// Nothing seen yet of what a model is asked about, whose channels hold `values`.
    pub fn new(estimator: &Estimator, values: Values) -> Self {
        let names = estimator.channels();
        let conditions = estimator.conditions().iter();
        Self {
            channels: ChannelEvidence::new(names.len(), values).with_blue(blue(names)),
            angles: conditions.map(AngleEvidence::new).collect(),
        }
    }

    /// Takes in the channels of an observation, after a file's own scale; one with a missing (NaN) or absurd number says
    /// nothing, nor does one of zeros or ones alone, which no sensor sees: beyond the edge of a swath digital numbers are
    /// often 1.
    pub fn add_channels(&mut self, cells: &[f64]) {
        let all_are = |one: f64| cells.iter().all(|cell| *cell == one);
        if !all_are(0.0) && !all_are(1.0) && cells.iter().all(|cell| cell.abs() < ABSURD) {
            self.channels.add(cells);
        }
    }

    /// Takes in a number of a column of the condition of this place; NaN says nothing.
    pub fn add_angle(&mut self, condition: usize, angle: f64) {
        if let Some(evidence) = self.angles.get_mut(condition) {
            evidence.add(angle);
        }
    }

    /// Observations of which all channels were seen.
    pub fn observations(&self) -> usize {
        self.channels.rows()
    }

    /// Why these cannot be what they are declared as; `None` if they can.
    pub fn contradiction(&self) -> Option<Contradiction> {
        let of_angles = || self.angles.iter().find_map(AngleEvidence::contradiction);
        self.channels.contradiction().or_else(of_angles)
    }

    /// What is likely wrong, a sentence each.
    pub fn doubts(&self) -> Vec<String> {
        self.channels.doubts()
    }

    /// Refuses a file for a contradiction.
    ///
    /// # Errors
    /// What is declared, what is there, what that looks like and what to do.
    pub(crate) fn check(&self, path: &Path) -> Result<(), TrainerError> {
        let path = path.to_owned();
        match self.contradiction() {
            None => Ok(()),
            Some(what) => Err(TrainerError::Implausible { path, what }),
        }
    }
}
