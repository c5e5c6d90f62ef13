//! Why a GPU cannot be used.

use crate::Version;

/// Errors of the gpus crate: each says what a user can do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GpuError {
    /// The driver's library cannot be opened or is another one.
    #[error(
        "there is no NVIDIA driver: {library} cannot be used ({why}); allowed: a machine with an NVIDIA GPU and its driver"
    )]
    NoDriver {
        /// The library, as it was asked for.
        library: String,
        /// What the system said.
        why: String,
    },
    /// A driver, but no GPU.
    #[error(
        "the NVIDIA driver sees no GPU; allowed: a machine with one (in a container or a job it must be handed in; \
         CUDA_VISIBLE_DEVICES must not hide it)"
    )]
    NoGpu,
    /// Fewer GPUs than the index asks for.
    #[error("there is no GPU cuda:{index}; allowed: {}", indices(*found))]
    NoSuchGpu {
        /// Number of the GPU, from 0.
        index: usize,
        /// How many there are.
        found: usize,
    },
    /// The driver knows an older CUDA than the program was built with.
    #[error(
        "the NVIDIA driver is too old: it knows CUDA {found}, this program needs CUDA {needed}; allowed: driver {driver} \
         or newer"
    )]
    DriverTooOld {
        /// CUDA version of the driver.
        found: Version,
        /// CUDA version of the program.
        needed: Version,
        /// The first driver that knows it.
        driver: &'static str,
    },
    /// The card is older than those the program was built for.
    #[error(
        "cuda:{index}, {name}, has compute capability {found}, this program was built for {needed} and newer; a build for \
         this card: cargo xtask cuda-build --compute-cap {}{}", found.major, found.minor
    )]
    CardTooOld {
        /// Number of the GPU.
        index: usize,
        /// Its name.
        name: String,
        /// Its compute capability.
        found: Version,
        /// The one needed.
        needed: Version,
    },
    /// Not enough of the card's memory is free.
    #[error(
        "cuda:{index}, {name}, has too little memory: {} MiB are free, {} MiB are needed; other programs on this GPU may \
         hold it", free >> 20, needed.div_ceil(1 << 20)
    )]
    TooLittleMemory {
        /// Number of the GPU.
        index: usize,
        /// Its name.
        name: String,
        /// Bytes that are free.
        free: u64,
        /// Bytes that are needed.
        needed: u64,
    },
    /// A library of CUDA beside the driver's cannot be opened.
    #[error(
        "{library}, a library of CUDA, cannot be opened ({why}); allowed: CUDA installed, or the folder that holds the \
         library named in LD_LIBRARY_PATH"
    )]
    NoLibrary {
        /// The library, as it was asked for.
        library: String,
        /// What the system said.
        why: String,
    },
    /// The driver refuses.
    #[error("the NVIDIA driver refuses: {call} answers {code} ({why})")]
    Failed {
        /// The function of the driver.
        call: &'static str,
        /// Its `CUresult`.
        code: i32,
        /// What the driver says of that number.
        why: String,
    },
}

fn indices(found: usize) -> String {
    match found {
        1 => "cuda:0, the only one".to_owned(),
        found => format!("cuda:0 to cuda:{}", found.saturating_sub(1)),
    }
}
