//! From observations to estimates.

mod column_values;
mod usable;

use super::columns::{Column, Kind, Possible, Written, columns};
use super::flags::{self, FlagCounts};
use super::networks::{Latents, Networks, Normals, networks};
use super::products::Product;
use super::refinement::{PriorCurvature, Refined, Refinement, Seen};
use crate::TrainerError;
use crate::device::Device;
use crate::domain::Domain;
use crate::experiment::Experiment;
use crate::squashed_normal::SquashedTable;
use crate::trained_model::TrainedModel;
use latent::sigmoid;
use model::{Buffers, PhysicsLayer};
use ndarray::{Array2, ArrayView2};
use physics::Quantity;
use usable::{Sorted, overflown};

/// Observations go through the networks in whole groups of so many.
const WHOLE: usize = 64;

/// What is asked of a model.
#[derive(Clone, Debug)]
pub struct Request {
    /// Groups of columns.
    pub written: Vec<Written>,
    /// The parameters of which columns are written; `None`: all.
    pub parameters: Option<Vec<String>>,
    /// Steps towards the spectra; `None`: the encoder's answer as it is.
    pub refinement: Option<Refinement>,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            written: Written::ALL.to_vec(),
            parameters: None,
            refinement: None,
        }
    }
}

/// n observations, channel by channel.
#[derive(Clone, Copy, Debug)]
pub struct Observations<'a> {
    /// d × n: each channel of all observations in its unit (reflectance 0–1, mm); NaN where it is missing.
    pub channels: &'a [f32],
    /// c × n: each condition of the physics, in its unit; `None`: its defaults.
    pub conditions: Option<&'a [f32]>,
    /// n: what is left out.
    pub masked: Option<&'a [bool]>,
}

/// A trained model with all that its estimates need; used by any number of threads at once.
pub struct Estimator {
    networks: Box<dyn Networks>,
    buffers: Buffers,
    has_residual: bool,
    physics: PhysicsLayer,
    experiment: Experiment,
    domain: Option<Domain>,
    columns: Vec<Column>,
    products: Vec<Product>,
    refinement: Option<Refinement>,
    curvature: PriorCurvature,
    table: SquashedTable,
    /// Smallest value and width of each parameter's range.
    ranges: Vec<(f64, f64)>,
}

/// Estimates of m observations of a chunk.
struct Estimates {
    /// Mean and standard deviation of u, m × p each.
    mean: Vec<f32>,
    sd: Vec<f32>,
    refined: Option<Refined>,
    physics_error: Option<Vec<f64>>,
    reconstruction_error: Option<Vec<f64>>,
    gate: Option<Vec<f64>>,
    flags: Vec<u8>,
}

impl Estimator {
    /// # Errors
    /// A model without physics, or whose residual sees the time of year; a request for what it does not have.
    pub fn new(trained: TrainedModel, request: Request) -> Result<Self, TrainerError> {
        Self::on(Device::Cpu, trained, request)
    }

    /// The same with the networks on another device. A refinement, and the physics of a model without residual, stay on the
    /// processor.
    ///
    /// # Errors
    /// As [`Estimator::new`]; the device refuses.
    pub fn on(
        device: Device,
        trained: TrainedModel,
        request: Request,
    ) -> Result<Self, TrainerError> {
        let TrainedModel {
            experiment,
            learner,
            domain,
            ..
        } = trained;
        let model = learner.model;
        let physics = model.physics().cloned().ok_or(TrainerError::NoPhysics)?;
        if model.architecture().sees_season() {
            return Err(TrainerError::SeasonIsNotInferred);
        }
        let possible = Possible {
            units: &experiment.units,
            channel_unit: &experiment.channel_unit,
            has_reconstruction: model.residual().is_some(),
            has_gate: matches!(model.residual(), Some(model::Residual::Gated(_))),
        };
        let (columns, products) =
            columns(&possible, &request.written, request.parameters.as_deref())?;
        let p = physics.parameters();
        let low = physics.to_physical(Array2::zeros((1, p)).view());
        let high = physics.to_physical(Array2::ones((1, p)).view());
        let ranges = low.iter().zip(&high).map(|(&low, &high)| (low, high - low));
        Ok(Self {
            ranges: ranges.collect(),
            curvature: PriorCurvature::of(&experiment, model.buffers()),
            table: SquashedTable::default(),
            refinement: request.refinement,
            buffers: model.buffers().clone(),
            has_residual: model.residual().is_some(),
            networks: networks(device, model)?,
            physics,
            experiment,
            domain,
            columns,
            products,
        })
    }

    /// What [`Estimator::infer`] writes.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Names of the channels, d.
    pub fn channels(&self) -> &[String] {
        &self.experiment.dimensions.channels
    }

    /// The conditions of the physics, c.
    pub fn conditions(&self) -> &[Quantity] {
        self.physics.forward_model().conditions()
    }

    /// The experiment that the model is of.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// Whether it is known what the model was trained on.
    pub fn knows_its_domain(&self) -> bool {
        self.domain.is_some()
    }

    /// Writes the estimates of n observations into `out`, one column of n numbers after the other; NaN where there is none.
    /// An observation's estimate does not depend on the others, but for the rounding of f32.
    ///
    /// # Errors
    /// Lengths that do not fit; the physics or the device refuses.
    pub fn infer(&self, seen: &Observations, out: &mut [f32]) -> Result<FlagCounts, TrainerError> {
        let (d, c) = (self.channels().len(), self.conditions().len());
        let n = seen.channels.len() / d;
        let fits = seen.channels.len() == n * d
            && seen.conditions.is_none_or(|all| all.len() == n * c)
            && seen.masked.is_none_or(|all| all.len() == n)
            && out.len() == n * self.columns.len();
        if !fits {
            return Err(TrainerError::Internal("arrays of different lengths".into()));
        }
        let folded = self.folded(seen.conditions, n);
        let seen = &Observations {
            conditions: folded.as_deref(),
            ..*seen
        };
        let mut counts = FlagCounts::default();
        let Sorted { usable, beyond } = self.sorted(seen, n, &mut counts);
        if n > 0 {
            for (column, values) in self.columns.iter().zip(out.chunks_exact_mut(n)) {
                let masked = f32::from(flags::MASKED);
                values.fill(if column.kind == Kind::Flags {
                    masked
                } else {
                    f32::NAN
                });
            }
        }
        let without = flags::MASKED | flags::OUTSIDE_ANGLES;
        self.leave_out(&beyond, without, n, out);
        for _ in 0..beyond.len() {
            counts.add(without);
        }
        for _ in usable.len() + beyond.len()..n {
            counts.add(flags::MASKED);
        }
        for rows in usable.chunks(self.networks.rows_at_once()) {
            // products of few rows, and the last rows of an odd number, may be summed in another order than those among
            // many: the last observation fills up
            let mut together = rows.to_vec();
            if let Some(&last) = rows.last() {
                together.resize(rows.len().next_multiple_of(WHOLE), last);
            }
            let estimates = self.estimate(seen, n, &together)?;
            for &flags in &estimates.flags[..rows.len()] {
                counts.add(flags);
            }
            for (column, values) in self.columns.iter().zip(out.chunks_exact_mut(n)) {
                self.write(column.kind, &estimates, rows, values);
            }
            let is_left_out = |i: &usize| estimates.flags[*i] == flags::MASKED;
            let left_out = (0..rows.len()).filter(is_left_out).map(|i| rows[i]);
            self.leave_out(&left_out.collect::<Vec<_>>(), flags::MASKED, n, out);
        }
        Ok(counts)
    }

    fn estimate(
        &self,
        seen: &Observations,
        n: usize,
        rows: &[usize],
    ) -> Result<Estimates, TrainerError> {
        let (d, m) = (self.channels().len(), rows.len());
        let standardization = &self.experiment.standardization;
        let mut x = Array2::<f32>::zeros((m, d));
        for (k, mut column) in x.columns_mut().into_iter().enumerate() {
            let channel = &seen.channels[k * n..(k + 1) * n];
            let (mean, scale) = (standardization.mean()[k], standardization.scale()[k]);
            for (to, &row) in column.iter_mut().zip(rows) {
                *to = ((f64::from(channel[row]) - mean) / scale) as f32;
            }
        }
        let c = self.conditions().len();
        let conditions = (seen.conditions)
            .map(|all| Array2::from_shape_fn((m, c), |(i, k)| f64::from(all[k * n + rows[i]])));
        let conditions = conditions.as_ref().map(Array2::view);
        let mut flags = self.flags_of_input(x.view(), conditions);

        let (wants_errors, wants_whole) = (self.wants_errors(), self.wants_reconstruction());
        let mut latents = self.networks.encode(x.view(), conditions, wants_whole)?;
        let overflown = overflown(&mut latents, m);
        let Normals { mut mean, lnvar } = latents.physical;
        let mut sd: Vec<f32> = lnvar.iter().map(|v| (0.5 * v).exp()).collect();
        let p = self.ranges.len();
        let wide = || Array2::from_shape_fn((m, d), |at| f64::from(x[at]));
        let refined = match &self.refinement {
            None => None,
            Some(refinement) => {
                let array =
                    |of: &[f32]| Array2::from_shape_fn((m, p), |(i, k)| f64::from(of[i * p + k]));
                let (own_mean, own_sd, seen_x) = (array(&mean), array(&sd), wide());
                let refined = refinement.refine(
                    &Seen {
                        physics: &self.physics,
                        buffers: &self.buffers,
                        x: seen_x.view(),
                        conditions: conditions.map(ArrayView2::reborrow),
                        mean: own_mean.view(),
                        sd: own_sd.view(),
                    },
                    &self.curvature,
                )?;
                for (i, failed) in refined.failed.iter().enumerate() {
                    for k in 0..p {
                        mean[i * p + k] = refined.u[[i, k]] as f32;
                        sd[i * p + k] = refined.covariance[[i, k, k]].sqrt() as f32;
                    }
                    flags[i] |= if *failed { flags::NOT_REFINED } else { 0 };
                }
                Some(refined)
            }
        };
        for (flags, u) in flags.iter_mut().zip(mean.chunks_exact(p)) {
            let edge = |u: &f32| {
                let z = sigmoid(*u);
                !(flags::EDGE..=1.0 - flags::EDGE).contains(&z)
            };
            *flags |= if u.iter().any(edge) {
                flags::AT_EDGE
            } else {
                0
            };
        }
        let mut estimates = Estimates {
            mean,
            sd,
            refined,
            physics_error: None,
            reconstruction_error: None,
            gate: None,
            flags,
        };
        if wants_errors || wants_whole {
            let whole = latents.auxiliary.map(|auxiliary| Latents {
                physical: Normals {
                    mean: estimates.mean.clone(),
                    lnvar,
                },
                auxiliary: Some(auxiliary),
            });
            self.reconstruct(&mut estimates, &wide(), whole, conditions)?;
        }
        for (flags, overflown) in estimates.flags.iter_mut().zip(overflown) {
            if overflown {
                *flags = flags::MASKED;
            }
        }
        Ok(estimates)
    }

    fn flags_of_input(&self, x: ArrayView2<f32>, conditions: Option<ArrayView2<f64>>) -> Vec<u8> {
        let mut all = vec![0; x.nrows()];
        let Some(domain) = &self.domain else {
            return all;
        };
        if !self.wants_flags() {
            return all;
        }
        for (flags, outside) in all.iter_mut().zip(domain.is_outside(x)) {
            *flags |= if outside { flags::OUTSIDE_DOMAIN } else { 0 };
        }
        let outside = domain.is_outside_conditions(self.conditions(), conditions, all.len());
        for (flags, outside) in all.iter_mut().zip(outside) {
            *flags |= if outside { flags::OUTSIDE_ANGLES } else { 0 };
        }
        all
    }

    fn has(&self, kinds: impl Fn(&Kind) -> bool) -> bool {
        self.columns.iter().any(|column| kinds(&column.kind))
    }

    fn wants_flags(&self) -> bool {
        self.has(|kind| *kind == Kind::Flags)
    }

    /// Whether flags are asked for that say whether errors are high: they say so whatever else is written.
    fn judges_errors(&self) -> bool {
        let domain = self.domain.as_ref();
        self.wants_flags() && domain.is_some_and(|domain| domain.high_errors().is_some())
    }

    fn wants_errors(&self) -> bool {
        self.judges_errors()
            || self.has(|kind| matches!(kind, Kind::PhysicsError | Kind::ReconstructionError))
    }

    /// Whether the residual is asked for.
    fn wants_reconstruction(&self) -> bool {
        self.has_residual
            && (self.judges_errors()
                || self.has(|kind| matches!(kind, Kind::ReconstructionError | Kind::Gate)))
    }

    /// * `latents`: with auxiliary ones, where the residual is asked for
    fn reconstruct(
        &self,
        estimates: &mut Estimates,
        x: &Array2<f64>,
        latents: Option<Latents>,
        conditions: Option<ArrayView2<f64>>,
    ) -> Result<(), TrainerError> {
        let (m, d) = x.dim();
        let scale = self.experiment.standardization.scale();
        let (x_p, whole) = if let Some(latents) = latents {
            let signals = self.networks.decode(latents, conditions)?;
            estimates.gate = signals.gate.map(|gate| {
                let rows = gate.rows().into_iter();
                rows.map(|row| row.sum() / d as f64).collect()
            });
            (signals.x_p, Some(signals.x_pb))
        } else {
            let p = self.ranges.len();
            let z = Array2::from_shape_fn((m, p), |(i, k)| {
                sigmoid(f64::from(estimates.mean[i * p + k]))
            });
            let mut x_p = self.physics.signals(z.view(), conditions)?;
            if let Some(calibration) = &self.buffers.calibration {
                calibration.apply_in_place(&mut x_p);
            }
            (x_p, None)
        };
        let high = self.domain.as_ref().and_then(Domain::high_errors);
        let mut judge = |errors: &[f64], high: Option<f64>, bit: u8| {
            for (flags, error) in estimates.flags.iter_mut().zip(errors) {
                // written so that NaN is high
                let fine = high.is_none_or(|high| *error <= high);
                *flags |= if fine { 0 } else { bit };
            }
        };
        let physics_error = rmse_by_row(x.view(), x_p.view(), scale);
        judge(
            &physics_error,
            high.and_then(|h| h.physics),
            flags::PHYSICS_ERROR,
        );
        estimates.physics_error = Some(physics_error);
        if let Some(whole) = whole {
            let errors = rmse_by_row(x.view(), whole.view(), scale);
            judge(
                &errors,
                high.map(|h| h.reconstruction),
                flags::RECONSTRUCTION_ERROR,
            );
            estimates.reconstruction_error = Some(errors);
        }
        Ok(())
    }
}

/// Root mean square over the channels of (a − b)·scale, by row.
pub(crate) fn rmse_by_row(a: ArrayView2<f64>, b: ArrayView2<f64>, scale: &[f64]) -> Vec<f64> {
    let rows = a.rows().into_iter().zip(b.rows());
    rows.map(|(a, b)| {
        let squares = a
            .iter()
            .zip(b)
            .zip(scale)
            .map(|((a, b), s)| ((a - b) * s).powi(2));
        (squares.sum::<f64>() / scale.len() as f64).sqrt()
    })
    .collect()
}

#[cfg(test)]
mod tests;
