//! What this program needs of a GPU, asked before anything computes there.

use crate::TrainerError;
use gpus::{Requirement, Version};

/// CUDA that the GPU's libraries are of; a driver must know it.
const CUDA: Version = Version::new(13, 0);
/// Oldest card that CUDA 13 compiles for.
const OLDEST_CARD: Version = Version::new(7, 5);
/// The card whose instructions dfdx's kernels were built for, without the dot; unset where this build has none.
const BUILT_FOR: Option<&str> = option_env!("CUDA_COMPUTE_CAP");
/// The libraries and their kernels alone take about this, before any batch.
const LEAST_MEMORY: u64 = 512 << 20;

/// What a build with CUDA needs of a card and its driver.
pub fn requirement() -> Requirement {
    Requirement {
        cuda: CUDA,
        compute_capability: BUILT_FOR.map_or(OLDEST_CARD, compute_capability),
        bytes_free: LEAST_MEMORY,
    }
}

/// Refuses a GPU that this program cannot use.
///
/// # Errors
/// A build without CUDA; no driver, no GPU, none of this number, a driver or a card too old, too little free memory, a
/// library of CUDA that is missing.
pub fn check(index: usize) -> Result<(), TrainerError> {
    let refused = |why: String| TrainerError::Device {
        device: format!("cuda:{index}"),
        why,
    };
    if !cfg!(feature = "cuda") {
        return Err(refused(
            "this build has no CUDA support; allowed: cpu (or build with `cargo xtask cuda-build`)"
                .to_owned(),
        ));
    }
    match gpus::check(index, &requirement()) {
        Ok(_) => Ok(()),
        Err(error) => Err(refused(error.to_string())),
    }
}

/// `90` is 9.0, `120` is 12.0; what is no number is the oldest card there is.
fn compute_capability(without_dot: &str) -> Version {
    without_dot.parse().map_or(OLDEST_CARD, |number: u32| {
        Version::new(number / 10, number % 10)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compute_capabilities_have_their_dot_before_the_last_digit() {
        assert_eq!(compute_capability("90"), Version::new(9, 0));
        assert_eq!(compute_capability("120"), Version::new(12, 0));
        assert_eq!(compute_capability("native"), OLDEST_CARD);
    }
}
