//! One seed, one result: whatever the number of threads, interrupted or not.

use stories::{Run, SMALL, assert_same, bytes, printed, text, trainer};

const SHORT: [&str; 4] = ["--epochs", "7", "--set", "phys_vae.epochs_pretrain=3"];

fn small(more: &[&'static str]) -> Vec<&'static str> {
    SHORT.iter().chain(&SMALL).chain(more).copied().collect()
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
    let run = stories::interrupted(&runs, &arguments, 100);
    assert!(!run.join("summary.json").exists());
    let steps = text(&run.join("metrics.jsonl")).lines().count();
    assert!(steps < text(&whole.path.join("metrics.jsonl")).lines().count());

    stories::resume(&run);
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
