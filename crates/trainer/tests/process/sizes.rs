//! Every number that a user can give, much too large, too small and negative: an answer soon, and no panic.

use crate::calls::all;
use crate::world::{World, stderr};
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Addresses that the program may take, KiB: what does not fit must be refused, not tried.
const ADDRESSES: &str = "6000000";
/// Longest that an answer may take.
const LONGEST: Duration = Duration::from_secs(120);

const NUMBERS: [&str; 5] = ["0", "-1", "100000000000", "1e11", "18446744073709551615"];

/// The program with limited memory.
fn limited(folder: &Path, line: &[String]) -> Output {
    let shell =
        format!("ulimit -c 0; ulimit -v {ADDRESSES}; program=$1; shift; exec \"$program\" \"$@\"");
    let child = Command::new("sh")
        .args(["-c", &shell, "sh", env!("CARGO_BIN_EXE_trainer")])
        .args(line)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    in_time(child, line)
}

fn in_time(mut child: Child, line: &[String]) -> Output {
    let started = Instant::now();
    // what it says fits the pipe
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > LONGEST {
            child.kill().unwrap();
            panic!(
                "{line:?} gives no answer: {}",
                stderr(&child.wait_with_output().unwrap())
            );
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

fn check(line: &[String], done: &Output, allowed: &[i32]) {
    let said = stderr(done);
    let code = done.status.code();
    assert!(
        code.is_some_and(|it| allowed.contains(&it)),
        "{line:?}: {}, {said}",
        done.status
    );
    assert!(!said.contains("panicked"), "{line:?}: {said}");
    if code != Some(0) {
        assert!(said.contains("error: "), "{line:?}: {said}");
    }
}

fn clean(folder: &Path) {
    for made in ["spectra.csv", "estimates.csv", "mm.csv"] {
        let _ = std::fs::remove_file(folder.join(made));
    }
    for made in ["exported", "made"] {
        let _ = std::fs::remove_dir_all(folder.join(made));
    }
}

#[test]
fn every_number_on_the_command_line() {
    let world = World::new();
    let mut tried = 0;
    for call in all() {
        for argument in call
            .arguments
            .iter()
            .filter(|it| it.get_action().takes_values())
        {
            let Some(long) = argument.get_long() else {
                continue;
            };
            for number in NUMBERS {
                clean(world.path());
                let line = call.with(long, number);
                // some of it is the name of a file or folder, made in the world
                let done = limited(world.path(), &line);
                check(&line, &done, &[0, 2]);
                tried += 1;
                let _ = std::fs::remove_file(world.path().join(number));
                let _ = std::fs::remove_dir_all(world.path().join(number));
            }
        }
    }
    for (line, said) in [
        (
            "train --config config.json --threads 100000",
            "from 1 to 1024",
        ),
        (
            "baseline --config config.json --table 100000000000",
            "GiB of memory",
        ),
        (
            "baseline --set data.train_samples=100000000",
            "GiB of memory",
        ),
        (
            "train --config config.json --set phys_vae.hidlayers_feat=[65536,65536]",
            "GiB of memory",
        ),
    ] {
        let line: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let done = limited(world.path(), &line);
        check(&line, &done, &[2]);
        assert!(stderr(&done).contains(said), "{line:?}: {}", stderr(&done));
        tried += 1;
    }
    assert!(tried > 200, "{tried} tries");
    println!("{tried} tries");
}

/// A limit of processes: a message, or fewer threads.
#[test]
fn threads_that_the_system_does_not_give() {
    let world = World::new();
    // half a GiB of addresses holds few stacks, which a limit of processes would not do for the superuser
    let shell = "ulimit -c 0; ulimit -v 700000; program=$1; shift; exec \"$program\" \"$@\"";
    for (line, code) in [
        (
            "train --config config.json --runs-dir made --threads 1024",
            2,
        ),
        (
            "infer run --input observed.csv --values reflectance --output o.csv --workers 1024",
            2,
        ),
        ("eval run --data observed.csv", 0),
    ] {
        let line: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let mut command = Command::new("sh");
        command
            .args(["-c", shell, "sh", env!("CARGO_BIN_EXE_trainer")])
            .args(&line);
        command
            .current_dir(world.path())
            .env("RAYON_NUM_THREADS", "900");
        let child = command
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let done = in_time(child, &line);
        check(&line, &done, &[code]);
        if code == 2 {
            assert!(
                stderr(&done).contains("cannot start 1024 threads"),
                "{}",
                stderr(&done)
            );
        }
    }
}

/// Keys of the configuration that take a number, with the value that stands for one.
fn numbers(schema: &Value, root: &Value, path: &str, found: &mut Vec<(String, bool)>) {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|it| it.strip_prefix("#/$defs/"))
    {
        return numbers(&root["$defs"][name], root, path, found);
    }
    for key in ["anyOf", "oneOf", "allOf"] {
        for branch in schema[key].as_array().into_iter().flatten() {
            numbers(branch, root, path, found);
        }
    }
    let is = |schema: &Value, name: &str| match &schema["type"] {
        Value::String(one) => one == name,
        Value::Array(all) => all.iter().any(|it| it == name),
        _ => false,
    };
    let is_number = |schema: &Value| is(schema, "integer") || is(schema, "number");
    if is_number(schema) {
        found.push((path.to_owned(), false));
    }
    if is(schema, "array") && is_number(&schema["items"]) {
        found.push((path.to_owned(), true));
    }
    for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        numbers(inner, root, &path, found);
    }
}

#[test]
fn every_number_of_the_configuration() {
    let world = World::new();
    let schema: Value = serde_json::from_str(&trainer::config::schema_json()).unwrap();
    let mut keys = vec![];
    numbers(&schema, &schema, "", &mut keys);
    keys.sort();
    keys.dedup();
    assert!(keys.len() > 80, "{keys:?}");
    let mut tried = 0;
    for (key, is_list) in &keys {
        for number in ["0", "-1", "1e11", "18446744073709551615"] {
            clean(world.path());
            let value = if *is_list {
                format!("[{number},{number}]")
            } else {
                number.to_owned()
            };
            let line = format!(
                "train --config config.json --runs-dir made --threads 1 --epochs 1 --set {key}={value}"
            );
            let line: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let done = limited(world.path(), &line);
            // a learning rate of 1e11 makes a training diverge, and it says so
            check(&line, &done, &[0, 2, 3]);
            tried += 1;
        }
    }
    println!("{} keys, {tried} tries", keys.len());
}
