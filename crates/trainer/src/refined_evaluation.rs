//! What a refinement does to the estimates of samples: `trainer eval --refine`.

use crate::TrainerError;
use crate::device::Device;
use crate::inference::{Estimator, FlagCounts, Observations, Refinement, Request};
use crate::recovery::{Recovery, recover};
use crate::trained_model::TrainedModel;
use data::Samples;
use model::PhysicsLayer;
use ndarray::{Array2, Axis, Slice};
use nn::Cpu;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// Samples of a thread at once.
const PART: usize = 1024;

/// Estimates of samples by the encoder alone or refined, and how well they do.
#[derive(Clone, Debug)]
pub struct Estimated {
    /// Name and unit of each parameter, p.
    pub parameters: Vec<(String, String)>,
    /// Posterior medians, n × p, in the parameters' units.
    pub median: Array2<f64>,
    /// Posterior standard deviations, n × p; NaN where latents have no spread.
    pub sd: Array2<f64>,
    /// Errors.
    pub errors: EstimateErrors,
    /// Recovery per parameter, where the truth is known.
    pub recovery: Option<Vec<(String, Recovery)>>,
    /// How many samples have which flag.
    pub flags: FlagCounts,
    /// Wall time.
    pub seconds: f64,
}

/// Errors of estimates. A calibration, where there is one, is part of the physics' answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct EstimateErrors {
    /// Element-wise MSE of the physics alone at the medians, standardised units.
    pub mse_physics: f64,
    /// Root mean square error of the physics alone, in the channels' unit.
    pub rmse_physics: f64,
    /// The same of the reconstruction; null without a residual.
    pub rmse_reconstruction: Option<f64>,
}

impl Estimated {
    /// Of samples by the selected weights of a run.
    ///
    /// # Errors
    /// As [`TrainedModel::open`] and [`Estimator::infer`].
    pub fn of(
        run: &Path,
        device: Device,
        samples: &Samples,
        refinement: Option<Refinement>,
    ) -> Result<Self, TrainerError> {
        let trained = TrainedModel::open(run, Cpu::default())?;
        let physics = trained.learner.model.physics().cloned();
        let physics = physics.ok_or(TrainerError::NoPhysics)?;
        let calibration = trained.learner.model.buffers().calibration.clone();
        let request = Request {
            refinement,
            ..Request::default()
        };
        let estimator = Estimator::on(device, trained, request)?;
        let started = Instant::now();
        let (columns, flags) = infer(&estimator, samples)?;
        let seconds = started.elapsed().as_secs_f64();
        let parameters = estimator.experiment().units.clone();
        let names: Vec<&str> = estimator
            .columns()
            .iter()
            .map(|c| c.name.as_str())
            .collect();
        let n = samples.len();
        let column = |name: &str| {
            let at = names.iter().position(|it| *it == name);
            at.map(|at| columns.column(at))
        };
        let of = |suffix: &str| {
            let mut all = Array2::from_elem((n, parameters.len()), f64::NAN);
            for (mut to, (name, _)) in all.columns_mut().into_iter().zip(&parameters) {
                if let Some(from) = column(&format!("{name}{suffix}")) {
                    to.assign(&from);
                }
            }
            all
        };
        let (median, sd) = (of(""), of("_sd"));
        let has_spread = !estimator.experiment().deterministic_latents;
        let ends = has_spread.then(|| [of("_05"), of("_95")]);
        let rms = |name: &str| {
            let errors = column(name)?;
            Some((errors.iter().map(|e| e * e).sum::<f64>() / n as f64).sqrt())
        };
        let mut x_p = signals(&physics, &median, samples)?;
        if let Some(calibration) = calibration {
            calibration.apply_in_place(&mut x_p);
        }
        let truth = samples.truth();
        Ok(Self {
            errors: EstimateErrors {
                mse_physics: (x_p - samples.x())
                    .mapv(|v| v * v)
                    .mean()
                    .unwrap_or(f64::NAN),
                rmse_physics: rms("error_physics").unwrap_or(f64::NAN),
                rmse_reconstruction: rms("error_reconstruction"),
            },
            recovery: truth.map(|truth| recover(&median, ends.as_ref(), truth, &parameters)),
            parameters,
            median,
            sd,
            flags,
            seconds,
        })
    }

    /// Mean and standard deviation of the medians of each class, and the mean posterior standard deviation: one row a class
    /// (`all` where there are none), columns `class`, `samples`, then of each parameter `<name>`, `<name>_spread` and
    /// `<name>_sd`, as CSV.
    ///
    /// # Errors
    /// None that a program meets: memory takes any text.
    pub fn by_class(&self, samples: &Samples) -> Result<Vec<u8>, TrainerError> {
        let refused = |error: csv::Error| TrainerError::Internal(error.to_string());
        let mut classes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let labels = samples.labels().class.as_ref();
        for row in 0..samples.len() {
            let class = labels.and_then(|labels| labels.get(row)).unwrap_or("all");
            classes.entry(class).or_default().push(row);
        }
        let mut csv = csv::Writer::from_writer(vec![]);
        let mut header = vec!["class".to_owned(), "samples".to_owned()];
        for (name, _) in &self.parameters {
            header.extend([name.clone(), format!("{name}_spread"), format!("{name}_sd")]);
        }
        csv.write_record(&header).map_err(refused)?;
        for (class, rows) in classes {
            let n = rows.len() as f64;
            let mut record = vec![class.to_owned(), rows.len().to_string()];
            for k in 0..self.parameters.len() {
                let of =
                    |all: &Array2<f64>| rows.iter().map(|&row| all[[row, k]]).collect::<Vec<_>>();
                let (medians, sds) = (of(&self.median), of(&self.sd));
                let mean = medians.iter().sum::<f64>() / n;
                let spread = (medians.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
                let sd = sds.iter().sum::<f64>() / n;
                // a spread that there is not is an empty cell
                let shown = |v: f64| (!v.is_nan()).then(|| format!("{v:.5}"));
                record.extend([mean, spread, sd].map(|v| shown(v).unwrap_or_default()));
            }
            csv.write_record(&record).map_err(refused)?;
        }
        csv.into_inner()
            .map_err(|error| TrainerError::Internal(error.to_string()))
    }
}

/// n × columns of the estimator, in order.
fn infer(
    estimator: &Estimator,
    samples: &Samples,
) -> Result<(Array2<f64>, FlagCounts), TrainerError> {
    let (n, c) = (samples.len(), estimator.conditions().len());
    let standardization = &estimator.experiment().standardization;
    let starts: Vec<usize> = (0..n).step_by(PART).collect();
    let parts: Vec<Result<(Array2<f64>, FlagCounts), TrainerError>> = starts
        .into_par_iter()
        .map(|from| {
            let rows = Slice::from(from..(from + PART).min(n));
            let x = samples.x();
            let x = standardization.invert(x.slice_axis(Axis(0), rows))?;
            let channels: Vec<f32> = x.t().iter().map(|&v| v as f32).collect();
            let conditions: Option<Vec<f32>> =
                (samples.conditions().filter(|_| c > 0)).map(|all| {
                    let all = all.values();
                    let own = all.slice_axis(Axis(0), rows);
                    // the time of year may stand behind them
                    let own = own.slice_axis(Axis(1), Slice::from(..c));
                    own.t().iter().map(|&v| v as f32).collect()
                });
            let seen = Observations {
                channels: &channels,
                conditions: conditions.as_deref(),
                masked: None,
            };
            let columns = estimator.columns().len();
            let mut out = vec![0.0; columns * x.nrows()];
            let flags = estimator.infer(&seen, &mut out)?;
            let of = |(i, k): (usize, usize)| f64::from(out[k * x.nrows() + i]);
            Ok((Array2::from_shape_fn((x.nrows(), columns), of), flags))
        })
        .collect();
    let mut all = Array2::zeros((0, estimator.columns().len()));
    let mut flags = FlagCounts::default();
    for part in parts {
        let (part, more) = part?;
        all.append(Axis(0), part.view())
            .map_err(|e| TrainerError::Internal(e.to_string()))?;
        flags.merge(&more);
    }
    Ok((all, flags))
}

/// x_P at parameters in their units, n × d, standardised.
fn signals(
    physics: &PhysicsLayer,
    values: &Array2<f64>,
    samples: &Samples,
) -> Result<Array2<f64>, TrainerError> {
    let p = values.ncols();
    let low = physics.to_physical(Array2::zeros((1, p)).view());
    let width = physics.to_physical(Array2::ones((1, p)).view()) - &low;
    // f32 may have rounded to just beyond an end
    let z = ((values - &low) / &width).mapv(|z| z.clamp(0.0, 1.0));
    let conditions = samples.conditions().map(data::NamedColumns::values);
    Ok(physics.signals(z.view(), conditions)?)
}
