//! Run-time shaped neural network layers, fused operations and optimiser on dfdx; the only crate that knows its quirks.
