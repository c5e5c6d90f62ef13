//! PyTorch's Adam with AMSGrad and coupled weight decay; before it the non-finite guard and clipping.

use crate::{Backend, Matrix, NnError, Scalar};
use dfdx::prelude::{HasShape, Shape};
use dfdx::tensor::Gradients;
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

impl<E> Moments<E> {
    fn fit(&self, name: &str, n: usize, amsgrad: bool) -> Result<(), NnError> {
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
}

/// Adam (Kingma & Ba 2015, arXiv:1412.6980) with AMSGrad (Reddi et al. 2018), as `torch.optim.Adam`.
///
/// Like there, each parameter counts its own updates, so that one first trained late starts with a
/// fresh bias correction.
#[derive(Clone, Debug, PartialEq)]
pub struct Adam<E> {
    /// The settings.
    pub config: AdamConfig,
    /// State by parameter name.
    pub moments: BTreeMap<String, Moments<E>>,
}

/// As in `torch.nn.utils.clip_grad_norm_`.
const CLIP_EPS: f64 = 1e-6;

impl<E: Scalar> Adam<E> {
    /// An optimiser that has seen no step.
    pub fn new(config: AdamConfig) -> Self {
        Self {
            config,
            moments: BTreeMap::new(),
        }
    }

    /// Guard, clip, update: exactly the given parameters, in their order.
    ///
    /// # Errors
    /// Loaded moments that do not fit the parameters or the settings (nothing is changed then), or the
    /// device refuses.
    pub fn step<D: Backend<E>>(
        &mut self,
        learning_rate: f64,
        parameters: Vec<(String, &mut Matrix<E, D>)>,
        gradients: &mut Gradients<E, D>,
    ) -> Result<StepReport, NnError> {
        let c = self.config;
        for (name, parameter) in &parameters {
            if let Some(moments) = self.moments.get(name) {
                moments.fit(name, parameter.shape().num_elements(), c.amsgrad)?;
            }
        }
        let (mut square, mut non_finite) = (0.0, 0);
        for (_, parameter) in &parameters {
            let (s, bad) = D::with_gradient(gradients, parameter, |g| {
                let (mut s, mut bad) = (0.0, 0);
                for x in g.iter_mut() {
                    if x.is_finite() {
                        s += x.wide() * x.wide();
                    } else {
                        bad += 1;
                        if c.zero_non_finite {
                            *x = E::zero();
                        }
                    }
                }
                (s, bad)
            })?;
            square += s;
            non_finite += bad;
        }
        let gradient_norm = f64::sqrt(square);
        let scale = c
            .clip_norm
            .map_or(1.0, |max| (max / (gradient_norm + CLIP_EPS)).min(1.0));
        let mut report = StepReport {
            gradient_norm,
            scale,
            non_finite,
            applied: false,
        };
        if non_finite > 0 && !c.zero_non_finite {
            return Ok(report);
        }
        report.applied = true;
        for (name, parameter) in parameters {
            let mut values = crate::to_host(parameter);
            let n = values.len();
            let moments = self.moments.entry(name).or_insert_with(|| Moments {
                step: 0,
                mean: vec![E::zero(); n],
                square: vec![E::zero(); n],
                largest: vec![E::zero(); if c.amsgrad { n } else { 0 }],
            });
            D::with_gradient(gradients, parameter, |g| {
                update(&c, learning_rate, E::of(scale), moments, &mut values, g);
            })?;
            parameter.copy_from(&values);
        }
        Ok(report)
    }
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
    let (mean, square) = (&mut moments.mean[..n], &mut moments.square[..n]);
    let gradient = &gradient[..n];
    if c.amsgrad {
        let largest = &mut moments.largest[..n];
        for i in 0..n {
            let g = gradient[i] * scale + decay * values[i];
            mean[i] = mean[i] + (g - mean[i]) * rest1;
            square[i] = square[i] * beta2 + g * g * rest2;
            largest[i] = largest[i].max(square[i]);
            values[i] -= rate * (mean[i] / (largest[i].sqrt() / bias2 + eps));
        }
    } else {
        for i in 0..n {
            let g = gradient[i] * scale + decay * values[i];
            mean[i] = mean[i] + (g - mean[i]) * rest1;
            square[i] = square[i] * beta2 + g * g * rest2;
            values[i] -= rate * (mean[i] / (square[i].sqrt() / bias2 + eps));
        }
    }
}
