//! What can go wrong in `nn`.

/// Errors of the nn crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NnError {
    /// The device refused an operation (out of memory, a driver error).
    #[error("device error: {0}")]
    Device(String),
    /// The device has no memory left.
    #[error(
        "the GPU has too little memory for a batch of this size; a smaller one (trainer.batch_size) needs less"
    )]
    OutOfMemory,
    /// A kernel does not compile, with the compiler's words, or is not there.
    #[error("a kernel for the GPU: {0}")]
    Kernel(String),
    /// A stored tensor is missing.
    #[error("parameter {name} is missing")]
    MissingParameter {
        /// Its name.
        name: String,
    },
    /// A stored tensor is not one of the model's.
    #[error("parameter {name} is not one of this model's")]
    UnknownParameter {
        /// Its name.
        name: String,
    },
    /// A stored tensor has another shape than the model's.
    #[error("parameter {name} has shape {found:?}, the model needs {expected:?}")]
    ParameterShape {
        /// Its name.
        name: String,
        /// The shape found.
        found: Vec<usize>,
        /// The model's shape.
        expected: Vec<usize>,
    },
    /// A gradient has another size than its parameter.
    #[error("the gradient of parameter {name} has {found} elements, the parameter {expected}")]
    Gradient {
        /// Name of the parameter.
        name: String,
        /// Number of elements of the gradient.
        found: usize,
        /// Number of elements of the parameter.
        expected: usize,
    },
    /// The optimiser's stored state does not fit the parameter or the settings.
    #[error(
        "the optimiser's {what} of parameter {name} has {found} elements, the settings need {expected}"
    )]
    Moments {
        /// Name of the parameter.
        name: String,
        /// Which part of the state.
        what: &'static str,
        /// Elements found.
        found: usize,
        /// Elements needed.
        expected: usize,
    },
    /// A file of tensors cannot be read.
    #[error("not a valid safetensors file: {0}")]
    Safetensors(String),
    /// A layer was given a matrix of the wrong width.
    #[error("{layer} takes {expected} columns, got {found}")]
    Width {
        /// Name of the layer.
        layer: String,
        /// Columns it takes.
        expected: usize,
        /// Columns it was given.
        found: usize,
    },
}

impl NnError {
    /// Wraps an error of a dfdx device.
    pub fn device<Err: std::fmt::Debug>(error: &Err) -> Self {
        let text = format!("{error:?}");
        if text.contains("OUT_OF_MEMORY") {
            return Self::OutOfMemory;
        }
        Self::Device(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_without_memory_says_what_needs_less() {
        let error = NnError::device(&"CUDA_ERROR_OUT_OF_MEMORY");
        assert!(matches!(error, NnError::OutOfMemory));
        assert!(error.to_string().contains("batch_size"));
        assert!(matches!(
            NnError::device(&"CUDA_ERROR_LAUNCH_FAILED"),
            NnError::Device(_)
        ));
    }
}
