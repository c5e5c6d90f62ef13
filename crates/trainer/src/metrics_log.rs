//! The files of records of a run: `metrics.jsonl`, which configuration, data and seed determine, and
//! `timings.jsonl` with what the clock says.

use crate::TrainerError;
use crate::disk::Disk;
use crate::metrics::{EpochRecord, Record};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

/// The files of records of one run.
#[derive(Clone, Debug)]
pub struct MetricsLog {
    disk: Disk,
    metrics: PathBuf,
    timings: PathBuf,
}

impl MetricsLog {
    /// The files in a run directory; nothing is created yet.
    pub fn new(disk: Disk, run: &Path) -> Self {
        Self {
            disk,
            metrics: run.join("metrics.jsonl"),
            timings: run.join("timings.jsonl"),
        }
    }

    /// Appends a record.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn record(&self, record: &Record) -> Result<(), TrainerError> {
        self.append(&self.metrics, &json(record)?)
    }

    /// Appends seconds and rate of an epoch.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn timing(&self, epoch: usize, seconds: f64, rows: usize) -> Result<(), TrainerError> {
        let line = serde_json::json!({
            "epoch": epoch,
            "seconds": seconds,
            "samples_per_second": rows as f64 / seconds,
        });
        self.append(&self.timings, &line.to_string())
    }

    fn append(&self, path: &Path, line: &str) -> Result<(), TrainerError> {
        self.disk.append(path, format!("{line}\n").as_bytes())
    }

    /// Waits until all records are on the disk: a state that follows them must not be there before them.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn sync(&self) -> Result<(), TrainerError> {
        self.disk.sync(&self.metrics)
    }

    /// The records of epochs so far.
    ///
    /// # Errors
    /// The file cannot be read, or a line is not a record.
    pub fn epochs(&self) -> Result<Vec<EpochRecord>, TrainerError> {
        let mut epochs = vec![];
        for line in Lines::open(&self.metrics)? {
            if let Record::Epoch(epoch) = self.parse(&line?)? {
                epochs.push(*epoch);
            }
        }
        Ok(epochs)
    }

    /// The records of epochs of a run that may be stopped at any moment: a last line without its line break, which is
    /// half written, is left out.
    ///
    /// # Errors
    /// The file cannot be read, or a line is not a record.
    pub fn whole_epochs(&self) -> Result<Vec<EpochRecord>, TrainerError> {
        let mut epochs = vec![];
        self.each_whole(&mut |record| {
            if let Record::Epoch(epoch) = record {
                epochs.push(*epoch);
            }
        })?;
        Ok(epochs)
    }

    /// Shows every record, first to last, one at a time; a last line that is half written is left out.
    ///
    /// # Errors
    /// The file cannot be read, or a line is not a record.
    pub fn each_whole(&self, see: &mut dyn FnMut(Record)) -> Result<(), TrainerError> {
        for line in Lines::open(&self.metrics)? {
            let line = line?;
            if !line.is_whole {
                break;
            }
            see(self.parse(&line)?);
        }
        Ok(())
    }

    fn parse(&self, line: &Line) -> Result<Record, TrainerError> {
        serde_json::from_slice(&line.bytes).map_err(|e| TrainerError::Damaged {
            path: self.metrics.clone(),
            why: format!("line {}: {e}", line.number),
        })
    }

    /// Drops everything recorded at or after (epoch, batch), where a resumed run continues; also a
    /// half-written last line.
    ///
    /// # Errors
    /// A file cannot be read or written, or the records before (epoch, batch) are not all there.
    pub fn truncate(&self, epoch: usize, batch: usize) -> Result<(), TrainerError> {
        let end = self.end_before(epoch, batch)?;
        self.disk.cut(&self.metrics, end)?;
        let mut end = 0;
        for line in Lines::open(&self.timings)? {
            let line = line?;
            let place: Option<Place> = line.parsed();
            if !line.is_whole || place.is_none_or(|place| place.epoch >= epoch) {
                break;
            }
            end = line.end;
        }
        self.disk.cut(&self.timings, end)
    }
}

impl MetricsLog {
    /// Whether all records before (epoch, batch) are there; changes nothing.
    ///
    /// # Errors
    /// They are not, or the file cannot be read.
    pub fn has_all_before(&self, epoch: usize, batch: usize) -> Result<(), TrainerError> {
        self.end_before(epoch, batch).map(drop)
    }

    /// Where the records before (epoch, batch) end in the file.
    fn end_before(&self, epoch: usize, batch: usize) -> Result<u64, TrainerError> {
        let mut last = None;
        let mut end = 0;
        for line in Lines::open(&self.metrics)? {
            let line = line?;
            let place: Option<Place> = line.parsed();
            match place.map(Place::position) {
                Some(at) if line.is_whole && at < (epoch, batch) => last = Some(at),
                _ => break,
            }
            end = line.end;
        }
        let expected = match (epoch, batch) {
            (0, 0) => None,
            (epoch, 0) => Some((epoch - 1, usize::MAX)),
            (epoch, batch) => Some((epoch, batch - 1)),
        };
        if last != expected {
            return Err(TrainerError::Damaged {
                path: self.metrics.clone(),
                why: format!(
                    "the state continues at epoch {epoch}, batch {batch}, and the records just before it are missing"
                ),
            });
        }
        Ok(end)
    }
}

/// Where a record belongs, whatever else it holds.
#[derive(Deserialize)]
struct Place {
    epoch: usize,
    /// An epoch's own record comes after its batches.
    batch: Option<usize>,
}

impl Place {
    /// (epoch, batch) after which the record was made.
    fn position(self) -> (usize, usize) {
        (self.epoch, self.batch.unwrap_or(usize::MAX))
    }
}

/// A line of a file.
struct Line {
    bytes: Vec<u8>,
    /// From 1.
    number: usize,
    /// Position behind it.
    end: u64,
    /// Whether its line break is there.
    is_whole: bool,
}

impl Line {
    fn parsed<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.bytes).ok()
    }
}

/// The lines of a file, one at a time: a long run's records are not held all at once.
struct Lines<'a> {
    path: &'a Path,
    /// `None` for a file that is not there, which has none.
    file: Option<BufReader<File>>,
    number: usize,
    end: u64,
}

impl<'a> Lines<'a> {
    fn open(path: &'a Path) -> Result<Self, TrainerError> {
        let file = match File::open(path) {
            Ok(file) => Some(BufReader::new(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(TrainerError::io(path, error)),
        };
        Ok(Self {
            path,
            file,
            number: 0,
            end: 0,
        })
    }
}

impl Iterator for Lines<'_> {
    type Item = Result<Line, TrainerError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut bytes = vec![];
        match self.file.as_mut()?.read_until(b'\n', &mut bytes) {
            Ok(0) => None,
            Ok(read) => {
                self.number += 1;
                self.end += read as u64;
                let is_whole = bytes.ends_with(b"\n");
                Some(Ok(Line {
                    bytes,
                    number: self.number,
                    end: self.end,
                    is_whole,
                }))
            }
            Err(error) => Some(Err(TrainerError::io(self.path, error))),
        }
    }
}

fn json(value: &impl Serialize) -> Result<String, TrainerError> {
    serde_json::to_string(value).map_err(|e| TrainerError::Internal(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Measures, NamedValues, StepRecord};
    use schedules::Phase;

    fn read(log: &MetricsLog) -> Result<Vec<Record>, TrainerError> {
        Lines::open(&log.metrics)?
            .map(|line| log.parse(&line?))
            .collect()
    }

    fn step(epoch: usize, batch: usize) -> Record {
        Record::Step(Box::new(StepRecord {
            epoch,
            batch,
            phase: Phase::Train,
            beta: 0.5,
            lr: 1e-3,
            train: Measures {
                loss: Some(0.1 + batch as f64),
                ..Measures::default()
            },
        }))
    }

    fn end_of(epoch: usize) -> Record {
        Record::Epoch(Box::new(EpochRecord {
            epoch,
            phase: Phase::Train,
            beta: 0.5,
            lr: 1e-3,
            best: true,
            train: Measures::default(),
            valid: Measures {
                kl_per_dimension: Some(NamedValues(vec![("LAI".into(), 0.1), ("N".into(), 1e-7)])),
                ..Measures::default()
            },
        }))
    }

    #[test]
    fn records_read_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let log = MetricsLog::new(Disk::default(), folder.path());
        let records = [step(0, 0), step(0, 1), end_of(0)];
        for record in &records {
            log.record(record).unwrap();
        }
        assert_eq!(read(&log).unwrap(), records);
        assert_eq!(log.epochs().unwrap().len(), 1);
    }

    #[test]
    fn a_resumed_run_has_no_gaps_and_no_repeats() {
        let folder = tempfile::tempdir().unwrap();
        let log = MetricsLog::new(Disk::default(), folder.path());
        for record in [step(0, 0), step(0, 1), end_of(0), step(1, 0), step(1, 1)] {
            log.record(&record).unwrap();
        }
        log.timing(0, 1.0, 10).unwrap();
        // a line cut off by a power cut
        let path = folder.path().join("metrics.jsonl");
        Disk::default()
            .append(&path, b"{\"kind\":\"step\",\"epo")
            .unwrap();
        assert!(read(&log).is_err());
        log.truncate(1, 1).unwrap();
        assert_eq!(
            read(&log).unwrap(),
            [step(0, 0), step(0, 1), end_of(0), step(1, 0)]
        );
        // the state is of a later batch than the last record
        let error = log.truncate(1, 3).unwrap_err().to_string();
        assert!(
            error.contains("records just before it are missing"),
            "{error}"
        );
        log.truncate(0, 0).unwrap();
        assert_eq!(read(&log).unwrap(), []);
    }
}
