//! One seed, one result: whatever the number of threads, interrupted or not.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use stories::{Run, SMALL, newest_run, printed, text, trainer};

const SHORT: [&str; 4] = ["--epochs", "7", "--set", "phys_vae.epochs_pretrain=3"];

fn small(more: &[&'static str]) -> Vec<&'static str> {
    SHORT.iter().chain(&SMALL).chain(more).copied().collect()
}

fn bytes(run: &Path, file: &str) -> Vec<u8> {
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

fn assert_same(one: &Path, two: &Path) {
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

#[test]
fn one_and_two_threads_give_the_same_bytes() {
    let runs = tempfile::tempdir().unwrap();
    let runs = runs.path();
    let one = Run::train(&runs.join("1"), &small(&["--threads", "1"]));
    let two = Run::train(&runs.join("2"), &small(&["--threads", "2"]));
    let again = Run::train(&runs.join("3"), &small(&["--threads", "2"]));
    assert_same(&one.path, &two.path);
    assert_same(&two.path, &again.path);
    let other = Run::train(&runs.join("4"), &small(&["--seed", "7"]));
    assert_ne!(
        bytes(&one.path, "metrics.jsonl"),
        bytes(&other.path, "metrics.jsonl")
    );
}

/// Sends Ctrl-C once there are some steps; the program must say how to go on, exit with 130, and going on
/// must give the bytes of a run that was left alone.
#[cfg(unix)]
#[test]
fn an_interrupted_run_resumes_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    // 1 row a step: slow enough to be caught in the middle of an epoch
    let arguments = small(&["--set", "trainer.batch_size=4"]);
    let whole = Run::train(&folder.path().join("whole"), &arguments);

    let runs = folder.path().join("stopped");
    let mut child = trainer()
        .arg("train")
        .args(&arguments)
        .arg("--runs-dir")
        .arg(&runs)
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let started = Instant::now();
    loop {
        let lines = stories::all_runs(&runs)
            .first()
            .and_then(|run| std::fs::read_to_string(run.join("metrics.jsonl")).ok())
            .map_or(0, |metrics| metrics.lines().count());
        if lines > 100 {
            break;
        }
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "no steps in a minute"
        );
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before it was stopped"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    let kill = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let (_, stderr) = printed(&output);
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    let run = newest_run(&runs);
    assert!(
        stderr.contains(&format!("trainer train --resume {}", run.display())),
        "{stderr}"
    );
    assert!(!run.join("summary.json").exists());
    let steps = text(&run.join("metrics.jsonl")).lines().count();
    assert!(steps < text(&whole.path.join("metrics.jsonl")).lines().count());

    let output = trainer()
        .args(["train", "--resume"])
        .arg(&run)
        .output()
        .unwrap();
    let (_, stderr) = printed(&output);
    assert!(output.status.success(), "{stderr}");
    assert_same(&whole.path, &run);
    assert!(run.join("summary.json").is_file());
}

#[test]
fn a_changed_configuration_is_not_resumed() {
    let runs = tempfile::tempdir().unwrap();
    let run = Run::train(runs.path(), &small(&[]));
    let before = bytes(&run.path, "metrics.jsonl");
    let output = trainer()
        .args(["train", "--set", "optimizer.lr=0.01", "--resume"])
        .arg(&run.path)
        .output()
        .unwrap();
    let (_, stderr) = printed(&output);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr.contains("optimizer.lr is 0.01, the run has 0.0003"),
        "{stderr}"
    );
    assert_eq!(before, bytes(&run.path, "metrics.jsonl"));
}
