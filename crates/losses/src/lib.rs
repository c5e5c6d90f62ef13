//! The terms of the training objective and their weighted total.

#![forbid(unsafe_code)]
