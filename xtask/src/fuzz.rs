//! `cargo xtask fuzz`: every fuzz target for a while.

use crate::workspace::Workspace;
use std::fs;
use std::process::{Command, ExitCode};

/// Arguments of `cargo xtask fuzz`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Seconds for each target
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// One target alone
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
}

/// Largest memory and longest time an input may take.
const LIMITS: &[&str] = &["-rss_limit_mb=2048", "-timeout=10", "-max_len=16384"];

/// Builds and runs the targets one after the other.
pub fn run(args: &Args) -> ExitCode {
    match targets(args) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(found) => {
            println!("fuzz: {found} targets found something, see fuzz/artifacts");
            ExitCode::FAILURE
        }
        Err(problem) => {
            println!("fuzz: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn targets(args: &Args) -> Result<usize, String> {
    let workspace = Workspace::current();
    let folder = workspace.root().join("fuzz/fuzz_targets");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .filter_map(Result::ok)
        .filter_map(|entry| Some(entry.path().file_stem()?.to_string_lossy().into_owned()))
        .filter(|name| args.target.as_ref().is_none_or(|only| only == name))
        .collect();
    names.sort();
    if names.is_empty() {
        return Err(format!("no such target in {}", folder.display()));
    }
    let mut found = 0;
    for name in names {
        let corpus = format!("fuzz/corpus/{name}");
        let path = workspace.root().join(&corpus);
        fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let status = Command::new("cargo")
            .args(["fuzz", "run", "--fuzz-dir", "fuzz", &name, &corpus])
            .args([format!("fuzz/seeds/{name}"), "--".into()])
            .arg(format!("-max_total_time={}", args.seconds))
            .args(LIMITS)
            // dfdx takes a nightly compiler for one that has what it once had
            .env("RUSTC_BOOTSTRAP", "1")
            .current_dir(workspace.root())
            .status()
            .map_err(|error| format!("cargo fuzz: {error}"))?;
        found += usize::from(!status.success());
    }
    Ok(found)
}
