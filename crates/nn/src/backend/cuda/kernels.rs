//! Kernels of our own: compiled by NVRTC for the card, loaded, found by name.

use crate::NnError;
use cudarc::driver::sys::CUdevice_attribute_enum as Attribute;
use cudarc::driver::{CudaDevice, CudaSlice};
use cudarc::nvrtc::{CompileError, CompileOptions, compile_ptx_with_opts};
use std::sync::Arc;

pub(super) fn refused<Err: std::fmt::Debug>(error: Err) -> NnError {
    NnError::device(&error)
}

/// The card's own instructions; cards that are newer than this list get those of the oldest that NVRTC knows.
fn architecture(major: i32, minor: i32) -> Option<&'static str> {
    Some(match (major, minor) {
        (7, _) => "compute_75",
        (8, 0) => "compute_80",
        (8, 6) => "compute_86",
        (8, 7) => "compute_87",
        (8, 9) => "compute_89",
        (9, _) => "compute_90",
        (10, _) => "compute_100",
        (12, _) => "compute_120",
        _ => return None,
    })
}

/// Compiles a source for the card and loads it under a name; the functions are found there.
pub(super) fn load(
    device: &Arc<CudaDevice>,
    module: &str,
    source: &str,
    functions: &[&'static str],
) -> Result<(), NnError> {
    let attribute = |which| device.attribute(which).map_err(refused);
    let major = attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?;
    let minor = attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?;
    let options = CompileOptions {
        arch: architecture(major, minor),
        ..Default::default()
    };
    let ptx = compile_ptx_with_opts(source, options).map_err(|error| {
        NnError::Kernel(match &error {
            CompileError::CompileError { log, .. } => log.to_string_lossy().into_owned(),
            other => format!("{other:?}"),
        })
    })?;
    device.load_ptx(ptx, module, functions).map_err(refused)
}

/// Numbers in memory of the card; one where there is none.
pub(super) fn upload<T: cudarc::driver::DeviceRepr + Unpin + Default + Clone>(
    device: &Arc<CudaDevice>,
    mut values: Vec<T>,
) -> Result<CudaSlice<T>, NnError> {
    if values.is_empty() {
        values.push(T::default());
    }
    device.htod_copy(values).map_err(refused)
}
