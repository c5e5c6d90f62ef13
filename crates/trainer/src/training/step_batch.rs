//! The rows of one step: made from the samples, kept on disk where a run ended on them, read back to be looked at.

use crate::TrainerError;
use crate::disk::Disk;
use crate::experiment::Experiment;
use crate::files::read;
use data::{ChaCha8Rng, Purpose, Samples, stream};
use ndarray::{Array2, ArrayView2};
use nn::named::{HostTensor, HostTensors, from_safetensors, to_safetensors};
use schedules::Phase;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::path::Path;

/// What the file of a batch calls itself.
const MAGIC: &str = "physics-vae batch";
/// Version of its layout.
const FORMAT: u32 = 1;
const INPUTS: &str = "inputs";
const CONDITIONS: &str = "conditions";

/// The rows of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepBatch {
    /// Where the step stands in the run.
    pub place: StepPlace,
    /// In Stage A z ∈ (0, 1), n × p; in Stage B observations, n × d, standardised.
    pub inputs: Array2<f64>,
    /// Conditions of the physics, n × c; `None` for its defaults.
    pub conditions: Option<Array2<f64>>,
}

/// Where a step stands in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepPlace {
    /// Epoch, from 0.
    pub epoch: usize,
    /// Batch within it, from 0.
    pub batch: usize,
    /// Which step.
    pub phase: Phase,
    /// Indices of the rows among the training samples; of drawn ones none.
    pub rows: Vec<usize>,
    /// Their sample ids, where the table has them.
    pub sample_ids: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    magic: String,
    format: u32,
    place: StepPlace,
}

impl StepBatch {
    /// The rows of (epoch, batch): in Stage B those of the training samples in their order, in Stage A as many
    /// drawn ones.
    pub(super) fn of(
        experiment: &Experiment,
        training: &Samples,
        (epoch, batch): (usize, usize),
        rows: Range<usize>,
        order: &[usize],
    ) -> Self {
        let phase = experiment.schedule.phase(epoch);
        let mut place = StepPlace {
            epoch,
            batch,
            phase,
            rows: vec![],
            sample_ids: vec![],
        };
        let random = |purpose| stream(experiment.seed, purpose, epoch as u32, batch as u32);
        match phase {
            Phase::Pretrain => {
                let p = experiment.architecture.dim_z_phy;
                Self {
                    place,
                    inputs: (experiment.stage_a).draw(rows.len(), p, &mut random(Purpose::StageA)),
                    conditions: training
                        .resample_conditions(rows.len(), &mut random(Purpose::StageAConditions)),
                }
            }
            Phase::Train => {
                let taken = training.gather::<f64>(&order[rows]);
                place.rows = taken.rows;
                Self {
                    place,
                    inputs: taken.x,
                    conditions: taken.conditions,
                }
            }
        }
    }

    /// The random numbers that a step on it draws latents with.
    pub fn noise_of(&self, experiment: &Experiment) -> ChaCha8Rng {
        let (epoch, batch) = (self.place.epoch as u32, self.place.batch as u32);
        stream(experiment.seed, Purpose::LatentNoise, epoch, batch)
    }

    /// The random numbers that a step of Stage A disturbs its spectra with.
    pub fn stage_a_noise_of(&self, experiment: &Experiment) -> ChaCha8Rng {
        let (epoch, batch) = (self.place.epoch as u32, self.place.batch as u32);
        stream(experiment.seed, Purpose::StageANoise, epoch, batch)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.inputs.nrows()
    }

    /// The conditions.
    pub fn conditions(&self) -> Option<ArrayView2<'_, f64>> {
        self.conditions.as_ref().map(Array2::view)
    }

    /// Writes the rows with the names that `training` has for them.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn save(&self, disk: &Disk, path: &Path, training: &Samples) -> Result<(), TrainerError> {
        let mut place = self.place.clone();
        if let Some(ids) = &training.labels().sample_id {
            let names = place.rows.iter().filter_map(|&row| ids.get(row));
            place.sample_ids = names.map(str::to_owned).collect();
        }
        let header = Header {
            magic: MAGIC.into(),
            format: FORMAT,
            place,
        };
        let tensor = |values: &Array2<f64>| HostTensor {
            shape: values.shape().to_vec(),
            values: values.iter().copied().collect(),
        };
        let mut tensors = HostTensors::from([(INPUTS.to_owned(), tensor(&self.inputs))]);
        if let Some(conditions) = &self.conditions {
            tensors.insert(CONDITIONS.to_owned(), tensor(conditions));
        }
        let text =
            serde_json::to_string(&header).map_err(|e| TrainerError::Internal(e.to_string()))?;
        disk.write_whole(path, &to_safetensors(&tensors, &text)?)
    }

    /// Reads them back.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, or was written by a version this one does not know.
    pub fn load(path: &Path) -> Result<Self, TrainerError> {
        let damaged = |why: String| TrainerError::Damaged {
            path: path.to_owned(),
            why,
        };
        let (mut tensors, text) =
            from_safetensors::<f64>(&read(path)?).map_err(|e| damaged(e.to_string()))?;
        let header: Header =
            serde_json::from_str(&text).map_err(|e| damaged(format!("its header: {e}")))?;
        if header.magic != MAGIC || header.format != FORMAT {
            return Err(damaged(format!(
                "it is a \"{}\" of format {}, this program reads \"{MAGIC}\" of format {FORMAT}",
                header.magic, header.format
            )));
        }
        let mut table = |name: &str| {
            let Some(tensor) = tensors.remove(name) else {
                return Ok(None);
            };
            let [rows, columns] = tensor.shape[..] else {
                return Err(damaged(format!("{name} is not a table")));
            };
            Array2::from_shape_vec((rows, columns), tensor.values)
                .map(Some)
                .map_err(|e| damaged(e.to_string()))
        };
        let (inputs, conditions) = (table(INPUTS)?, table(CONDITIONS)?);
        let inputs = inputs.ok_or_else(|| damaged(format!("{INPUTS} is missing")))?;
        let fits = |rows: usize| rows == inputs.nrows();
        let place = header.place;
        if !conditions.as_ref().is_none_or(|c| fits(c.nrows()))
            || !(place.rows.is_empty() || fits(place.rows.len()))
            || !(place.sample_ids.is_empty() || fits(place.sample_ids.len()))
        {
            return Err(damaged("its parts have other numbers of rows".into()));
        }
        Ok(Self {
            place,
            inputs,
            conditions,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data::Labels;
    use ndarray::array;

    #[test]
    fn rows_come_back_with_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("batch.safetensors");
        let labels = Labels {
            sample_id: Some(["a", "b", "c"].iter().collect()),
            ..Labels::default()
        };
        let x = array![[0.0, 1e30], [1.0, 2.0], [3.0, 4.0]];
        let training = Samples::new(x.clone(), None, labels, None).unwrap();
        let place = StepPlace {
            epoch: 2,
            batch: 1,
            phase: Phase::Train,
            rows: vec![2, 0],
            sample_ids: vec![],
        };
        let mut batch = StepBatch {
            place,
            inputs: array![[3.0, 4.0], [0.0, 1e30]],
            conditions: Some(array![[30.0], [40.0]]),
        };
        batch.save(&Disk::default(), &path, &training).unwrap();
        let back = StepBatch::load(&path).unwrap();
        batch.place.sample_ids = vec!["c".into(), "a".into()];
        assert_eq!(back, batch);

        let bytes = std::fs::read(&path).unwrap();
        for cut in [0, 20, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            let refused = StepBatch::load(&path);
            assert!(
                matches!(refused, Err(TrainerError::Damaged { .. })),
                "{cut}"
            );
        }
        batch.place.rows.push(7);
        batch.place.sample_ids.clear();
        batch.save(&Disk::default(), &path, &training).unwrap();
        let message = StepBatch::load(&path).unwrap_err().to_string();
        assert!(message.contains("other numbers of rows"), "{message}");
    }
}
