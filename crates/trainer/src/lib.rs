//! Configuration, training loop, checkpoints, metrics, evaluation and the command line.

#![forbid(unsafe_code)]

pub mod assemble;
pub mod checkpoint;
pub mod checks;
mod cholesky;
pub mod cli;
pub mod cli_export;
pub mod commands;
pub mod config;
pub mod disk;
mod error;
pub mod evaluation;
pub mod experiment;
mod files;
pub mod import;
pub mod inferred_parameters;
mod interrupt;
pub mod levenberg_marquardt;
pub mod lookup_table;
pub mod metrics;
pub mod metrics_log;
pub mod origin;
mod parameter_table;
mod quantity_table;
pub mod report;
pub mod run_directory;
pub mod run_lock;
pub mod screen;
pub mod seasons;
pub mod separation;
pub mod summary;
mod summary_text;
pub mod tensorboard;
pub mod training;

pub use error::TrainerError;
