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
    // what a model carries beside its weights must come back too: τ, r, the calibration and the prior
    let carried = [
        "--set",
        "phys_vae.residual=low_rank",
        "--set",
        "phys_vae.calibration=gain_and_offset",
        "--set",
        "objective.ema_prior_momentum=0.9",
        "--set",
        "pretrain.loss=likelihood",
        "--set",
        "objective.posterior=simulation",
    ];
    for (name, more) in [("plain", &[][..]), ("carried", &carried)] {
        // 4 rows a step: slow enough to be caught in the middle of an epoch
        let arguments = [small(&["--set", "trainer.batch_size=4"]), more.to_vec()].concat();
        let whole = Run::train(&folder.path().join(name).join("whole"), &arguments);
        let all = text(&whole.path.join("metrics.jsonl")).lines().count();

        // the second half is Stage B, where they move
        let runs = folder.path().join(name).join("stopped");
        let run = stories::interrupted(&runs, &arguments, all * 3 / 5);
        assert!(!run.join("summary.json").exists());
        assert!(text(&run.join("metrics.jsonl")).lines().count() < all);

        stories::resume(&run);
        assert_same(&whole.path, &run);
        assert!(run.join("summary.json").is_file());
    }
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

/// A run that was over goes on with more epochs: as if it had had them from the beginning, the schedule of the
/// learning rate apart, which is constant here.
#[test]
fn a_changed_configuration_is_taken_where_that_is_allowed() {
    let runs = tempfile::tempdir().unwrap();
    let constant = ["--set", "lr_scheduler={\"type\":\"None\"}"];
    let mut fewer = small(&constant);
    fewer[1] = "5";
    let first = Run::train(runs.path(), &fewer);
    let config = bytes(&first.path, "config.json");
    let more = trainer()
        .args([
            "train",
            "--epochs",
            "7",
            "--allow-changed-config",
            "--resume",
        ])
        .arg(&first.path)
        .output()
        .unwrap();
    assert!(more.status.success(), "{}", printed(&more).1);
    assert_eq!(bytes(&first.path, "config.until-1.json"), config);
    let whole = Run::train(&runs.path().join("whole"), &small(&constant));
    assert_same(&whole.path, &first.path);
    assert_eq!(
        bytes(&whole.path, "config.json"),
        bytes(&first.path, "config.json")
    );

    // no weights fit another network
    let other = trainer()
        .args([
            "train",
            "--set",
            "phys_vae.num_units_feat=17",
            "--epochs",
            "9",
        ])
        .args(["--allow-changed-config", "--resume"])
        .arg(&first.path)
        .output()
        .unwrap();
    let (_, stderr) = printed(&other);
    assert_eq!(other.status.code(), Some(2), "{stderr}");
    assert_eq!(
        bytes(&whole.path, "config.json"),
        bytes(&first.path, "config.json")
    );
}

/// The state knows the configuration by the bytes of the file. What was edited there cannot be told apart, so it must be
/// given on the command line.
#[test]
fn a_configuration_that_was_edited_in_the_run_is_not_resumed() {
    let runs = tempfile::tempdir().unwrap();
    let run = Run::train(runs.path(), &small(&[]));
    let path = run.path.join("config.json");
    let original = text(&path);
    std::fs::write(&path, original.replace("0.0003", "0.003")).unwrap();
    let resume = |flags: &[&str]| {
        let mut command = trainer();
        command
            .args(["train", "--resume"])
            .arg(&run.path)
            .args(flags);
        let output = command.output().unwrap();
        (output.status.code(), printed(&output).1)
    };
    let (code, stderr) = resume(&[]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("--allow-changed-config"), "{stderr}");
    let (code, stderr) = resume(&["--allow-changed-config"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("restore config.json"), "{stderr}");
    std::fs::write(&path, original).unwrap();
    let (code, stderr) = resume(&["--allow-changed-config", "--set", "optimizer.lr=0.003"]);
    assert_eq!(code, Some(0), "{stderr}");
}
