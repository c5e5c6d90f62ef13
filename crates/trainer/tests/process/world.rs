//! A user's folder: tables, a configuration, a small run.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The channels of the tables.
const BANDS: [&str; 11] = [
    "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12",
];

const CONFIG: &str = r#"{
  "name": "mine",
  "physics": {"model": "inform", "ranges": "ranges.json"},
  "data": {
    "source": "csv", "dir": ".", "values": "reflectance",
    "labels": {"class": "class", "date": "date", "sample_id": "place"}
  },
  "phys_vae": {
    "dim_z_phy": 7, "epochs_pretrain": 1,
    "num_units_feat": 8, "hidlayers_feat": [8], "hidlayers_z_phy": [8], "hidlayers_z_aux": [8]
  },
  "pretrain": {"spectra_per_epoch": 64},
  "trainer": {"epochs": 2}
}
"#;

/// The folder of the workspace.
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    here.canonicalize().unwrap()
}

/// The program.
pub fn trainer(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
    command.current_dir(folder).env_remove("RUST_LOG");
    command.stdin(Stdio::null());
    command
}

/// What a program said on standard error.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Plausible spectra with labels.
pub fn table(rows: usize) -> String {
    let mut text = format!("{},class,date,place\n", BANDS.join(","));
    for row in 0..rows {
        for band in 0..BANDS.len() {
            let value = 0.02 + 0.02 * band as f64 + 0.003 * ((row * 7 + band * 3) % 11) as f64;
            let _ = write!(text, "{value:.4},");
        }
        let _ = writeln!(text, "c{},2020-0{}-11,p{row}", row % 2, 1 + row % 9);
    }
    text
}

/// A folder of its own with everything that commands read, among it a run of two epochs.
pub struct World(tempfile::TempDir);

impl World {
    pub fn new() -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        let folder = world.path().to_owned();
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
        let from = |name: &str| fs::read_to_string(workspace().join(name)).unwrap();
        write("config.json", CONFIG);
        write("ranges.json", &from("configs/ranges/rtm.json"));
        write("stations.json", &from("configs/stations/akutan.json"));
        for name in ["train.csv", "valid.csv", "test.csv", "observed.csv"] {
            write(name, &table(40));
        }
        write(
            "traits.csv",
            "N,cab,cw,cm,LAI,LAIu,fc\n1.5,40,0.01,0.01,3,0.5,0.7\n",
        );
        write("sources.csv", "xcen,ycen,d,dV\n0,0,5,10\n");
        write("description.json", r#"{"values": "reflectance"}"#);
        write("original.json", "{}");
        let trained = trainer(&folder)
            .args(["train", "--config", "config.json", "--runs-dir", "runs"])
            .args(["--threads", "1", "--keep-epochs", "2"])
            .output()
            .unwrap();
        assert!(trained.status.success(), "{}", stderr(&trained));
        let mut runs = fs::read_dir(folder.join("runs/mine")).unwrap();
        let run = runs.next().unwrap().unwrap().path();
        fs::rename(run, folder.join("run")).unwrap();
        fs::remove_dir_all(folder.join("runs")).unwrap();
        world
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// All files with their bytes.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = vec![];
        collect(self.path(), &mut found);
        found.sort();
        let bytes = |path: PathBuf| {
            let bytes = fs::read(&path).unwrap();
            (path, bytes)
        };
        found.into_iter().map(bytes).collect()
    }
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            found.push(path);
        }
    }
}
