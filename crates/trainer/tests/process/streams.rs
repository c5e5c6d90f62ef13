//! A closed or full standard output or standard error is no panic.

use crate::calls::all;
use crate::world::{World, stderr, trainer};
use std::fs::{self, OpenOptions};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Every command as it works, and every way to ask for help.
fn lines() -> Vec<Vec<String>> {
    let mut lines = vec![
        vec!["--help".to_owned()],
        vec!["--version".to_owned()],
        vec!["-h".to_owned()],
    ];
    for call in all() {
        let words = call
            .name
            .split(" --")
            .next()
            .unwrap()
            .split(' ')
            .map(str::to_owned);
        let mut help: Vec<String> = words.collect();
        help.push("--help".to_owned());
        lines.push(help);
        lines.push(call.line.clone());
        if call.arguments.iter().any(|it| it.get_id() == "json") {
            let mut line = call.line.clone();
            line.push("--json".to_owned());
            lines.push(line);
        }
    }
    lines.sort();
    lines.dedup();
    lines
}

/// Without what an earlier call made.
fn clean(folder: &Path) {
    for made in ["spectra.csv", "estimates.csv", "mm.csv", "imported.json"] {
        let _ = fs::remove_file(folder.join(made));
    }
    let _ = fs::remove_dir_all(folder.join("exported"));
}

fn full() -> Stdio {
    OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap()
        .into()
}

/// A pipe that nobody reads any more when the program starts to write.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn a_closed_or_full_standard_output_is_no_panic() {
    let world = World::new();
    let folder = world.path();
    let mut tried = 0;
    let mut check = |line: &[String], what: &str, done: &Output, allowed: &[i32]| {
        let said = stderr(done);
        assert!(!said.contains("panicked"), "{line:?}, {what}: {said}");
        let code = done.status.code();
        assert!(
            code.is_some_and(|it| allowed.contains(&it)),
            "{line:?}, {what}: {code:?}, {said}"
        );
        tried += 1;
    };
    for line in lines() {
        clean(folder);
        let plain = trainer(folder).args(&line).output().unwrap();
        let usual = plain.status.code().unwrap();
        let prints = !plain.stdout.is_empty();

        clean(folder);
        let done = trainer(folder).args(&line).stdout(full()).output().unwrap();
        let expected = if prints && usual == 0 { 2 } else { usual };
        check(&line, "a full standard output", &done, &[expected]);
        if prints && usual == 0 {
            let said = stderr(&done);
            let told = said.lines().filter(|it| it.starts_with("error: ")).count();
            assert!(
                told == 1 && said.contains("standard output: No space left"),
                "{line:?}: {said}"
            );
        }

        clean(folder);
        let done = trainer(folder)
            .args(&line)
            .stdout(closed())
            .output()
            .unwrap();
        check(&line, "a closed pipe", &done, &[usual]);
        assert!(
            !stderr(&done).contains("error: ") || usual != 0,
            "{line:?}: {}",
            stderr(&done)
        );

        clean(folder);
        let shell = "program=$1; shift; exec \"$program\" \"$@\" >&-";
        let done = Command::new("sh")
            .args(["-c", shell, "sh", env!("CARGO_BIN_EXE_trainer")])
            .args(&line)
            .current_dir(folder)
            .output()
            .unwrap();
        check(&line, "no standard output", &done, &[usual]);

        for (what, stream) in [
            ("a full standard error", full()),
            ("a closed standard error", closed()),
        ] {
            clean(folder);
            let done = trainer(folder).args(&line).stderr(stream).output().unwrap();
            check(&line, what, &done, &[usual]);
            assert_eq!(done.stdout.is_empty(), !prints, "{line:?}, {what}");
        }
    }
    // messages have nowhere to go, and the exit code still says what happened
    for stream in [full(), closed()] {
        let done = trainer(folder)
            .args(["eval", "nowhere"])
            .stderr(stream)
            .output()
            .unwrap();
        assert_eq!(done.status.code(), Some(2));
        tried += 1;
    }
    assert!(tried > 150, "{tried} tries");
    println!("{tried} tries");
}
