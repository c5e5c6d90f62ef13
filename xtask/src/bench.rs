//! `cargo xtask bench`: speed, as tables.
//!
//! Three things are measured: single calls, steps and epochs (criterion's medians), threads, and streams of growing
//! length with their peak memory. `--peers` measures other programs beside ours instead, by `benches/peers/peers.py`.

use crate::command_line::CommandLine;
use crate::workspace::{Workspace, cargo};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::SystemTime;

/// Arguments of `cargo xtask bench`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Shorter measurements, streams up to 100 000 spectra
    #[arg(long, conflicts_with = "peers")]
    quick: bool,
    /// Of all combinations, those whose name contains this regular expression, such as 'enmap_box' or '/65536$'
    #[arg(long, value_name = "REGEX", conflicts_with = "peers")]
    filter: Option<String>,
    /// Beside other programs instead: needs python3, and PyPI at the first time
    #[arg(long)]
    peers: bool,
    /// What benches/peers/peers.py is given
    #[arg(last = true, requires = "peers")]
    options: Vec<String>,
}

/// Streams of these lengths; the last one only without `--quick`.
const STREAMS: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// Batch and repeats at which threads are compared, and how often in turn.
const SCALING: &str = "--batch 4096 --repeats 7";
const SCALING_ROUNDS: usize = 5;

/// One median of criterion.
#[derive(Debug, PartialEq)]
struct Median {
    group: String,
    function: String,
    batch: u64,
    microseconds: f64,
}

/// Measures and prints.
pub fn run(args: &Args) -> ExitCode {
    let workspace = Workspace::current();
    let done = if args.peers {
        peers(&workspace, &args.options)
    } else {
        measure(&workspace, args)
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            println!("bench: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn peers(workspace: &Workspace, options: &[String]) -> Result<(), String> {
    let mut line = CommandLine::parse("python3 benches/peers/peers.py")?;
    line.words.extend_from_slice(options);
    line.run(workspace)
}

fn measure(workspace: &Workspace, args: &Args) -> Result<(), String> {
    // an earlier run's medians stay where they are: only what is younger than this is ours
    let start = SystemTime::now();
    for bench in ["physics --bench reflectance", "trainer --bench training"] {
        let mut line = CommandLine::parse(&format!("cargo bench -p {bench} --"))?;
        line.words.extend(args.filter.clone());
        if args.quick {
            line.words.push("--quick".to_owned());
        }
        line.run(workspace)?;
    }
    let folder = workspace
        .metadata()?
        .target_directory
        .as_std_path()
        .join("criterion");
    let medians = medians(&folder, start)?;
    if medians.is_empty() {
        return Err(format!(
            "criterion has left no estimates in {}",
            folder.display()
        ));
    }
    println!("\n{}", table_of_medians(&medians));
    if args.filter.is_none() {
        println!("{}", scaling(workspace)?);
        let lengths = &STREAMS[..if args.quick { 3 } else { 4 }];
        println!("{}", streams(workspace, lengths)?);
    }
    Ok(())
}

/// All medians below `folder` that are not older than `since`.
fn medians(folder: &Path, since: SystemTime) -> Result<Vec<Median>, String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        for entry in entries {
            let path = entry
                .map_err(|e| format!("{}: {e}", folder.display()))?
                .path();
            if path.is_dir() {
                folders.push(path);
            }
        }
        let estimates = folder.join("estimates.json");
        let is_new = folder.ends_with("new")
            && fs::metadata(&estimates)
                .and_then(|metadata| metadata.modified())
                .is_ok_and(|modified| modified >= since);
        if is_new {
            found.push(median(&estimates, &folder.join("benchmark.json"))?);
        }
    }
    found.sort_by(|a, b| (&a.group, &a.function, a.batch).cmp(&(&b.group, &b.function, b.batch)));
    Ok(found)
}

fn median(estimates: &Path, benchmark: &Path) -> Result<Median, String> {
    let (times, about) = (read(estimates)?, read(benchmark)?);
    let text = |key: &str| about[key].as_str().map(str::to_owned);
    let nanoseconds = times["median"]["point_estimate"].as_f64();
    match (
        nanoseconds,
        text("group_id"),
        text("function_id"),
        &about["throughput"]["Elements"],
    ) {
        (Some(nanoseconds), Some(group), Some(function), Value::Number(batch)) => Ok(Median {
            group,
            function,
            batch: batch.as_u64().unwrap_or(1),
            microseconds: nanoseconds / 1e3,
        }),
        _ => Err(format!(
            "{}: not as criterion 0.5 writes it",
            benchmark.display()
        )),
    }
}

fn read(path: &Path) -> Result<Value, String> {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
}

fn table_of_medians(medians: &[Median]) -> String {
    let mut table = "| model, task | how | batch | µs per spectrum | spectra/s |\n\
                     |---|---|---:|---:|---:|\n"
        .to_owned();
    for Median {
        group,
        function,
        batch,
        microseconds,
    } in medians
    {
        let each = microseconds / *batch as f64;
        let _ = writeln!(
            table,
            "| {group} | {function} | {batch} | {each:.2} | {:.0} |",
            1e6 / each
        );
    }
    table
}

/// One thread against all, in turn.
fn scaling(workspace: &Workspace) -> Result<String, String> {
    let mut table =
        "| task | threads | µs per spectrum | times as fast |\n|---|---:|---:|---:|\n".to_owned();
    for task in ["forward", "jacobian"] {
        let mut seconds = [Vec::new(), Vec::new()];
        let mut threads = [1, 1];
        for _ in 0..SCALING_ROUNDS {
            for (i, count) in ["1", "0"].into_iter().enumerate() {
                let line = format!("--task {task} --threads {count} {SCALING}");
                let found = ours(workspace, "time_batch", &line)?;
                threads[i] = found["threads"].as_u64().unwrap_or(0);
                let batch = found["batch"].as_f64().unwrap_or(f64::NAN);
                let times = found["seconds"].as_array().cloned().unwrap_or_default();
                seconds[i].extend(times.iter().filter_map(|s| Some(s.as_f64()? / batch)));
            }
        }
        let [one, all] = seconds.map(middle);
        for (threads, each) in threads.into_iter().zip([one, all]) {
            let _ = writeln!(
                table,
                "| {task} | {threads} | {:.2} | {:.2} |",
                each * 1e6,
                one / each
            );
        }
    }
    Ok(table)
}

/// Streams of growing length: time and peak memory.
fn streams(workspace: &Workspace, lengths: &[u32]) -> Result<String, String> {
    let mut table =
        "| spectra streamed | seconds | µs per spectrum | peak memory, MB |\n|---:|---:|---:|---:|\n".to_owned();
    for samples in lengths {
        let found = ours(workspace, "stream", &format!("--samples {samples}"))?;
        let seconds = found["seconds"].as_f64().unwrap_or(f64::NAN);
        let memory = match found["peak_memory_kb"].as_f64() {
            Some(kb) => format!("{:.1}", kb / 1e3),
            None => "not told by this system".to_owned(),
        };
        let each = seconds * 1e6 / f64::from(*samples);
        let _ = writeln!(table, "| {samples} | {seconds:.3} | {each:.2} | {memory} |");
    }
    Ok(table)
}

/// The middle one, or the mean of the two.
fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n => f64::midpoint(values[(n - 1) / 2], values[n / 2]),
    }
}

/// Runs one of our benches that print a line of JSON.
fn ours(workspace: &Workspace, name: &str, arguments: &str) -> Result<Value, String> {
    let line = CommandLine::parse(&format!(
        "cargo bench --quiet -p physics --bench {name} -- {arguments}"
    ))?;
    let mut found = None;
    line.run_seeing(workspace, |line| {
        found = serde_json::from_str(line).ok().or(found.take());
    })?;
    found.ok_or_else(|| format!("`{line}` has printed no JSON"))
}

/// The executable of one of our benches, built as released.
pub fn executable(workspace: &Workspace, name: &str) -> Result<PathBuf, String> {
    let arguments = ["bench", "-p", "physics", "--bench", name, "--no-run"];
    let output = Command::new(cargo())
        .args(arguments)
        .arg("--message-format=json-render-diagnostics")
        .current_dir(workspace.root())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    let messages = String::from_utf8_lossy(&output.stdout);
    let of_bench = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        let path = message["executable"].as_str()?;
        (message["target"]["name"] == name).then(|| PathBuf::from(path))
    };
    messages
        .lines()
        .find_map(of_bench)
        .ok_or_else(|| format!("cargo has made no bench {name} ({})", output.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(middle(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(middle(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(middle(Vec::new()).is_nan());
    }

    #[test]
    fn medians_are_given_per_spectrum() {
        let median = Median {
            group: "published forward".into(),
            function: "avx512".into(),
            batch: 256,
            microseconds: 2560.0,
        };
        let table = table_of_medians(&[median]);
        let last = table.lines().last().unwrap();
        assert_eq!(
            last,
            "| published forward | avx512 | 256 | 10.00 | 100000 |"
        );
    }

    #[test]
    fn estimates_of_criterion_are_read_and_old_ones_left_out() {
        let folder = std::env::temp_dir().join(format!("bench-medians-{}", std::process::id()));
        let new = folder.join("group/function/256/new");
        fs::create_dir_all(&new).unwrap();
        fs::write(
            new.join("estimates.json"),
            r#"{"mean":{"point_estimate":9.0},"median":{"point_estimate":2000.0}}"#,
        )
        .unwrap();
        fs::write(
            new.join("benchmark.json"),
            r#"{"group_id":"g","function_id":"f","value_str":"256","throughput":{"Elements":256}}"#,
        )
        .unwrap();
        let found = medians(&folder, SystemTime::UNIX_EPOCH);
        let future = SystemTime::now() + std::time::Duration::from_secs(3600);
        let late = medians(&folder, future);
        fs::remove_dir_all(&folder).unwrap();
        let expected = Median {
            group: "g".into(),
            function: "f".into(),
            batch: 256,
            microseconds: 2.0,
        };
        assert_eq!(found.unwrap(), [expected]);
        assert_eq!(late.unwrap(), []);
    }
}
