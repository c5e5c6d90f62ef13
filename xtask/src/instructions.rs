//! `cargo xtask instructions`: how many instructions a batch takes, by valgrind's callgrind, against the counts
//! on file.
//!
//! Times swing with the machine; these do not. Valgrind knows no AVX-512, so that the lanes up to AVX2 are held.
//! A difference of two runs counts the batch alone, without start, tables and tear-down.

use crate::bench::executable;
use crate::workspace::Workspace;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

/// Arguments of `cargo xtask instructions`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write what is counted instead of comparing it
    #[arg(long)]
    accept: bool,
}

/// Counts on file: lanes, task, instructions per spectrum.
const ON_FILE: &str = "benches/instructions.csv";
const HEAD: &str = "numbers,task,instructions_per_spectrum";
/// Another compiler may choose otherwise here and there; a lost inlining or a second sweep is far more.
const TOLERANCE: f64 = 0.05;
const LANES: [&str; 2] = ["avx2", "portable"];
const TASKS: [&str; 2] = ["forward", "jacobian"];
/// Samples of the batch.
const BATCH: u64 = 64;
/// More rounds of the one run than of the other.
const ROUNDS: u64 = 2;

/// Counts, then writes or compares.
pub fn run(args: &Args) -> ExitCode {
    let workspace = Workspace::current();
    match check(&workspace, args.accept) {
        Ok((problems, note)) => {
            println!("{note}");
            for problem in &problems {
                println!("instructions: {problem}");
            }
            ExitCode::from(u8::from(!problems.is_empty()))
        }
        Err(problem) => {
            println!("instructions: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// Problems, and what was done.
pub fn check(workspace: &Workspace, accept: bool) -> Result<(Vec<String>, String), String> {
    let here = cfg!(all(target_arch = "x86_64", target_os = "linux"));
    let has_valgrind = Command::new("valgrind").arg("--version").output().is_ok();
    if !here || !has_valgrind {
        let note = "SKIPPED: no instruction is counted, this needs valgrind on x86-64 Linux";
        return Ok((Vec::new(), note.to_owned()));
    }
    let program = executable(workspace, "time_batch")?;
    let mut counts = Vec::new();
    for lanes in LANES {
        for task in TASKS {
            let few = count(&program, lanes, task, 1)?;
            let more = count(&program, lanes, task, 1 + ROUNDS)?;
            let each = more.saturating_sub(few) / (ROUNDS * BATCH);
            println!("{lanes} {task}: {each} instructions per spectrum");
            counts.push((lanes.to_owned(), task.to_owned(), each));
        }
    }
    let path = workspace.root().join(ON_FILE);
    if accept {
        let mut text = format!("{HEAD}\n");
        for (lanes, task, each) in &counts {
            let _ = writeln!(text, "{lanes},{task},{each}");
        }
        fs::write(&path, text).map_err(|error| format!("{ON_FILE}: {error}"))?;
        return Ok((Vec::new(), format!("written: {ON_FILE}")));
    }
    let text = fs::read_to_string(&path).map_err(|error| format!("{ON_FILE}: {error}"))?;
    let problems = differences(&parse(&text)?, &counts);
    Ok((problems, format!("{} counts", counts.len())))
}

/// Lanes, task and instructions.
type Count = (String, String, u64);

fn parse(text: &str) -> Result<Vec<Count>, String> {
    let mut lines = text.lines();
    if lines.next() != Some(HEAD) {
        return Err(format!("{ON_FILE}: the first line is not `{HEAD}`"));
    }
    lines
        .map(|line| {
            let words: Vec<&str> = line.split(',').collect();
            match words[..] {
                [lanes, task, count] => count
                    .parse()
                    .map(|count| (lanes.to_owned(), task.to_owned(), count))
                    .map_err(|error| format!("{ON_FILE}: `{line}`: {error}")),
                _ => Err(format!("{ON_FILE}: `{line}` has not three columns")),
            }
        })
        .collect()
}

/// Counts that are off, or not on file. Fewer instructions are told too, to be put on file.
fn differences(on_file: &[Count], counts: &[Count]) -> Vec<String> {
    let difference = |(lanes, task, found): &Count| {
        let known = on_file
            .iter()
            .find(|(known_lanes, known_task, _)| known_lanes == lanes && known_task == task);
        let Some((_, _, expected)) = known else {
            return Some(format!("{lanes} {task} is not in {ON_FILE}"));
        };
        let ratio = *found as f64 / *expected as f64;
        let off = !((1.0 - TOLERANCE)..=(1.0 + TOLERANCE)).contains(&ratio);
        off.then(|| {
            format!(
                "{lanes} {task}: {found} instructions per spectrum, {expected} on file, {:+.1} %, allowed: ±{} %; \
                 if that is meant: cargo xtask instructions --accept",
                (ratio - 1.0) * 100.0,
                TOLERANCE * 100.0
            )
        })
    };
    counts.iter().filter_map(difference).collect()
}

/// Instructions of a whole run.
fn count(program: &Path, lanes: &str, task: &str, repeats: u64) -> Result<u64, String> {
    let (batch, repeats) = (BATCH.to_string(), repeats.to_string());
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--numbers", lanes, "--task", task, "--threads", "1"])
        .args(["--batch", &batch, "--repeats", &repeats, "--warm-up", "0"])
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    collected(&said)
        .filter(|_| output.status.success())
        .ok_or_else(|| format!("valgrind has counted nothing ({}):\n{said}", output.status))
}

/// The count in what callgrind says: `==12== Collected : 126557`.
fn collected(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| line.contains("Collected"))?;
    line.rsplit(':').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(count: u64) -> Vec<Count> {
        vec![("avx2".to_owned(), "forward".to_owned(), count)]
    }

    #[test]
    fn what_callgrind_says_is_read() {
        let said =
            "==7== Events    : Ir\n==7== Collected : 126557\n==7==\n==7== I   refs:      126,557\n";
        assert_eq!(collected(said), Some(126_557));
        assert_eq!(collected("valgrind: Unrecognised instruction"), None);
    }

    #[test]
    fn counts_may_differ_by_the_tolerance_only() {
        assert_eq!(differences(&counted(1000), &counted(1049)), [""; 0]);
        assert_eq!(differences(&counted(1000), &counted(951)), [""; 0]);
        assert_eq!(differences(&counted(1000), &counted(1051)).len(), 1);
        assert_eq!(differences(&counted(1000), &counted(949)).len(), 1);
        assert_eq!(differences(&[], &counted(1)).len(), 1);
    }

    #[test]
    fn the_file_is_read_or_refused() {
        let text = format!("{HEAD}\navx2,forward,1000\n");
        assert_eq!(parse(&text).unwrap(), counted(1000));
        assert!(parse("avx2,forward,1000\n").is_err());
        assert!(parse(&format!("{HEAD}\navx2,forward\n")).is_err());
        assert!(parse(&format!("{HEAD}\navx2,forward,many\n")).is_err());
    }
}
