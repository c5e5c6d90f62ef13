//! What a model was trained on, as far as it must be known to tell whether it may be asked about something else.

use crate::TrainerError;
use crate::cholesky::factor;
use crate::experiment::Experiment;
use crate::inference::rmse_by_row;
use crate::training::{Learner, Shards};
use data::{NamedColumns, Samples, Splits};
use ndarray::{Array2, ArrayView2, Axis};
use nn::Scalar;
use physics::Quantity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Share of the training samples that is inside.
const INSIDE: f64 = 0.999;
/// Share of the validation samples whose errors are not high.
const NOT_HIGH: f64 = 0.99;
/// Added to the diagonal of a covariance of standardised channels, whose mean diagonal is about 1: channels that others
/// determine would leave none to invert.
const RIDGE: f64 = 1e-6;

/// The training data in a few numbers; `domain.json` of a run.
///
/// A spectrum is inside if its squared Mahalanobis distance from the training samples is at most that of 99.9 % of them
/// (Mahalanobis 1936), and no channel lies beyond all of theirs by more than their standard deviation. That is a test for
/// spectra of another kind (snow, water, clouds, wrong units), not a promise for all others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// Mean of each standardised channel, d.
    mean: Vec<f64>,
    /// Lower triangle of Cholesky's factor of their covariance, row by row, d (d + 1)/2.
    factor: Vec<f64>,
    /// Largest squared distance inside.
    largest_distance: f64,
    /// Smallest and largest standardised value of each channel.
    channels: Vec<[f64; 2]>,
    /// Smallest and largest value of each condition in its unit, where the training samples had conditions of their own.
    conditions: BTreeMap<String, [f64; 2]>,
    /// Errors that are exceeded by 1 % of the validation samples, in the channels' unit.
    high_errors: Option<HighErrors>,
}

/// Root mean square errors over the channels, in their unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HighErrors {
    /// Of the physics, behind its calibration if it has one.
    pub physics: Option<f64>,
    /// Of the reconstruction.
    pub reconstruction: f64,
}

impl HighErrors {
    /// Those that 1 % of the given errors exceed; NaN among them is refused as `None`.
    pub(crate) fn of(physics: Option<Vec<f64>>, reconstruction: Vec<f64>) -> Option<Self> {
        Some(Self {
            physics: match physics {
                Some(errors) => Some(quantile(errors, NOT_HIGH)?),
                None => None,
            },
            reconstruction: quantile(reconstruction, NOT_HIGH)?,
        })
    }
}

/// `None` of nothing, or where one is not finite.
fn quantile(mut values: Vec<f64>, share: f64) -> Option<f64> {
    if values.iter().any(|v| !v.is_finite()) {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    Some(values[(share * last as f64).round() as usize])
}

impl Domain {
    /// Of training samples.
    ///
    /// # Errors
    /// Their covariance is not finite.
    pub fn of(samples: &Samples) -> Result<Self, TrainerError> {
        let x = samples.x();
        let (n, d) = x.dim();
        let mean = x.mean_axis(Axis(0)).unwrap_or_default();
        let away = &x - &mean;
        let mut covariance: Array2<f64> = away.t().dot(&away) / n as f64;
        for diagonal in covariance.diag_mut() {
            *diagonal += RIDGE;
        }
        let lower = factor(covariance).ok_or_else(|| {
            TrainerError::Internal("the training samples have no covariance".into())
        })?;
        let ends = |column: ndarray::ArrayView1<f64>| {
            let ends = column
                .iter()
                .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], &v| {
                    [low.min(v), high.max(v)]
                });
            let mean = column.sum() / n as f64;
            (
                ends,
                (column.fold(0.0, |sum, v| sum + (v - mean).powi(2)) / n as f64).sqrt(),
            )
        };
        let channels = x.columns().into_iter().map(|column| {
            let ([low, high], spread) = ends(column);
            [low - spread, high + spread]
        });
        let mut conditions = BTreeMap::new();
        if let Some(own) = samples.conditions() {
            for (name, column) in own.names().iter().zip(own.values().columns()) {
                conditions.insert(name.clone(), ends(column).0);
            }
        }
        let mut domain = Self {
            mean: mean.to_vec(),
            factor: (0..d)
                .flat_map(|i| (0..=i).map(move |j| (i, j)))
                .map(|at| lower[at])
                .collect(),
            largest_distance: f64::INFINITY,
            channels: channels.collect(),
            conditions,
            high_errors: None,
        };
        let mut work = vec![0.0; d];
        let distances: Vec<f64> = (x.rows().into_iter())
            .map(|row| domain.squared_distance(row.iter().copied(), &mut work))
            .collect();
        domain.largest_distance = quantile(distances, INSIDE)
            .ok_or_else(|| TrainerError::Internal("the training samples are not finite".into()))?;
        Ok(domain)
    }

    /// Of training samples, with the errors of a model on validation samples.
    ///
    /// # Errors
    /// The physics or the device refuses, or something is not finite.
    pub fn learned<E: Scalar, D: Shards<E>>(
        learner: &Learner<E, D>,
        experiment: &Experiment,
        samples: &Splits,
    ) -> Result<Self, TrainerError> {
        let valid = &samples.valid;
        let scale = experiment.standardization.scale();
        let conditions = valid.conditions().map(NamedColumns::values);
        let mut unused = learner.statistics();
        let seen = learner.reconstruct(valid.x(), conditions, None, &mut unused)?;
        let physics = (seen.x_p).map(|x_p| rmse_by_row(valid.x(), x_p.view(), scale));
        let reconstruction = rmse_by_row(valid.x(), seen.x_pb.view(), scale);
        let high = HighErrors::of(physics, reconstruction);
        Ok(Self::of(&samples.train)?.with_high_errors(high))
    }

    /// The same with the errors that count as high.
    #[must_use]
    pub fn with_high_errors(self, high_errors: Option<HighErrors>) -> Self {
        Self {
            high_errors,
            ..self
        }
    }

    /// The errors that count as high, where they are known.
    pub fn high_errors(&self) -> Option<HighErrors> {
        self.high_errors
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.mean.len()
    }

    /// Whether the numbers belong together.
    pub(crate) fn is_sound(&self) -> bool {
        let d = self.mean.len();
        self.factor.len() == d * (d + 1) / 2 && self.channels.len() == d && d > 0
    }

    fn squared_distance(&self, x: impl Iterator<Item = f64>, work: &mut [f64]) -> f64 {
        // forward substitution, L y = x − mean; |y|² is the distance
        let (mut sum, mut at) = (0.0, 0);
        for (i, (x, mean)) in x.zip(&self.mean).enumerate() {
            let mut y = x - mean;
            for (j, before) in work[..i].iter().enumerate() {
                y -= self.factor[at + j] * before;
            }
            y /= self.factor[at + i];
            at += i + 1;
            work[i] = y;
            sum += y * y;
        }
        sum
    }

    /// Whether standardised spectra (n × d) are unlike those of the training.
    pub fn is_outside(&self, x: ArrayView2<f32>) -> Vec<bool> {
        let mut work = vec![0.0; self.mean.len()];
        let outside = |row: ndarray::ArrayView1<f32>| {
            let wide = || row.iter().map(|&v| f64::from(v));
            // written so that NaN is outside
            let within = wide()
                .zip(&self.channels)
                .all(|(v, [low, high])| *low <= v && v <= *high);
            !(within && self.squared_distance(wide(), &mut work) <= self.largest_distance)
        };
        x.rows().into_iter().map(outside).collect()
    }

    /// Whether a condition of each of n samples (n × the quantities, in their units; `None`: at their defaults) is
    /// beyond those of the training.
    pub fn is_outside_conditions(
        &self,
        quantities: &[Quantity],
        conditions: Option<ArrayView2<f64>>,
        n: usize,
    ) -> Vec<bool> {
        let mut all = vec![false; n];
        for (k, quantity) in quantities.iter().enumerate() {
            // trained at one value: that of the default, from which no other was seen
            let [low, high] = self
                .condition(&quantity.name)
                .unwrap_or([quantity.default; 2]);
            // angles come as f32
            let slack = 1e-4 * quantity.max.abs();
            for (row, outside) in all.iter_mut().enumerate() {
                let value = conditions.map_or(quantity.default, |all| all[[row, k]]);
                // written so that NaN is outside
                *outside |= !(low - slack <= value && value <= high + slack);
            }
        }
        all
    }

    /// Smallest and largest value of a condition in the training data, where they had it.
    pub fn condition(&self, name: &str) -> Option<[f64; 2]> {
        self.conditions.get(name).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data::{Labels, Purpose, stream};
    use rand::Rng as _;
    use rand_distr::StandardNormal;

    /// Two channels that nearly follow each other, of 4,000 samples.
    fn samples() -> Samples {
        let mut rng = stream(1, Purpose::SyntheticData, 0, 0);
        let mut x = Array2::zeros((4000, 2));
        let mut angles = Array2::zeros((4000, 1));
        for (mut row, angle) in x.rows_mut().into_iter().zip(angles.iter_mut()) {
            let (a, b): (f64, f64) = (rng.sample(StandardNormal), rng.sample(StandardNormal));
            row[0] = a;
            row[1] = 0.95 * a + 0.3 * b;
            *angle = rng.gen_range(20.0..60.0);
        }
        let conditions = NamedColumns::new(vec!["tts".into()], angles).unwrap();
        Samples::new(x, Some(conditions), Labels::default(), None).unwrap()
    }

    #[test]
    fn a_thousandth_of_the_training_samples_is_outside_and_the_unlikely_pair() {
        let (samples, domain) = (samples(), Domain::of(&samples()).unwrap());
        let x = samples.x().mapv(|v| v as f32);
        let outside = domain.is_outside(x.view()).iter().filter(|&&it| it).count();
        assert!((3..=5).contains(&outside), "{outside}");
        // each value is usual, together they are not
        let x = ndarray::array![[2.0, 1.9], [1.5, -1.5], [0.0, 9.0], [f32::NAN, 0.0]];
        assert_eq!(domain.is_outside(x.view()), [false, true, true, true]);
        let [low, high] = domain.condition("tts").unwrap();
        assert!((20.0..21.0).contains(&low) && (59.0..60.0).contains(&high));
        assert_eq!(domain.condition("psi"), None);
        let quantity = |name: &str| Quantity {
            name: name.into(),
            unit: "deg".into(),
            min: 0.0,
            max: 90.0,
            default: 45.0,
        };
        let quantities = ["tts", "tto"].map(quantity);
        let given = ndarray::array![[30.0, 45.0], [61.0, 45.0], [30.0, 40.0], [f64::NAN, 45.0]];
        let outside = domain.is_outside_conditions(&quantities, Some(given.view()), 4);
        assert_eq!(outside, [false, true, true, true]);
        assert_eq!(
            domain.is_outside_conditions(&quantities, None, 2),
            [false; 2]
        );
    }

    #[test]
    fn a_hundredth_of_the_errors_is_high() {
        let errors: Vec<f64> = (0..=1000).map(f64::from).collect();
        let high = HighErrors::of(None, errors.clone()).unwrap();
        assert_eq!((high.physics, high.reconstruction), (None, 990.0));
        assert_eq!(HighErrors::of(Some(vec![f64::NAN]), errors), None);
        let domain = Domain::of(&samples()).unwrap().with_high_errors(Some(high));
        let text = serde_json::to_string(&domain).unwrap();
        assert_eq!(serde_json::from_str::<Domain>(&text).unwrap(), domain);
        assert!(domain.is_sound());
    }
}
