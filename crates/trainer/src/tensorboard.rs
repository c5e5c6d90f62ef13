//! Event files that `tensorboard --logdir <run>` reads, written without TensorFlow.
//!
//! A file is a sequence of TFRecords, all numbers little-endian:
//!
//! ```text
//! u64  length of the data
//! u32  masked CRC32C of those eight bytes
//! ...  data: one protocol buffer `tensorflow.Event`
//! u32  masked CRC32C of the data
//! ```
//!
//! with masked(c) = rotate_right(c, 15) + 0xa282ead8 (tensorflow/core/lib/hash/crc32c.h). The messages
//! are those of tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto; of their
//! fields only the ones written here are named below. The first event of a file holds `brain.Event:2`.
//!
//! The step of a scalar is its epoch, from 0. A scalar is an f32 there: finite values beyond its range
//! become its largest; NaN and infinities stay what they are, TensorBoard marks them.

use crate::TrainerError;
use crate::metrics::{EpochRecord, Measures, NamedValues};
use schedules::Phase;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// What the first event of a file must say.
const FILE_VERSION: &str = "brain.Event:2";

/// Files of one folder made within one second, before giving up.
const MOST_FILES_PER_SECOND: usize = 1000;

/// Appends events to one file.
#[derive(Debug)]
pub struct EventWriter {
    path: PathBuf,
    file: File,
}

impl EventWriter {
    /// Starts `events.out.tfevents.<seconds>.trainer.<count>` in the folder; files already there stay.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn create(folder: &Path) -> Result<Self, TrainerError> {
        let seconds = wall_time() as u64;
        for count in 0..MOST_FILES_PER_SECOND {
            // TensorBoard reads the files of a folder in the order of their names
            let path = folder.join(format!(
                "events.out.tfevents.{seconds:010}.trainer.{count:03}"
            ));
            match OpenOptions::new().append(true).create_new(true).open(&path) {
                Ok(file) => {
                    let mut writer = Self { path, file };
                    writer.event(0, &Message::new().text(event::FILE_VERSION, FILE_VERSION))?;
                    return Ok(writer);
                }
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) => return Err(TrainerError::io(&path, &e)),
            }
        }
        Err(TrainerError::Io {
            path: folder.to_owned(),
            why: format!("{MOST_FILES_PER_SECOND} event files were made in one second"),
        })
    }

    /// Continues a resumed run in a new file beside the old ones. `epoch` is the first one that will
    /// be written: TensorBoard drops what older files hold at or after it.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn append(folder: &Path, epoch: usize) -> Result<Self, TrainerError> {
        let mut writer = Self::create(folder)?;
        let start = Message::new().integer(session_log::STATUS, session_log::START);
        writer.event(
            epoch as u64,
            &Message::new().message(event::SESSION_LOG, &start),
        )?;
        Ok(writer)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes one scalar.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn scalar(&mut self, tag: &str, step: u64, value: f64) -> Result<(), TrainerError> {
        self.scalars(step, &[(tag.to_owned(), value)])
    }

    /// Writes all that an epoch's record holds: `beta`, `lr`, `phase` (0 Pretrain, 1 Train), `train/…`
    /// and `valid/…` with the names of `metrics.jsonl`; values of a dimension or channel one level
    /// deeper, such as `valid/kl_per_dimension/cab`.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn write_epoch(&mut self, record: &EpochRecord) -> Result<(), TrainerError> {
        self.scalars(record.epoch as u64, &scalars_of(record))
    }

    /// One event with all the values.
    fn scalars(&mut self, step: u64, scalars: &[(String, f64)]) -> Result<(), TrainerError> {
        let mut values = Message::new();
        for (tag, value) in scalars {
            let value = Message::new()
                .text(value::TAG, tag)
                .float(value::SIMPLE, single(*value));
            values = values.message(summary::VALUE, &value);
        }
        self.event(step, &Message::new().message(event::SUMMARY, &values))
    }

    /// Frames and writes an event at once, so that a reader at work finds it whole or not at all.
    fn event(&mut self, step: u64, what: &Message) -> Result<(), TrainerError> {
        let mut event = Message::new()
            .double(event::WALL_TIME, wall_time())
            .integer(event::STEP, step);
        event.0.extend_from_slice(&what.0);
        self.file
            .write_all(&framed(&event.0))
            .map_err(|e| TrainerError::io(&self.path, &e))
    }
}

/// Names and values of an epoch, absent ones left out.
fn scalars_of(record: &EpochRecord) -> Vec<(String, f64)> {
    let phase = match record.phase {
        Phase::Pretrain => 0.0,
        Phase::Train => 1.0,
    };
    let mut scalars = vec![
        ("beta".to_owned(), record.beta),
        ("lr".to_owned(), record.lr),
        ("phase".to_owned(), phase),
    ];
    add_measures(&mut scalars, "train", &record.train);
    add_measures(&mut scalars, "valid", &record.valid);
    scalars
}

fn add_measures(scalars: &mut Vec<(String, f64)>, split: &str, measures: &Measures) {
    // named one by one, so that a new measure cannot be forgotten here
    let Measures {
        loss,
        rec,
        kl,
        kl_phy,
        kl_aux,
        kl_per_dimension,
        synthetic,
        gate,
        residual,
        pre_gate_residual,
        relative_difference,
        physics_rec,
        u_mean,
        u_sd,
        gate_per_channel,
        gradient_norm,
        non_finite_gradients,
        skipped_steps,
    } = measures;
    let single: [(&str, Option<f64>); 14] = [
        ("loss", *loss),
        ("rec", *rec),
        ("kl", *kl),
        ("kl_phy", *kl_phy),
        ("kl_aux", *kl_aux),
        ("synthetic", *synthetic),
        ("gate", *gate),
        ("residual", *residual),
        ("pre_gate_residual", *pre_gate_residual),
        ("relative_difference", *relative_difference),
        ("physics_rec", *physics_rec),
        ("gradient_norm", *gradient_norm),
        (
            "non_finite_gradients",
            non_finite_gradients.map(|n| n as f64),
        ),
        ("skipped_steps", skipped_steps.map(|n| n as f64)),
    ];
    for (name, value) in single {
        scalars.extend(value.map(|v| (format!("{split}/{name}"), v)));
    }
    let several: [(&str, &Option<NamedValues>); 4] = [
        ("kl_per_dimension", kl_per_dimension),
        ("u_mean", u_mean),
        ("u_sd", u_sd),
        ("gate_per_channel", gate_per_channel),
    ];
    for (name, values) in several {
        for (of, value) in values.iter().flat_map(|v| &v.0) {
            scalars.push((format!("{split}/{name}/{of}"), *value));
        }
    }
}

/// Seconds since 1970; 0 with a clock before that.
fn wall_time() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |d| d.as_secs_f64())
}

/// To f32; what is finite stays finite.
fn single(value: f64) -> f32 {
    if value.is_finite() {
        value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
    } else {
        value as f32
    }
}

/// A TFRecord.
fn framed(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut record = Vec::with_capacity(data.len() + 16);
    record.extend_from_slice(&length);
    record.extend_from_slice(&masked_crc(&length).to_le_bytes());
    record.extend_from_slice(data);
    record.extend_from_slice(&masked_crc(data).to_le_bytes());
    record
}

fn masked_crc(data: &[u8]) -> u32 {
    crc32c::crc32c(data)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

/// Field numbers of `tensorflow.Event`.
mod event {
    pub const WALL_TIME: u64 = 1;
    pub const STEP: u64 = 2;
    pub const FILE_VERSION: u64 = 3;
    pub const SUMMARY: u64 = 5;
    pub const SESSION_LOG: u64 = 7;
}

/// Field number of `tensorflow.Summary`.
mod summary {
    pub const VALUE: u64 = 1;
}

/// Field numbers of `tensorflow.Summary.Value`.
mod value {
    pub const TAG: u64 = 1;
    pub const SIMPLE: u64 = 2;
}

/// Field number and value of `tensorflow.SessionLog`.
mod session_log {
    pub const STATUS: u64 = 1;
    pub const START: u64 = 1;
}

/// The encoded fields of a protocol buffer message.
struct Message(Vec<u8>);

impl Message {
    fn new() -> Self {
        Self(vec![])
    }

    /// int64 or enum.
    fn integer(self, field: u64, value: u64) -> Self {
        self.varint(field << 3).varint(value)
    }

    fn double(mut self, field: u64, value: f64) -> Self {
        self = self.varint(field << 3 | 1);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn float(mut self, field: u64, value: f32) -> Self {
        self = self.varint(field << 3 | 5);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    fn message(self, field: u64, message: &Self) -> Self {
        self.bytes(field, &message.0)
    }

    fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self = self.varint(field << 3 | 2).varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    fn varint(mut self, mut value: u64) -> Self {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// What a field holds.
    #[derive(Debug, PartialEq)]
    enum Field {
        Varint(u64),
        Eight([u8; 8]),
        Bytes(Vec<u8>),
        Four([u8; 4]),
    }

    /// CRC32C bit by bit, reflected polynomial 0x82f63b78.
    fn slow_crc32c(data: &[u8]) -> u32 {
        !data.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 1 {
                    crc >> 1 ^ 0x82f6_3b78
                } else {
                    crc >> 1
                }
            })
        })
    }

    /// The masked sums as the reader of TensorFlow undoes them.
    fn assert_sum(stored: &[u8], data: &[u8]) {
        let masked = u32::from_le_bytes(stored.try_into().unwrap()).wrapping_sub(0xa282_ead8);
        assert_eq!(masked.rotate_left(15), slow_crc32c(data));
    }

    fn records(mut file: &[u8]) -> Vec<Vec<u8>> {
        let mut all = vec![];
        while !file.is_empty() {
            let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
            assert_sum(&file[8..12], &file[..8]);
            let data = &file[12..12 + length];
            assert_sum(&file[12 + length..16 + length], data);
            all.push(data.to_vec());
            file = &file[16 + length..];
        }
        all
    }

    fn varint(bytes: &mut &[u8]) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = bytes[0];
            *bytes = &bytes[1..];
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return value;
            }
        }
    }

    fn fields(mut bytes: &[u8]) -> Vec<(u64, Field)> {
        let mut all = vec![];
        while !bytes.is_empty() {
            let key = varint(&mut bytes);
            let length = match key & 7 {
                0 => {
                    all.push((key >> 3, Field::Varint(varint(&mut bytes))));
                    continue;
                }
                1 => 8,
                2 => varint(&mut bytes) as usize,
                5 => 4,
                other => panic!("wire type {other}"),
            };
            let (held, rest) = bytes.split_at(length);
            bytes = rest;
            let field = match key & 7 {
                1 => Field::Eight(held.try_into().unwrap()),
                2 => Field::Bytes(held.to_vec()),
                _ => Field::Four(held.try_into().unwrap()),
            };
            all.push((key >> 3, field));
        }
        all
    }

    /// (step, tag → value) of each event with values.
    fn scalars(file: &Path) -> Vec<(u64, BTreeMap<String, f32>)> {
        let mut all = vec![];
        for record in records(&std::fs::read(file).unwrap()) {
            let event = fields(&record);
            let [
                (1, Field::Eight(_)),
                (2, Field::Varint(step)),
                (5, Field::Bytes(summary)),
            ] = &event[..]
            else {
                continue;
            };
            let values = fields(summary).into_iter().map(|(number, value)| {
                let Field::Bytes(value) = value else {
                    panic!("{number}")
                };
                match &fields(&value)[..] {
                    [(1, Field::Bytes(tag)), (2, Field::Four(simple))] => (
                        String::from_utf8(tag.clone()).unwrap(),
                        f32::from_le_bytes(*simple),
                    ),
                    other => panic!("{other:?}"),
                }
            });
            all.push((*step, values.collect()));
        }
        all
    }

    #[test]
    fn sums_are_those_of_the_standard() {
        // RFC 3720, B.4: 32 bytes of zero
        assert_eq!(slow_crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c::crc32c(&[0; 32]), 0x8a91_36aa);
    }

    #[test]
    fn bytes_are_those_of_the_formats() {
        let value = Message::new()
            .text(value::TAG, "a")
            .float(value::SIMPLE, 1.0);
        let values = Message::new().message(summary::VALUE, &value);
        let event = Message::new()
            .double(event::WALL_TIME, 1.0)
            .integer(event::STEP, 300)
            .message(event::SUMMARY, &values);
        let literal = [
            0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, // 1: double 1
            0x10, 0xac, 0x02, // 2: 300
            0x2a, 10, 0x0a, 8, // 5: Summary of one value
            0x0a, 1, b'a', 0x15, 0, 0, 0x80, 0x3f, // "a", float 1
        ];
        assert_eq!(event.0, literal);
    }

    #[test]
    fn a_file_starts_with_its_version_and_the_time() {
        let folder = tempfile::tempdir().unwrap();
        let before = wall_time();
        let writer = EventWriter::create(folder.path()).unwrap();
        let name = writer.path().file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("events.out.tfevents."), "{name}");
        let written = records(&std::fs::read(writer.path()).unwrap());
        assert_eq!(written.len(), 1);
        let event = fields(&written[0]);
        let (1, Field::Eight(time)) = &event[0] else {
            panic!("{event:?}")
        };
        assert!((before..=wall_time()).contains(&f64::from_le_bytes(*time)));
        assert!(before > 1.7e9);
        assert_eq!(
            event[1..],
            [
                (2, Field::Varint(0)),
                (3, Field::Bytes(b"brain.Event:2".to_vec()))
            ]
        );
    }

    #[test]
    fn values_of_any_kind_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = EventWriter::create(folder.path()).unwrap();
        let long = "ü".repeat(200);
        let cases = [
            ("zero", 0.0, 0.0),
            ("small", 3e-4, 3e-4),
            ("too large", -1e300, f32::MIN),
            ("infinite", f64::INFINITY, f32::INFINITY),
            (long.as_str(), 1.0, 1.0),
        ];
        for (step, (tag, value, _)) in cases.iter().enumerate() {
            writer.scalar(tag, step as u64, *value).unwrap();
        }
        writer.scalar("nan", u64::from(u32::MAX), f64::NAN).unwrap();
        let read = scalars(writer.path());
        for (step, (tag, _, kept)) in cases.iter().enumerate() {
            assert_eq!(
                read[step],
                (step as u64, BTreeMap::from([((*tag).to_owned(), *kept)]))
            );
        }
        assert!(read[cases.len()].1["nan"].is_nan());
        assert_eq!(read[cases.len()].0, u64::from(u32::MAX));
    }

    #[test]
    fn an_epoch_is_one_event_of_all_it_measured() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = EventWriter::create(folder.path()).unwrap();
        let record = EpochRecord {
            epoch: 7,
            phase: Phase::Train,
            beta: 0.5,
            lr: 0.25,
            best: true,
            train: Measures {
                rec: Some(2.0),
                gradient_norm: Some(f64::NAN),
                non_finite_gradients: Some(3),
                ..Measures::default()
            },
            valid: Measures {
                kl_per_dimension: Some(NamedValues(vec![
                    ("cab".into(), 1.5),
                    ("aux_1".into(), 0.0),
                ])),
                ..Measures::default()
            },
        };
        writer.write_epoch(&record).unwrap();
        let read = scalars(writer.path());
        assert_eq!(read.len(), 1);
        let (step, values) = &read[0];
        assert_eq!(*step, 7);
        assert!(values["train/gradient_norm"].is_nan());
        let finite: Vec<(&str, f32)> = values
            .iter()
            .filter(|(_, v)| v.is_finite())
            .map(|(n, v)| (n.as_str(), *v))
            .collect();
        assert_eq!(
            finite,
            [
                ("beta", 0.5),
                ("lr", 0.25),
                ("phase", 1.0),
                ("train/non_finite_gradients", 3.0),
                ("train/rec", 2.0),
                ("valid/kl_per_dimension/aux_1", 0.0),
                ("valid/kl_per_dimension/cab", 1.5),
            ]
        );
    }

    #[test]
    fn a_resumed_run_gets_its_own_file_that_says_where_it_starts() {
        let folder = tempfile::tempdir().unwrap();
        let first = EventWriter::create(folder.path()).unwrap();
        let bytes = std::fs::read(first.path()).unwrap();
        let second = EventWriter::append(folder.path(), 12).unwrap();
        assert!(second.path() > first.path());
        assert_eq!(std::fs::read(first.path()).unwrap(), bytes);
        let written = records(&std::fs::read(second.path()).unwrap());
        let start = fields(&written[1]);
        assert_eq!(
            start[1..],
            [(2, Field::Varint(12)), (7, Field::Bytes(vec![0x08, 1]))]
        );
    }

    #[test]
    fn a_missing_folder_is_an_error_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let error = EventWriter::create(&folder.path().join("absent"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("absent"), "{error}");
    }
}
