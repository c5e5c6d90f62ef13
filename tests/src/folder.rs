//! A user's own folder: a configuration, its ranges and three tables.

use crate::{printed, trainer, workspace};
use std::fs;
use std::path::Path;

/// A folder with a good configuration and good tables, to be spoilt.
pub struct Folder(tempfile::TempDir);

/// The header of the tables.
pub const BANDS: &str = "B02,B03,B04,B05,B06,B07,B08,B8A,B09,B11,B12";

/// 40 plausible spectra.
pub fn table() -> String {
    let mut text = format!("{BANDS}\n");
    for row in 0..40 {
        let cells: Vec<String> = (0..11)
            .map(|band| {
                format!(
                    "{:.4}",
                    0.02 + 0.02 * f64::from(band) + 0.003 * f64::from((row * 7 + band * 3) % 11)
                )
            })
            .collect();
        text += &cells.join(",");
        text.push('\n');
    }
    text
}

const CONFIG: &str = r#"{
  "name": "mine",
  "physics": {
    "model": "inform",
    "ranges": "ranges.json"
  },
  "data": {
    "source": "csv",
    "dir": ".",
    "values": "reflectance"
  },
  "phys_vae": {
    "dim_z_phy": 7,
    "epochs_pretrain": 1
  },
  "trainer": {
    "epochs": 2
  }
}
"#;

impl Folder {
    /// Forty spectra in each table, two epochs.
    pub fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("config.json", CONFIG);
        let ranges = fs::read_to_string(workspace().join("configs/ranges/rtm.json")).unwrap();
        folder.write("ranges.json", &ranges);
        for name in ["train.csv", "valid.csv", "test.csv"] {
            folder.write(name, &table());
        }
        folder
    }
    /// Its path.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
    /// Writes a file.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }
    /// Replaces a part of a file, which must be there.
    pub fn spoil(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path().join(name)).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        self.write(name, &text.replacen(from, to, 1));
    }
    /// Trains; returns the exit code and what was said, with this folder's path shortened.
    pub fn train(&self) -> (Option<i32>, String) {
        let output = trainer()
            .args(["train", "--config", "config.json", "--runs-dir", "runs"])
            .current_dir(self.path())
            .output()
            .unwrap();
        let (stdout, stderr) = printed(&output);
        assert_eq!(stdout, "", "nothing goes to standard output");
        let folder = self.path().canonicalize().unwrap();
        let message = stderr
            .replace(&*folder.to_string_lossy(), "FOLDER")
            .replace(&*self.path().to_string_lossy(), "FOLDER");
        (output.status.code(), message)
    }
    /// Trains; returns the exit code.
    pub fn train_quietly(&self) -> Option<i32> {
        let output = trainer()
            .args(["train", "--config", "config.json", "--runs-dir", "runs"])
            .current_dir(self.path())
            .output()
            .unwrap();
        output.status.code()
    }
    /// Trains and expects a refusal that leaves nothing behind.
    pub fn refusal(&self) -> String {
        let (code, message) = self.train();
        assert_eq!(code, Some(2), "{message}");
        assert!(
            !self.path().join("runs").exists(),
            "a refused run leaves no folder"
        );
        message
    }
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}
