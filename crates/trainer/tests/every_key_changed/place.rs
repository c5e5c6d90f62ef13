//! A folder with tables, in which the program is started.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A small network and few epochs, of which one is Stage A.
const SMALL: [&str; 10] = [
    "phys_vae.num_units_feat=6",
    "phys_vae.hidlayers_feat=[6]",
    "phys_vae.hidlayers_z_phy=[6]",
    "phys_vae.hidlayers_z_aux=[6]",
    "phys_vae.epochs_pretrain=1",
    "phys_vae.kl_warmup_epochs=1",
    "trainer.batch_size=14",
    "trainer.epochs=3",
    "trainer.max_skipped_steps=7",
    "optimizer.lr=0.002",
];
const SIMULATED: [&str; 3] = [
    "data.train_samples=30",
    "data.valid_samples=12",
    "data.test_samples=12",
];

/// A program that is started in a folder of its own.
pub struct Place {
    pub folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let root = place.folder.path();
        let bands = [
            "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12",
        ];
        let table = |rows: usize, factor: f64| {
            let mut text = format!("{},B02b,sun,view,psi,kind,id,date,lai\n", bands.join(","));
            for row in 0..rows {
                // the last row says what the one before it says
                let r = row.min(rows - 2);
                let cell = |band: usize| {
                    let reflectance =
                        0.02 + 0.02 * band as f64 + 0.003 * ((r * 7 + band * 3) % 11) as f64;
                    format!("{:.4}", factor * (reflectance + 1e-4 * r as f64))
                };
                let cells: Vec<String> = (0..11).chain([1]).map(cell).collect();
                text += &cells.join(",");
                let (tts, tto, day) = (30 + r, r % 9, 1 + r % 28);
                writeln!(text, ",{tts},{tto},40,oak,{r},2020-06-{day:02},2").unwrap();
            }
            text
        };
        fs::create_dir(root.join("moved")).unwrap();
        for name in ["train.csv", "valid.csv", "test.csv"] {
            fs::write(root.join(name), table(28, 1.0)).unwrap();
            fs::write(root.join("moved").join(name), table(28, 1.0)).unwrap();
        }
        fs::write(root.join("more.csv"), table(35, 1.0)).unwrap();
        fs::write(root.join("dn.csv"), table(28, 1e4)).unwrap();
        place
    }

    /// The text of `data` of its tables.
    fn tables(&self) -> String {
        format!(
            r#"{{"source":"csv","dir":"{}","values":"reflectance","labels":{{"date":"date"}}}}"#,
            self.folder.path().display()
        )
    }

    pub fn settings(&self, setting: &str) -> Vec<String> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let workspace = workspace.canonicalize().unwrap();
        match setting {
            "FOLDER" => vec![format!("data={}", self.tables())],
            "VOLCANO" => {
                let file = |name: &str| workspace.join("configs").join(name);
                let read = |name: &str| fs::read_to_string(file(name)).unwrap();
                vec![
                    format!(
                        r#"physics={{"model":"mogi","stations":{},"ranges":{}}}"#,
                        read("stations/akutan.json"),
                        read("ranges/mogi.json")
                    ),
                    r#"data={"source":"synthetic"}"#.into(),
                    "phys_vae.dim_z_phy=4".into(),
                ]
            }
            other => vec![
                other
                    .replace("data=TABLES", &format!("data={}", self.tables()))
                    .replace("FOLDER", &self.folder.path().to_string_lossy())
                    .replace("WORKSPACE", &workspace.to_string_lossy()),
            ],
        }
    }

    pub fn trainer(&self, arguments: &[&str], settings: &[String]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
        command
            .arg("train")
            .args(["--threads", "1"])
            .args(arguments);
        for setting in settings {
            command.args(["--set", setting]);
        }
        command.current_dir(self.folder.path()).output().unwrap()
    }

    /// A finished run of a base.
    pub fn run(&self, name: &str, base: &[&str]) -> PathBuf {
        let mut settings: Vec<String> = SMALL.map(str::to_owned).to_vec();
        let has_tables = base.contains(&"FOLDER");
        settings.extend(base.iter().flat_map(|it| self.settings(it)));
        if !has_tables {
            settings.extend(SIMULATED.map(str::to_owned));
        }
        let runs = self.folder.path().join("runs").join(name);
        let output = self.trainer(&["--runs-dir", &runs.to_string_lossy()], &settings);
        assert!(output.status.success(), "{name}: {}", said(&output));
        let experiment = fs::read_dir(&runs).unwrap().next().unwrap().unwrap().path();
        fs::read_dir(experiment)
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path()
    }
}

pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Every file below a folder with its bytes.
pub fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(contents(&path));
        } else {
            all.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    all
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
