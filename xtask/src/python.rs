//! `cargo xtask wheel` and `cargo xtask python-test`: crates/python, built by maturin and tested by pytest, in environments
//! of their own below the target folder.

use crate::workspace::{Workspace, cargo};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Arguments of `cargo xtask wheel`.
#[derive(Debug, clap::Args)]
pub struct WheelArgs {
    /// Where the wheel goes [default: target/wheels]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Arguments of `cargo xtask python-test`.
#[derive(Debug, clap::Args)]
pub struct TestArgs {
    /// Does not install PyTorch (gigabytes); the tests that need it skip, and say so
    #[arg(long)]
    without_torch: bool,
}

/// Its manifest: a workspace of its own.
const MANIFEST: &str = "crates/python/Cargo.toml";

/// What builds the wheel.
const FOR_BUILDING: &str = "maturin>=1.7,<2";

/// The same with Zig, whose linker knows the functions of every glibc: a wheel that is linked by the system's own asks for a
/// system as new as that.
const WITH_ZIG: &str = "maturin[zig]>=1.7,<2";

/// A wheel for every Linux since 2014 (glibc 2.17), which is what clusters run.
const FOR_OLD_SYSTEMS: [&str; 3] = ["--zig", "--compatibility", "manylinux2014"];

/// Tells the tests that the wheel is for systems as new as this one.
const ONLY_HERE: &str = "PHYS_SMPL_WITHOUT_ZIG";

/// Whose linker makes the wheel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Linker {
    Zig,
    System,
}

/// What tests/ use besides pytest.
const FOR_TESTS: [&str; 2] = ["mypy", "pandas"];

/// What runs notebooks/ as tests, and what they use.
const FOR_NOTEBOOKS: [&str; 3] = ["nbmake", "ipykernel", "scipy"];

/// What `phys_smpl[maps]` brings.
const FOR_MAPS: [&str; 4] = ["xarray", "dask[array,distributed]", "zarr", "rioxarray"];

/// The notebook that cannot do without PyTorch.
const OF_TORCH: &str = "notebooks/3_training_through_the_physics.ipynb";

/// Builds the wheel and says where it is.
pub fn wheel(args: &WheelArgs) -> ExitCode {
    let chore = Chore::new();
    let out = args.out.clone().unwrap_or_else(|| chore.target("wheels"));
    report(
        "wheel",
        chore.wheel(&out).map(|_| format!("in {}", out.display())),
    )
}

/// Format, clippy, and pytest with the wheel installed.
pub fn test(args: &TestArgs) -> ExitCode {
    report(
        "python-test",
        Chore::new().test(args).map(|()| "ok".to_owned()),
    )
}

fn report(chore: &str, result: Result<String, String>) -> ExitCode {
    match result {
        Ok(text) => {
            println!("{chore}: {text}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            println!("{chore}: {problem}");
            ExitCode::FAILURE
        }
    }
}

struct Chore {
    root: PathBuf,
}

impl Chore {
    fn new() -> Self {
        Self {
            root: Workspace::current().root().to_path_buf(),
        }
    }

    fn target(&self, name: &str) -> PathBuf {
        self.root.join("target").join(name)
    }

    /// Where cargo builds the crate and its examples.
    fn built(&self) -> PathBuf {
        self.target("python").join("cargo")
    }

    fn environment(&self, name: &str, packages: &[&str]) -> Result<PathBuf, String> {
        environment(&self.target("python").join(name), packages)
    }

    /// Zig on Linux if it can be had, which is said where it cannot.
    fn builder(&self) -> Result<(PathBuf, Linker), String> {
        if cfg!(target_os = "linux") {
            let with_zig = self.environment("build", &[WITH_ZIG]).and_then(|python| {
                run(Command::new(&python).args(["-m", "ziglang", "version"]))?;
                Ok(python)
            });
            match with_zig {
                Ok(python) => return Ok((python, Linker::Zig)),
                Err(problem) => println!(
                    "skipped: Zig cannot be had ({problem}); this wheel runs on systems as new as this one, not on older ones"
                ),
            }
        }
        let python = self.environment("build", &[FOR_BUILDING])?;
        Ok((python, Linker::System))
    }

    fn wheel(&self, out: &Path) -> Result<Linker, String> {
        let (python, linker) = self.builder()?;
        let mut maturin = Command::new(&python);
        maturin
            // where Zig is looked for
            .env("CARGO_ZIGBUILD_PYTHON_PATH", &python)
            .args(["-m", "maturin", "build", "--release", "--locked"])
            .arg("--manifest-path")
            .arg(self.root.join(MANIFEST))
            .arg("--target-dir")
            .arg(self.built())
            .arg("--out")
            .arg(out);
        if linker == Linker::Zig {
            maturin.args(FOR_OLD_SYSTEMS);
        }
        run(&mut maturin)?;
        Ok(linker)
    }

    fn test(&self, args: &TestArgs) -> Result<(), String> {
        let manifest = self.root.join(MANIFEST);
        let mut format = self.cargo("fmt");
        run(format.arg("--manifest-path").arg(&manifest).arg("--check"))?;
        let mut clippy = self.cargo("clippy");
        clippy.arg("--manifest-path").arg(&manifest);
        run(clippy.args([
            "--release",
            "--locked",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]))?;
        // its own folder: a wheel of another version is not taken for this one
        let wheels = self.target("python").join("wheels");
        if wheels.exists() {
            std::fs::remove_dir_all(&wheels).map_err(|e| format!("{}: {e}", wheels.display()))?;
        }
        let linker = self.wheel(&wheels)?;
        let mut packages = vec!["numpy", "pytest"];
        packages.extend(FOR_TESTS);
        packages.extend(FOR_NOTEBOOKS);
        packages.extend(FOR_MAPS);
        if !args.without_torch {
            packages.push("torch");
        }
        let python = self.environment("test", &packages)?;
        let mut install = pip(&python);
        install.args([
            "--force-reinstall",
            "--no-deps",
            "--no-index",
            "--find-links",
        ]);
        run(install.arg(&wheels).arg("phys_smpl"))?;
        let mut pytest = Command::new(python);
        pytest
            .args(["-m", "pytest", "-rs", "-p", "no:cacheprovider", "--nbmake"])
            .args(["tests", "notebooks"])
            .current_dir(self.root.join("crates/python"))
            // what the wheel is compared with is built with the other tests
            .env("CARGO", cargo());
        if linker == Linker::System && cfg!(target_os = "linux") {
            pytest.env(ONLY_HERE, "1");
        }
        if args.without_torch {
            println!("skipped: {OF_TORCH} needs PyTorch");
            pytest.args(["--ignore", OF_TORCH]);
        }
        run(&mut pytest)
    }

    fn cargo(&self, command: &str) -> Command {
        let mut cargo = Command::new(cargo());
        cargo.arg(command).env("CARGO_TARGET_DIR", self.built());
        cargo
    }
}

/// The interpreter of an environment, which is made on first use, with these packages.
pub fn environment(folder: &Path, packages: &[&str]) -> Result<PathBuf, String> {
    let programs = if cfg!(windows) { "Scripts" } else { "bin" };
    let python = folder.join(programs).join("python");
    if !python.exists() {
        let system = if cfg!(windows) { "python" } else { "python3" };
        run(Command::new(system).args(["-m", "venv"]).arg(folder))?;
    }
    run(pip(&python).args(packages))?;
    Ok(python)
}

fn pip(python: &Path) -> Command {
    let mut pip = Command::new(python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]);
    pip
}

/// Runs to the end; what it says is on the screen.
fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().display().to_string();
    let status = command
        .status()
        .map_err(|error| format!("{program}: {error}"))?;
    if status.success() {
        return Ok(());
    }
    let words = command.get_args().map(|word| word.display().to_string());
    let words: Vec<String> = words.collect();
    Err(format!("{program} {}: {status}", words.join(" ")))
}
