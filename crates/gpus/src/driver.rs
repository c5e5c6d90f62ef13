//! The functions of the driver's library, found at run time: the only file of this crate with `unsafe`.
//!
//! Names and types are those of cuda.h. Every function returns a `CUresult`, 0 for success.

#![allow(
    unsafe_code,
    reason = "the driver is a C library that is opened at run time"
)]

use crate::{GpuError, Version};
use libloading::Library;
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::mem::ManuallyDrop;
use std::path::Path;
use std::ptr;

/// Values of `CUresult`.
pub mod code {
    pub const OUT_OF_MEMORY: i32 = 2;
    pub const NO_DEVICE: i32 = 100;
}

/// Values of `CUdevice_attribute`.
pub mod attribute {
    pub const CLOCK_RATE_KHZ: i32 = 13;
    pub const MULTIPROCESSOR_COUNT: i32 = 16;
    pub const MEMORY_CLOCK_RATE_KHZ: i32 = 36;
    pub const MEMORY_BUS_WIDTH_BITS: i32 = 37;
    pub const COMPUTE_CAPABILITY_MAJOR: i32 = 75;
    pub const COMPUTE_CAPABILITY_MINOR: i32 = 76;
}

/// Bytes that a name may have, with the zero behind it.
const LONGEST_NAME: usize = 256;

type Context = *mut c_void;

/// The driver's library.
#[derive(Debug)]
pub struct Driver {
    library: ManuallyDrop<Library>,
    path: String,
}

/// Opens a library and leaves it open until the program ends.
pub fn open_for_good(path: &Path) -> Result<ManuallyDrop<Library>, String> {
    // SAFETY: opening runs the library's own initialisation. It is a library of CUDA that the user has installed
    // under its well-known name; the program is about to compute with it in any case. It is never closed: the
    // driver starts threads that would run on.
    let opened = unsafe { Library::new(path) };
    opened
        .map(ManuallyDrop::new)
        .map_err(|error| reason(&error))
}

/// What the system said, which libloading keeps as the cause.
fn reason(error: &libloading::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// Calls a function of the driver by its name: `call!(driver, "cuInit", (c_uint), 0)`.
macro_rules! call {
    ($driver:expr, $name:literal, ($($type:ty),*), $($argument:expr),*) => {{
        let driver: &Driver = $driver;
        // SAFETY: the name and the types of the arguments are those that cuda.h declares, and the driver keeps the
        // function behind a name as it is for good (a changed one gets another name, as `_v2`). The symbol does
        // not outlive the library. Pointers come from references to variables of the caller that are of the
        // type and size that cuda.h asks for and live until the call is over.
        let code = unsafe {
            let function: libloading::Symbol<unsafe extern "C" fn($($type),*) -> c_int> =
                driver.library.get($name).map_err(|error| driver.is_no_driver(&error))?;
            function($($argument),*)
        };
        driver.succeeded($name, code)
    }};
}

impl Driver {
    pub fn open(path: &Path) -> Result<Self, GpuError> {
        let text = path.display().to_string();
        match open_for_good(path) {
            Ok(library) => Ok(Self {
                library,
                path: text,
            }),
            Err(why) => Err(GpuError::NoDriver { library: text, why }),
        }
    }

    /// Newest CUDA that the driver knows; needs no [`Self::start`].
    pub fn cuda(&self) -> Result<Version, GpuError> {
        let mut version: c_int = 0;
        call!(self, "cuDriverGetVersion", (*mut c_int), &raw mut version)?;
        let version = u32::try_from(version).unwrap_or(0);
        // 13000 + 10 is 13.1
        Ok(Version::new(version / 1000, version % 1000 / 10))
    }

    /// Must be called before everything below.
    pub fn start(&self) -> Result<(), GpuError> {
        call!(self, "cuInit", (c_uint), 0)
    }

    /// Number of GPUs.
    pub fn count(&self) -> Result<usize, GpuError> {
        let mut count: c_int = 0;
        call!(self, "cuDeviceGetCount", (*mut c_int), &raw mut count)?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// Name of a GPU.
    pub fn name(&self, index: usize) -> Result<String, GpuError> {
        let device = self.device(index)?;
        let mut name = [0u8; LONGEST_NAME];
        call!(
            self,
            "cuDeviceGetName",
            (*mut c_char, c_int, c_int),
            name.as_mut_ptr().cast(),
            LONGEST_NAME as c_int,
            device
        )?;
        let name = CStr::from_bytes_until_nul(&name).unwrap_or_default();
        Ok(name.to_string_lossy().into_owned())
    }

    /// Bytes of a GPU's memory.
    pub fn memory_total(&self, index: usize) -> Result<u64, GpuError> {
        let device = self.device(index)?;
        let mut bytes: usize = 0;
        call!(
            self,
            "cuDeviceTotalMem_v2",
            (*mut usize, c_int),
            &raw mut bytes,
            device
        )?;
        Ok(bytes as u64)
    }

    /// A property of a GPU that is a number.
    pub fn attribute(&self, index: usize, attribute: c_int) -> Result<u32, GpuError> {
        let device = self.device(index)?;
        let mut value: c_int = 0;
        call!(
            self,
            "cuDeviceGetAttribute",
            (*mut c_int, c_int, c_int),
            &raw mut value,
            attribute,
            device
        )?;
        Ok(u32::try_from(value).unwrap_or(0))
    }

    /// Bytes of a GPU's memory that are free once this program has its context there, which is given back.
    pub fn memory_free(&self, index: usize) -> Result<u64, GpuError> {
        let device = self.device(index)?;
        let mut context: Context = ptr::null_mut();
        call!(
            self,
            "cuDevicePrimaryCtxRetain",
            (*mut Context, c_int),
            &raw mut context,
            device
        )?;
        let free = self.memory_free_in(context);
        let released = call!(self, "cuDevicePrimaryCtxRelease_v2", (c_int), device);
        free.and_then(|free| released.map(|()| free))
    }

    fn memory_free_in(&self, context: Context) -> Result<u64, GpuError> {
        let (mut free, mut total): (usize, usize) = (0, 0);
        call!(self, "cuCtxPushCurrent_v2", (Context), context)?;
        let asked = call!(
            self,
            "cuMemGetInfo_v2",
            (*mut usize, *mut usize),
            &raw mut free,
            &raw mut total
        );
        let mut popped: Context = ptr::null_mut();
        call!(self, "cuCtxPopCurrent_v2", (*mut Context), &raw mut popped)?;
        asked.map(|()| free as u64)
    }

    /// The driver's handle of a GPU.
    fn device(&self, index: usize) -> Result<c_int, GpuError> {
        let mut device: c_int = 0;
        // a number that is too large for C is none the driver has
        let index = c_int::try_from(index).unwrap_or(c_int::MAX);
        call!(
            self,
            "cuDeviceGet",
            (*mut c_int, c_int),
            &raw mut device,
            index
        )?;
        Ok(device)
    }

    fn is_no_driver(&self, error: &libloading::Error) -> GpuError {
        GpuError::NoDriver {
            library: self.path.clone(),
            why: reason(error),
        }
    }

    fn succeeded(&self, call: &'static str, code: c_int) -> Result<(), GpuError> {
        match code {
            0 => Ok(()),
            code::NO_DEVICE => Err(GpuError::NoGpu),
            code => Err(GpuError::Failed {
                call,
                code,
                why: self.explain(code),
            }),
        }
    }

    /// What the driver says of an error's number.
    fn explain(&self, code: c_int) -> String {
        let mut text: *const c_char = ptr::null();
        // SAFETY: name and types are those of cuda.h. On success the text is a constant of the driver that ends
        // with a zero, and the library is never closed; otherwise it stays null and is not read.
        let text = unsafe {
            let function = self
                .library
                .get::<unsafe extern "C" fn(c_int, *mut *const c_char) -> c_int>(
                    "cuGetErrorString",
                );
            match function {
                Ok(function) if function(code, &raw mut text) == 0 && !text.is_null() => {
                    CStr::from_ptr(text).to_str().ok()
                }
                _ => None,
            }
        };
        text.unwrap_or("an error it has no words for").to_owned()
    }
}
