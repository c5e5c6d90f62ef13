//! `cargo xtask cuda-build`: the trainer with CUDA, on a machine with or without a GPU.

use crate::cuda_toolkit::{Toolkit, is_delayed};
use crate::elf;
use crate::workspace::{Workspace, cargo};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// Arguments of `cargo xtask cuda-build`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What `cargo xtask cuda-toolkit` has made [default: target/cuda-toolkit]
    #[arg(long, value_name = "DIR")]
    toolkit: Option<PathBuf>,
    /// The oldest card the program shall run on: its compute capability without the dot
    #[arg(long, value_name = "NN", default_value_t = 90)]
    compute_cap: u32,
}

/// A folder of its own: the usual builds know nothing of the toolkit and are not done again after this one.
pub const TARGET: &str = "target/cuda";

/// Builds, and says where the program is.
pub fn run(args: &Args) -> ExitCode {
    match build(args) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            println!("cuda-build: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// `cargo` in the environment that finds the toolkit.
pub fn cargo_with_cuda(workspace: &Workspace, args: &Args) -> Result<Command, String> {
    let toolkit = Toolkit::open(workspace, args.toolkit.as_deref())?;
    let mut paths = vec![toolkit.shim(), toolkit.programs()];
    if let Some(path) = env::var_os("PATH") {
        paths.extend(env::split_paths(&path));
    }
    let path = env::join_paths(paths).map_err(|error| format!("PATH: {error}"))?;
    let compute_cap = args.compute_cap;
    let nvcc = toolkit.programs().join("nvcc");
    let known = Command::new(&nvcc)
        .arg("--list-gpu-code")
        .output()
        .map_err(|error| format!("{}: {error}", nvcc.display()))?;
    check_compute_cap(compute_cap, &String::from_utf8_lossy(&known.stdout))?;
    let libraries = libraries(workspace, args)?;
    let mut command = Command::new(cargo());
    command
        .current_dir(workspace.root())
        .env("CUDA_PATH", toolkit.cuda_root())
        .env("CUDA_ROOT", toolkit.cuda_root())
        .env("CUDA_COMPUTE_CAP", compute_cap.to_string())
        .env("LD_LIBRARY_PATH", libraries)
        .env("PATH", path);
    Ok(command)
}

/// Where programs look for libraries when they start and compute: those of the toolkit first.
pub fn libraries(workspace: &Workspace, args: &Args) -> Result<OsString, String> {
    let toolkit = Toolkit::open(workspace, args.toolkit.as_deref())?;
    let mut folders = vec![toolkit.shared_libraries()];
    if let Some(more) = env::var_os("LD_LIBRARY_PATH") {
        folders.extend(env::split_paths(&more));
    }
    env::join_paths(folders).map_err(|error| format!("LD_LIBRARY_PATH: {error}"))
}

/// The program that [`build`] makes.
pub fn program(workspace: &Workspace) -> PathBuf {
    workspace.root().join(TARGET).join("release/trainer")
}

/// Builds the trainer; what it needs and where it is.
pub fn build(args: &Args) -> Result<String, String> {
    let workspace = Workspace::current();
    let toolkit = Toolkit::open(&workspace, args.toolkit.as_deref())?;
    let compute_cap = args.compute_cap;
    let status = cargo_with_cuda(&workspace, args)?
        .args(["build", "--release", "-p", "trainer", "--features", "cuda"])
        .args(["--target-dir", TARGET])
        .status()
        .map_err(|error| format!("cargo: {error}"))?;
    if !status.success() {
        return Err(format!("cargo build: {status}"));
    }
    let binary = program(&workspace);
    let file = fs::read(&binary).map_err(|error| format!("{}: {error}", binary.display()))?;
    let needed =
        elf::needed(&file).map_err(|problem| format!("{}: {problem}", binary.display()))?;
    let delayed: Vec<&str> = (needed.iter().map(String::as_str))
        .filter(|name| is_delayed(name))
        .collect();
    if !delayed.is_empty() {
        return Err(format!(
            "{} does not start without {}: another folder of the linker has them",
            binary.display(),
            delayed.join(", ")
        ));
    }
    Ok(format!(
        "{} starts on every machine (it needs {}), computes on cards from compute capability {}.{} on; \
         libraries of CUDA for a machine that has only a driver: LD_LIBRARY_PATH={}",
        binary.display(),
        needed.join(", "),
        compute_cap / 10,
        compute_cap % 10,
        toolkit.shared_libraries().display()
    ))
}

/// Whether the compiler knows the card; `list` is one `sm_NN` a line.
fn check_compute_cap(compute_cap: u32, list: &str) -> Result<(), String> {
    let known: Vec<u32> = (list.lines())
        .filter_map(|line| line.trim().strip_prefix("sm_")?.parse().ok())
        .collect();
    if known.contains(&compute_cap) {
        return Ok(());
    }
    let known: Vec<String> = known.iter().map(u32::to_string).collect();
    Err(format!(
        "--compute-cap {compute_cap} is none that nvcc knows; allowed: {}",
        known.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_one_that_the_compiler_knows() {
        let list = "sm_75\nsm_90\nsm_90a\n";
        assert_eq!(check_compute_cap(90, list), Ok(()));
        assert_eq!(
            check_compute_cap(61, list).unwrap_err(),
            "--compute-cap 61 is none that nvcc knows; allowed: 75, 90"
        );
    }
}
