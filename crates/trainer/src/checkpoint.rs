//! The state of a run on disk: one safetensors file with the rest as JSON in its metadata.

use crate::TrainerError;
use crate::files::{read, write_whole};
use losses::Statistics;
use nn::named::{self, HostTensor, HostTensors, from_safetensors, to_safetensors};
use nn::{Adam, Backend, Moments, Scalar};
use schedules::{BestSelection, EarlyStopping, LearningRateState};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// What the files call themselves.
const MAGIC: &str = "physics-vae checkpoint";
/// Version of the layout; raised when a reader of the old one could not read the new.
const FORMAT: u32 = 1;

/// Where training stands: everything but weights and moments.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// The next batch to train on: epoch, from 0.
    pub epoch: usize,
    /// The next batch to train on: batch within the epoch, from 0.
    pub batch: usize,
    /// Lowest validation rec so far.
    pub best: BestSelection,
    /// Early stopping.
    pub early_stopping: EarlyStopping,
    /// State of a scheduler that follows the run.
    pub learning_rate: LearningRateState,
    /// Losses in a row that were not finite.
    pub skipped_in_a_row: usize,
    /// Sums of the unfinished epoch.
    pub sums: EpochSums,
    /// Whether training is over.
    pub finished: bool,
    /// Samples trained on so far, real and synthetic.
    pub samples_seen: u64,
    /// Wall-clock seconds of training so far.
    pub seconds: f64,
}

/// Sums over the batches of an epoch.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochSums {
    /// What is averaged over rows.
    pub statistics: Statistics,
    /// Rows seen.
    pub rows: usize,
    /// Loss × rows.
    pub loss: f64,
    /// KL of the loss × rows.
    pub kl: f64,
    /// Synthetic loss × rows.
    pub synthetic: f64,
    /// Gradient norms.
    pub gradient_norm: f64,
    /// Steps in that sum.
    pub steps: usize,
    /// Non-finite gradient elements.
    pub non_finite: usize,
    /// Steps left out.
    pub skipped: usize,
}

impl EpochSums {
    /// Nothing summed yet.
    pub fn new(statistics: Statistics) -> Self {
        Self {
            statistics,
            rows: 0,
            loss: 0.0,
            kl: 0.0,
            synthetic: 0.0,
            gradient_norm: 0.0,
            steps: 0,
            non_finite: 0,
            skipped: 0,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Header {
    magic: String,
    format: u32,
    written_by: String,
    config_sha256: String,
    progress: Progress,
    /// Adam's update counts by parameter.
    steps: BTreeMap<String, u64>,
}

/// A state read back.
pub struct Checkpoint<E> {
    /// Where training stood.
    pub progress: Progress,
    /// SHA-256 of the configuration it belongs to, hexadecimal.
    pub config_sha256: String,
    weights: HostTensors<E>,
    moments: BTreeMap<String, Moments<E>>,
}

/// Writes weights, moments and progress, replacing the file in one step.
///
/// # Errors
/// The file system refuses; the old file is then untouched.
pub fn save<E: Scalar, D: Backend<E>>(
    path: &Path,
    model: &impl named::Named<E, D>,
    adam: &Adam<E>,
    progress: &Progress,
    config_sha256: &str,
) -> Result<(), TrainerError> {
    let mut tensors = HostTensors::new();
    for (name, tensor) in named::to_host_tensors(model) {
        tensors.insert(format!("model/{name}"), tensor);
    }
    let mut steps = BTreeMap::new();
    for (name, m) in &adam.moments {
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
        config_sha256: config_sha256.to_owned(),
        progress: progress.clone(),
        steps,
    };
    let text = serde_json::to_string(&header).map_err(|e| TrainerError::Internal(e.to_string()))?;
    write_whole(path, &to_safetensors(&tensors, &text)?)
}

/// Reads a state.
///
/// # Errors
/// The file cannot be read, is damaged, or was written by a version this one does not know.
pub fn load<E: Scalar>(path: &Path) -> Result<Checkpoint<E>, TrainerError> {
    let damaged = |why: String| TrainerError::Damaged {
        path: path.to_owned(),
        why,
    };
    let bytes = read(path)?;
    let (tensors, text) = from_safetensors::<E>(&bytes).map_err(|e| damaged(e.to_string()))?;
    let header: Header =
        serde_json::from_str(&text).map_err(|e| damaged(format!("its header: {e}")))?;
    if header.magic != MAGIC || header.format != FORMAT {
        return Err(damaged(format!(
            "it is a \"{}\" of format {}, this program reads \"{MAGIC}\" of format {FORMAT}",
            header.magic, header.format
        )));
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
        config_sha256: header.config_sha256,
        weights,
        moments,
    })
}

impl<E: Scalar> Checkpoint<E> {
    /// Puts the weights into a model and the moments into an optimiser.
    ///
    /// # Errors
    /// The model has other parameters.
    pub fn restore<D: Backend<E>>(
        self,
        model: &mut impl named::Named<E, D>,
        adam: &mut Adam<E>,
    ) -> Result<Progress, TrainerError> {
        named::load_host_tensors(model, &self.weights)?;
        adam.moments = self.moments;
        Ok(self.progress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Architecture, PhysVae};
    use nn::{AdamConfig, Cpu, from_rows};
    use rand::SeedableRng;

    fn model(seed: u64, dim_z_aux: usize) -> PhysVae<f32, Cpu> {
        let architecture = Architecture {
            num_units_feat: 4,
            ..Architecture::new(3, 0, dim_z_aux)
        };
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

    /// A model, and an optimiser that has moved some of its parameters.
    fn trained() -> (PhysVae<f32, Cpu>, Adam<f32>) {
        let mut model = model(1, 2);
        let mut adam = Adam::new(AdamConfig::default());
        let x = from_rows(&Cpu::default(), 2, 3, [0.3, -1.0, 2.0, 0.1, 0.2, 0.3]).unwrap();
        let posterior = model
            .encoder()
            .forward(dfdx::prelude::Trace::leaky_traced(x))
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
        save(&path, &trained, &adam, &progress(), "abc").unwrap();
        let checkpoint = load::<f32>(&path).unwrap();
        assert_eq!(checkpoint.config_sha256, "abc");
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
        save(&path, &trained, &adam, &progress(), "abc").unwrap();
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
}
