//! Every signal that ends a process which does not care: saved, and said how to go on.

use crate::world::{World, stderr, table, trainer};
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Names and numbers on Linux; the program takes them by name from the system.
const SIGNALS: [(&str, i32); 6] = [
    ("INT", 2),
    ("TERM", 15),
    ("HUP", 1),
    ("USR1", 10),
    ("USR2", 12),
    ("XCPU", 24),
];

const EPOCHS: &str = "trainer.epochs=6";

fn send(child: &Child, signal: &str) {
    let id = child.id().to_string();
    let kill = Command::new("kill")
        .args([&format!("-{signal}"), &id])
        .status();
    assert!(kill.unwrap().success());
}

/// Waits until something is there while a program runs; false where it ended before.
fn reached(child: &mut Child, is_there: impl Fn() -> bool) -> bool {
    let started = Instant::now();
    while !is_there() {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        assert!(
            started.elapsed() < Duration::from_secs(120),
            "nothing happens"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    child.try_wait().unwrap().is_none()
}

fn start(command: &mut Command) -> Child {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn the_run(runs: &Path) -> Option<PathBuf> {
    let mut found = fs::read_dir(runs.join("mine")).ok()?;
    Some(found.next()?.ok()?.path())
}

fn train(world: &World, runs: &str) -> Command {
    let mut command = trainer(world.path());
    command.args([
        "train",
        "--config",
        "config.json",
        "--runs-dir",
        runs,
        "--threads",
        "1",
    ]);
    // many small steps, so that there is time to stop between two of them
    command.args(["--set", EPOCHS, "--set", "trainer.batch_size=1"]);
    command
}

/// Weights of the last state; the header of its file holds seconds.
fn weights(run: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = fs::read(run.join("checkpoints/last.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let tensors = file.tensors().into_iter();
    let mut all: Vec<_> = tensors
        .map(|(name, it)| (name, it.data().to_vec()))
        .collect();
    all.sort();
    all
}

#[test]
fn training_saves_and_goes_on_to_the_same_bytes() {
    let world = World::new();
    let whole = train(&world, "whole").output().unwrap();
    assert!(whole.status.success(), "{}", stderr(&whole));
    let whole = the_run(&world.path().join("whole")).unwrap();
    let metrics = |run: &Path| fs::read(run.join("metrics.jsonl")).unwrap();
    for (signal, number) in SIGNALS {
        let runs = world.path().join(signal);
        let mut child = start(&mut train(&world, signal));
        let written = || {
            let run = the_run(&runs)?;
            let text = fs::read_to_string(run.join("metrics.jsonl")).ok()?;
            Some(text.lines().count())
        };
        assert!(
            reached(&mut child, || written().is_some_and(|it| it > 3)),
            "{signal}: it ended too early"
        );
        send(&child, signal);
        let stopped = child.wait_with_output().unwrap();
        let said = stderr(&stopped);
        assert_eq!(
            stopped.status.code(),
            Some(128 + number),
            "{signal}: {said}"
        );
        let run = the_run(&runs).unwrap();
        assert!(
            said.contains(&format!("SIG{signal}: stopping after this step")),
            "{said}"
        );
        assert!(
            said.contains("continue with: trainer train --resume "),
            "{said}"
        );
        assert!(!run.join("summary.json").exists());
        let resumed = trainer(world.path())
            .args(["train", "--resume"])
            .arg(&run)
            .output()
            .unwrap();
        assert!(resumed.status.success(), "{signal}: {}", stderr(&resumed));
        assert!(metrics(&run) == metrics(&whole), "{signal}: other metrics");
        assert!(weights(&run) == weights(&whole), "{signal}: other weights");
    }
    println!("{} signals", SIGNALS.len());
}

fn infer(world: &World, output: &str) -> Command {
    let mut command = trainer(world.path());
    command.args([
        "infer",
        "run",
        "--input",
        "many.csv",
        "--values",
        "reflectance",
        "--output",
        output,
    ]);
    command.args(["--workers", "1"]);
    command
}

#[test]
fn inference_stops_and_begins_anew() {
    let world = World::new();
    fs::write(world.path().join("many.csv"), table(400_000)).unwrap();
    for (signal, number) in SIGNALS {
        let output = format!("{signal}.csv");
        let mut child = start(&mut infer(&world, &output));
        let part = world.path().join(format!("{output}.part"));
        let begun = || part.exists();
        assert!(reached(&mut child, begun), "{signal}: it ended too early");
        send(&child, signal);
        let stopped = child.wait_with_output().unwrap();
        let said = stderr(&stopped);
        assert_eq!(
            stopped.status.code(),
            Some(128 + number),
            "{signal}: {said}"
        );
        assert!(said.contains("the same command"), "{said}");
        assert!(
            !world.path().join(&output).exists() && !part.exists(),
            "{signal} left something"
        );
    }
    println!("{} signals", SIGNALS.len());
}

/// Started as `nohup` starts programs: a closing terminal does not stop it.
#[test]
fn what_is_ignored_stays_ignored() {
    let world = World::new();
    let shell = "trap '' HUP; program=$1; shift; exec \"$program\" \"$@\"";
    let mut command = Command::new("sh");
    command.args([
        "-c",
        shell,
        "sh",
        env!("CARGO_BIN_EXE_trainer"),
        "train",
        "--config",
        "config.json",
    ]);
    command.args([
        "--runs-dir",
        "hup",
        "--threads",
        "1",
        "--set",
        EPOCHS,
        "--set",
        "trainer.batch_size=1",
    ]);
    let mut child = start(command.current_dir(world.path()));
    let runs = world.path().join("hup");
    let begun = || the_run(&runs).is_some_and(|it| it.join("metrics.jsonl").is_file());
    assert!(reached(&mut child, begun), "it ended too early");
    send(&child, "HUP");
    let done: Output = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", stderr(&done));
    assert!(the_run(&runs).unwrap().join("summary.json").is_file());
}

/// Commands that have nothing to save end at once, with nothing half-written.
#[test]
fn commands_that_save_nothing_end_at_once() {
    let world = World::new();
    for (signal, number) in SIGNALS {
        let mut command = trainer(world.path());
        command.args([
            "baseline",
            "--config",
            "config.json",
            "--starts",
            "10000",
            "--steps",
            "10000",
        ]);
        let mut child = start(&mut command);
        std::thread::sleep(Duration::from_millis(300));
        assert!(child.try_wait().unwrap().is_none(), "it ended too early");
        send(&child, signal);
        let ended = child.wait().unwrap();
        assert_eq!(ended.signal(), Some(number), "{signal}: {ended}");
    }
}
