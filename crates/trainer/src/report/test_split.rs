//! What the page shows of the test split's samples.

use crate::TrainerError;
use crate::domain::Domain;
use crate::evaluation::Evaluation;
use crate::experiment::Experiment;
use crate::inferred_parameters::mean_and_sd;
use crate::metrics::NamedValues;
use crate::recovery::Recovery;
use data::{Labels, NamedColumns, Samples};
use ndarray::{Array2, ArrayView2};

/// The test split with what a model made of it; mean latents, selected epoch.
#[derive(Clone, Debug, Default)]
pub struct TestSplit {
    /// The physical parameters, in the order of the latents; none without physics.
    pub parameters: Vec<ParameterOfSplit>,
    /// Class, place and date of the n samples, as far as known.
    pub labels: Labels,
    /// Channels of all samples, or of some of a large split.
    pub channels: ChannelsOfSplit,
    /// Mean over the channels of (x_PB − x)² of each sample, standardised units².
    pub errors: Vec<f64>,
    /// The 99th percentile of the same on the validation split.
    pub error_limit: Option<f64>,
    /// Where the samples lie beside the training data, where that is known.
    pub outside: Option<OutsideTraining>,
    /// Mean gate per channel, where the residual has one.
    pub gate: Option<NamedValues>,
}

/// Whether each of the n samples is unlike the training data.
#[derive(Clone, Debug, Default)]
pub struct OutsideTraining {
    /// By its spectrum.
    pub spectrum: Vec<bool>,
    /// By an angle or another condition of the physics; `None` where it has none.
    pub conditions: Option<Vec<bool>>,
}

impl OutsideTraining {
    /// Of samples, as `domain` sees them.
    pub fn of(domain: &Domain, experiment: &Experiment, samples: &Samples) -> Self {
        let quantities = match &experiment.physics {
            Some(physics) => physics.forward_model().conditions(),
            None => &[],
        };
        let own = samples.conditions().map(NamedColumns::values);
        let conditions = || domain.is_outside_conditions(quantities, own, samples.len());
        Self {
            spectrum: domain.is_outside(samples.x().mapv(|v| v as f32).view()),
            conditions: (!quantities.is_empty()).then(conditions),
        }
    }
}

/// A physical parameter of the n samples.
#[derive(Clone, Debug)]
pub struct ParameterOfSplit {
    /// Its name.
    pub name: String,
    /// Its unit; `1` where it has none.
    pub unit: String,
    /// Both ends of its range, in its unit.
    pub range: [f64; 2],
    /// Inferred value in (0, 1) of the range.
    pub z: Vec<f64>,
    /// Mean and standard deviation of u = logit z; none where latents have no spread.
    pub u: Vec<[f64; 2]>,
    /// Inferred value in its unit.
    pub value: Vec<f64>,
    /// The truth in its unit, where it is known of some sample; NaN where it is not.
    pub truth: Option<(Vec<f64>, Recovery)>,
}

/// Channels of k samples in their unit.
#[derive(Clone, Debug, Default)]
pub struct ChannelsOfSplit {
    /// Names of the d channels.
    pub names: Vec<String>,
    /// Their unit (`reflectance`, `mm`).
    pub unit: String,
    /// x, k × d.
    pub observed: Array2<f64>,
    /// x_P, k × d; `None` without physics.
    pub physics: Option<Array2<f64>>,
    /// x_PB, k × d.
    pub reconstruction: Array2<f64>,
}

impl TestSplit {
    /// From the evaluation of `samples`; `valid_errors`: as [`crate::fit_by_row::row_errors`] gives them;
    /// `domain`: what the model was trained on.
    ///
    /// # Errors
    /// None that a program meets: the standardisation is that of the samples.
    pub fn of(
        experiment: &Experiment,
        samples: &Samples,
        evaluation: &Evaluation,
        valid_errors: &[f64],
        domain: Option<&Domain>,
    ) -> Result<Self, TrainerError> {
        let rows = &evaluation.rows;
        let raw = |x: &Array2<f64>| experiment.standardization.invert(x.view());
        let names = &experiment.dimensions.channels;
        let gate = &evaluation.averages.gate;
        Ok(Self {
            parameters: parameters(experiment, samples, evaluation),
            labels: samples.labels().clone(),
            channels: ChannelsOfSplit {
                names: names.clone(),
                unit: experiment.channel_unit.clone(),
                observed: raw(&rows.x)?,
                physics: (experiment.physics.is_some())
                    .then(|| raw(&rows.x_p))
                    .transpose()?,
                reconstruction: raw(&rows.x_pb)?,
            },
            errors: rows.errors.clone(),
            error_limit: super::quantiles::of(valid_errors.iter().copied(), [0.99]).map(|[q]| q),
            outside: domain.map(|domain| OutsideTraining::of(domain, experiment, samples)),
            gate: (!gate.is_empty()).then(|| NamedValues::new(names, gate)),
        })
    }
}

fn parameters(
    experiment: &Experiment,
    samples: &Samples,
    evaluation: &Evaluation,
) -> Vec<ParameterOfSplit> {
    let (Some(physics), Some(z)) = (&experiment.physics, &evaluation.z_phy) else {
        return vec![];
    };
    let low = evaluation.z_90.as_ref().map(|[low, _]| low);
    let p = z.ncols();
    let ends = [0.0, 1.0].map(|end| physics.to_physical(Array2::from_elem((1, p), end).view()));
    let value = physics.to_physical(z.view());
    let column = |of: ArrayView2<f64>, k: usize| of.column(k).to_vec();
    let truth = |name: &str| {
        let known = samples.truth()?;
        let k = known.names().iter().position(|n| n == name)?;
        let recovery = evaluation.recovery.as_ref()?;
        let (_, recovery) = recovery.iter().find(|(n, _)| n == name)?;
        Some((column(known.values(), k), recovery.clone()))
    };
    let parameter = |(k, (name, unit)): (usize, &(String, String))| ParameterOfSplit {
        name: name.clone(),
        unit: unit.clone(),
        range: [ends[0][[0, k]], ends[1][[0, k]]],
        z: column(z.view(), k),
        u: low.map_or(vec![], |low| {
            let pairs = z.column(k).into_iter().zip(low.column(k));
            pairs.map(|(z, low)| mean_and_sd(*z, *low).into()).collect()
        }),
        value: column(value.view(), k),
        truth: truth(name),
    };
    experiment.units.iter().enumerate().map(parameter).collect()
}
