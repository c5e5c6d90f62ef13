//! The state of a run on disk: one safetensors file with the rest as JSON in its metadata.
//!
//! Formats: 1, of version 0.1.0; 2 adds a SHA-256 of everything in the file and one of the samples. Both are
//! read, 2 is written. What a model carries beside its weights is in files that have some of it.

use crate::TrainerError;
use crate::disk::Disk;
use crate::files::read;
use crate::origin::Origin;
use crate::training::Progress;
use model::{Buffers, PhysVae};
use nn::named::{self, HostTensor, HostTensors, from_safetensors, to_safetensors};
use nn::{Adam, Backend, Moments, Scalar};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// What the files call themselves.
const MAGIC: &str = "physics-vae checkpoint";
/// Version of the layout; raised when a reader of the old one could not read the new.
const FORMAT: u32 = 2;
/// The oldest version that is still read.
const OLDEST_FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    magic: String,
    format: u32,
    written_by: String,
    config_sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data_sha256: Option<String>,
    progress: Progress,
    /// What the model carries beside its weights; absent in files from before there was any.
    #[serde(default, skip_serializing_if = "is_default")]
    buffers: Buffers,
    /// Adam's update counts by parameter.
    steps: BTreeMap<String, u64>,
    /// Of the file with zeros in its place; `None` in format 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

/// What a file says of itself first, in any format.
#[derive(Deserialize)]
struct Kind {
    magic: String,
    format: u32,
    written_by: Option<String>,
}

fn is_default(buffers: &Buffers) -> bool {
    *buffers == Buffers::default()
}

/// A state read back.
pub struct Checkpoint<E> {
    /// Where training stood.
    pub progress: Progress,
    /// What it was made of.
    pub origin: Origin,
    weights: HostTensors<E>,
    buffers: Buffers,
    moments: BTreeMap<String, Moments<E>>,
}

/// Writes weights, moments and progress, replacing the file in one step.
///
/// # Errors
/// The file system refuses; the old file is then untouched.
pub fn save<E: Scalar, D: Backend<E>>(
    (disk, path): (&Disk, &Path),
    model: &PhysVae<E, D>,
    adam: &Adam<E, D>,
    progress: &Progress,
    origin: &Origin,
) -> Result<(), TrainerError> {
    let mut tensors = HostTensors::new();
    for (name, tensor) in named::to_host_tensors(model) {
        tensors.insert(format!("model/{name}"), tensor);
    }
    let mut steps = BTreeMap::new();
    for (name, m) in &adam.host_moments()? {
        steps.insert(name.clone(), m.step);
        for (part, values) in [
            ("mean", &m.mean),
            ("square", &m.square),
            ("largest", &m.largest),
        ] {
            let tensor = HostTensor {
                shape: vec![values.len()],
                values: values.clone(),
            };
            tensors.insert(format!("adam/{name}/{part}"), tensor);
        }
    }
    let header = Header {
        magic: MAGIC.to_owned(),
        format: FORMAT,
        written_by: concat!("trainer ", env!("CARGO_PKG_VERSION")).to_owned(),
        config_sha256: origin.config_sha256.clone(),
        data_sha256: origin.data_sha256.clone(),
        progress: progress.clone(),
        buffers: model.buffers().clone(),
        steps,
        sha256: Some(NO_SHA256.to_owned()),
    };
    let text = serde_json::to_string(&header).map_err(|e| TrainerError::Internal(e.to_string()))?;
    let mut bytes = to_safetensors(&tensors, &text)?;
    let Some(place) = place_of_sha256(&bytes) else {
        return Err(TrainerError::Internal("no place for the SHA-256".into()));
    };
    let sha256 = sha256_without(&bytes, place.clone());
    bytes[place].copy_from_slice(sha256.as_bytes());
    disk.write_whole(path, &bytes)
}

/// What stands before the SHA-256 in the file: JSON in a text of JSON.
const BEFORE_SHA256: &[u8] = br#"\"sha256\":\""#;
/// Its place is filled with these while it is computed.
const NO_SHA256: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Where a file holds its SHA-256, if it does.
fn place_of_sha256(bytes: &[u8]) -> Option<Range<usize>> {
    let before = bytes
        .windows(BEFORE_SHA256.len())
        .position(|window| window == BEFORE_SHA256)?;
    let start = before + BEFORE_SHA256.len();
    let place = start..start + NO_SHA256.len();
    (place.end <= bytes.len()).then_some(place)
}

/// The SHA-256, hexadecimal, of a file with zeros in that place.
fn sha256_without(bytes: &[u8], place: Range<usize>) -> String {
    let mut hash = Sha256::new();
    hash.update(&bytes[..place.start]);
    hash.update(NO_SHA256);
    hash.update(&bytes[place.end..]);
    format!("{:x}", hash.finalize())
}

/// Reads a state.
///
/// # Errors
/// The file cannot be read, is damaged, or was written by a version this one does not know.
pub fn load<E: Scalar>(path: &Path) -> Result<Checkpoint<E>, TrainerError> {
    parse(path, &read(path)?)
}

/// Where training stood in a state.
///
/// # Errors
/// As [`load`].
pub fn progress_of(path: &Path) -> Result<Progress, TrainerError> {
    Ok(load::<f32>(path)?.progress)
}

fn parse<E: Scalar>(path: &Path, bytes: &[u8]) -> Result<Checkpoint<E>, TrainerError> {
    let damaged = |why: String| TrainerError::Damaged {
        path: path.to_owned(),
        why,
    };
    if let Some(place) = place_of_sha256(bytes) {
        let found = &bytes[place.clone()];
        if found != sha256_without(bytes, place.clone()).as_bytes() {
            return Err(damaged("its SHA-256 is not that of what it holds".into()));
        }
    }
    let (tensors, text) = from_safetensors::<E>(bytes).map_err(|e| damaged(e.to_string()))?;
    let read_header = |e: serde_json::Error| damaged(format!("its header: {e}"));
    // a later version may have more in its header: what it is comes first
    let kind: Kind = serde_json::from_str(&text).map_err(read_header)?;
    if kind.magic != MAGIC || !(OLDEST_FORMAT..=FORMAT).contains(&kind.format) {
        let by = kind
            .written_by
            .map_or(String::new(), |by| format!(", written by {by}"));
        return Err(damaged(format!(
            "it is a \"{}\" of format {}{by}; this program reads \"{MAGIC}\" of formats {OLDEST_FORMAT} to {FORMAT}, \
             the program that wrote it goes on with it",
            kind.magic, kind.format
        )));
    }
    let header: Header = serde_json::from_str(&text).map_err(read_header)?;
    if header.format > 1 && header.sha256.is_none() {
        return Err(damaged("it has no SHA-256".into()));
    }
    let mut weights = HostTensors::new();
    let mut parts: BTreeMap<String, Vec<E>> = BTreeMap::new();
    for (name, tensor) in tensors {
        if let Some(name) = name.strip_prefix("model/") {
            weights.insert(name.to_owned(), tensor);
        } else if let Some(name) = name.strip_prefix("adam/") {
            parts.insert(name.to_owned(), tensor.values);
        }
    }
    let mut moments = BTreeMap::new();
    for (name, step) in header.steps {
        let mut part = |which: &str| {
            parts
                .remove(&format!("{name}/{which}"))
                .ok_or_else(|| damaged(format!("adam/{name}/{which} is missing")))
        };
        let (mean, square, largest) = (part("mean")?, part("square")?, part("largest")?);
        let n = weights.get(&name).map_or(0, |t| t.values.len());
        let sound = mean.len() == n && square.len() == n && [0, n].contains(&largest.len());
        if !sound {
            return Err(damaged(format!("the moments of {name} do not fit it")));
        }
        moments.insert(
            name,
            Moments {
                step,
                mean,
                square,
                largest,
            },
        );
    }
    Ok(Checkpoint {
        progress: header.progress,
        origin: Origin {
            config_sha256: header.config_sha256,
            data_sha256: header.data_sha256,
        },
        weights,
        buffers: header.buffers,
        moments,
    })
}

impl<E: Scalar> Checkpoint<E> {
    /// Whether a training can go on from it: it has the moments of the steps that were taken.
    pub fn can_go_on(&self) -> bool {
        let took_none = self.progress.epoch == 0 || self.progress.skipped_in_a_row > 0;
        took_none || !self.moments.is_empty()
    }

    /// Puts the weights into a model and the moments into an optimiser.
    ///
    /// # Errors
    /// The model has other parameters.
    pub fn restore<D: Backend<E>>(
        self,
        model: &mut PhysVae<E, D>,
        adam: &mut Adam<E, D>,
    ) -> Result<Progress, TrainerError> {
        named::load_host_tensors(model, &self.weights).map_err(TrainerError::OtherNetwork)?;
        let own = model.buffers_mut();
        let prior = match (&own.prior, self.buffers.prior) {
            // a configuration that has one now goes on from N(0, I)
            (Some(own), then) => Some(then.unwrap_or_else(|| own.clone())),
            (None, _) => None,
        };
        let calibration = (self.buffers.calibration).or_else(|| own.calibration.clone());
        *own = Buffers {
            prior,
            calibration,
            ..self.buffers
        };
        adam.set_moments(self.moments);
        Ok(self.progress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::EpochSums;
    use losses::Statistics;
    use model::{Architecture, PhysVae};
    use nn::{AdamConfig, Cpu, from_rows};
    use rand::SeedableRng;
    use schedules::{BestSelection, EarlyStopping, LearningRateState};

    fn model(seed: u64, dim_z_aux: usize) -> PhysVae<f32, Cpu> {
        let architecture = Architecture {
            num_units_feat: 4,
            ..Architecture::new(3, 0, dim_z_aux)
        };
        model_of(seed, architecture)
    }

    fn model_of(seed: u64, architecture: Architecture) -> PhysVae<f32, Cpu> {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        PhysVae::new(&Cpu::default(), architecture, None, &mut rng).unwrap()
    }

    fn progress() -> Progress {
        Progress {
            epoch: 3,
            batch: 5,
            best: BestSelection::default(),
            early_stopping: EarlyStopping::new(Some(4)).unwrap(),
            learning_rate: LearningRateState::default(),
            skipped_in_a_row: 1,
            sums: EpochSums::new(Statistics::new(&[0.1; 3], &[0.2; 3], 0, 2)),
            finished: false,
            samples_seen: 77,
            seconds: 0.1,
        }
    }

    fn origin() -> Origin {
        Origin {
            config_sha256: "abc".into(),
            data_sha256: Some("def".into()),
        }
    }

    /// A model, and an optimiser that has moved some of its parameters.
    fn trained() -> (PhysVae<f32, Cpu>, Adam<f32>) {
        trained_from(model(1, 2))
    }

    fn trained_from(mut model: PhysVae<f32, Cpu>) -> (PhysVae<f32, Cpu>, Adam<f32>) {
        let mut adam = Adam::new(AdamConfig::default());
        let x = from_rows(&Cpu::default(), 2, 3, [0.3, -1.0, 2.0, 0.1, 0.2, 0.3]).unwrap();
        let posterior = model
            .encode(dfdx::prelude::Trace::leaky_traced(x), None)
            .unwrap();
        let x_pb = model.decode(posterior, None, None).unwrap().x_pb;
        let loss = losses::mean_of_row_sums(x_pb).unwrap();
        let mut gradients = nn::backward(loss).unwrap();
        adam.step(1e-3, named::parameters_mut(&mut model), &mut gradients)
            .unwrap();
        (model, adam)
    }

    #[test]
    fn a_state_comes_back_to_the_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last.safetensors");
        let (trained, adam) = trained();
        save(
            (&Disk::default(), &path),
            &trained,
            &adam,
            &progress(),
            &origin(),
        )
        .unwrap();
        let checkpoint = load::<f32>(&path).unwrap();
        assert_eq!(checkpoint.origin, origin());
        let (mut other, mut fresh) = (model(2, 2), Adam::new(AdamConfig::default()));
        assert_ne!(
            named::to_host_tensors(&other),
            named::to_host_tensors(&trained)
        );
        let back = checkpoint.restore(&mut other, &mut fresh).unwrap();
        assert_eq!(
            named::to_host_tensors(&other),
            named::to_host_tensors(&trained)
        );
        assert_eq!(fresh, adam);
        assert_eq!(
            (back.epoch, back.batch, back.samples_seen, back.seconds),
            (3, 5, 77, 0.1)
        );
        assert_eq!(back.sums.statistics, progress().sums.statistics);
    }

    #[test]
    fn foreign_and_damaged_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last.safetensors");
        let (trained, adam) = trained();
        save(
            (&Disk::default(), &path),
            &trained,
            &adam,
            &progress(),
            &origin(),
        )
        .unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for cut in [0, 7, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            assert!(
                matches!(load::<f32>(&path), Err(TrainerError::Damaged { .. })),
                "{cut}"
            );
        }
        let foreign = to_safetensors(&named::to_host_tensors(&trained), "{}").unwrap();
        std::fs::write(&path, foreign).unwrap();
        assert!(matches!(
            load::<f32>(&path),
            Err(TrainerError::Damaged { .. })
        ));
        std::fs::write(&path, &bytes).unwrap();
        let mut other = model(1, 3);
        let refused = load::<f32>(&path)
            .unwrap()
            .restore(&mut other, &mut Adam::new(adam.config));
        assert!(refused.is_err());
    }

    /// Written by version 0.1.0 in format 1: this module's model and progress.
    const FORMAT_1: &[u8] = include_bytes!("../tests/fixtures/checkpoint_1.safetensors");

    #[test]
    fn states_of_format_1_are_still_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last.safetensors");
        std::fs::write(&path, FORMAT_1).unwrap();
        let checkpoint = load::<f32>(&path).unwrap();
        assert_eq!(checkpoint.origin.config_sha256, "abc");
        assert_eq!(checkpoint.origin.data_sha256, None);
        let (expected, adam) = trained();
        let (mut other, mut fresh) = (model(2, 2), Adam::new(AdamConfig::default()));
        let back = checkpoint.restore(&mut other, &mut fresh).unwrap();
        assert_eq!((back.epoch, back.batch, back.samples_seen), (3, 5, 77));
        let (found, expected) = (
            named::to_host_tensors(&other),
            named::to_host_tensors(&expected),
        );
        assert!(found.keys().eq(expected.keys()));
        for (name, tensor) in &found {
            assert_eq!(tensor.shape, expected[name].shape, "{name}");
            assert_close(name, &tensor.values, &expected[name].values);
        }
        assert_eq!(fresh.config, adam.config);
        let (found, expected) = (fresh.host_moments().unwrap(), adam.host_moments().unwrap());
        assert!(found.keys().eq(expected.keys()));
        for (name, own) in &found {
            let other = &expected[name];
            assert_eq!(own.step, other.step, "{name}");
            assert_close(name, &own.mean, &other.mean);
            assert_close(name, &own.square, &other.square);
            assert_close(name, &own.largest, &other.largest);
        }
    }

    /// The machine that wrote the file had registers of another width, whose sums round in another order.
    const OTHER_REGISTERS: f32 = 1e-6;

    fn assert_close(name: &str, found: &[f32], expected: &[f32]) {
        assert_eq!(found.len(), expected.len(), "{name}");
        for (a, b) in found.iter().zip(expected) {
            assert!(
                (a - b).abs() <= OTHER_REGISTERS * (1.0 + b.abs()),
                "{name}: {a}, {b}"
            );
        }
    }

    #[test]
    fn no_damaged_byte_goes_unnoticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last.safetensors");
        let smallest = Architecture {
            num_units_feat: 2,
            hidlayers_feat: vec![2],
            hidlayers_z_aux: vec![2],
            ..Architecture::new(3, 0, 1)
        };
        let (trained, adam) = trained_from(model_of(1, smallest));
        save(
            (&Disk::default(), &path),
            &trained,
            &adam,
            &progress(),
            &origin(),
        )
        .unwrap();
        let whole = std::fs::read(&path).unwrap();
        let refused = |bytes: &[u8], what: &str| match parse::<f32>(&path, bytes) {
            Err(TrainerError::Damaged { .. }) => {}
            Err(other) => panic!("{what}: {other}"),
            Ok(_) => panic!("{what}: read"),
        };
        for at in 0..whole.len() {
            refused(&whole[..at], &format!("cut at {at}"));
            let mut bytes = whole.clone();
            // one bit of each byte in turn, and all eight
            for flip in [1 << (at % 8), 0xff] {
                bytes[at] = whole[at] ^ flip;
                refused(&bytes, &format!("byte {at} ^ {flip:#x}"));
            }
        }
        refused(&[&whole[..], b"x"].concat(), "a byte more");
        assert!(parse::<f32>(&path, &whole).is_ok());
        println!("{} bytes, each cut at and flipped twice", whole.len());
    }
}
