//! Python with rasterio, the reference for GeoTIFFs, in an environment of its own below cargo's target folder.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The interpreter of an environment with these packages, made on first use.
///
/// `None`, with a line on standard error that says why, where there is no Python or pip cannot install.
pub fn python(packages: &[&str]) -> Option<&'static Path> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    let made = PYTHON.get_or_init(|| match make(packages) {
        Ok(python) => Some(python),
        Err(reason) => {
            // straight to the stream: the test harness keeps what passing tests print to itself
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED: no Python with {}: {reason}",
                packages.join(", ")
            );
            None
        }
    });
    made.as_deref()
}

fn make(packages: &[&str]) -> Result<PathBuf, String> {
    // target/<profile>/deps/<story> → target/tmp
    let story = std::env::current_exe().map_err(|error| error.to_string())?;
    let target = story.ancestors().nth(3).ok_or("the story has no folder")?;
    let folder = target.join("tmp/python");
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    // test programs run beside each other: one of them installs, the others wait
    let lock = std::fs::File::create(folder.join("lock")).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    let programs = if cfg!(windows) { "Scripts" } else { "bin" };
    let python = folder.join("venv").join(programs).join("python");
    let stamp = folder.join(format!("{}.installed", packages.join("_")));
    if !stamp.exists() {
        let system = if cfg!(windows) { "python" } else { "python3" };
        run(Command::new(system)
            .args(["-m", "venv"])
            .arg(folder.join("venv")))?;
        let mut pip = Command::new(&python);
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]);
        run(pip.args(packages))?;
        std::fs::write(stamp, "").map_err(|error| error.to_string())?;
    }
    Ok(python)
}

/// Runs a script and gives what it prints; a script that fails is a failed test.
pub fn script(python: &Path, script: &str, arguments: &[&Path]) -> String {
    let mut command = Command::new(python);
    command.arg("-c").arg(script).args(arguments);
    run(&mut command).unwrap_or_else(|error| panic!("{error}"))
}

fn run(command: &mut Command) -> Result<String, String> {
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() {
        return Ok(String::from_utf8_lossy(&stdout).into_owned());
    }
    let stderr = String::from_utf8_lossy(&stderr);
    Err(format!(
        "{} failed: {stderr}",
        command.get_program().display()
    ))
}
