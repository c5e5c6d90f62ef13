//! What is logged: records of steps and epochs, and their files.
//!
//! `metrics.jsonl` holds nothing that configuration, data and seed do not determine; wall-clock
//! quantities go to `timings.jsonl`.

use crate::TrainerError;
use crate::disk::Disk;
use crate::files::read_to_string;
use losses::Averages;
use schedules::Phase;
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::path::{Path, PathBuf};

/// Numbers by name, in a fixed order; a JSON object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NamedValues(pub Vec<(String, f64)>);

impl NamedValues {
    /// Pairs names and values.
    pub fn new(names: &[String], values: &[f64]) -> Self {
        Self(names.iter().cloned().zip(values.iter().copied()).collect())
    }
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| *v)
    }
    /// Plain sum of the values.
    pub fn sum(&self) -> f64 {
        self.0.iter().map(|(_, v)| v).sum()
    }
}

impl Serialize for NamedValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for NamedValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = NamedValues;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of numbers")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<NamedValues, M::Error> {
                let mut values = vec![];
                while let Some((name, value)) = map.next_entry::<String, Option<f64>>()? {
                    // JSON has no NaN; it is written as null
                    values.push((name, value.unwrap_or(f64::NAN)));
                }
                Ok(NamedValues(values))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// Quantities of a batch or of a pass over a split; absent ones have no meaning there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Measures {
    /// The minimised total.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// Mean over rows of Σ (x_PB − x)².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rec: Option<f64>,
    /// KL, plain sum over dimensions, nats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl: Option<f64>,
    /// Share of the physical dimensions in it, nats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl_phy: Option<f64>,
    /// Share of the auxiliary dimensions in it, nats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl_aux: Option<f64>,
    /// KL of each dimension, nats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl_per_dimension: Option<NamedValues>,
    /// Synthetic loss of Stage A.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synthetic: Option<f64>,
    /// Mean gate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<f64>,
    /// Gated correction, mean over rows of Σ (x_PB − x_P)².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub residual: Option<f64>,
    /// Mean over rows of Σ δ².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_gate_residual: Option<f64>,
    /// Mean over rows of ‖x_PB − x_P‖/‖x_P‖ in physical units, capped at 1 (100 %).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relative_difference: Option<f64>,
    /// Mean over rows of Σ (x_P − x)².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physics_rec: Option<f64>,
    /// Mean of the posterior means of u per physical dimension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub u_mean: Option<NamedValues>,
    /// Their standard deviation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub u_sd: Option<NamedValues>,
    /// Mean gate per channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate_per_channel: Option<NamedValues>,
    /// Norm of the gradient before clipping (mean over steps).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient_norm: Option<f64>,
    /// Non-finite gradient elements set to 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub non_finite_gradients: Option<usize>,
    /// Steps left out because the loss was not finite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped_steps: Option<usize>,
}

/// Names of the dimensions that [`Measures`] speaks of.
#[derive(Clone, Debug)]
pub struct Dimensions {
    /// Physical parameters, in the order of the latents.
    pub physical: Vec<String>,
    /// Auxiliary latents.
    pub auxiliary: Vec<String>,
    /// Channels.
    pub channels: Vec<String>,
}

impl Dimensions {
    /// KL of each latent dimension by name, physical ones first, nats.
    pub fn kl(&self, averages: &Averages) -> NamedValues {
        let names = self.physical.iter().chain(&self.auxiliary).cloned();
        let values = averages.kl_phy.iter().chain(&averages.kl_aux).copied();
        NamedValues(names.zip(values).collect())
    }
}

impl Measures {
    /// The measures that averages hold.
    pub fn of(averages: &Averages, names: &Dimensions) -> Self {
        let physics = !averages.kl_phy.is_empty();
        Self {
            loss: None,
            rec: Some(averages.rec),
            kl: Some(averages.kl()),
            kl_phy: physics.then(|| averages.kl_phy.iter().sum()),
            kl_aux: (!averages.kl_aux.is_empty()).then(|| averages.kl_aux.iter().sum()),
            kl_per_dimension: Some(names.kl(averages)),
            synthetic: None,
            gate: averages.mean_gate(),
            residual: averages.correction,
            pre_gate_residual: averages.pre_gate,
            relative_difference: averages.relative_correction,
            physics_rec: averages.physics_rec,
            u_mean: physics.then(|| NamedValues::new(&names.physical, &averages.u_mean)),
            u_sd: physics.then(|| NamedValues::new(&names.physical, &averages.u_sd)),
            gate_per_channel: (!averages.gate.is_empty())
                .then(|| NamedValues::new(&names.channels, &averages.gate)),
            ..Self::default()
        }
    }
}

/// One line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Record {
    /// A training step.
    Step(Box<StepRecord>),
    /// An epoch.
    Epoch(Box<EpochRecord>),
}

/// A training step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Epoch, from 0.
    pub epoch: usize,
    /// Batch within the epoch, from 0.
    pub batch: usize,
    /// Phase.
    pub phase: Phase,
    /// KL weight.
    pub beta: f64,
    /// Learning rate.
    pub lr: f64,
    /// What was measured on the batch, before the update.
    pub train: Measures,
}

/// An epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Epoch, from 0.
    pub epoch: usize,
    /// Phase.
    pub phase: Phase,
    /// KL weight.
    pub beta: f64,
    /// Learning rate.
    pub lr: f64,
    /// Whether this epoch is the best so far.
    pub best: bool,
    /// Averages over the training rows, sampled latents.
    pub train: Measures,
    /// Averages over the validation rows, mean latents.
    pub valid: Measures,
}

impl Record {
    /// (epoch, batch) after which the record was made; an epoch's own record comes after its batches.
    fn position(&self) -> (usize, usize) {
        match self {
            Self::Step(step) => (step.epoch, step.batch),
            Self::Epoch(epoch) => (epoch.epoch, usize::MAX),
        }
    }
}

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

    /// All records so far.
    ///
    /// # Errors
    /// The file cannot be read, or a line is not a record.
    pub fn read(&self) -> Result<Vec<Record>, TrainerError> {
        let text = read_to_string(&self.metrics)?;
        text.lines()
            .enumerate()
            .map(|(i, line)| {
                serde_json::from_str(line).map_err(|e| TrainerError::Damaged {
                    path: self.metrics.clone(),
                    why: format!("line {}: {e}", i + 1),
                })
            })
            .collect()
    }

    /// The records of epochs so far.
    ///
    /// # Errors
    /// As [`MetricsLog::read`].
    pub fn epochs(&self) -> Result<Vec<EpochRecord>, TrainerError> {
        let records = self.read()?.into_iter();
        Ok(records
            .filter_map(|record| match record {
                Record::Epoch(epoch) => Some(*epoch),
                Record::Step(_) => None,
            })
            .collect())
    }

    /// Drops everything recorded at or after (epoch, batch), where a resumed run continues; also a
    /// half-written last line.
    ///
    /// # Errors
    /// A file cannot be read or written, or the records before (epoch, batch) are not all there.
    pub fn truncate(&self, epoch: usize, batch: usize) -> Result<(), TrainerError> {
        let position = |line: &str| {
            let record = serde_json::from_str::<Record>(line).ok()?;
            Some(record.position())
        };
        let kept = self.keep_lines(&self.metrics, |line| {
            position(line).is_some_and(|at| at < (epoch, batch))
        })?;
        let last = kept.lines().last().and_then(position);
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
        self.keep_lines(&self.timings, |line| {
            let value = serde_json::from_str::<serde_json::Value>(line).ok();
            value
                .and_then(|v| v["epoch"].as_u64())
                .is_some_and(|e| (e as usize) < epoch)
        })?;
        Ok(())
    }

    /// Drops the other lines of a file; returns those that stay.
    fn keep_lines(&self, path: &Path, keep: impl Fn(&str) -> bool) -> Result<String, TrainerError> {
        if !path.exists() {
            return Ok(String::new());
        }
        let text = read_to_string(path)?;
        let mut kept = String::new();
        for line in text.lines().filter(|line| keep(line)) {
            kept.push_str(line);
            kept.push('\n');
        }
        if kept != text {
            self.disk.write_whole(path, kept.as_bytes())?;
        }
        Ok(kept)
    }
}

fn json(value: &impl Serialize) -> Result<String, TrainerError> {
    serde_json::to_string(value).map_err(|e| TrainerError::Internal(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(log.read().unwrap(), records);
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
        assert!(log.read().is_err());
        log.truncate(1, 1).unwrap();
        assert_eq!(
            log.read().unwrap(),
            [step(0, 0), step(0, 1), end_of(0), step(1, 0)]
        );
        // the state is of a later batch than the last record
        let error = log.truncate(1, 3).unwrap_err().to_string();
        assert!(
            error.contains("records just before it are missing"),
            "{error}"
        );
        log.truncate(0, 0).unwrap();
        assert_eq!(log.read().unwrap(), []);
    }

    #[test]
    fn a_number_that_is_none_is_null_and_comes_back() {
        let values = NamedValues(vec![("a".into(), f64::NAN), ("b".into(), 2.0)]);
        let text = serde_json::to_string(&values).unwrap();
        assert_eq!(text, r#"{"a":null,"b":2.0}"#);
        let back: NamedValues = serde_json::from_str(&text).unwrap();
        assert!(back.get("a").unwrap().is_nan());
        assert_eq!(back.get("b"), Some(2.0));
    }
}
