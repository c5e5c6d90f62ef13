//! Configuration, training loop, checkpoints, metrics, evaluation and the command line.

#![forbid(unsafe_code)]
// `out` writes: a closed or full standard output is no panic
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod assemble;
pub mod checkpoint;
pub mod checks;
mod cholesky;
mod chunks;
pub mod cli;
pub mod commands;
pub mod config;
mod csv_rows;
pub mod device;
pub mod disk;
pub mod domain;
mod error;
pub mod evaluation;
pub mod experiment;
mod files;
pub mod fit_by_row;
mod gpu;
pub mod import;
pub mod inference;
pub mod inferred_parameters;
pub mod interrupt;
pub mod levenberg_marquardt;
pub mod lookup_table;
pub mod metrics;
pub mod metrics_log;
pub mod origin;
pub mod out;
mod parameter_table;
mod quantity_table;
pub mod refined_evaluation;
pub mod report;
pub mod resume;
pub mod run_directory;
mod run_files;
pub mod run_lock;
mod run_states;
pub mod screen;
pub mod seasons;
pub mod separation;
mod squashed_normal;
pub mod summary;
mod summary_text;
pub mod tensorboard;
pub mod trained_model;
pub mod training;

pub use error::TrainerError;
