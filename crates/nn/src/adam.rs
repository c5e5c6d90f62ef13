//! PyTorch's Adam with AMSGrad and coupled weight decay; before it the non-finite guard and clipping.

use crate::vectors::widest;
use crate::{Backend, Cpu, Matrix, NnError, Scalar};
use dfdx::prelude::{HasShape, Shape};
use dfdx::tensor::Gradients;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// What the optimiser is set to; the learning rate comes with each step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamConfig {
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the denominator.
    pub eps: f64,
    /// Coupled L2 weight decay: g ← g + weight_decay · parameter, after clipping.
    pub weight_decay: f64,
    /// Divide by the largest second moment so far.
    pub amsgrad: bool,
    /// Largest global norm of the gradient; `None`: not clipped.
    pub clip_norm: Option<f64>,
    /// Set non-finite elements of the gradient to 0 (and count them); otherwise a step with any is
    /// left out.
    pub zero_non_finite: bool,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self {
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            weight_decay: 1e-4,
            amsgrad: true,
            clip_norm: Some(1.0),
            zero_non_finite: true,
        }
    }
}

/// State of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments<E> {
    /// Updates so far.
    pub step: u64,
    /// First moment.
    pub mean: Vec<E>,
    /// Second moment.
    pub square: Vec<E>,
    /// Largest second moment so far; empty without AMSGrad.
    pub largest: Vec<E>,
}

impl<E: Scalar> Moments<E> {
    /// Those of n numbers never updated.
    pub(crate) fn new(n: usize, amsgrad: bool) -> Self {
        Self {
            step: 0,
            mean: vec![E::zero(); n],
            square: vec![E::zero(); n],
            largest: vec![E::zero(); if amsgrad { n } else { 0 }],
        }
    }

    pub(crate) fn fit(&self, name: &str, n: usize, amsgrad: bool) -> Result<(), NnError> {
        for (what, found, expected) in [
            ("first moment", self.mean.len(), n),
            ("second moment", self.square.len(), n),
            (
                "largest second moment",
                self.largest.len(),
                if amsgrad { n } else { 0 },
            ),
        ] {
            if found != expected {
                return Err(NnError::Moments {
                    name: name.to_owned(),
                    what,
                    found,
                    expected,
                });
            }
        }
        Ok(())
    }
}

/// What a step did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepReport {
    /// Global norm of the gradient before clipping, non-finite elements taken as 0.
    pub gradient_norm: f64,
    /// Factor applied by clipping, 1 if none.
    pub scale: f64,
    /// Non-finite elements found.
    pub non_finite: usize,
    /// Whether parameters were changed.
    pub applied: bool,
    /// The learning rate that the step was made with.
    pub learning_rate: f64,
}

/// Adam (Kingma & Ba 2015, arXiv:1412.6980) with AMSGrad (Reddi et al. 2018), as `torch.optim.Adam`.
///
/// Like there, each parameter counts its own updates, so that one first trained late starts with a
/// fresh bias correction.
///
/// On a GPU the moments stay there; [`Adam::host_moments`] copies them.
#[derive(Clone, Debug)]
pub struct Adam<E: Scalar, D: Backend<E> = Cpu> {
    /// The settings.
    pub config: AdamConfig,
    /// State by parameter name.
    pub moments: D::Moments,
}

impl<E: Scalar, D: Backend<E>> PartialEq for Adam<E, D>
where
    D::Moments: PartialEq,
{
    fn eq(&self, other: &Self) -> bool {
        self.config == other.config && self.moments == other.moments
    }
}

/// As in `torch.nn.utils.clip_grad_norm_`.
pub(crate) const CLIP_EPS: f64 = 1e-6;

impl<E: Scalar, D: Backend<E>> Adam<E, D> {
    /// An optimiser that has seen no step.
    pub fn new(config: AdamConfig) -> Self {
        Self {
            config,
            moments: D::Moments::default(),
        }
    }

    /// Guard, clip, update: exactly the given parameters, in their order.
    ///
    /// # Errors
    /// Loaded moments that do not fit the parameters or the settings (nothing is changed then), or the
    /// device refuses.
    pub fn step(
        &mut self,
        learning_rate: f64,
        parameters: Vec<(String, &mut Matrix<E, D>)>,
        gradients: &mut Gradients<E, D>,
    ) -> Result<StepReport, NnError> {
        let whole = crate::take_gradients(gradients, parameters.iter().map(|(_, m)| &**m))?;
        self.step_on_shards(learning_rate, parameters, vec![whole])
    }

    /// The same with gradients that are still to be summed: one list per shard of a batch, each with one gradient per
    /// parameter as [`crate::take_gradients`] makes them.
    ///
    /// The sum is taken in the order of the shards, whatever the number of threads.
    ///
    /// # Errors
    /// As [`Adam::step`]; a gradient that does not fit its parameter.
    pub fn step_on_shards(
        &mut self,
        learning_rate: f64,
        parameters: Vec<(String, &mut Matrix<E, D>)>,
        shards: Vec<Vec<D::Gradient>>,
    ) -> Result<StepReport, NnError> {
        D::adam_step(self, learning_rate, parameters, shards)
    }

    /// The moments by parameter name, on the host.
    ///
    /// # Errors
    /// The device refuses.
    pub fn host_moments(&self) -> Result<BTreeMap<String, Moments<E>>, NnError> {
        D::moments_to_host(&self.moments)
    }

    /// Goes on from these moments.
    pub fn set_moments(&mut self, moments: BTreeMap<String, Moments<E>>) {
        self.moments = D::moments_from_host(moments);
    }
}

/// A step with gradients, moments and update on the host.
pub(crate) fn step_on_host<E: Scalar, D: Backend<E>>(
    config: &AdamConfig,
    moments_of: &mut BTreeMap<String, Moments<E>>,
    learning_rate: f64,
    parameters: Vec<(String, &mut Matrix<E, D>)>,
    shards: Vec<Vec<Vec<E>>>,
) -> Result<StepReport, NnError> {
    let c = *config;
    let mut slots: Vec<Slot<E>> = vec![];
    let mut shards: Vec<_> = shards.into_iter().map(Vec::into_iter).collect();
    for (name, parameter) in &parameters {
        let n = parameter.shape().num_elements();
        if let Some(moments) = moments_of.get(name) {
            moments.fit(name, n, c.amsgrad)?;
        }
        let parts: Vec<_> = shards.iter_mut().filter_map(Iterator::next).collect();
        let misfit = |part: &&Vec<E>| !part.is_empty() && part.len() != n;
        if let Some(part) = parts.iter().find(misfit) {
            return Err(NnError::Gradient {
                name: name.clone(),
                found: part.len(),
                expected: n,
            });
        }
        slots.push(Slot::new(n, parts));
    }
    slots
        .par_iter_mut()
        .for_each(|slot| slot.sum_and_guard(c.zero_non_finite));
    let non_finite = slots.iter().map(|slot| slot.non_finite).sum();
    let gradient_norm = f64::sqrt(slots.iter().map(|slot| slot.square).sum());
    let scale = c
        .clip_norm
        .map_or(1.0, |max| (max / (gradient_norm + CLIP_EPS)).min(1.0));
    let mut report = StepReport {
        gradient_norm,
        scale,
        non_finite,
        applied: false,
        learning_rate,
    };
    if non_finite > 0 && !c.zero_non_finite {
        return Ok(report);
    }
    report.applied = true;
    for (slot, (name, parameter)) in slots.iter_mut().zip(&parameters) {
        let n = slot.gradient.len();
        slot.values = crate::to_host(&**parameter);
        slot.moments = moments_of
            .remove(name)
            .unwrap_or_else(|| Moments::new(n, c.amsgrad));
    }
    slots.par_iter_mut().for_each(|slot| {
        let (moments, values) = (&mut slot.moments, &mut slot.values);
        update(
            &c,
            learning_rate,
            E::of(scale),
            moments,
            values,
            &slot.gradient,
        );
    });
    for (slot, (name, parameter)) in slots.into_iter().zip(parameters) {
        parameter.copy_from(&slot.values);
        moments_of.insert(name, slot.moments);
    }
    Ok(report)
}

/// All of one parameter that a step needs, on the host.
struct Slot<E> {
    /// Gradients of the shards, still to be summed.
    parts: Vec<Vec<E>>,
    gradient: Vec<E>,
    /// Σ g² of the finite elements.
    square: f64,
    non_finite: usize,
    values: Vec<E>,
    moments: Moments<E>,
}

impl<E: Scalar> Slot<E> {
    fn new(n: usize, mut parts: Vec<Vec<E>>) -> Self {
        parts.retain(|part| !part.is_empty());
        Self {
            gradient: if parts.is_empty() {
                vec![E::zero(); n]
            } else {
                parts.remove(0)
            },
            parts,
            square: 0.0,
            non_finite: 0,
            values: vec![],
            moments: Moments::new(0, false),
        }
    }

    fn sum_and_guard(&mut self, zero_non_finite: bool) {
        let gradient = &mut self.gradient;
        for part in self.parts.drain(..) {
            let (gradient, part) = (gradient.as_mut_slice(), part.as_slice());
            widest(
                #[inline(always)]
                move || {
                    for (sum, &v) in gradient.iter_mut().zip(part) {
                        *sum += v;
                    }
                },
            );
        }
        self.square = sum_of_squares(gradient);
        if !self.square.is_finite() {
            // rare, so that the common case is one plain loop
            self.square = 0.0;
            for x in gradient {
                if x.is_finite() {
                    self.square += x.wide() * x.wide();
                } else {
                    self.non_finite += 1;
                    if zero_non_finite {
                        *x = E::zero();
                    }
                }
            }
        }
    }
}

/// Σ x² in f64, in an order that leaves the loop free for vector registers.
fn sum_of_squares<E: Scalar>(values: &[E]) -> f64 {
    const LANES: usize = 16;
    widest(
        #[inline(always)]
        move || {
            let mut sums = [0.0_f64; LANES];
            let (blocks, rest) = values.as_chunks::<LANES>();
            for block in blocks {
                for (sum, x) in sums.iter_mut().zip(block) {
                    let x = x.wide();
                    *sum += x * x;
                }
            }
            for (sum, x) in sums.iter_mut().zip(rest) {
                let x = x.wide();
                *sum += x * x;
            }
            sums.iter().sum::<f64>()
        },
    )
}

/// One update of one parameter.
fn update<E: Scalar>(
    c: &AdamConfig,
    learning_rate: f64,
    scale: E,
    moments: &mut Moments<E>,
    values: &mut [E],
    gradient: &[E],
) {
    moments.step += 1;
    let step = moments.step as f64;
    let bias1 = 1.0 - c.beta1.powf(step);
    let bias2 = (1.0 - c.beta2.powf(step)).sqrt();
    let (rate, bias2) = (E::of(learning_rate / bias1), E::of(bias2));
    let (rest1, beta2, rest2) = (E::of(1.0 - c.beta1), E::of(c.beta2), E::of(1.0 - c.beta2));
    let (decay, eps) = (E::of(c.weight_decay), E::of(c.eps));
    let n = values.len();
    let values = &mut values[..n];
    let (mean, square) = (&mut moments.mean[..n], &mut moments.square[..n]);
    let gradient = &gradient[..n];
    let amsgrad = c.amsgrad;
    let largest = &mut moments.largest[..if amsgrad { n } else { 0 }];
    widest(
        #[inline(always)]
        move || {
            for i in 0..n {
                let g = gradient[i] * scale + decay * values[i];
                mean[i] = mean[i] + (g - mean[i]) * rest1;
                square[i] = square[i] * beta2 + g * g * rest2;
            }
            for (largest, &square) in largest.iter_mut().zip(square.iter()) {
                *largest = largest.max(square);
            }
            let divisor = if amsgrad { &largest[..n] } else { &square[..n] };
            for i in 0..n {
                values[i] -= rate * (mean[i] / (divisor[i].sqrt() / bias2 + eps));
            }
        },
    );
}
