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

mod encoding;
#[cfg(test)]
mod tests;

use self::encoding::{Message, event, framed, session_log, summary, value};
use crate::TrainerError;
use crate::disk::Disk;
use crate::metrics::{EpochRecord, Measures, NamedValues};
use schedules::Phase;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// What the first event of a file must say.
const FILE_VERSION: &str = "brain.Event:2";

/// Files of one folder made within one second, before giving up.
const MOST_FILES_PER_SECOND: usize = 1000;

/// Appends events to one file.
#[derive(Debug)]
pub struct EventWriter {
    disk: Disk,
    path: PathBuf,
}

impl EventWriter {
    /// Starts `events.out.tfevents.<seconds>.trainer.<count>` in the folder; files already there stay.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn create(disk: &Disk, folder: &Path) -> Result<Self, TrainerError> {
        let seconds = wall_time() as u64;
        for count in 0..MOST_FILES_PER_SECOND {
            // TensorBoard reads the files of a folder in the order of their names
            let path = folder.join(format!(
                "events.out.tfevents.{seconds:010}.trainer.{count:03}"
            ));
            match disk.create_new(&path) {
                Ok(()) => {
                    let disk = disk.clone();
                    let mut writer = Self { disk, path };
                    writer.event(0, &Message::new().text(event::FILE_VERSION, FILE_VERSION))?;
                    return Ok(writer);
                }
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) => return Err(TrainerError::io(&path, e)),
            }
        }
        let why = format!("{MOST_FILES_PER_SECOND} event files were made in one second");
        Err(TrainerError::io(folder, std::io::Error::other(why)))
    }

    /// Continues a resumed run in a new file beside the old ones, and repeats its epochs so far there: a program that
    /// was killed, or wrote no events, left gaps. TensorBoard drops what older files hold.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn append(
        disk: &Disk,
        folder: &Path,
        epochs: &[EpochRecord],
    ) -> Result<Self, TrainerError> {
        let mut writer = Self::create(disk, folder)?;
        let start = Message::new().integer(session_log::STATUS, session_log::START);
        let mut events = framed_event(0, &Message::new().message(event::SESSION_LOG, &start));
        for record in epochs {
            events.extend(framed_event(
                record.epoch as u64,
                &scalars_event(&scalars_of(record)),
            ));
        }
        writer.write(&events)?;
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
        self.event(step, &scalars_event(scalars))
    }

    fn event(&mut self, step: u64, what: &Message) -> Result<(), TrainerError> {
        self.write(&framed_event(step, what))
    }

    /// Writes whole events at once, so that a reader at work finds none of them cut off.
    fn write(&mut self, events: &[u8]) -> Result<(), TrainerError> {
        self.disk.append(&self.path, events)
    }
}

/// What an event says that holds these values.
fn scalars_event(scalars: &[(String, f64)]) -> Message {
    let mut values = Message::new();
    for (tag, value) in scalars {
        let value = Message::new()
            .text(value::TAG, tag)
            .float(value::SIMPLE, single(*value));
        values = values.message(summary::VALUE, &value);
    }
    Message::new().message(event::SUMMARY, &values)
}

/// An event of now, as it stands in a file.
fn framed_event(step: u64, what: &Message) -> Vec<u8> {
    let mut event = Message::new()
        .double(event::WALL_TIME, wall_time())
        .integer(event::STEP, step);
    event.0.extend_from_slice(&what.0);
    framed(&event.0)
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
        // of a step, and these are an epoch's
        kl_cost: _,
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
