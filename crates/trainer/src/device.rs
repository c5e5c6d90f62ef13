//! Where to compute.

use crate::{TrainerError, gpu};
use std::str::FromStr;

/// Where to compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// The GPU with this number.
    Cuda(usize),
}

impl Device {
    /// Whether this program can compute there, on this machine.
    ///
    /// # Errors
    /// A GPU in a build without CUDA, or one that is not there or does not fit.
    pub fn check(self) -> Result<Self, TrainerError> {
        if let Self::Cuda(index) = self {
            gpu::check(index)?;
        }
        Ok(self)
    }
}

impl FromStr for Device {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "cpu" => Some(Self::Cpu),
            Some(("cuda", index)) => index.parse().map(Self::Cuda).ok(),
            _ => None,
        }
        .ok_or_else(|| "allowed: cpu, or cuda:N with the number of a GPU".to_owned())
    }
}
