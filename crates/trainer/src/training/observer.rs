//! Who watches a training: progress bars, logs, tests.

use crate::metrics::{EpochRecord, StepRecord};

/// Told what happens, in order; decides nothing.
pub trait Observer {
    /// An epoch of `batches` batches begins at `batch`.
    fn epoch_begins(&mut self, epoch: usize, epochs: usize, batch: usize, batches: usize);
    /// The phases switch: the coming epoch is the first of Train.
    fn phase_switches(&mut self, epoch: usize, lr: f64);
    /// A step is done.
    fn step(&mut self, record: &StepRecord);
    /// An epoch is done.
    fn epoch_ends(&mut self, record: &EpochRecord, seconds: f64);
    /// Early stopping ended the training.
    fn stopped_early(&mut self, epoch: usize, best: usize);
}

/// Watches nothing.
pub struct Silent;

impl Observer for Silent {
    fn epoch_begins(&mut self, _: usize, _: usize, _: usize, _: usize) {}
    fn phase_switches(&mut self, _: usize, _: f64) {}
    fn step(&mut self, _: &StepRecord) {}
    fn epoch_ends(&mut self, _: &EpochRecord, _: f64) {}
    fn stopped_early(&mut self, _: usize, _: usize) {}
}
