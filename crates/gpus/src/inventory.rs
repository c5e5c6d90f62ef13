//! What a machine has, and whether it is enough.

use crate::GpuError;
use crate::driver::{self, Driver, attribute, code};
use std::fmt;
use std::path::PathBuf;

/// A version of CUDA, or the compute capability of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Before the dot.
    pub major: u32,
    /// Behind it.
    pub minor: u32,
}

impl Version {
    /// `major.minor`.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// One GPU.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gpu {
    /// Its number: `cuda:0` is the first.
    pub index: usize,
    /// As the driver names it.
    pub name: String,
    /// What it can compute.
    pub compute_capability: Version,
    /// Number of multiprocessors.
    pub multiprocessors: u32,
    /// Highest clock, MHz.
    pub clock_mhz: u32,
    /// Highest clock of the memory, MHz; 0 where the driver does not tell.
    pub memory_clock_mhz: u32,
    /// Wires to the memory; 0 where the driver does not tell.
    pub memory_bus_bits: u32,
    /// Bytes of its memory.
    pub memory_total: u64,
    /// Bytes that a program can still have; `None` where the driver does not let this one in.
    pub memory_free: Option<u64>,
}

/// All GPUs, and their driver.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inventory {
    /// Newest CUDA that the driver knows.
    pub cuda: Version,
    /// The GPUs by their numbers; none where the driver sees none.
    pub gpus: Vec<Gpu>,
}

/// What a program needs of a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// CUDA that it was built with.
    pub cuda: Version,
    /// Oldest card that it was built for.
    pub compute_capability: Version,
    /// Bytes that must be free.
    pub bytes_free: u64,
}

/// Where the libraries are: names for the system to look up, or paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Libraries {
    /// The driver's.
    pub driver: PathBuf,
    /// Those a program computes with.
    pub others: Vec<PathBuf>,
}

impl Default for Libraries {
    /// Those of CUDA 13.
    fn default() -> Self {
        Self {
            driver: "libcuda.so.1".into(),
            others: vec!["libcublas.so.13".into(), "libnvrtc.so.13".into()],
        }
    }
}

/// All GPUs that the driver sees. Asks for the free memory too, which takes a good part of a second for each.
///
/// # Errors
/// [`GpuError::NoDriver`], or [`GpuError::Failed`]; that there is no GPU is an empty list.
pub fn list() -> Result<Inventory, GpuError> {
    list_with(&Libraries::default())
}

/// As [`list`], with other libraries.
///
/// # Errors
/// As [`list`].
pub fn list_with(libraries: &Libraries) -> Result<Inventory, GpuError> {
    let driver = Driver::open(&libraries.driver)?;
    let cuda = driver.cuda()?;
    let gpus = match driver.start().and_then(|()| driver.count()) {
        Ok(count) => (0..count)
            .map(|index| {
                let mut gpu = describe(&driver, index)?;
                gpu.memory_free = driver.memory_free(index).ok();
                Ok(gpu)
            })
            .collect::<Result<_, _>>()?,
        Err(GpuError::NoGpu) => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(Inventory { cuda, gpus })
}

/// The GPU with number `index`, if a program with these needs can use it: driver, card, free memory and libraries
/// are looked at in this order.
///
/// # Errors
/// The first thing that is missing.
pub fn check(index: usize, needed: &Requirement) -> Result<Gpu, GpuError> {
    check_with(&Libraries::default(), index, needed)
}

/// As [`check`], with other libraries.
///
/// # Errors
/// As [`check`].
pub fn check_with(
    libraries: &Libraries,
    index: usize,
    needed: &Requirement,
) -> Result<Gpu, GpuError> {
    let driver = Driver::open(&libraries.driver)?;
    let found = driver.cuda()?;
    if found < needed.cuda {
        return Err(GpuError::DriverTooOld {
            found,
            needed: needed.cuda,
            driver: driver_of(needed.cuda),
        });
    }
    driver.start()?;
    let found = driver.count()?;
    if found == 0 {
        return Err(GpuError::NoGpu);
    }
    if index >= found {
        return Err(GpuError::NoSuchGpu { index, found });
    }
    let mut gpu = describe(&driver, index)?;
    if gpu.compute_capability < needed.compute_capability {
        return Err(GpuError::CardTooOld {
            index,
            name: gpu.name,
            found: gpu.compute_capability,
            needed: needed.compute_capability,
        });
    }
    let free = match driver.memory_free(index) {
        // there is not even room for what the driver itself needs
        Err(GpuError::Failed {
            code: code::OUT_OF_MEMORY,
            ..
        }) => 0,
        other => other?,
    };
    if free < needed.bytes_free {
        return Err(GpuError::TooLittleMemory {
            index,
            name: gpu.name,
            free,
            needed: needed.bytes_free,
        });
    }
    gpu.memory_free = Some(free);
    for library in &libraries.others {
        driver::open_for_good(library).map_err(|why| GpuError::NoLibrary {
            library: library.display().to_string(),
            why,
        })?;
    }
    Ok(gpu)
}

/// The first driver (its branch) that knows a CUDA, by NVIDIA's table of compatibility.
fn driver_of(cuda: Version) -> &'static str {
    match cuda.major {
        ..=11 => "450",
        12 => "525",
        _ => "580",
    }
}

fn describe(driver: &Driver, index: usize) -> Result<Gpu, GpuError> {
    let attribute = |attribute| driver.attribute(index, attribute);
    Ok(Gpu {
        index,
        name: driver.name(index)?,
        compute_capability: Version::new(
            attribute(attribute::COMPUTE_CAPABILITY_MAJOR)?,
            attribute(attribute::COMPUTE_CAPABILITY_MINOR)?,
        ),
        multiprocessors: attribute(attribute::MULTIPROCESSOR_COUNT)?,
        clock_mhz: attribute(attribute::CLOCK_RATE_KHZ)? / 1000,
        // not told is no reason to refuse a card
        memory_clock_mhz: attribute(attribute::MEMORY_CLOCK_RATE_KHZ).unwrap_or(0) / 1000,
        memory_bus_bits: attribute(attribute::MEMORY_BUS_WIDTH_BITS).unwrap_or(0),
        memory_total: driver.memory_total(index)?,
        memory_free: None,
    })
}
