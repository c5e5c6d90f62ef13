//! The physics that a run was trained with, by what it computes: a file of response functions or of spectra can change
//! under its name.

use crate::TrainerError;
use crate::experiment::Experiment;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Places of z ∈ (0, 1), the same in every dimension.
const PLACES: [f64; 3] = [0.25, 0.5, 0.8];

/// In standardised units: far above what another precision or another machine rounds, far below what another table
/// does.
const SAME: f64 = 1e-3;

/// What the exact physics computes at a few places, standardised; nothing without physics.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownPhysics {
    signals: Vec<f64>,
}

impl KnownPhysics {
    /// Of an experiment.
    ///
    /// # Errors
    /// The physics refuses.
    pub fn of(experiment: &Experiment) -> Result<Self, TrainerError> {
        let Some(physics) = experiment.physics_of_evaluation() else {
            return Ok(Self::default());
        };
        let p = experiment.architecture.dim_z_phy;
        let z = Array2::from_shape_fn((PLACES.len(), p), |(row, _)| PLACES[row]);
        let signals = physics.signals(z.view(), None)?;
        Ok(Self {
            signals: signals.into_iter().collect(),
        })
    }

    /// Whether it is the physics of a run; `run` is for messages.
    ///
    /// # Errors
    /// It computes something else.
    pub fn check(&self, kept: &Self, run: &Path) -> Result<(), TrainerError> {
        let mut pairs = self.signals.iter().zip(&kept.signals);
        let same = self.signals.len() == kept.signals.len()
            && pairs.all(|(now, then)| (now - then).abs() <= SAME * then.abs().max(1.0));
        if same {
            return Ok(());
        }
        Err(TrainerError::ChangedPhysics {
            run: run.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_numbers_are_another_physics() {
        let of = |signals: &[f64]| KnownPhysics {
            signals: signals.to_vec(),
        };
        let run = Path::new("run");
        let kept = of(&[0.5, -3.0]);
        assert!(of(&[0.5, -3.0]).check(&kept, run).is_ok());
        assert!(of(&[0.5005, -3.0005]).check(&kept, run).is_ok());
        for other in [&[0.502, -3.0][..], &[0.5], &[], &[f64::NAN, -3.0]] {
            assert!(of(other).check(&kept, run).is_err(), "{other:?}");
        }
        assert!(KnownPhysics::default().check(&of(&[]), run).is_ok());
    }
}
