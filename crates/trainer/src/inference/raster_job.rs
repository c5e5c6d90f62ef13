//! Rasters in, a Cloud-Optimized GeoTIFF of estimates out, block by block.

use super::input::InputPlan;
use super::raster_sample::look;
use super::{Column, Estimator, FlagCounts, Observations};
use crate::TrainerError;
use raster::{CogBand, CogCompression, CogSpec, CogWriter, RasterFile, Stack, StackReader, Window};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use tracing::warn;

/// Rasters and what is made of them.
pub struct RasterJob<'a> {
    /// The model.
    pub estimator: &'a Estimator,
    /// What the bands are.
    pub plan: &'a InputPlan,
    /// Files of one place, seen as one grid.
    pub inputs: &'a [PathBuf],
    /// The GeoTIFF to write.
    pub output: &'a Path,
    /// Least x, least y, greatest x, greatest y, in units of the CRS; `None`: all.
    pub bbox: Option<[f64; 4]>,
    /// Size of a pixel in units of the CRS; `None`: see [`Stack::open`].
    pub resolution: Option<f64>,
    /// Threads.
    pub workers: NonZeroUsize,
    /// How tiles are compressed.
    pub compression: CogCompression,
    /// Whether an output that is there is replaced.
    pub overwrite: bool,
    /// What made the estimates, for the metadata of the file.
    pub provenance: Vec<(String, String)>,
    /// What the estimates depend on beside what is here: an interrupted output is continued only where it is the same.
    pub fingerprint: String,
}

/// How far a job is, in blocks.
#[derive(Clone, Copy, Debug)]
pub struct BlocksDone {
    /// Done, those of an earlier interrupted run among them.
    pub done: usize,
    /// Of that run.
    pub before: usize,
    /// All.
    pub all: usize,
}

impl RasterJob<'_> {
    /// Reads, infers and writes, every thread block by block with memory for one. The output does not depend on the number
    /// of threads, nor on interruptions.
    ///
    /// # Errors
    /// A file is refused, the output is there already or cannot be written, or `stop` was raised: the same call then goes
    /// on where this one stopped.
    pub fn run(
        &self,
        progress: &(dyn Fn(BlocksDone) + Sync),
        stop: &AtomicBool,
    ) -> Result<FlagCounts, TrainerError> {
        let files: Result<Vec<_>, _> = self.inputs.iter().map(RasterFile::open).collect();
        let files = files?;
        let choices = self.plan.bands(&files)?;
        let stack = Stack::of(files, &choices, self.resolution)?;
        for note in stack.notes() {
            warn!("{note}");
        }
        let whole = match self.bbox {
            None => stack.window(),
            Some(bbox) => stack.window_of(bbox)?,
        };
        let declared = self.declared(&stack);
        self.judge(&stack, whole, &declared)?;
        let prepare = |band: usize, row: &mut [f32]| self.plan.prepare(band, declared[band], row);
        let writer = CogWriter::create(self.output, self.spec(&stack, whole))?;
        let blocks: Vec<(usize, usize)> = (0..writer.tiles_down())
            .flat_map(|row| (0..writer.tiles_across()).map(move |col| (col, row)))
            .collect();
        let left: Vec<(usize, usize)> = (blocks.iter().copied())
            .filter(|&(col, row)| !writer.is_done(col, row))
            .collect();
        let before = blocks.len() - left.len();
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(before));
        let all = blocks.len();
        progress(BlocksDone {
            done: before,
            before,
            all,
        });
        let outcome: Mutex<Result<FlagCounts, TrainerError>> =
            Mutex::new(Ok(FlagCounts::default()));
        let work = || -> Result<FlagCounts, TrainerError> {
            let reader = stack.reader()?.prepared(&prepare);
            let mut worker = Worker::new(self, reader, whole, &writer, &declared);
            let mut counts = FlagCounts::default();
            while !stop.load(Ordering::Relaxed)
                && let Some(&(col, row)) = left.get(next.fetch_add(1, Ordering::Relaxed))
            {
                counts.merge(&worker.block(col, row)?);
                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                progress(BlocksDone { done, before, all });
            }
            Ok(counts)
        };
        std::thread::scope(|scope| {
            for started in 0..self.workers.get() {
                let thread = std::thread::Builder::new().spawn_scoped(scope, || {
                    let found = work();
                    if found.is_err() {
                        // the others need not go on
                        next.store(left.len(), Ordering::Relaxed);
                    }
                    let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
                    match (&mut *outcome, found) {
                        (Ok(all), Ok(more)) => all.merge(&more),
                        (Ok(_), Err(error)) => *outcome = Err(error),
                        (Err(_), _) => {}
                    }
                });
                if let Err(source) = thread {
                    let count = started + 1;
                    if started == 0 {
                        return Err(TrainerError::Threads { count, source });
                    }
                    // those that the system gives do all of the work
                    break;
                }
            }
            Ok(())
        })?;
        let outcome = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
        if done.load(Ordering::Relaxed) == 0 {
            // there is nothing to go on from
            writer.discard()?;
            outcome?;
            return Err(TrainerError::Stopped {
                output: self.output.to_owned(),
            });
        }
        writer.flush()?;
        let counts = outcome?;
        if stop.load(Ordering::Relaxed) && done.load(Ordering::Relaxed) < all {
            return Err(TrainerError::Stopped {
                output: self.output.to_owned(),
            });
        }
        let pool = crate::threads::pool(self.workers.get())?;
        pool.install(|| writer.finish())?;
        Ok(counts)
    }

    /// Scale and offset of each band as its file declares them, where they apply.
    fn declared(&self, stack: &Stack) -> Vec<(f32, f32)> {
        let of = |(k, band): (usize, &raster::StackBand)| {
            // angles too may be kept as scaled numbers; a mask holds classes
            let is_channel = k < self.estimator.channels().len();
            let applies =
                Some(k) != self.plan.mask() && (!is_channel || self.plan.takes_declared_scales());
            if applies {
                (band.scale as f32, band.offset as f32)
            } else {
                (1.0, 0.0)
            }
        };
        stack.bands().iter().enumerate().map(of).collect()
    }

    /// Refuses a raster that cannot be what it is declared as, and says what is likely wrong with one that can.
    fn judge(
        &self,
        stack: &Stack,
        whole: Window,
        declared: &[(f32, f32)],
    ) -> Result<(), TrainerError> {
        let evidence = look(self.estimator, self.plan, stack, whole, declared)?;
        evidence.check(stack.files()[stack.bands()[0].file].path())?;
        for doubt in self.plan.assumptions().into_iter().chain(evidence.doubts()) {
            warn!("{doubt}");
        }
        Ok(())
    }

    fn spec(&self, stack: &Stack, whole: Window) -> CogSpec {
        let band = |column: &Column| CogBand {
            unit: (column.unit != "1").then(|| column.unit.clone()),
            categorical: column.categorical,
            ..CogBand::new(&column.name)
        };
        let bands = self.estimator.columns().iter().map(band).collect();
        let about = self.estimator.columns().iter();
        let about =
            about.map(|column| (format!("about_{}", column.name), column.description.clone()));
        let georeference = stack.georeference();
        CogSpec {
            georeference: georeference.map(|it| it.cropped(whole.col, whole.row)),
            compression: self.compression,
            metadata: self.provenance.iter().cloned().chain(about).collect(),
            software: Some(concat!("trainer ", env!("CARGO_PKG_VERSION")).to_owned()),
            fingerprint: self.fingerprint.clone(),
            overwrite: self.overwrite,
            ..CogSpec::new(whole.width, whole.height, bands)
        }
    }
}

/// A thread with its own file handles and memory.
struct Worker<'a> {
    job: &'a RasterJob<'a>,
    reader: StackReader<'a>,
    writer: &'a CogWriter,
    whole: Window,
    /// Scale and offset of each band.
    declared: &'a [(f32, f32)],
    bands: Vec<f32>,
    conditions: Vec<f32>,
    masked: Vec<bool>,
    out: Vec<f32>,
    tile: Vec<f32>,
}

impl<'a> Worker<'a> {
    fn new(
        job: &'a RasterJob<'a>,
        reader: StackReader<'a>,
        whole: Window,
        writer: &'a CogWriter,
        declared: &'a [(f32, f32)],
    ) -> Self {
        Self {
            declared,
            job,
            reader,
            writer,
            whole,
            bands: vec![],
            conditions: vec![],
            masked: vec![],
            out: vec![],
            tile: vec![],
        }
    }

    fn block(&mut self, col: usize, row: usize) -> Result<FlagCounts, TrainerError> {
        let (plan, estimator) = (self.job.plan, self.job.estimator);
        let side = self.writer.spec().tile;
        let (left, upper) = (col * side, row * side);
        let width = side.min(self.whole.width - left);
        let height = side.min(self.whole.height - upper);
        let n = width * height;
        self.bands.resize(plan.numbers.len() * n, 0.0);
        let window = Window::new(self.whole.col + left, self.whole.row + upper, width, height);
        self.reader.read(window, &mut self.bands)?;
        apply_scales(&mut self.bands, n, self.declared);
        plan.physical(&mut self.bands, n);
        plan.fill_conditions(&self.bands, n, None, &mut self.conditions);
        plan.fill_mask(&self.bands, n, &mut self.masked);
        let seen = Observations {
            channels: &self.bands[..estimator.channels().len() * n],
            conditions: (plan.conditions() > 0).then_some(&self.conditions[..]),
            masked: plan.mask().map(|_| &self.masked[..]),
        };
        let columns = estimator.columns().len();
        self.out.resize(columns * n, 0.0);
        let counts = estimator.infer(&seen, &mut self.out)?;
        if n == side * side {
            self.writer.write_block(col, row, &self.out)?;
            return Ok(counts);
        }
        self.tile.resize(columns * side * side, f32::NAN);
        for (band, tile) in self
            .out
            .chunks_exact(n)
            .zip(self.tile.chunks_exact_mut(side * side))
        {
            for (from, to) in band.chunks_exact(width).zip(tile.chunks_exact_mut(side)) {
                to[..width].copy_from_slice(from);
            }
        }
        self.writer.write_block(col, row, &self.tile)?;
        Ok(counts)
    }
}

/// Applies scale and offset of each band to its n numbers; those that are missing (NaN) stay so.
pub(super) fn apply_scales(bands: &mut [f32], n: usize, declared: &[(f32, f32)]) {
    for (band, &(scale, offset)) in bands.chunks_exact_mut(n).zip(declared) {
        if (scale, offset) != (1.0, 0.0) {
            for v in band {
                *v = *v * scale + offset;
            }
        }
    }
}
