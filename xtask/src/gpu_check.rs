//! `cargo xtask gpu-check`: everything that only a machine with a GPU can say, as text and as a file.

mod report;
mod torch;
mod training;

use crate::cuda_build;
use crate::workspace::Workspace;
use report::Records;
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
    /// Does not install PyTorch (gigabytes) and sets nothing beside our rates
    #[arg(long)]
    without_torch: bool,
    /// Does not train: six runs of 40 epochs
    #[arg(long)]
    without_training: bool,
}

/// The tests of `crates/trainer/tests/gpu.rs`, PyTorch on the same card, trainings there and on the processor.
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
    let file = workspace.root().join(&args.output);
    let mut kept = String::new();
    // as it goes: a later part that fails or is interrupted takes nothing away
    let mut say = |text: &str| {
        println!("{text}");
        kept = format!("{kept}{text}\n");
        fs::write(&file, &kept).map_err(|error| format!("{}: {error}", file.display()))
    };
    let (text, tests) = tests(&workspace, &args.build)?;
    say(&text)?;
    if text.contains("skipped: ") {
        return Err("there is no GPU that can be used: nothing was checked".to_owned());
    }
    let mut problems: Vec<String> = tests.err().into_iter().collect();
    let ours = Records::read(&text);
    say(&ours.shares())?;
    say(&ours.steps())?;
    let torch = if args.without_torch {
        Err("--without-torch".to_owned())
    } else {
        torch::measure(&workspace)
    };
    say(&ours.beside(&torch.map(|text| Records::read(&text))))?;
    if args.without_training {
        say("training: not run, because --without-training")?;
    } else {
        match training::compare(&workspace, &args.build) {
            Ok(verdict) => {
                say(&verdict.text)?;
                problems.extend((!verdict.holds).then(|| "training differs".to_owned()));
            }
            Err(problem) => {
                say(&format!("training: {problem}"))?;
                problems.push(format!("training: {problem}"));
            }
        }
    }
    if problems.is_empty() {
        Ok(format!("kept in {}", file.display()))
    } else {
        let all = problems.join("; ");
        Err(format!("{all}; kept in {}", file.display()))
    }
}

/// What the tests print, and whether they pass.
fn tests(
    workspace: &Workspace,
    build: &cuda_build::Args,
) -> Result<(String, Result<(), String>), String> {
    let mut command = cuda_build::cargo_with_cuda(workspace, build)?;
    command
        .args(["test", "--release", "-p", "trainer", "--features", "cuda"])
        .args(["--target-dir", cuda_build::TARGET, "--test", "gpu"])
        .args(["--", "--nocapture", "--test-threads", "1"]);
    let (text, success) = output_of(&mut command)?;
    let passed = success.then_some(()).ok_or("a test failed".to_owned());
    Ok((text, passed))
}

/// Both streams of a command, and whether it succeeded.
fn output_of(command: &mut Command) -> Result<(String, bool), String> {
    let program = command.get_program().display().to_string();
    let output = command
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    Ok((text, output.status.success()))
}
