//! Event files as TensorBoard itself reads them: every scalar of every epoch, once.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use stories::python::{python, script};
use stories::{Run, SMALL, printed, trainer};

/// Four epochs of twenty steps.
const SHORT: [&str; 6] = [
    "--epochs",
    "4",
    "--set",
    "phys_vae.epochs_pretrain=2",
    "--set",
    "trainer.batch_size=16",
];

/// Prints {tag: [[step, value], …]} of a folder; values as text, which JSON's numbers cannot all be.
const READ: &str = r"
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
read = EventAccumulator(sys.argv[1], size_guidance={'scalars': 0})
read.Reload()
tags = read.Tags()['scalars']
print(json.dumps({tag: [[e.step, repr(e.value)] for e in read.Scalars(tag)] for tag in tags}))
";

/// Tag → (step, value) in the order of reading.
type Scalars = BTreeMap<String, Vec<(u64, f32)>>;

fn as_tensorboard_reads(python: &Path, run: &Path) -> Scalars {
    let text = script(python, READ, &[run]);
    let read: BTreeMap<String, Vec<(u64, String)>> = serde_json::from_str(&text).unwrap();
    let values = |all: Vec<(u64, String)>| {
        let parsed = all.into_iter();
        // f32 prints as the f64 that it is
        parsed
            .map(|(step, value)| (step, value.parse::<f64>().unwrap() as f32))
            .collect()
    };
    read.into_iter()
        .map(|(tag, all)| (tag, values(all)))
        .collect()
}

/// Every number of a record under the names that lead to it.
fn add_numbers(all: &mut Scalars, step: u64, tag: &str, value: &Value) {
    match value {
        Value::Object(inside) => {
            for (name, value) in inside {
                let tag = if tag.is_empty() {
                    name.clone()
                } else {
                    format!("{tag}/{name}")
                };
                add_numbers(all, step, &tag, value);
            }
        }
        Value::Number(number) if tag != "epoch" => {
            let value = number.as_f64().unwrap() as f32;
            all.entry(tag.to_owned()).or_default().push((step, value));
        }
        Value::String(phase) if tag == "phase" => {
            let value = f32::from(u8::from(phase == "train"));
            all.entry(tag.to_owned()).or_default().push((step, value));
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        Value::Null | Value::Array(_) => panic!("{tag}: {value}"),
    }
}

fn as_recorded(run: &Path) -> Scalars {
    let run = Run {
        path: run.to_owned(),
        stdout: String::new(),
    };
    let mut all = Scalars::new();
    for epoch in run.epochs() {
        let step = epoch["epoch"].as_u64().unwrap();
        add_numbers(&mut all, step, "", &epoch);
    }
    all
}

fn assert_all_there(python: &Path, run: &Path, epochs: u64) {
    let (read, recorded) = (as_tensorboard_reads(python, run), as_recorded(run));
    let steps: Vec<u64> = recorded["valid/rec"]
        .iter()
        .map(|(step, _)| *step)
        .collect();
    assert_eq!(steps, (0..epochs).collect::<Vec<_>>());
    assert!(recorded.len() > 30, "{:?}", recorded.keys());
    let names = |of: &Scalars| of.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&read), names(&recorded));
    for (tag, values) in &recorded {
        assert_eq!(&read[tag], values, "{tag}");
    }
}

fn event_files(run: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(run)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut files: Vec<PathBuf> = files
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_string_lossy()
                .contains("tfevents")
        })
        .collect();
    files.sort();
    files
}

#[test]
fn tensorboard_reads_every_scalar_of_every_epoch() {
    let Some(python) = python(&["tensorboard"]) else {
        return;
    };
    let arguments: Vec<&str> = SHORT.iter().chain(&SMALL).copied().collect();
    let folder = tempfile::tempdir().unwrap();
    let run = Run::train(folder.path(), &arguments);
    assert_eq!(event_files(&run.path).len(), 1);
    assert_all_there(&python, &run.path, 4);
}

/// A run that is stopped within an epoch, and then one that lost its last event, as a killed one may.
#[cfg(unix)]
#[test]
fn a_resumed_run_has_every_step_once() {
    let Some(python) = python(&["tensorboard"]) else {
        return;
    };
    let arguments: Vec<&str> = SHORT.iter().chain(&SMALL).copied().collect();
    let folder = tempfile::tempdir().unwrap();
    // nineteen steps of an epoch and its own record: two epochs and a half
    let run = stories::interrupted(folder.path(), &arguments, 45);
    let before = as_recorded(&run)["lr"].len();
    assert!((1..4).contains(&before), "{before} epochs");
    stories::resume(&run);
    assert_eq!(event_files(&run).len(), 2);
    assert_all_there(&python, &run, 4);

    // one epoch more, after the last event was cut off
    let file = &event_files(&run)[1];
    let bytes = std::fs::read(file).unwrap();
    std::fs::write(file, &bytes[..bytes.len() - 1]).unwrap();
    let more = trainer()
        .args([
            "train",
            "--allow-changed-config",
            "--epochs",
            "5",
            "--resume",
        ])
        .arg(&run)
        .output()
        .unwrap();
    assert!(more.status.success(), "{}", printed(&more).1);
    assert_eq!(event_files(&run).len(), 3);
    assert_all_there(&python, &run, 5);
}

#[test]
fn events_can_be_turned_off_and_on_again() {
    let arguments: Vec<&str> = SHORT.iter().chain(&SMALL).copied().collect();
    let folder = tempfile::tempdir().unwrap();
    let off: Vec<&str> = (arguments.iter().copied())
        .chain(["--tensorboard", "false"])
        .collect();
    let run = Run::train(folder.path(), &off).path;
    assert!(event_files(&run).is_empty());
    let on = trainer()
        .args(["train", "--allow-changed-config", "--epochs", "5"])
        .args(["--tensorboard", "--resume"])
        .arg(&run)
        .output()
        .unwrap();
    assert!(on.status.success(), "{}", printed(&on).1);
    assert_eq!(event_files(&run).len(), 1);
    if let Some(python) = python(&["tensorboard"]) {
        assert_all_there(&python, &run, 5);
    }
}
