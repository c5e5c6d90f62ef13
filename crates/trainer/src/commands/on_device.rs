//! A command on the device that its user names.

use crate::TrainerError;
use crate::device::Device;
use crate::training::Shards;
use nn::Cpu;

/// What a command does wherever it is.
pub(super) trait OnDevice {
    /// Does it there.
    fn with<D: Shards<f32>>(self, device: D) -> Result<(), TrainerError>;
}

/// Does it on a device that has been checked.
pub(super) fn on_device(device: Device, command: impl OnDevice) -> Result<(), TrainerError> {
    match device {
        Device::Cpu => command.with(Cpu::default()),
        Device::Cuda(index) => on_cuda(index, command),
    }
}

#[cfg(feature = "cuda")]
fn on_cuda(index: usize, command: impl OnDevice) -> Result<(), TrainerError> {
    let device = nn::Cuda::try_build(index, 0).map_err(|e| TrainerError::Device {
        device: format!("cuda:{index}"),
        why: format!("{e:?}"),
    })?;
    command.with(device)
}

#[cfg(not(feature = "cuda"))]
fn on_cuda(index: usize, _: impl OnDevice) -> Result<(), TrainerError> {
    let why = "this build has no CUDA support".to_owned();
    Err(TrainerError::Device {
        device: format!("cuda:{index}"),
        why,
    })
}
