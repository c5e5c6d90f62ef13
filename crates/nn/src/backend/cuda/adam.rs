//! [`Adam`](crate::Adam) on the card: gradients, moments and parameters stay there; two numbers per block of a gradient come to
//! the host, which makes the norm and the report of them.
#![allow(
    unsafe_code,
    reason = "launches of kernels: the arguments are what adam.cu declares"
)]

use super::kernels::{load, refused, upload};
use super::storage::memory_of;
use crate::adam::{AdamConfig, CLIP_EPS, Moments, StepReport};
use crate::{Matrix, NnError, Scalar};
use cudarc::driver::{CudaSlice, DeviceRepr, LaunchAsync, LaunchConfig};
use dfdx::optim::SgdConfig;
use dfdx::prelude::*;
use dfdx::tensor::Gradients;
use std::collections::BTreeMap;

const SOURCE: &str = include_str!("adam.cu");
const FUNCTIONS: [&str; 3] = ["add", "guard", "update"];
/// Threads of a block, as in adam.cu.
const THREADS: usize = 256;
/// Most blocks for a parameter: each leaves two numbers to be summed on the host.
const MOST_BLOCKS: usize = 64;
/// Numbers that a parameter's update is told.
const SETTINGS: usize = 8;

/// Moments by parameter name: on the card since their first step there, before that as they were read.
#[derive(Clone, Debug)]
pub struct MomentsOnCard<E: DeviceRepr>(BTreeMap<String, Place<E>>);

impl<E: DeviceRepr> Default for MomentsOnCard<E> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

#[derive(Clone, Debug)]
enum Place<E: DeviceRepr> {
    Host(Moments<E>),
    Card {
        step: u64,
        mean: CudaSlice<E>,
        square: CudaSlice<E>,
        /// One number without AMSGrad, never read.
        largest: CudaSlice<E>,
        amsgrad: bool,
    },
}

impl<E: Scalar + DeviceRepr> MomentsOnCard<E> {
    pub(super) fn from_host(moments: BTreeMap<String, Moments<E>>) -> Self {
        Self(
            moments
                .into_iter()
                .map(|(name, m)| (name, Place::Host(m)))
                .collect(),
        )
    }

    pub(super) fn to_host(&self) -> Result<BTreeMap<String, Moments<E>>, NnError> {
        let copy = |slice: &CudaSlice<E>| slice.device().dtoh_sync_copy(slice).map_err(refused);
        let copies = self.0.iter().map(|(name, place)| {
            let moments = match place {
                Place::Host(moments) => moments.clone(),
                Place::Card {
                    step,
                    mean,
                    square,
                    largest,
                    amsgrad,
                } => Moments {
                    step: *step,
                    mean: copy(mean)?,
                    square: copy(square)?,
                    largest: if *amsgrad { copy(largest)? } else { vec![] },
                },
            };
            Ok((name.clone(), moments))
        });
        copies.collect()
    }
}

fn blocks(n: usize) -> usize {
    n.div_ceil(THREADS).clamp(1, MOST_BLOCKS)
}

fn config(n: usize) -> LaunchConfig {
    LaunchConfig {
        grid_dim: (blocks(n) as u32, 1, 1),
        block_dim: (THREADS as u32, 1, 1),
        shared_mem_bytes: 0,
    }
}

macro_rules! adam_step {
    ($name:ident, $E:ty, $typedef:literal, $module:literal) => {
        pub(super) fn $name(
            c: &AdamConfig,
            moments: &mut MomentsOnCard<$E>,
            learning_rate: f64,
            parameters: Vec<(String, &mut Matrix<$E, Cuda>)>,
            shards: Vec<Vec<CudaSlice<$E>>>,
        ) -> Result<StepReport, NnError> {
            let mut report = StepReport {
                scale: 1.0,
                learning_rate,
                ..StepReport::default()
            };
            let sizes: Vec<usize> = parameters
                .iter()
                .map(|(_, p)| p.shape().num_elements())
                .collect();
            let mut shards = shards.into_iter();
            let Some(mut gradients) = shards.next() else {
                return Ok(report);
            };
            let Some(device) = gradients.first().map(CudaSlice::device) else {
                return Ok(report);
            };
            if !device.has_func($module, FUNCTIONS[0]) {
                let source = format!("typedef {} number;\n{SOURCE}", $typedef);
                load(&device, $module, &source, &FUNCTIONS)?;
            }
            let kernel = |name| {
                device
                    .get_func($module, name)
                    .ok_or_else(|| NnError::Kernel(format!("no {name}")))
            };
            // nothing is changed before all fits
            for ((name, parameter), n) in parameters.iter().zip(&sizes) {
                if let Some(Place::Host(read)) = moments.0.get(name) {
                    read.fit(name, *n, c.amsgrad)?;
                }
                let _ = parameter;
            }
            for part in shards {
                for ((sum, part), n) in gradients.iter_mut().zip(&part).zip(&sizes) {
                    // SAFETY: both have the parameter's n elements
                    unsafe { kernel("add")?.launch(config(*n), (sum, part, *n as i32)) }
                        .map_err(refused)?;
                }
            }
            let all: usize = sizes.iter().map(|n| blocks(*n)).sum();
            let mut squares = device.alloc_zeros::<f64>(all).map_err(refused)?;
            let mut others = device.alloc_zeros::<f64>(all).map_err(refused)?;
            let mut at = 0;
            for (gradient, n) in gradients.iter_mut().zip(&sizes) {
                let own = at..at + blocks(*n);
                at = own.end;
                let (mut squares, mut others) =
                    (squares.slice_mut(own.clone()), others.slice_mut(own));
                let zero = i32::from(c.zero_non_finite);
                // SAFETY: n elements of the gradient, one number of each block in the two others
                unsafe {
                    kernel("guard")?.launch(
                        config(*n),
                        (gradient, &mut squares, &mut others, *n as i32, zero),
                    )
                }
                .map_err(refused)?;
            }
            let sum = |of: &CudaSlice<f64>| {
                Ok(device
                    .dtoh_sync_copy(of)
                    .map_err(refused)?
                    .iter()
                    .sum::<f64>())
            };
            report.gradient_norm = sum(&squares)?.sqrt();
            report.non_finite = sum(&others)? as usize;
            if let Some(max) = c.clip_norm {
                report.scale = (max / (report.gradient_norm + CLIP_EPS)).min(1.0);
            }
            if report.non_finite > 0 && !c.zero_non_finite {
                return Ok(report);
            }
            report.applied = true;
            for (((name, parameter), gradient), n) in
                parameters.into_iter().zip(&gradients).zip(sizes)
            {
                let place = moments
                    .0
                    .remove(&name)
                    .unwrap_or_else(|| Place::Host(Moments::new(n, c.amsgrad)));
                let (step, mut mean, mut square, mut largest) = match place {
                    Place::Host(read) => (
                        read.step,
                        upload(&device, read.mean)?,
                        upload(&device, read.square)?,
                        upload(&device, read.largest)?,
                    ),
                    Place::Card {
                        step,
                        mean,
                        square,
                        largest,
                        ..
                    } => (step, mean, square, largest),
                };
                let step = step + 1;
                let settings: [f64; SETTINGS] = [
                    report.scale,
                    c.weight_decay,
                    1.0 - c.beta1,
                    c.beta2,
                    1.0 - c.beta2,
                    learning_rate / (1.0 - c.beta1.powf(step as f64)),
                    (1.0 - c.beta2.powf(step as f64)).sqrt(),
                    c.eps,
                ];
                let settings = upload(&device, settings.iter().map(|v| *v as $E).collect())?;
                let mut values = memory_of(&*parameter)?;
                let mut change = Gradients::leaky();
                let values = values.get_or_alloc_mut(&*parameter).map_err(refused)?;
                let change = change.get_or_alloc_mut(&*parameter).map_err(refused)?;
                // SAFETY: all have the parameter's n elements but `settings`, and `largest` without AMSGrad, which is
                // then not read
                unsafe {
                    kernel("update")?.launch(
                        config(n),
                        (
                            gradient,
                            &**values,
                            &mut mean,
                            &mut square,
                            &mut largest,
                            &mut **change,
                            &settings,
                            n as i32,
                            i32::from(c.amsgrad),
                        ),
                    )
                }
                .map_err(refused)?;
                // dfdx lets nobody else at a parameter in place: p ← p − 1·change, with a velocity that is left alone
                let subtract = SgdConfig {
                    lr: 1.0,
                    momentum: None,
                    weight_decay: None,
                };
                subtract
                    .try_update(parameter, values, change)
                    .map_err(refused)?;
                moments.0.insert(
                    name,
                    Place::Card {
                        step,
                        mean,
                        square,
                        largest,
                        amsgrad: c.amsgrad,
                    },
                );
            }
            Ok(report)
        }
    };
}
adam_step!(step_single, f32, "float", "adam_single");
adam_step!(step_double, f64, "double", "adam_double");
