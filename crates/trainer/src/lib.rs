//! Configuration, training loop, checkpoints, metrics, evaluation and the command line.

#![forbid(unsafe_code)]

pub mod cli;
pub mod config;
