//! Bad input, on the real binary: one clear message, exit code 2, nothing written.

use std::fs;
use std::path::Path;
use stories::{printed, trainer, workspace};

/// A folder with a good configuration and good tables, to be spoilt.
struct Folder(tempfile::TempDir);

const BANDS: &str = "B02,B03,B04,B05,B06,B07,B08,B8A,B09,B11,B12";

/// 40 plausible spectra.
fn table() -> String {
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
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("config.json", CONFIG);
        let ranges = fs::read_to_string(workspace().join("configs/ranges/rtm.json")).unwrap();
        folder.write("ranges.json", &ranges);
        for name in ["train.csv", "valid.csv", "test.csv"] {
            folder.write(name, &table());
        }
        folder
    }
    fn path(&self) -> &Path {
        self.0.path()
    }
    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }
    /// Replaces a part of a file, which must be there.
    fn spoil(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path().join(name)).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        self.write(name, &text.replacen(from, to, 1));
    }
    /// Trains; returns the exit code and what was said, with this folder's path shortened.
    fn train(&self) -> (Option<i32>, String) {
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
    /// Trains and expects a refusal that leaves nothing behind.
    fn refusal(&self) -> String {
        let (code, message) = self.train();
        assert_eq!(code, Some(2), "{message}");
        assert!(
            !self.path().join("runs").exists(),
            "a refused run leaves no folder"
        );
        message
    }
}

/// One message per way to be wrong.
fn refused(name: &str, from: &str, to: &str) -> String {
    let folder = Folder::new();
    folder.spoil(name, from, to);
    folder.refusal()
}

#[test]
fn the_unspoilt_folder_trains() {
    let folder = Folder::new();
    let output = trainer()
        .args(["train", "--config", "config.json", "--runs-dir", "runs"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let (_, stderr) = printed(&output);
    assert!(output.status.success(), "{stderr}");
}

#[test]
fn an_unknown_key() {
    insta::assert_snapshot!(refused(
        "config.json",
        "\"epochs_pretrain\"",
        "\"epoch_pretrain\""
    ));
}

#[test]
fn a_wrong_type() {
    insta::assert_snapshot!(refused(
        "config.json",
        "\"epochs\": 2",
        "\"epochs\": \"two\""
    ));
}

#[test]
fn a_value_out_of_range() {
    insta::assert_snapshot!(refused(
        "config.json",
        "\"epochs\": 2",
        "\"epochs\": 2, \"batch_size\": 0"
    ));
}

#[test]
fn not_json() {
    insta::assert_snapshot!(refused(
        "config.json",
        "\"name\": \"mine\",",
        "\"name\": \"mine\""
    ));
}

#[test]
fn a_range_with_its_ends_swapped() {
    insta::assert_snapshot!(refused("ranges.json", "80", "5"));
}

#[test]
fn a_range_of_a_parameter_the_physics_does_not_know() {
    insta::assert_snapshot!(refused("ranges.json", "\"cab\"", "\"chlorophyll\""));
}

#[test]
fn a_dimension_that_does_not_match_the_ranges() {
    insta::assert_snapshot!(refused(
        "config.json",
        "\"dim_z_phy\": 7",
        "\"dim_z_phy\": 6"
    ));
}

#[test]
fn a_missing_column() {
    insta::assert_snapshot!(refused("valid.csv", "B08,", "NIR,"));
}

#[test]
fn text_in_a_band() {
    insta::assert_snapshot!(refused("train.csv", "0.0410", "cloud"));
}

#[test]
fn nan_in_a_band() {
    insta::assert_snapshot!(refused("train.csv", "0.0410", "NaN"));
}

#[test]
fn no_rows() {
    let folder = Folder::new();
    folder.write("test.csv", &format!("{BANDS}\n"));
    insta::assert_snapshot!(folder.refusal());
}

#[test]
fn digital_numbers_declared_as_reflectance() {
    let folder = Folder::new();
    let mut text = format!("{BANDS}\n");
    for line in table().lines().skip(1) {
        let scaled = line
            .split(',')
            .map(|v| format!("{:.0}", v.parse::<f64>().unwrap() * 1e4));
        text += &scaled.collect::<Vec<_>>().join(",");
        text.push('\n');
    }
    folder.write("train.csv", &text);
    insta::assert_snapshot!(folder.refusal());
}

#[test]
fn a_missing_file() {
    let folder = Folder::new();
    fs::remove_file(folder.path().join("valid.csv")).unwrap();
    insta::assert_snapshot!(folder.refusal());
}

#[test]
fn a_missing_configuration() {
    let folder = Folder::new();
    fs::remove_file(folder.path().join("config.json")).unwrap();
    insta::assert_snapshot!(folder.refusal());
}

#[test]
fn a_gpu_that_this_build_cannot_use() {
    let output = trainer()
        .args(["train", "--device", "cuda:0"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(printed(&output).1);
}

#[test]
fn something_that_is_not_a_run() {
    for arguments in [["eval", "configs"], ["eval", "nowhere"]] {
        let output = trainer().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        insta::assert_snapshot!(format!("not_a_run_{}", arguments[1]), printed(&output).1);
    }
}

#[test]
fn a_checkpoint_that_is_damaged() {
    let folder = Folder::new();
    let output = trainer()
        .args(["train", "--config", "config.json", "--runs-dir", "runs"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success());
    let run = stories::newest_run(&folder.path().join("runs"));
    let path = run.join("checkpoints/best.safetensors");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let output = trainer().arg("eval").arg(&run).output().unwrap();
    let message = printed(&output).1;
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains("best.safetensors is damaged"), "{message}");
}
