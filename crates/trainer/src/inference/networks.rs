//! A model's networks on their device, asked from the host by any number of threads.

#[cfg(any(test, feature = "cuda"))]
mod its_own_thread;

#[cfg(feature = "cuda")]
use its_own_thread::{ItsOwnThread, OnHost};

use crate::TrainerError;
use crate::device::Device;
use crate::training::Shards;
use model::{Gaussian, PhysVae, Posterior};
use ndarray::{Array2, ArrayView2};
use nn::{Cpu, Matrix, matrix, to_host};

/// Normal distributions in u-space, n × k.
pub struct Normals {
    /// Means, row after row.
    pub mean: Vec<f32>,
    /// Log-variances, row after row.
    pub lnvar: Vec<f32>,
}

/// What the encoder says of n observations.
pub struct Latents {
    /// Of the physical latents, n × p.
    pub physical: Normals,
    /// Of the auxiliary ones, n × a; `None` without any, or where they were not asked for.
    pub auxiliary: Option<Normals>,
}

/// What the decoder makes of latents at their means, standardised, n × d.
pub struct Signals {
    /// The physics, calibrated where the model has a calibration.
    pub x_p: Array2<f64>,
    /// With the residual.
    pub x_pb: Array2<f64>,
    /// The gate of the residual; `None` of one without.
    pub gate: Option<Array2<f64>>,
}

/// The networks of a model, wherever they are.
pub trait Networks: Send + Sync {
    /// Observations that are best asked together.
    fn rows_at_once(&self) -> usize;

    /// x (n × d, standardised) → latents.
    ///
    /// # Errors
    /// The physics or the device refuses; a model without physics.
    fn encode(
        &self,
        x: ArrayView2<f32>,
        conditions: Option<ArrayView2<f64>>,
        with_auxiliary: bool,
    ) -> Result<Latents, TrainerError>;

    /// Latents → what they would look like.
    ///
    /// # Errors
    /// The physics or the device refuses.
    fn decode(
        &self,
        latents: Latents,
        conditions: Option<ArrayView2<f64>>,
    ) -> Result<Signals, TrainerError>;
}

/// Puts the networks of a model where they are to compute.
///
/// # Errors
/// The device refuses.
pub(super) fn networks(
    device: Device,
    model: PhysVae<f32, Cpu>,
) -> Result<Box<dyn Networks>, TrainerError> {
    match device {
        Device::Cpu => Ok(Box::new(OnDevice {
            device: Cpu::default(),
            model,
        })),
        Device::Cuda(index) => on_gpu(index, &model),
    }
}

#[cfg(feature = "cuda")]
fn on_gpu(index: usize, model: &PhysVae<f32, Cpu>) -> Result<Box<dyn Networks>, TrainerError> {
    let of_this_gpu = move |why: String| TrainerError::Device {
        device: format!("cuda:{index}"),
        why,
    };
    let on_host = OnHost::of(model);
    let start = move || {
        let device = nn::Cuda::try_build(index, 0).map_err(|e| of_this_gpu(format!("{e:?}")))?;
        let model = on_host.on(&device)?;
        Ok(OnDevice { device, model })
    };
    // enough to fill a card; activations of a few hundred numbers each fit any
    let rows = 65_536;
    Ok(Box::new(ItsOwnThread::start(rows, of_this_gpu, start)?))
}

#[cfg(not(feature = "cuda"))]
fn on_gpu(index: usize, _: &PhysVae<f32, Cpu>) -> Result<Box<dyn Networks>, TrainerError> {
    Err(TrainerError::Device {
        device: format!("cuda:{index}"),
        why: "this build has no CUDA support".to_owned(),
    })
}

/// The processor: each thread works on its own.
impl Networks for OnDevice<Cpu> {
    /// Their activations stay in the cache.
    fn rows_at_once(&self) -> usize {
        1024
    }

    fn encode(
        &self,
        x: ArrayView2<f32>,
        conditions: Option<ArrayView2<f64>>,
        with_auxiliary: bool,
    ) -> Result<Latents, TrainerError> {
        self.latents(x, conditions, with_auxiliary)
    }

    fn decode(
        &self,
        latents: Latents,
        conditions: Option<ArrayView2<f64>>,
    ) -> Result<Signals, TrainerError> {
        self.signals(latents, conditions)
    }
}

/// A model with the device that it is on.
struct OnDevice<D: Shards<f32>> {
    device: D,
    model: PhysVae<f32, D>,
}

impl<D: Shards<f32>> OnDevice<D> {
    fn latents(
        &self,
        x: ArrayView2<f32>,
        conditions: Option<ArrayView2<f64>>,
        with_auxiliary: bool,
    ) -> Result<Latents, TrainerError> {
        let loaded = matrix(
            &self.device,
            x.nrows(),
            x.ncols(),
            x.iter().copied().collect(),
        )?;
        let posterior = if with_auxiliary {
            self.model.encode(loaded, conditions)?
        } else {
            Posterior {
                physical: self.model.encode_physical(loaded, conditions)?,
                auxiliary: None,
            }
        };
        let normals = |of: Gaussian<f32, D>| Normals {
            mean: to_host(&of.mean),
            lnvar: to_host(&of.lnvar),
        };
        Ok(Latents {
            physical: posterior
                .physical
                .map(normals)
                .ok_or(TrainerError::NoPhysics)?,
            auxiliary: posterior.auxiliary.map(normals),
        })
    }

    fn signals(
        &self,
        latents: Latents,
        conditions: Option<ArrayView2<f64>>,
    ) -> Result<Signals, TrainerError> {
        let architecture = self.model.architecture();
        let (p, a) = (architecture.dim_z_phy, architecture.dim_z_aux);
        let n = latents.physical.mean.len() / p.max(1);
        let gaussian = |of: Normals, k: usize| -> Result<_, TrainerError> {
            Ok(Gaussian {
                mean: matrix(&self.device, n, k, of.mean)?,
                lnvar: matrix(&self.device, n, k, of.lnvar)?,
            })
        };
        let posterior = Posterior {
            physical: Some(gaussian(latents.physical, p)?),
            auxiliary: latents.auxiliary.map(|of| gaussian(of, a)).transpose()?,
        };
        let decoded = self.model.decode(posterior, None, conditions)?;
        let x_p = decoded.x_p;
        let gate = decoded.residual.and_then(|residual| residual.gate);
        Ok(Signals {
            x_p: wide(&x_p.ok_or(TrainerError::NoPhysics)?, n),
            x_pb: wide(&decoded.x_pb, n),
            gate: gate.map(|gate| wide(&gate, n)),
        })
    }
}

/// A matrix of n rows on the host.
fn wide<D: Shards<f32>>(of: &Matrix<f32, D>, n: usize) -> Array2<f64> {
    let values = to_host(of);
    let d = values.len() / n.max(1);
    Array2::from_shape_fn((n, d), |(i, k)| f64::from(values[i * d + k]))
}
