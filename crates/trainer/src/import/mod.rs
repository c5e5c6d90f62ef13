//! An experiment file of the Python code of MAGIC, or of its low-rank successor PILA, becomes a configuration of this
//! project: She et al. 2024, arXiv:2405.18953v1 (MAGIC), and 2025, arXiv:2405.18953v2 (PILA), after the Phys-VAE of Takeishi &
//! Kalousis, NeurIPS 2021, arXiv:2102.13156. "The original" here is the file that is read.
//!
//! Every key of a file is taken, changed for a stated reason, refused, or named in a line that says why it has no
//! counterpart; a setting that would have no effect here is left out and named too.

mod keys;
mod successor;
#[cfg(test)]
mod tests;

use crate::TrainerError;
use crate::config::{ExperimentConfig, keys_without_effect};
use crate::files::read_to_string;
use keys::{Rule, rule};
use serde_json::{Map, Value, json};
use std::fmt;
use std::path::{Path, PathBuf};

/// A configuration made of an original one.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The configuration, complete but for what the defaults say.
    pub config: Value,
    /// What became of each key, in the order of the original, and what is added.
    pub notes: Vec<Note>,
}

/// What became of one key of the original.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// Path of the key, such as `trainer.phys_vae.balance_gate`; of what is added, its path here.
    pub key: String,
    /// Its value there; null of what is added.
    pub value: Value,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// The same value stands there.
    Taken(String),
    /// Another value stands there, for a reason.
    Changed {
        /// Path of the key here.
        to: String,
        /// The value here.
        value: Value,
        /// The reason.
        reason: String,
    },
    /// It has no counterpart, for a reason.
    Ignored(String),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, value, fate } = self;
        match fate {
            Fate::Taken(to) => write!(f, "{key} = {value}: taken as {to}"),
            Fate::Changed {
                to,
                value: now,
                reason,
            } => {
                let now = Shortened(now);
                write!(f, "{key} = {value}: {to} = {now}; {reason}")
            }
            Fate::Ignored(reason) => write!(f, "{key} = {value}: ignored; {reason}"),
        }
    }
}

/// A value that fits a line.
struct Shortened<'a>(&'a Value);

impl fmt::Display for Shortened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 60;
        let text = self.0.to_string();
        match text.char_indices().nth(LONGEST) {
            Some((end, _)) => write!(f, "{}…", &text[..end]),
            None => f.write_str(&text),
        }
    }
}

/// Reads an experiment file of MAGIC or PILA.
///
/// `root`: the folder of its project, which the paths in the file start from.
///
/// # Errors
/// The file, or one that it names, cannot be read or is not JSON; it is neither's; its physics or its
/// loss has no counterpart.
pub fn import(file: &Path, root: &Path) -> Result<Imported, TrainerError> {
    let original = json_of(file)?;
    let mut import = Import {
        file,
        root,
        config: Value::Object(Map::new()),
        notes: vec![],
        original: &original,
    };
    import.physics_and_data()?;
    let mut leaves = vec![];
    collect(&original, String::new(), &mut leaves);
    let is_successor = successor::is_one(&leaves);
    for (key, value) in leaves {
        let of_successor = is_successor.then(|| import.fate_in_successor(&key, value));
        let fate = match of_successor.transpose()?.flatten() {
            Some(fate) => fate,
            None => import.fate(&key, value)?,
        };
        let value = value.clone();
        import.notes.push(Note { key, value, fate });
    }
    if is_successor {
        import.what_the_successor_adds()?;
    } else {
        import.what_is_added();
    }
    import.leave_out_what_has_no_effect();
    Ok(Imported {
        config: import.config,
        notes: import.notes,
    })
}

fn json_of(path: &Path) -> Result<Value, TrainerError> {
    serde_json::from_str(&read_to_string(path)?).map_err(|error| refused(path, error.to_string()))
}

fn refused(path: &Path, why: String) -> TrainerError {
    TrainerError::Table {
        path: path.to_owned(),
        why,
    }
}

/// All values that are no objects, with their paths.
fn collect<'a>(value: &'a Value, path: String, leaves: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let below = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                collect(value, below, leaves);
            }
        }
        _ => leaves.push((path, value)),
    }
}

/// Rows of the blocks of days that MAGIC's loader of sequences makes batches of.
const DAYS_OF_A_BLOCK: u64 = 5;

struct Import<'a> {
    file: &'a Path,
    root: &'a Path,
    original: &'a Value,
    config: Value,
    notes: Vec<Note>,
}

impl Import<'_> {
    /// A value of the original; null where it has none.
    fn get(&self, path: &str) -> &Value {
        path.split('.')
            .fold(self.original, |value, key| &value[key])
    }

    fn set(&mut self, path: &str, value: Value) {
        let place = path
            .split('.')
            .fold(&mut self.config, |place, key| &mut place[key]);
        *place = value;
    }

    fn has_sequences(&self) -> bool {
        self.get("data_loader.type") == "GPSSeqDataLoader"
    }

    /// The blocks that no single key says.
    fn physics_and_data(&mut self) -> Result<(), TrainerError> {
        let labels = match self.get("arch.args.physics").as_str() {
            Some("RTM") => {
                let columns = json!({
                    "B02": "B02_BLUE", "B03": "B03_GREEN", "B04": "B04_RED", "B05": "B05_RE1",
                    "B06": "B06_RE2", "B07": "B07_RE3", "B08": "B08_NIR1", "B8A": "B8A_NIR2",
                    "B09": "B09_WV", "B11": "B11_SWI1", "B12": "B12_SWI2"
                });
                self.set("physics.model", json!("inform"));
                if self.get("arch.phys_vae.no_phy") != &json!(true) {
                    self.set("physics.variant", json!("enmap_box"));
                }
                self.set("physics.sensor", json!("s2a"));
                self.set("data.columns", columns);
                json!({"class": "class", "sample_id": "sample_id", "date": "date"})
            }
            Some("Mogi") => {
                self.set("physics.model", json!("mogi"));
                self.set("physics.poisson_ratio", json!(0.25));
                json!({"class": null, "sample_id": null, "date": "date"})
            }
            _ => {
                let why = format!(
                    "arch.args.physics = {}; allowed: \"RTM\" or \"Mogi\", as in the experiment files of MAGIC and PILA",
                    self.get("arch.args.physics")
                );
                return Err(refused(self.file, why));
            }
        };
        self.set("data.source", json!("csv"));
        self.set("data.values", json!("standardized"));
        self.set("data.labels", labels);
        let folder = self.data_folder();
        self.set("data.dir", json!(folder));
        Ok(())
    }

    /// The folder of the training table, absolute where it is there.
    fn data_folder(&self) -> Option<PathBuf> {
        let table = self.get("data_loader.args.data_dir").as_str()?;
        let folder = self.root.join(Path::new(table).parent()?);
        std::path::absolute(folder).ok()
    }

    fn fate(&mut self, key: &str, value: &Value) -> Result<Fate, TrainerError> {
        Ok(match rule(key) {
            None if [
                "arch.phys_vae.",
                "trainer.phys_vae.",
                "optimizer.",
                "lr_scheduler.",
            ]
            .iter()
            .any(|block| key.starts_with(block)) =>
            {
                let why = format!(
                    "{key} = {value} says something of the model or its training that is not known here; allowed: the \
                     keys of the experiment files of MAGIC and of PILA"
                );
                return Err(refused(self.file, why));
            }
            None => Fate::Ignored("no key of the model or its training".into()),
            Some(Rule::Ignored(reason)) => Fate::Ignored(reason.into()),
            Some(Rule::To(path)) => {
                self.set(path, value.clone());
                Fate::Taken(path.into())
            }
            Some(Rule::DataFile(path)) => self.data_file(path, value),
            Some(Rule::Content(path)) => {
                let Some(name) = value.as_str() else {
                    return Err(refused(
                        self.file,
                        format!("{key} = {value}; allowed: a path"),
                    ));
                };
                let content = json_of(&self.root.join(name))?;
                self.changed(path, content, "what the file says")
            }
            Some(Rule::Special) => self.special(key, value)?,
        })
    }

    fn changed(&mut self, to: &str, value: Value, reason: &str) -> Fate {
        self.set(to, value.clone());
        Fate::Changed {
            to: to.into(),
            value,
            reason: reason.into(),
        }
    }

    /// A file beside the training table goes by its name, another one by its path.
    fn data_file(&mut self, to: &str, value: &Value) -> Fate {
        let folder = self.data_folder();
        let path = std::path::absolute(self.root.join(value.as_str().unwrap_or_default())).ok();
        let within = path
            .as_ref()
            .zip(folder)
            .and_then(|(path, folder)| path.strip_prefix(folder).ok().map(Path::to_owned));
        self.changed(to, json!(within.or(path)), "relative to data.dir")
    }

    fn special(&mut self, key: &str, value: &Value) -> Result<Fate, TrainerError> {
        Ok(match key {
            "name" => {
                let name = value.as_str().unwrap_or_default().to_lowercase();
                self.changed("name", json!(name), "in small letters, as the others")
            }
            "arch.args.physics" => {
                let what = if value == "RTM" {
                    "INFORM as MAGIC's code computes it, its deviations included; \"published\" is the model of the \
                     publications"
                } else {
                    "the same source"
                };
                let model = self.config["physics"]["model"].clone();
                self.changed("physics.model", model, what)
            }
            "arch.phys_vae.dim_z_phy" if self.get("arch.phys_vae.no_phy") == &json!(true) => {
                self.changed("phys_vae.dim_z_phy", json!(0), "because no_phy is true")
            }
            "arch.phys_vae.dim_z_phy" => {
                self.set("phys_vae.dim_z_phy", value.clone());
                Fate::Taken("phys_vae.dim_z_phy".into())
            }
            "data_loader.args.batch_size" if self.has_sequences() => {
                let rows = value
                    .as_u64()
                    .unwrap_or_default()
                    .saturating_mul(DAYS_OF_A_BLOCK);
                self.changed(
                    "trainer.batch_size",
                    json!(rows),
                    "it counts blocks of five days",
                )
            }
            "data_loader.args.batch_size" => {
                self.set("trainer.batch_size", value.clone());
                Fate::Taken("trainer.batch_size".into())
            }
            "loss" => {
                let likelihood = match value.as_str() {
                    Some("mse_loss") => "sum_of_squares",
                    Some("l1_loss") => "l1",
                    _ => {
                        let why = format!("loss = {value}; allowed: \"mse_loss\", \"l1_loss\"");
                        return Err(refused(self.file, why));
                    }
                };
                let reason = "summed over channels, averaged over samples, as there";
                self.changed("objective.likelihood", json!(likelihood), reason)
            }
            "lr_scheduler.args.T_max" => {
                let reason = "the clock of the learning rate starts at the end of stage A and ends with the last epoch";
                self.changed("lr_scheduler.T_max", Value::Null, reason)
            }
            "trainer.input_const_keys" => {
                let angles = json!({"tts": "tts", "tto": "tto", "psi": "psi"});
                self.changed("data.angles", angles, "the columns of the angles")
            }
            _ => Fate::Ignored("no counterpart".into()),
        })
    }

    fn add(&mut self, to: &str, value: Value, reason: &str) {
        let fate = self.changed(to, value, reason);
        self.notes.push(Note {
            key: "(added)".into(),
            value: Value::Null,
            fate,
        });
    }

    /// Takes out of the configuration what has no effect in it, and says so where it came from.
    fn leave_out_what_has_no_effect(&mut self) {
        // a file that is no configuration is refused where it is checked
        while let Ok(config) = serde_json::from_value::<ExperimentConfig>(self.config.clone()) {
            let idle = keys_without_effect(&config);
            let Some((key, why)) = idle.into_iter().find(|(key, _)| self.remove(key)) else {
                return;
            };
            let reason = format!("{key} has no effect here ({why})");
            let of_key = |note: &&mut Note| match &note.fate {
                Fate::Taken(to) | Fate::Changed { to, .. } => *to == key,
                Fate::Ignored(_) => false,
            };
            if let Some(note) = self.notes.iter_mut().find(of_key) {
                note.fate = Fate::Ignored(reason);
            }
        }
    }

    /// Removes a key; false where it is not written.
    fn remove(&mut self, path: &str) -> bool {
        let (parent, key) = path.rsplit_once('.').unwrap_or(("", path));
        let mut place = &mut self.config;
        for key in parent.split('.').filter(|key| !key.is_empty()) {
            let Some(below) = place.get_mut(key) else {
                return false;
            };
            place = below;
        }
        place
            .as_object_mut()
            .is_some_and(|object| object.remove(key).is_some())
    }

    /// What MAGIC's code does without saying it.
    fn what_is_added(&mut self) {
        if self.get("arch.phys_vae.no_phy") == &json!(true) {
            let reason = "MAGIC's trainer has no KL without physics; true is the whole objective";
            self.add("phys_vae.kl_without_physics", json!(false), reason);
        }
    }
}
