//! The calibration of a decoder, before anything is learned.

use crate::TrainerError;
use crate::experiment::{CalibrationKind, Experiment};
use data::{Purpose, Samples, stream};
use model::Calibration;
use ndarray::Array2;

/// Draws of the prior whose moments are matched: their means are good to 1 % of a standard deviation.
const DRAWS: usize = 16_384;

/// Matches the physics' outputs over the prior of Stage A to the training samples; `None` where the experiment has no
/// calibration or no physics. It takes the physics of training.
///
/// # Errors
/// The physics refuses a value.
pub(super) fn calibration(
    experiment: &Experiment,
    training: &Samples,
) -> Result<Option<Calibration>, TrainerError> {
    let Some(physics) = &experiment.physics else {
        return Ok(None);
    };
    let gain = match experiment.calibration {
        CalibrationKind::None => return Ok(None),
        CalibrationKind::Offset => false,
        CalibrationKind::GainAndOffset => true,
    };
    let mut rng = stream(experiment.seed, Purpose::Calibration, 0, 0);
    let p = experiment.architecture.dim_z_phy;
    let z = experiment.stage_a.draw(DRAWS, p, &mut rng);
    let conditions = training.resample_conditions(DRAWS, &mut rng);
    let outputs = physics.signals(z.view(), conditions.as_ref().map(Array2::view))?;
    Ok(Some(Calibration::by_moments(
        outputs.view(),
        training.x(),
        gain,
    )))
}
