//! What a training holds in memory: the same after many steps, and no more than its samples need.
//!
//! `STEPS=200000` and `ROWS=10000000` make the runs that the documentation states figures of; without them the runs
//! are short.
#![cfg(target_os = "linux")] // memory is read from /proc

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use stories::folder::{BANDS, Folder};
use stories::{SMALL, all_runs, trainer};

/// From the environment, else a small one.
fn number(name: &str, else_: usize) -> usize {
    std::env::var(name).map_or(else_, |text| text.parse().expect("a number"))
}

/// A line of /proc/…/status, in kB; `None` once the process has ended.
fn status(child: &Child, line: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let value = text.lines().find_map(|l| l.strip_prefix(line))?;
    value.split_whitespace().next()?.parse().ok()
}

/// Epochs that a run below this folder has ended.
fn epochs(runs: &Path) -> usize {
    let timings = all_runs(runs).first().map(|run| run.join("timings.jsonl"));
    timings
        .and_then(|path| fs::read_to_string(path).ok())
        .map_or(0, |text| text.lines().count())
}

#[test]
fn many_steps_take_no_more_memory_than_few() {
    let steps = number("STEPS", 6_000);
    let runs = tempfile::tempdir().unwrap();
    // 25 epochs, of which the first fifth is left to settle
    let rows = format!("data.train_samples={}", steps / 25 * 4);
    let mut child = trainer()
        .args(["train", "--epochs", "25"])
        .args(SMALL)
        .args(["--set", &rows, "--set", "trainer.batch_size=4"])
        .args(["--set", "phys_vae.epochs_pretrain=5"])
        .arg("--runs-dir")
        .arg(runs.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut settled = vec![];
    while let Some(resident) = status(&child, "VmRSS:") {
        // the first epoch of Train makes what Pretrain did without; what follows the last one is evaluation
        if (7..25).contains(&epochs(runs.path())) {
            settled.push(resident);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(child.wait().unwrap().success());
    let (least, most) = (settled.iter().min().unwrap(), settled.iter().max().unwrap());
    println!(
        "{steps} steps: {} looks, {least} to {most} kB",
        settled.len()
    );
    assert!(settled.len() > 5, "too fast to be looked at");
    assert!(*most as f64 <= 1.05 * *least as f64, "{least} to {most} kB");
}

const CHANNELS: usize = 11;

/// Plausible spectra, all different.
fn write_table(path: &Path, rows: usize) {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path).unwrap());
    writeln!(file, "{BANDS}").unwrap();
    let mut state = 1_u64;
    for _ in 0..rows {
        for band in 0..CHANNELS {
            // Knuth's linear congruential generator, its upper bits
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let value = 200 + 200 * band as u64 + (state >> 33) % 1000;
            let end = if band + 1 == CHANNELS { '\n' } else { ',' };
            write!(file, "0.{value:04}{end}").unwrap();
        }
    }
    file.flush().unwrap();
}

#[test]
fn a_large_table_takes_the_memory_of_its_numbers() {
    let rows = number("ROWS", 100_000);
    let folder = Folder::new();
    write_table(&folder.path().join("train.csv"), rows);
    let started = Instant::now();
    let child = trainer()
        .current_dir(folder.path())
        .args(["train", "--config", "config.json", "--epochs", "1"])
        .args(["--set", "phys_vae.epochs_pretrain=0"])
        .args(["--set", "trainer.batch_size=1024"])
        .args(["--set", "physics.spectral.sampling=quadrature"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut most = 0;
    while let Some(peak) = status(&child, "VmHWM:") {
        most = peak;
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // the channels, and the order of the rows in an epoch
    let numbers = rows as u64 * 8 * (CHANNELS as u64 + 1) / 1024;
    println!(
        "{rows} rows: {:.1} s, {most} kB at most, of which the numbers are {numbers} kB",
        started.elapsed().as_secs_f64()
    );
    assert!(most < numbers * 21 / 20 + 150_000, "{most} kB");
}
