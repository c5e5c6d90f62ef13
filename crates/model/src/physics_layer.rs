//! The physics as one differentiable operation between standardised quantities.

use crate::ModelError;
use crate::architecture::SEASON;
use dfdx::prelude::HasShape;
use ndarray::{Array2, Array3, ArrayView2, Axis, Slice};
use nn::{Backend, Matrix, Program, ProgramLaunch, Scalar, Tape, host_op, to_host};
use physics::{DeviceNumber, ForwardModel, PhysicsError, Stage, Work, check_ranges};
use std::sync::{Arc, OnceLock};

/// z ∈ (0, 1)ᵖ → value = z (max − min) + min → physics → (signal − mean) / scale.
///
/// Wherever it takes the conditions of n samples these are n × c, as the physics has them, or n × (c + [`SEASON`]) with
/// the time of year behind them, which it does not look at; `None` for the physics' defaults.
#[derive(Clone)]
pub struct PhysicsLayer {
    forward: Arc<dyn ForwardModel>,
    ranges: Vec<(f64, f64)>,
    mean: Vec<f64>,
    scale: Vec<f64>,
    /// For a GPU: for single precision and for double. Made when they are first asked for; `None` where the physics is
    /// computed on the host.
    programs: [Arc<OnceLock<Option<Program>>>; 2],
}

impl PhysicsLayer {
    /// * `ranges`: (min, max) per parameter, in the order of `forward.parameters()` and its units
    /// * `mean`, `scale`: per output, in its unit
    ///
    /// # Errors
    /// Numbers of ranges or channels that do not fit the model, an empty or infinite range, a scale that is
    /// not above 0.
    pub fn new(
        forward: Arc<dyn ForwardModel>,
        ranges: Vec<(f64, f64)>,
        mean: Vec<f64>,
        scale: Vec<f64>,
    ) -> Result<Self, ModelError> {
        let expect = |what, found, expected| {
            (found == expected)
                .then_some(())
                .ok_or(ModelError::Mismatch {
                    what,
                    found,
                    expected,
                })
        };
        expect(
            "the number of ranges",
            ranges.len(),
            forward.parameters().len(),
        )?;
        expect(
            "the length of the mean",
            mean.len(),
            forward.outputs().len(),
        )?;
        expect(
            "the length of the scale",
            scale.len(),
            forward.outputs().len(),
        )?;
        for (&(min, max), q) in ranges.iter().zip(forward.parameters()) {
            if !(min < max && min.is_finite() && max.is_finite()) {
                return Err(ModelError::Range {
                    name: q.name.clone(),
                    min,
                    max,
                });
            }
        }
        for ((channel, &mean), &scale) in forward.outputs().iter().zip(&mean).zip(&scale) {
            if !(mean.is_finite() && scale.is_finite() && scale > 0.0) {
                return Err(ModelError::Standardization {
                    channel: channel.clone(),
                    mean,
                    scale,
                });
            }
        }
        Ok(Self {
            forward,
            ranges,
            mean,
            scale,
            programs: Default::default(),
        })
    }

    /// The physical model.
    pub fn forward_model(&self) -> &dyn ForwardModel {
        self.forward.as_ref()
    }

    /// Number of parameters p.
    pub fn parameters(&self) -> usize {
        self.ranges.len()
    }

    /// Number of channels d.
    pub fn channels(&self) -> usize {
        self.mean.len()
    }

    /// Mean and scale per channel.
    pub fn standardization(&self) -> (&[f64], &[f64]) {
        (&self.mean, &self.scale)
    }

    /// Physical values of z, n × p, in the units of the parameters.
    pub fn to_physical(&self, z: ArrayView2<f64>) -> Array2<f64> {
        let mut values = z.to_owned();
        for mut row in values.rows_mut() {
            for (v, &(min, max)) in row.iter_mut().zip(&self.ranges) {
                // rounding must not leave the range; NaN stays NaN and is refused by the physics
                *v = (*v * (max - min) + min).clamp(min, max);
            }
        }
        values
    }

    /// The conditions of the physics and the time of year behind them, n × [`SEASON`], where it is there.
    pub(crate) fn split_conditions<'a>(
        &self,
        all: Option<ArrayView2<'a, f64>>,
    ) -> (Option<ArrayView2<'a, f64>>, Option<ArrayView2<'a, f64>>) {
        let c = self.forward.conditions().len();
        match all {
            Some(all) if all.ncols() == c + SEASON => {
                let columns = |part: Slice| all.slice_axis_move(Axis(1), part);
                let own = (c > 0).then(|| columns(Slice::from(..c)));
                (own, Some(columns(Slice::from(c..))))
            }
            // of any other number the physics says what is wrong with it
            own => (own, None),
        }
    }

    /// The conditions of n samples, each −1 at the smallest and 1 at the largest value that the physics accepts of it,
    /// n × c: as an encoder sees them. `None` gives the defaults of the physics.
    ///
    /// # Errors
    /// Another number of rows or columns, or a condition that is not finite or outside its range.
    pub fn scaled_conditions(
        &self,
        n: usize,
        conditions: Option<ArrayView2<f64>>,
    ) -> Result<Array2<f64>, ModelError> {
        let quantities = self.forward.conditions();
        let shape = (n, quantities.len());
        let (given, _) = self.split_conditions(conditions);
        let mut scaled = match given {
            Some(given) if given.dim() == shape => given.to_owned(),
            Some(given) => {
                return Err(ModelError::Physics(PhysicsError::Shape {
                    what: "conditions",
                    found: given.shape().to_vec(),
                    expected: vec![shape.0, shape.1],
                }));
            }
            None => Array2::from_shape_fn(shape, |(_, k)| quantities[k].default),
        };
        check_ranges(quantities, &scaled.view())?;
        for mut row in scaled.rows_mut() {
            for (v, q) in row.iter_mut().zip(quantities) {
                *v = 2.0 * (*v - q.min) / (q.max - q.min) - 1.0;
            }
        }
        Ok(scaled)
    }

    /// Standardised signals of z (n × p), n × d; no gradient.
    ///
    /// # Errors
    /// The physics refuses a value.
    pub fn signals(
        &self,
        z: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
    ) -> Result<Array2<f64>, ModelError> {
        let mut signals = Array2::zeros((z.nrows(), self.channels()));
        let values = self.to_physical(z);
        let (conditions, _) = self.split_conditions(conditions);
        self.forward
            .evaluate(values.view(), conditions, signals.view_mut())?;
        self.standardize(&mut signals);
        Ok(signals)
    }

    /// The same with its slopes: n × d and n × d × p, ∂`x_P`/∂z, both standardised.
    ///
    /// # Errors
    /// The physics refuses a value.
    pub fn signals_with_jacobian(
        &self,
        z: ArrayView2<f64>,
        conditions: Option<ArrayView2<f64>>,
    ) -> Result<(Array2<f64>, Array3<f64>), ModelError> {
        let (n, p) = z.dim();
        let d = self.channels();
        let (mut signals, mut jacobian) = (Array2::zeros((n, d)), Array3::zeros((n, d, p)));
        let (conditions, _) = self.split_conditions(conditions);
        self.forward.evaluate_with_jacobian(
            self.to_physical(z).view(),
            conditions,
            signals.view_mut(),
            jacobian.view_mut(),
        )?;
        self.standardize(&mut signals);
        // from physical units to standardised ones on both sides
        for mut sample in jacobian.outer_iter_mut() {
            for (mut row, &scale) in sample.outer_iter_mut().zip(&self.scale) {
                for (v, &(min, max)) in row.iter_mut().zip(&self.ranges) {
                    *v = *v * (max - min) / scale;
                }
            }
        }
        Ok((signals, jacobian))
    }

    /// The differentiable operation: z (n × p) → x_P (n × d), both standardised.
    ///
    /// A row of z with NaN comes out as NaN, so that the loss shows what an encoder that overflows does; the physics
    /// itself refuses such a row.
    ///
    /// `conditions` carry no gradient. With a tape the Jacobian comes
    /// out of the same sweep as the values and is kept for the backward pass.
    ///
    /// # Errors
    /// The physics refuses a value, or the device refuses.
    pub fn apply<E: Scalar, D: Backend<E>, T: Tape<E, D>>(
        &self,
        z: Matrix<E, D, T>,
        conditions: Option<ArrayView2<f64>>,
    ) -> Result<Matrix<E, D, T>, ModelError> {
        let (n, p) = *z.shape();
        let d = self.channels();
        if p != self.parameters() {
            return Err(ModelError::Mismatch {
                what: "the number of physical latents",
                found: p,
                expected: self.parameters(),
            });
        }
        if D::RUNS_PROGRAMS
            && let Some(program) = self.program::<E>()
        {
            let beside = self.checked_conditions(n, conditions)?;
            return Ok(D::run_program(z, program, &beside)?);
        }
        let mut on_host = Array2::zeros((n, p));
        for (to, from) in on_host.iter_mut().zip(to_host(&z)) {
            *to = from.wide();
        }
        let without_answer = replace_rows_that_are_not_numbers(&mut on_host);
        if !T::OWNS_TAPE {
            let mut x = self.signals(on_host.view(), conditions)?;
            give_no_answer(&mut x, &without_answer);
            let x = x.iter().map(|&v| E::of(v)).collect();
            return Ok(host_op(z, d, x, |_| vec![])?);
        }
        let (mut signals, jacobian) = self.signals_with_jacobian(on_host.view(), conditions)?;
        give_no_answer(&mut signals, &without_answer);
        let kept: Vec<E> = jacobian.iter().map(|&v| E::of(v)).collect();
        let x = signals.iter().map(|&v| E::of(v)).collect();
        Ok(host_op(z, d, x, move |dx| {
            let mut dz = vec![E::zero(); n * p];
            for ((dz, dx), j) in dz
                .chunks_exact_mut(p)
                .zip(dx.chunks_exact(d))
                .zip(kept.chunks_exact(d * p))
            {
                for (&g, row) in dx.iter().zip(j.chunks_exact(p)) {
                    for (to, &v) in dz.iter_mut().zip(row) {
                        *to += g * v;
                    }
                }
            }
            dz
        })?)
    }

    /// The physics between standardised quantities as a program for a GPU, if it is one.
    fn program<E: Scalar>(&self) -> Option<&Program> {
        let number = if E::IS_SINGLE {
            DeviceNumber::Single
        } else {
            DeviceNumber::Double
        };
        let place = usize::from(!E::IS_SINGLE);
        let made = self.programs[place].get_or_init(|| {
            let physics = self.forward.device_program()?;
            let launches = |with_jacobian| {
                let stages = physics.stages(number, with_jacobian);
                stages.into_iter().map(launch).collect()
            };
            let source = physics.source(number);
            let mut program = Program::new(source, self.parameters(), self.channels());
            (program.values, program.slopes) = (launches(false), launches(true));
            program.beside = self.forward.conditions().len();
            program.scales = self.ranges.iter().map(|(min, _)| *min).collect();
            let widths = self.ranges.iter().map(|(min, max)| max - min);
            program.scales.extend(widths);
            program.scales.extend(self.mean.iter().chain(&self.scale));
            (program.room, program.list) = (physics.workspace, physics.list);
            program.table = physics.table;
            Some(program)
        });
        made.as_ref()
    }

    /// The conditions of n samples row after row, the physics' defaults where none are given.
    fn checked_conditions(
        &self,
        n: usize,
        conditions: Option<ArrayView2<f64>>,
    ) -> Result<Vec<f64>, ModelError> {
        let quantities = self.forward.conditions();
        let (given, _) = self.split_conditions(conditions);
        let Some(given) = given else {
            let defaults: Vec<f64> = quantities.iter().map(|q| q.default).collect();
            return Ok(defaults.repeat(n));
        };
        if given.dim() != (n, quantities.len()) {
            return Err(ModelError::Physics(PhysicsError::Shape {
                what: "conditions",
                found: given.shape().to_vec(),
                expected: vec![n, quantities.len()],
            }));
        }
        self.forward.check_conditions(given)?;
        Ok(given.iter().copied().collect())
    }

    fn standardize(&self, signals: &mut Array2<f64>) {
        for mut row in signals.rows_mut() {
            for ((v, mean), scale) in row.iter_mut().zip(&self.mean).zip(&self.scale) {
                *v = (*v - mean) / scale;
            }
        }
    }
}

fn launch(stage: Stage) -> ProgramLaunch {
    ProgramLaunch {
        function: stage.function,
        threads_per_sample: match stage.work {
            Work::Threads(threads) => Some(threads),
            Work::Warps(warps) => Some(32 * warps),
            Work::Found => None,
        },
        block: stage.threads,
    }
}

/// Puts the middle of the range in the place of rows with NaN, and says which they are.
fn replace_rows_that_are_not_numbers(z: &mut Array2<f64>) -> Vec<usize> {
    let mut replaced = vec![];
    for (i, mut row) in z.rows_mut().into_iter().enumerate() {
        if row.iter().any(|v| v.is_nan()) {
            row.fill(0.5);
            replaced.push(i);
        }
    }
    replaced
}

fn give_no_answer(signals: &mut Array2<f64>, rows: &[usize]) {
    for &row in rows {
        signals.row_mut(row).fill(f64::NAN);
    }
}
