//! `cargo xtask gpu-check`: everything that only a machine with a GPU can say, as text and as a file.

use crate::cuda_build;
use crate::workspace::Workspace;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// Arguments of `cargo xtask gpu-check`.
#[derive(Debug, clap::Args)]
// the arguments within have a group of this name already
#[group(skip)]
pub struct Args {
    #[command(flatten)]
    build: cuda_build::Args,
    /// Where the lines go too
    #[arg(long, value_name = "FILE", default_value = "target/gpu-check.txt")]
    output: PathBuf,
}

/// Builds the tests of `crates/trainer/tests/gpu.rs`, runs them one after the other and keeps what they print.
pub fn run(args: &Args) -> ExitCode {
    match check(args) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            println!("gpu-check: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn check(args: &Args) -> Result<String, String> {
    let workspace = Workspace::current();
    let mut command = cuda_build::cargo_with_cuda(&workspace, &args.build)?;
    command
        .args(["test", "--release", "-p", "trainer", "--features", "cuda"])
        .args(["--target-dir", cuda_build::TARGET, "--test", "gpu"])
        .args(["--", "--nocapture", "--test-threads", "1"]);
    let text = output_of(&mut command)?;
    let file = workspace.root().join(&args.output);
    fs::write(&file, &text).map_err(|error| format!("{}: {error}", file.display()))?;
    println!("{text}");
    if text.contains("skipped: ") {
        return Err("there is no GPU that can be used: nothing was checked".to_owned());
    }
    Ok(format!("kept in {}", file.display()))
}

/// Both streams of a command that succeeds.
fn output_of(command: &mut Command) -> Result<String, String> {
    let output = command
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        Ok(text)
    } else {
        Err(format!("{text}\ncargo test: {}", output.status))
    }
}
