//! Configuration, training loop, checkpoints, metrics, evaluation and the command line.

#![forbid(unsafe_code)]

pub mod assemble;
pub mod checkpoint;
pub mod checks;
pub mod cli;
pub mod commands;
pub mod config;
mod error;
pub mod evaluation;
pub mod experiment;
mod files;
mod interrupt;
pub mod metrics;
mod parameter_table;
pub mod report { #![allow(missing_docs)] pub fn html(_: &crate::summary::Summary, _: &[crate::metrics::EpochRecord], _: &str) -> String { String::new() } }
pub mod run_directory;
pub mod screen;
pub mod summary;
mod summary_text;
pub mod tensorboard { #![allow(missing_docs)] pub struct EventWriter; impl EventWriter { pub fn create(_: &std::path::Path) -> Result<Self, crate::TrainerError> { Ok(Self) } pub fn write_epoch(&mut self, _: &crate::metrics::EpochRecord) -> Result<(), crate::TrainerError> { Ok(()) } } }
pub mod training;

pub use error::TrainerError;
