//! Where to compute.

use crate::config::ConfigError;
use std::str::FromStr;

/// Where to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// The processor.
    Cpu,
    /// The GPU with this number.
    Cuda(usize),
}

impl Device {
    /// Whether this build can compute there.
    ///
    /// # Errors
    /// A GPU in a build without CUDA.
    pub fn check(self) -> Result<Self, ConfigError> {
        match self {
            Self::Cuda(index) if !cfg!(feature = "cuda") => Err(ConfigError::NoCuda { index }),
            available => Ok(available),
        }
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
