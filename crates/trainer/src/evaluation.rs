//! How well a model does on a split.

use crate::TrainerError;
use crate::chunks::chunks;
use crate::experiment::Experiment;
use crate::fit_by_row::FitByRow;
use crate::inferred_parameters::InferredParameters;
use crate::metrics::{Measures, NamedValues};
use crate::recovery::{Recovery, r_squared, recover};
use crate::seasons::Seasons;
use crate::separation::{Separation, separation};
use crate::training::{Learner, Shards};
use data::{Purpose, Samples, draw_unit_parameters, stream};
use losses::{Averages, Goal};
use ndarray::{Array2, Axis};
use nn::Scalar;
use serde::{Deserialize, Serialize};

/// Errors of a reconstruction. MSE is element-wise in standardised units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Errors {
    /// With mean latents.
    pub mse: f64,
    /// With sampled latents (one draw, seeded).
    pub mse_sampled: f64,
    /// The MSE of the physics alone (x_P, through the calibration if there is one), mean latents; null without physics.
    pub mse_physics_only: Option<f64>,
    /// Root mean square error in the unit of the channels, mean latents.
    pub rmse_physical: f64,
    /// The residual's share of the variance, mean latents: that of x_PB − x_P, in standardised units and summed over the
    /// channels, over that of x. What is added to all samples alike is no part of it. Null without physics.
    #[serde(default)]
    pub residual_share: Option<f64>,
}

/// A split, evaluated.
pub struct Evaluation {
    /// Errors of the reconstruction.
    pub errors: Errors,
    /// What is monitored, mean latents.
    pub averages: Averages,
    /// RMSE per channel in its unit, mean latents, of the reconstruction.
    pub rmse_per_channel: Vec<f64>,
    /// The same of the physics alone.
    pub rmse_per_channel_physics: Option<Vec<f64>>,
    /// Inferred z ∈ (0, 1), n × p.
    pub z_phy: Option<Array2<f64>>,
    /// Lower and upper end of the central 90 % of each z's posterior, n × p each.
    pub z_90: Option<[Array2<f64>; 2]>,
    /// Recovery per parameter, where the truth is known.
    pub recovery: Option<Vec<(String, Recovery)>>,
    /// How far the inferred parameters tell the classes apart, where classes are known; all rows of a place are on
    /// one side.
    pub separation: Option<Separation>,
    /// The course of the inferred parameters by class, where classes and dates are known.
    pub seasons: Option<Seasons>,
    /// How well each row is reconstructed, and the spectra of some.
    pub rows: FitByRow,
}

impl Evaluation {
    /// The inferred parameters of the samples that were evaluated, in their units; `None` without physics.
    pub fn inferred(
        &self,
        experiment: &Experiment,
        samples: &Samples,
    ) -> Option<InferredParameters> {
        let (physics, z) = (experiment.physics.as_ref()?, self.z_phy.as_ref()?);
        let (z_90, labels) = (self.z_90.as_ref(), samples.labels());
        Some(InferredParameters::of(
            physics,
            &experiment.units,
            z,
            z_90,
            labels,
        ))
    }
}

/// What a pass over a split monitors, decoding the means: deterministic, averaged over rows.
///
/// # Errors
/// The physics refuses a value, or the result is not finite.
pub fn monitor<E: Scalar, D: Shards<E>>(
    learner: &Learner<E, D>,
    experiment: &Experiment,
    samples: &Samples,
    split: &'static str,
    epoch: usize,
) -> Result<Measures, TrainerError> {
    let mut statistics = learner.statistics();
    for (x, conditions) in chunks(samples) {
        learner.reconstruct(
            x.view(),
            conditions.as_ref().map(Array2::view),
            None,
            &mut statistics,
        )?;
    }
    let averages = statistics.averages();
    let weights = experiment.weights_at(epoch);
    let mut measures = Measures::of(&averages, &experiment.dimensions);
    let loss = averages.rec
        + weights.beta * averages.kl()
        + weights.gate * averages.mean_gate().unwrap_or(0.0)
        + weights.residual * averages.pre_gate.unwrap_or(0.0);
    if !loss.is_finite() {
        return Err(TrainerError::NotFinite { split, epoch });
    }
    // of another goal the parts are shown, a total would compare with nothing
    measures.loss = (experiment.goal == Goal::default()).then_some(loss);
    Ok(measures)
}

/// Evaluates a split.
///
/// # Errors
/// The physics refuses a value, or the result is not finite.
pub fn evaluate<E: Scalar, D: Shards<E>>(
    learner: &Learner<E, D>,
    experiment: &Experiment,
    samples: &Samples,
) -> Result<Evaluation, TrainerError> {
    let d = experiment.dimensions.channels.len();
    let (mut statistics, mut unused) = (learner.statistics(), learner.statistics());
    let mut squares = vec![0.0; d];
    let mut squares_physics = vec![0.0; d];
    let mut squares_sampled = 0.0;
    let (mut spread, mut spread_residual) = (Spread::of(d), Spread::of(d));
    let mut rows = FitByRow::of(samples.len(), d);
    let mut z_phy: Option<Array2<f64>> = None;
    let mut z_90: Option<[Array2<f64>; 2]> = None;
    for (chunk, (x, conditions)) in chunks(samples).enumerate() {
        let conditions = conditions.as_ref().map(Array2::view);
        let mean = learner.reconstruct(x.view(), conditions, None, &mut statistics)?;
        let mut rng = stream(experiment.seed, Purpose::SampledEvaluation, 0, chunk as u32);
        let drawn = learner.reconstruct(x.view(), conditions, Some(&mut rng), &mut unused)?;
        add_squares(&mut squares, &mean.x_pb, &x);
        if let Some(x_p) = &mean.x_p {
            add_squares(&mut squares_physics, x_p, &x);
            spread_residual.add(&(&mean.x_pb - x_p));
        }
        spread.add(&x);
        rows.add(x.view(), &mean)?;
        squares_sampled += (&drawn.x_pb - &x).mapv(|v| v * v).sum();
        let append = |all: &mut Array2<f64>, more: Array2<f64>| {
            all.append(Axis(0), more.view())
                .map_err(|e| TrainerError::Internal(e.to_string()))
        };
        match (&mut z_phy, mean.z_phy) {
            (Some(all), Some(z)) => append(all, z)?,
            (all, z) => *all = z,
        }
        match (&mut z_90, mean.z_90) {
            (Some(all), Some(ends)) => {
                for (all, end) in all.iter_mut().zip(ends) {
                    append(all, end)?;
                }
            }
            (all, ends) => *all = ends,
        }
    }
    let averages = statistics.averages();
    let n = averages.rows as f64;
    let elements = n * d as f64;
    let scale = experiment.standardization.scale();
    let per_channel = |squares: &[f64]| -> Vec<f64> {
        squares
            .iter()
            .zip(scale)
            .map(|(sum, scale)| (sum / n).sqrt() * scale)
            .collect()
    };
    let has_physics = experiment.physics.is_some();
    let rmse_per_channel = per_channel(&squares);
    let physical: f64 = rmse_per_channel.iter().map(|v| v * v).sum();
    let errors = Errors {
        mse: squares.iter().sum::<f64>() / elements,
        mse_sampled: squares_sampled / elements,
        mse_physics_only: has_physics.then(|| squares_physics.iter().sum::<f64>() / elements),
        rmse_physical: (physical / d as f64).sqrt(),
        residual_share: (has_physics && spread.variance() > 0.0)
            .then(|| spread_residual.variance() / spread.variance()),
    };
    if !(errors.mse.is_finite() && errors.mse_sampled.is_finite()) {
        return Err(TrainerError::NotFinite {
            split: "test",
            epoch: 0,
        });
    }
    let recovery = match (&experiment.physics, &z_phy, samples.truth()) {
        (Some(physics), Some(z), Some(truth)) => {
            let inferred = physics.to_physical(z.view());
            let ends = z_90.as_ref();
            let ends = ends.map(|ends| [0, 1].map(|i| physics.to_physical(ends[i].view())));
            Some(recover(&inferred, ends.as_ref(), truth, &experiment.units))
        }
        _ => None,
    };
    let labels = samples.labels();
    let separation = match (&z_phy, &labels.class) {
        (Some(z), Some(class)) => separation(z.view(), class, labels.sample_id.as_ref()),
        _ => None,
    };
    let seasons = match (&experiment.physics, &z_phy, &labels.class, &labels.date) {
        (Some(physics), Some(z), Some(class), Some(date)) => {
            let inferred = physics.to_physical(z.view());
            let seasons = Seasons::of(inferred.view(), &experiment.units, class, date);
            (!seasons.means.is_empty()).then_some(seasons)
        }
        _ => None,
    };
    Ok(Evaluation {
        errors,
        averages,
        rmse_per_channel,
        rmse_per_channel_physics: has_physics.then(|| per_channel(&squares_physics)),
        z_phy,
        z_90,
        recovery,
        separation,
        seasons,
        rows,
    })
}

/// Noise-free samples that [`inversion`] is measured on.
const INVERSION_SAMPLES: usize = 4096;

/// How well the encoder inverts its own physics: R² of z per parameter on 4,096 noise-free samples of
/// z ~ U(0, 1), drawn apart from all training draws. The conditions are the physics' defaults or, of an encoder that
/// sees them, those of rows of `training` drawn with replacement. `None` without physics.
///
/// # Errors
/// The physics or the device refuses.
pub fn inversion<E: Scalar, D: Shards<E>>(
    learner: &Learner<E, D>,
    experiment: &Experiment,
    training: &Samples,
) -> Result<Option<NamedValues>, TrainerError> {
    let Some(physics) = &experiment.physics else {
        return Ok(None);
    };
    let p = physics.parameters();
    let mut rng = stream(experiment.seed, Purpose::Inversion, 0, 0);
    let truth = draw_unit_parameters(INVERSION_SAMPLES, p, &mut rng);
    let conditions = (experiment.architecture.sees_conditions > 0)
        .then(|| training.resample_conditions(INVERSION_SAMPLES, &mut rng))
        .flatten();
    let conditions = conditions.as_ref().map(Array2::view);
    let mut x = physics.signals(truth.view(), conditions)?;
    if let Some(calibration) = &learner.model.buffers().calibration {
        // spectra as the encoder sees them
        calibration.apply_in_place(&mut x);
    }
    let inferred = learner.infer_z(x.view(), conditions)?;
    let r2: Vec<f64> = (0..p)
        .map(|k| {
            let pairs = inferred.column(k).into_iter().zip(truth.column(k));
            // drawn numbers are never all the same
            r_squared(pairs.map(|(a, b)| (*a, *b))).unwrap_or(f64::NAN)
        })
        .collect();
    Ok(Some(NamedValues::new(&experiment.dimensions.physical, &r2)))
}

/// Sums that a variance per column follows from (Welford 1962, doi:10.1080/00401706.1962.10490022).
struct Spread {
    rows: f64,
    mean: Vec<f64>,
    squares: Vec<f64>,
}

impl Spread {
    fn of(columns: usize) -> Self {
        Self {
            rows: 0.0,
            mean: vec![0.0; columns],
            squares: vec![0.0; columns],
        }
    }

    fn add(&mut self, more: &Array2<f64>) {
        for row in more.rows() {
            self.rows += 1.0;
            for ((value, mean), squares) in row.iter().zip(&mut self.mean).zip(&mut self.squares) {
                let before = value - *mean;
                *mean += before / self.rows;
                *squares += before * (value - *mean);
            }
        }
    }

    /// Sum of the columns' variances.
    fn variance(&self) -> f64 {
        self.squares.iter().sum::<f64>() / self.rows
    }
}

fn add_squares(sums: &mut [f64], a: &Array2<f64>, b: &Array2<f64>) {
    for (a, b) in a.rows().into_iter().zip(b.rows()) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += (a - b).powi(2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// Columns with the variances 2/3 and 6, however the rows come.
    #[test]
    fn spread_by_hand() {
        let x = array![[1.0, 4e8], [2.0, 4e8 + 3.0], [3.0, 4e8 + 6.0]];
        let mut spread = Spread::of(2);
        spread.add(&x);
        assert!((spread.variance() - (2.0 / 3.0 + 6.0)).abs() < 1e-12);
        let mut parts = Spread::of(2);
        for row in x.rows() {
            parts.add(&row.insert_axis(Axis(0)).to_owned());
        }
        assert_eq!(parts.variance(), spread.variance());
    }
}
