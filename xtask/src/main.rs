//! The project's chores, as `cargo xtask CHORE`.
//!
//! A chore is a variant of [`Chore`] and a file of its own.

mod arrows;
mod bench;
mod command_line;
mod cuda_build;
mod cuda_toolkit;
mod elf;
mod examples;
mod fuzz;
mod gpu_check;
mod house;
mod instructions;
mod python;
mod quadrature;
mod readme;
mod scorecard;
mod standalone;
mod steps;
mod supply;
mod test_report;
mod validate;
mod verify;
mod volume_curve;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The project's chores
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Xtask {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Everything CI runs, as named steps with a closing table
    Verify(verify::Args),
    /// Measures the physics against every external truth and writes the figures into its pages
    Validate(validate::Args),
    /// Fits the few wavelengths that stand for all wavelengths of a sensor
    Quadrature(quadrature::Args),
    /// Measures speed and prints it as tables, alone or beside other programs
    Bench(bench::Args),
    /// Feeds everything that is read from a file with random input (needs cargo-fuzz)
    Fuzz(fuzz::Args),
    /// Trains the experiments that say what the project reaches and writes their figures side by side
    Scorecard(scorecard::Args),
    /// Trains the recommended experiment of the volcano and says whether it sees the inflation of 2008, with a picture
    VolumeCurve(volume_curve::Args),
    /// Counts the instructions of a batch and holds them to the counts on file (needs valgrind)
    Instructions(instructions::Args),
    /// Assembles a CUDA toolkit to build with, from wheels of PyPI (Linux on x86-64; needs python3, pip, cc, ar)
    CudaToolkit(cuda_toolkit::Args),
    /// Builds the trainer with CUDA so that it starts on every machine, with a GPU or without
    CudaBuild(cuda_build::Args),
    /// On a machine with a GPU: what it computes against the processor, and how fast
    GpuCheck(gpu_check::Args),
    /// Builds the wheel of crates/python (needs python3 with venv, pip and PyPI)
    Wheel(python::WheelArgs),
    /// Builds the wheel, installs it into an environment of its own and runs pytest
    PythonTest(python::TestArgs),
}

fn main() -> ExitCode {
    match Xtask::parse().chore {
        Chore::Verify(args) => verify::run(&args),
        Chore::Validate(args) => validate::run(&args),
        Chore::Quadrature(args) => quadrature::run(&args),
        Chore::Bench(args) => bench::run(&args),
        Chore::Fuzz(args) => fuzz::run(&args),
        Chore::Scorecard(args) => scorecard::run(&args),
        Chore::VolumeCurve(args) => volume_curve::run(&args),
        Chore::Instructions(args) => instructions::run(&args),
        Chore::CudaToolkit(args) => cuda_toolkit::run(&args),
        Chore::CudaBuild(args) => cuda_build::run(&args),
        Chore::GpuCheck(args) => gpu_check::run(&args),
        Chore::Wheel(args) => python::wheel(&args),
        Chore::PythonTest(args) => python::test(&args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn command_line_is_consistent() {
        Xtask::command().debug_assert();
    }
}
