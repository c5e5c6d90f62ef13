//! Going on from a state, going back to an earlier one, and where there is none to go on from.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use stories::{Run, SMALL, assert_same, json, printed, text, trainer};

/// Six epochs of which two are Stage A, with every state kept, at a rate that makes each epoch the best one so far.
const SHORT: [&str; 10] = [
    "--epochs",
    "6",
    "--keep-epochs",
    "6",
    "--set",
    "phys_vae.epochs_pretrain=2",
    "--set",
    "phys_vae.kl_warmup_epochs=2",
    "--set",
    "optimizer.lr=0.003",
];

fn short() -> Vec<&'static str> {
    SHORT.iter().chain(&SMALL).copied().collect()
}

/// Every file below a folder with its bytes, and every folder.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.insert(path.clone(), None);
            all.extend(contents(&path));
        } else {
            all.insert(path.clone(), Some(fs::read(&path).unwrap()));
        }
    }
    all
}

fn copy(from: &Path, to: &Path) -> PathBuf {
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
    to.to_owned()
}

fn resume(run: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = trainer()
        .args(["train", "--resume"])
        .arg(run)
        .args(arguments)
        .output()
        .unwrap();
    (output.status.code(), printed(&output).1)
}

fn command(name: &str, run: &Path) -> (Option<i32>, String) {
    let output = trainer().arg(name).arg(run).output().unwrap();
    let (stdout, stderr) = printed(&output);
    (output.status.code(), stdout + &stderr)
}

/// Epochs done in a state and those done when its best weights were saved.
fn state(run: &Path, file: &str) -> (u64, Option<u64>) {
    let bytes = fs::read(run.join("checkpoints").join(file)).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let header = header.metadata().as_ref().unwrap().values().next().unwrap();
    let header: Value = serde_json::from_str(header).unwrap();
    let progress = &header["progress"];
    let best = progress["best"]["best"]["epoch"].as_u64();
    (
        progress["epoch"].as_u64().unwrap(),
        best.map(|epoch| epoch + 1),
    )
}

/// What it is, the run that it is made of, how, and what the message says.
type Case<'a> = (&'a str, &'a Path, &'a dyn Fn(&Path), &'a str);

/// What a run holds where there is no state to resume from: it is refused with what to do, and stays as it is.
#[test]
fn where_there_is_no_state_nothing_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let whole = Run::train(&folder.path().join("runs"), &short()).path;
    let exported = folder.path().join("exported");
    let export = trainer()
        .arg("export")
        .arg(&whole)
        .arg("--output")
        .arg(&exported)
        .output()
        .unwrap();
    assert!(export.status.success(), "{}", printed(&export).1);

    let checkpoints = |run: &Path| run.join("checkpoints");
    let without_states = |run: &Path| {
        for entry in fs::read_dir(checkpoints(run)).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
    };
    let only_best = |run: &Path| {
        let best = fs::read(checkpoints(run).join("best.safetensors")).unwrap();
        without_states(run);
        fs::write(checkpoints(run).join("best.safetensors"), best).unwrap();
    };
    // a state of a later version, with a key that this one does not know
    let of_tomorrow = |run: &Path| {
        let path = checkpoints(run).join("last.safetensors");
        let bytes = fs::read(&path).unwrap();
        let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
        let mut metadata = header.metadata().clone().unwrap();
        for text in metadata.values_mut() {
            let mut header: Value = serde_json::from_str(text).unwrap();
            header["format"] = 9.into();
            header["written_by"] = "trainer 7.1.0".into();
            header["news"] = true.into();
            header.as_object_mut().unwrap().remove("sha256");
            *text = header.to_string();
        }
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let tensors: Vec<_> = tensors.tensors();
        let bytes = safetensors::serialize(tensors, Some(metadata)).unwrap();
        fs::write(path, bytes).unwrap();
    };
    let anew = "train anew with its configuration: trainer train --config";
    let cases: [Case; 10] = [
        ("an exported model", &exported, &|_| {}, anew),
        (
            "its last state is gone",
            &whole,
            &|run| fs::remove_file(checkpoints(run).join("last.safetensors")).unwrap(),
            "--after-epoch 6",
        ),
        ("the best one is left", &whole, &only_best, anew),
        ("an empty folder of states", &whole, &without_states, anew),
        (
            "no folder of states",
            &whole,
            &|run| fs::remove_dir_all(checkpoints(run)).unwrap(),
            anew,
        ),
        (
            "a configuration alone",
            &whole,
            &|run| {
                for path in contents(run).keys().rev() {
                    if path.is_dir() {
                        fs::remove_dir(path).unwrap();
                    } else if !path.ends_with("config.json") {
                        fs::remove_file(path).unwrap();
                    }
                }
            },
            anew,
        ),
        (
            "a state of tomorrow",
            &whole,
            &of_tomorrow,
            "format 9, written by trainer 7.1.0",
        ),
        (
            "a state that is cut",
            &whole,
            &|run| {
                let path = checkpoints(run).join("last.safetensors");
                let bytes = fs::read(&path).unwrap();
                fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
            },
            "damaged",
        ),
        (
            "exported weights in its place",
            &whole,
            &|run| {
                let weights = exported.join("checkpoints/best.safetensors");
                fs::copy(weights, checkpoints(run).join("last.safetensors")).unwrap();
            },
            "without the optimiser's moments",
        ),
        (
            "records are gone",
            &whole,
            &|run| fs::remove_file(run.join("metrics.jsonl")).unwrap(),
            "the records just before it are missing",
        ),
    ];
    let flags: [&[&str]; 4] = [
        &[],
        &["--epochs", "8", "--allow-changed-config"],
        &["--allow-changed-data"],
        &["--after-epoch", "7"],
    ];
    let mut tried = 0;
    for (what, from, spoil, advice) in cases {
        let run = copy(from, &folder.path().join(what.replace(' ', "_")));
        spoil(&run);
        let before = contents(&run);
        for flags in flags {
            let (code, message) = resume(&run, flags);
            assert_eq!(code, Some(2), "{what}, {flags:?}: {message}");
            let expected = if flags == ["--after-epoch", "7"] {
                "it keeps no state after 7 epochs"
            } else {
                advice
            };
            assert!(message.contains(expected), "{what}, {flags:?}: {message}");
            assert!(
                contents(&run) == before,
                "{what}, {flags:?}: the run is another one now"
            );
            tried += 1;
        }
    }
    println!("{tried} refusals, each leaves the run as it was");
    // what was kept is a state to go on from
    let (code, message) = resume(
        &folder.path().join("its_last_state_is_gone"),
        &["--after-epoch", "6"],
    );
    assert_eq!(code, Some(0), "{message}");
    assert_same(&whole, &folder.path().join("its_last_state_is_gone"));
}

/// Going back to every epoch: everything behind it is gone, and going on as before gives the same run again.
#[test]
fn going_back_takes_back_everything_behind() {
    let folder = tempfile::tempdir().unwrap();
    let whole = Run::train(&folder.path().join("runs"), &short()).path;
    for epochs in 1..=6_u64 {
        let back = epochs.to_string();
        let run = copy(&whole, &folder.path().join(format!("again-{epochs}")));
        let (code, message) = resume(&run, &["--after-epoch", &back, "--keep-epochs", "6"]);
        assert_eq!(code, Some(0), "{message}");
        assert!(
            message.contains(&format!("going back to the state after {epochs} epochs")),
            "{message}"
        );
        assert_same(&whole, &run);
        assert!(!run.join("changes.jsonl").exists());

        // another future: nothing is learned in it, so the best epoch stays the best one of that time
        let run = copy(&whole, &folder.path().join(format!("other-{epochs}")));
        let (kept, best) = state(&run, &format!("after-{epochs:05}-epochs.safetensors"));
        assert_eq!(kept, epochs);
        let next = (epochs + 1).to_string();
        let (code, message) = resume(
            &run,
            &[
                "--after-epoch",
                &back,
                "--allow-changed-config",
                "--epochs",
                &next,
                "--set",
                "optimizer.lr=1e-30",
                "--set",
                "lr_scheduler={\"type\":\"None\"}",
            ],
        );
        assert_eq!(code, Some(0), "{message}");
        let (done, best_now) = state(&run, "last.safetensors");
        assert_eq!(done, epochs + 1);
        // of equal ones the first stays
        let expected = best.or((epochs >= 2).then_some(epochs + 1));
        assert_eq!(best_now, expected, "{epochs}");
        let summary = json(&run.join("summary.json"));
        assert_eq!(summary["epochs"], epochs + 1);
        if let Some(best) = best_now {
            assert_eq!(state(&run, "best.safetensors").0, best);
            assert_eq!(summary["best_epoch"], best - 1);
        } else {
            assert!(!run.join("checkpoints/best.safetensors").exists());
        }
        for later in epochs + 1..=6 {
            let file = format!("checkpoints/after-{later:05}-epochs.safetensors");
            assert!(!run.join(&file).exists(), "{file}");
        }
        let last_epoch = |file: &str| {
            let line: Value =
                serde_json::from_str(text(&run.join(file)).lines().last().unwrap()).unwrap();
            line["epoch"].as_u64()
        };
        assert_eq!(last_epoch("metrics.jsonl"), Some(epochs));
        assert_eq!(last_epoch("timings.jsonl"), Some(epochs));
        let events = contents(&run)
            .into_keys()
            .filter(|path| path.to_string_lossy().contains("tfevents"));
        assert_eq!(events.count(), 1, "the events of the old future are gone");
        // and it is a run like any other
        for name in ["eval", "report"] {
            let (code, message) = command(name, &run);
            assert_eq!(code, Some(0), "{name}: {message}");
        }
        let (code, message) = resume(&run, &[]);
        assert_eq!(code, Some(0), "{message}");
    }
}

/// Where the best weights of that time are not kept the best epoch is chosen anew, and a line says so.
#[test]
fn best_weights_that_are_gone_are_not_made_up() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run::train(&folder.path().join("runs"), &short()).path;
    // two epochs in which nothing is learned: the best one is before them
    let standstill = ["--allow-changed-config", "--set", "optimizer.lr=1e-30"];
    let (code, message) = resume(
        &run,
        &[
            &["--after-epoch", "4", "--keep-epochs", "6"],
            &standstill[..],
        ]
        .concat(),
    );
    assert_eq!(code, Some(0), "{message}");
    let (_, best) = state(&run, "after-00005-epochs.safetensors");
    let best = best.unwrap();
    assert!(best < 5, "{best}");
    let checkpoints = run.join("checkpoints");
    assert_eq!(state(&run, "after-00005-epochs.best.safetensors").0, best);
    // a best one of a future that is no more, and nothing else
    fs::copy(
        checkpoints.join("after-00006-epochs.safetensors"),
        checkpoints.join("best.safetensors"),
    )
    .unwrap();
    for file in [
        format!("after-{best:05}-epochs.safetensors"),
        "after-00005-epochs.best.safetensors".to_owned(),
    ] {
        fs::remove_file(checkpoints.join(file)).unwrap();
    }
    // the last state names weights that are in the next best file only
    fs::remove_file(checkpoints.join("after-00006-epochs.best.safetensors")).unwrap();
    let (code, message) = command("eval", &run);
    assert_eq!(code, Some(2), "{message}");
    assert!(message.contains("trainer train --resume"), "{message}");

    let (code, message) = resume(&run, &["--after-epoch", "5"]);
    assert_eq!(code, Some(0), "{message}");
    assert!(message.contains("not kept any more"), "{message}");
    let (_, best) = state(&run, "last.safetensors");
    assert_eq!(best, Some(6));
    assert_eq!(state(&run, "best.safetensors").0, 6);
    assert_eq!(command("eval", &run).0, Some(0));
}

/// A batch size that changes within an epoch: no row is skipped, and what was best by another measure is put aside.
#[cfg(unix)]
#[test]
fn a_change_within_an_epoch_begins_it_anew() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        short(),
        vec!["--set", "trainer.batch_size=4", "--save-minutes", "0"],
    ]
    .concat();
    // 75 steps an epoch and its record: in the middle of the fourth
    let run = stories::interrupted(folder.path(), &arguments, 3 * 76 + 20);
    let (epoch, best) = state(&run, "last.safetensors");
    assert!(best.is_some());
    let (code, message) = resume(
        &run,
        &["--allow-changed-config", "--set", "trainer.batch_size=16"],
    );
    assert_eq!(code, Some(0), "{message}");
    assert!(
        message.contains(&format!("epoch {epoch} begins anew")),
        "{message}"
    );
    assert!(
        message.contains("early stopping and a plateau"),
        "{message}"
    );
    assert!(run.join("checkpoints/best.until-1.safetensors").exists());
    assert!(run.join("config.until-1.json").exists());
    // 300 rows: 75 batches of 4 before, 19 of 16 from there on, each once
    let mut batches: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for line in text(&run.join("metrics.jsonl")).lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        if record["kind"] == "step" {
            let of = batches
                .entry(record["epoch"].as_u64().unwrap())
                .or_default();
            of.push(record["batch"].as_u64().unwrap());
        }
    }
    for (at, found) in &batches {
        let expected: Vec<u64> = (0..if *at < epoch { 75 } else { 19 }).collect();
        assert_eq!(*found, expected, "epoch {at}");
    }
    assert_eq!(batches.len(), 6);
}

/// A plateau obeys a new learning rate and a new floor, and its check of the learning rate passes.
#[test]
fn a_plateau_goes_on_as_the_new_configuration_says() {
    let folder = tempfile::tempdir().unwrap();
    let plateau =
        r#"lr_scheduler={"type":"ReduceLROnPlateau","patience":0,"factor":0.5,"threshold":0.9}"#;
    let mut arguments = short();
    arguments.extend(["--set", plateau]);
    arguments[1] = "10";
    arguments[3] = "10";
    let whole = Run::train(&folder.path().join("runs"), &arguments);
    let rates = |run: &Path| -> Vec<f64> {
        let records = text(&run.join("metrics.jsonl"));
        let records = records
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let epochs = records.filter(|record| record["kind"] == "epoch");
        epochs
            .map(|record| record["lr"].as_f64().unwrap())
            .collect()
    };
    let before = rates(&whole.path);
    assert!(before[8] < 0.003, "{before:?}");
    for (setting, expected) in [
        ("optimizer.lr=0.02", 0.02),
        ("lr_scheduler.min_lr=0.0029", 0.0029),
    ] {
        let run = copy(&whole.path, &folder.path().join(setting));
        let (code, message) = resume(
            &run,
            &[
                "--after-epoch",
                "8",
                "--allow-changed-config",
                "--set",
                setting,
            ],
        );
        assert_eq!(code, Some(0), "{message}");
        assert_eq!(rates(&run)[8], expected, "{setting}");
        assert_eq!(
            json(&run.join("summary.json"))["checks"]["lr_switches_at_boundary"],
            true,
            "{setting}"
        );
    }
}

/// More epochs than a run had: the learning rate is judged by the schedule of each time.
#[test]
fn a_run_with_more_epochs_passes_its_checks() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run::train(&folder.path().join("runs"), &short()).path;
    let (code, message) = resume(&run, &["--allow-changed-config", "--epochs", "9"]);
    assert_eq!(code, Some(0), "{message}");
    let (code, message) = resume(&run, &["--allow-changed-config", "--epochs", "11"]);
    assert_eq!(code, Some(0), "{message}");
    let checks = &json(&run.join("summary.json"))["checks"];
    assert_eq!(checks["lr_switches_at_boundary"], true, "{checks}");
    let (code, message) = resume(&run, &["--allow-changed-config", "--epochs", "4"]);
    assert_eq!(code, Some(2), "{message}");
    assert!(
        message.contains("has 11 epochs behind it, trainer.epochs = 4"),
        "{message}"
    );
}
