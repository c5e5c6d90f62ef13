//! Tables of samples: read, check, standardise, batch, simulate.

#![forbid(unsafe_code)]
