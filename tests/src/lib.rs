//! Helpers shared by the stories: the program as a user starts it, its runs, the shared data.
#![allow(clippy::missing_panics_doc)] // helpers of tests: a panic is how they fail

pub mod folder;
pub mod infer;
pub mod observations;
pub mod python;
pub mod scene;
pub mod tiny_tiff;

use serde_json::Value;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Folder of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .expect("the workspace exists")
}

/// A folder or file of the data that lie beside the project, or `None` after saying that the test is
/// skipped.
pub fn beside(path: &str) -> Option<PathBuf> {
    let found = workspace().join("../shared").join(path);
    if !found.exists() {
        // straight to the stream: the test harness keeps what passing tests print to itself
        let _ = writeln!(std::io::stderr(), "SKIPPED: ../shared/{path} not found");
        return None;
    }
    Some(found)
}

/// The trainer's binary, built once in the profile of the running test.
pub fn trainer() -> Command {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    let binary = BINARY.get_or_init(|| {
        let mut build = Command::new(env!("CARGO"));
        build
            .args(["build", "--quiet", "--package", "trainer"])
            .current_dir(workspace());
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        assert!(
            build.status().expect("cargo runs").success(),
            "the trainer builds"
        );
        // target/<profile>/deps/<story> → target/<profile>/trainer
        let story = std::env::current_exe().expect("a running test has a path");
        let folder = story
            .parent()
            .and_then(Path::parent)
            .expect("it lies two folders deep");
        folder.join(format!("trainer{}", std::env::consts::EXE_SUFFIX))
    });
    let mut command = Command::new(binary);
    command.current_dir(workspace()).env_remove("RUST_LOG");
    command
}

/// What a program printed on standard output and standard error.
pub fn printed(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// A finished run.
pub struct Run {
    /// Its folder.
    pub path: PathBuf,
    /// What it printed on standard output.
    pub stdout: String,
}

impl Run {
    /// `trainer train …`, which must succeed.
    pub fn train(runs: &Path, arguments: &[&str]) -> Self {
        let output = trainer()
            .arg("train")
            .args(arguments)
            .arg("--runs-dir")
            .arg(runs)
            .output()
            .expect("the trainer starts");
        let (stdout, stderr) = printed(&output);
        assert!(output.status.success(), "{arguments:?} failed:\n{stderr}");
        Self {
            path: newest_run(runs),
            stdout,
        }
    }

    /// Its summary.
    pub fn summary(&self) -> Value {
        json(&self.path.join("summary.json"))
    }

    /// Lines of its metrics.
    pub fn metrics(&self) -> Vec<Value> {
        text(&self.path.join("metrics.jsonl"))
            .lines()
            .map(|line| serde_json::from_str(line).expect("each line is JSON"))
            .collect()
    }

    /// The records of epochs among them.
    pub fn epochs(&self) -> Vec<Value> {
        self.metrics()
            .into_iter()
            .filter(|record| record["kind"] == "epoch")
            .collect()
    }
}

/// A file of a run.
pub fn bytes(run: &Path, file: &str) -> Vec<u8> {
    std::fs::read(run.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// The weights of a checkpoint; its header holds wall-clock seconds.
fn weights(run: &Path, file: &str) -> Vec<(String, Vec<u8>)> {
    let bytes = bytes(run, file);
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut all: Vec<_> = file
        .tensors()
        .into_iter()
        .map(|(name, t)| (name, t.data().to_vec()))
        .collect();
    all.sort();
    assert!(!all.is_empty());
    all
}

/// Metrics and weights of two runs are the same.
pub fn assert_same(one: &Path, two: &Path) {
    assert!(!bytes(one, "metrics.jsonl").is_empty());
    assert!(
        bytes(one, "metrics.jsonl") == bytes(two, "metrics.jsonl"),
        "metrics differ"
    );
    for file in [
        "checkpoints/best.safetensors",
        "checkpoints/last.safetensors",
    ] {
        assert!(weights(one, file) == weights(two, file), "{file} differs");
    }
}

/// Starts `trainer train …`, sends Ctrl-C once its metrics have more than so many lines, and gives the run
/// folder; the program must say how to go on and exit with 130.
#[cfg(unix)]
pub fn interrupted(runs: &Path, arguments: &[&str], lines: usize) -> PathBuf {
    let mut child = trainer()
        .arg("train")
        .args(arguments)
        .arg("--runs-dir")
        .arg(runs)
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the trainer starts");
    let started = Instant::now();
    loop {
        let written = all_runs(runs)
            .first()
            .and_then(|run| std::fs::read_to_string(run.join("metrics.jsonl")).ok())
            .map_or(0, |metrics| metrics.lines().count());
        if written > lines {
            break;
        }
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "no steps in a minute"
        );
        assert!(
            child.try_wait().expect("a child").is_none(),
            "it ended before it was stopped"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.expect("kill starts").success());
    let output = child.wait_with_output().expect("a child");
    let (_, stderr) = printed(&output);
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    let run = newest_run(runs);
    assert!(
        stderr.contains(&format!("trainer train --resume {}", run.display())),
        "{stderr}"
    );
    run
}

/// `trainer train --resume`, which must succeed.
pub fn resume(run: &Path) {
    let output = trainer()
        .args(["train", "--resume"])
        .arg(run)
        .output()
        .expect("the trainer starts");
    let (_, stderr) = printed(&output);
    assert!(output.status.success(), "{stderr}");
}

/// The last run below a folder of runs.
pub fn newest_run(runs: &Path) -> PathBuf {
    let mut all = all_runs(runs);
    all.sort();
    all.pop().expect("there is a run")
}

/// All run folders below a folder of runs.
pub fn all_runs(runs: &Path) -> Vec<PathBuf> {
    let inside = |folder: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(folder)
            .map(|entries| entries.filter_map(Result::ok).map(|e| e.path()).collect())
            .unwrap_or_default()
    };
    inside(runs)
        .iter()
        .flat_map(|experiment| inside(experiment))
        .collect()
}

/// A text file.
pub fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A JSON file.
pub fn json(path: &Path) -> Value {
    serde_json::from_str(&text(path)).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// `--set` arguments that make the built-in experiment small: 300/100/100 spectra, narrow networks.
pub const SMALL: [&str; 14] = [
    "--set",
    "data.train_samples=300",
    "--set",
    "data.valid_samples=100",
    "--set",
    "data.test_samples=100",
    "--set",
    "phys_vae.num_units_feat=16",
    "--set",
    "phys_vae.hidlayers_feat=[16]",
    "--set",
    "phys_vae.hidlayers_z_phy=[16]",
    "--set",
    "phys_vae.hidlayers_z_aux=[16]",
];

/// The README's example is compiled and run as a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
