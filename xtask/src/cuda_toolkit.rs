//! `cargo xtask cuda-toolkit`: what a build with CUDA needs, on a machine without a GPU.
//!
//! NVIDIA publishes compiler, headers and libraries of a toolkit as wheels on PyPI, but no wheel holds the driver's
//! library to link with. In the place of all libraries stand archives that open them when they are first called
//! ([`delay_load`]), so that the program also starts where there is no driver.

mod delay_load;
mod headers;

use crate::workspace::Workspace;
use delay_load::Library;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Arguments of `cargo xtask cuda-toolkit`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder to make; a finished one is kept [default: target/cuda-toolkit]
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// CUDA 13.0 on purpose: the PTX of its compiler is what driver 580 takes, newer compilers write a newer one.
const WHEELS: &[&str] = &[
    "nvidia-cuda-nvcc==13.0.88",
    "nvidia-nvvm==13.0.88",
    "nvidia-cuda-crt==13.0.88",
    "nvidia-cuda-runtime==13.0.96",
    "nvidia-cuda-cccl==13.0.85",
    "nvidia-cublas==13.0.2.14",
    "nvidia-cuda-nvrtc==13.0.88",
];

/// The libraries that cudarc asks the linker for.
const LIBRARIES: &[Library] = &[
    Library {
        name: "cuda",
        file: "libcuda.so.1",
        header: "cuda.h",
        status: "CUresult",
        // CUDA_ERROR_NOT_FOUND
        missing: 500,
        variants: &["_v2", "_v3", "_ptsz", "_ptds", "_v2_ptsz", "_v2_ptds"],
    },
    Library {
        name: "cublas",
        file: "libcublas.so.13",
        header: "cublas_api.h",
        status: "cublasStatus_t",
        // CUBLAS_STATUS_NOT_INITIALIZED
        missing: 1,
        variants: &[],
    },
    Library {
        name: "cublasLt",
        file: "libcublasLt.so.13",
        header: "cublasLt.h",
        status: "cublasStatus_t",
        missing: 1,
        variants: &[],
    },
    Library {
        name: "nvrtc",
        file: "libnvrtc.so.13",
        header: "nvrtc.h",
        status: "nvrtcResult",
        // NVRTC_ERROR_INTERNAL_ERROR
        missing: 11,
        variants: &[],
    },
];

/// A folder with a toolkit.
#[derive(Debug)]
pub struct Toolkit {
    root: PathBuf,
}

/// Assembles the toolkit, or says that it is there.
pub fn run(args: &Args) -> ExitCode {
    match assemble(args.folder.as_deref()) {
        Ok(toolkit) => {
            println!(
                "cuda-toolkit: {} is complete; next: cargo xtask cuda-build{}",
                toolkit.root.display(),
                (args.folder.as_ref()).map_or_else(String::new, |folder| format!(
                    " --toolkit {}",
                    folder.display()
                ))
            );
            ExitCode::SUCCESS
        }
        Err(problem) => {
            println!("cuda-toolkit: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn assemble(folder: Option<&Path>) -> Result<Toolkit, String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err("the archives are written for Linux on x86-64 only".to_owned());
    }
    let workspace = Workspace::current();
    let toolkit = Toolkit::at(&workspace, folder)?;
    if toolkit.is_finished() {
        println!("cuda-toolkit: the wheels are there already");
    } else {
        toolkit.claim()?;
        toolkit.fetch()?;
        in_folder(fs::write(toolkit.stamp(), stamp()), &toolkit.stamp())?;
    }
    // seconds, and it follows changes of the archives' code
    toolkit.link_headers()?;
    toolkit.write_shim()?;
    let libraries = toolkit.libraries();
    in_folder(fs::create_dir_all(&libraries), &libraries)?;
    for library in LIBRARIES {
        let functions = library.write(&toolkit.headers(), &libraries)?;
        println!(
            "lib{}.a: {functions} functions of {}",
            library.name, library.file
        );
    }
    Ok(toolkit)
}

/// Whether a library of that name (`libcuda.so.1`) is one that must be opened at run time only.
pub fn is_delayed(file: &str) -> bool {
    LIBRARIES
        .iter()
        .any(|library| file.starts_with(&format!("lib{}.so", library.name)))
}

/// What a finished folder says of itself.
fn stamp() -> String {
    WHEELS.join("\n") + "\n"
}

fn in_folder<T>(result: io::Result<T>, path: &Path) -> Result<T, String> {
    result.map_err(|error| format!("{}: {error}", path.display()))
}

impl Toolkit {
    fn at(workspace: &Workspace, folder: Option<&Path>) -> Result<Self, String> {
        let root = match folder {
            None => workspace.root().join("target/cuda-toolkit"),
            Some(folder) => in_folder(std::path::absolute(folder), folder)?,
        };
        Ok(Self { root })
    }

    /// The finished toolkit in a folder.
    pub fn open(workspace: &Workspace, folder: Option<&Path>) -> Result<Self, String> {
        let toolkit = Self::at(workspace, folder)?;
        let archives =
            (LIBRARIES.iter()).all(|library| toolkit.libraries().join(library.archive()).is_file());
        if toolkit.is_finished() && archives {
            Ok(toolkit)
        } else {
            Err(format!(
                "{} is no finished toolkit; first: cargo xtask cuda-toolkit {}",
                toolkit.root.display(),
                folder.unwrap_or(Path::new("")).display()
            ))
        }
    }

    /// What cudarc and dfdx take for the installation.
    pub fn cuda_root(&self) -> PathBuf {
        self.root.join("toolkit")
    }

    /// Where nvcc is.
    pub fn programs(&self) -> PathBuf {
        self.unpacked().join("bin")
    }

    /// Where a program is that answers in the place of nvidia-smi.
    pub fn shim(&self) -> PathBuf {
        self.root.join("shim")
    }

    /// The libraries of the wheels, for machines with a driver and nothing else.
    pub fn shared_libraries(&self) -> PathBuf {
        self.unpacked().join("lib")
    }

    /// The archives; no shared library stands beside them, which the linker would take first.
    fn libraries(&self) -> PathBuf {
        self.cuda_root().join("lib64")
    }

    fn headers(&self) -> PathBuf {
        self.unpacked().join("include")
    }

    fn unpacked(&self) -> PathBuf {
        self.root.join("unpacked/nvidia/cu13")
    }

    fn stamp(&self) -> PathBuf {
        self.root.join("finished")
    }

    fn unfinished(&self) -> PathBuf {
        self.root.join("unfinished")
    }

    fn is_finished(&self) -> bool {
        fs::read_to_string(self.stamp()).is_ok_and(|found| found == stamp())
    }

    /// Makes the folder, or empties one that this chore has begun; anything else is left alone.
    fn claim(&self) -> Result<(), String> {
        in_folder(fs::create_dir_all(&self.root), &self.root)?;
        let ours = self.unfinished().exists() || self.stamp().exists();
        let empty = in_folder(fs::read_dir(&self.root), &self.root)?
            .next()
            .is_none();
        if !ours && !empty {
            return Err(format!(
                "{} holds other things; allowed: a folder that is empty, does not exist or was made by this chore",
                self.root.display()
            ));
        }
        in_folder(fs::write(self.unfinished(), ""), &self.unfinished())?;
        for part in ["wheels", "unpacked", "toolkit", "shim"] {
            let part = self.root.join(part);
            if part.exists() {
                in_folder(fs::remove_dir_all(&part), &part)?;
            }
        }
        if self.stamp().exists() {
            in_folder(fs::remove_file(self.stamp()), &self.stamp())?;
        }
        Ok(())
    }

    /// Fetches the wheels and unpacks them.
    fn fetch(&self) -> Result<(), String> {
        println!(
            "cuda-toolkit: 600 MB to fetch from PyPI, 1.1 GB unpacked, into {}",
            self.root.display()
        );
        let (wheels, unpacked) = (self.root.join("wheels"), self.root.join("unpacked"));
        python(
            Command::new("python3")
                .args(["-m", "pip", "download", "--quiet", "--no-cache-dir"])
                .args(["--no-deps", "--only-binary=:all:", "--dest"])
                .arg(&wheels)
                .args(WHEELS),
        )?;
        for wheel in in_folder(fs::read_dir(&wheels), &wheels)? {
            let wheel = in_folder(wheel, &wheels)?.path();
            python(
                Command::new("python3")
                    .args(["-m", "zipfile", "-e"])
                    .args([&wheel, &unpacked]),
            )?;
        }
        in_folder(fs::remove_dir_all(&wheels), &wheels)?;
        // zipfile forgets what may be executed
        for folder in [self.programs(), self.unpacked().join("nvvm/bin")] {
            for program in in_folder(fs::read_dir(&folder), &folder)? {
                let program = in_folder(program, &folder)?.path();
                if program.is_file() {
                    executable(&program)?;
                }
            }
        }
        in_folder(fs::remove_file(self.unfinished()), &self.unfinished())
    }

    fn link_headers(&self) -> Result<(), String> {
        let (root, link) = (self.cuda_root(), self.cuda_root().join("include"));
        in_folder(fs::create_dir_all(&root), &root)?;
        if link.symlink_metadata().is_ok() {
            in_folder(fs::remove_file(&link), &link)?;
        }
        // relative: the folder may be moved
        let target = "../unpacked/nvidia/cu13/include";
        in_folder(std::os::unix::fs::symlink(target, &link), &link)
    }

    /// dfdx's build script asks nvidia-smi for the card before it looks at `CUDA_COMPUTE_CAP`.
    fn write_shim(&self) -> Result<(), String> {
        let (folder, shim) = (self.shim(), self.shim().join("nvidia-smi"));
        in_folder(fs::create_dir_all(&folder), &folder)?;
        let script = "#!/bin/sh\nprintf 'compute_cap\\n%s\\n' \"$CUDA_COMPUTE_CAP\"\n";
        in_folder(fs::write(&shim, script), &shim)?;
        executable(&shim)
    }
}

fn executable(path: &Path) -> Result<(), String> {
    in_folder(
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)),
        path,
    )
}

/// Runs a module of Python; what is missing is said in words.
fn python(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            "python3 is not installed; it fetches the wheels with its pip".to_owned()
        }
        _ => format!("python3: {error}"),
    })?;
    if status.success() {
        return Ok(());
    }
    let has_pip = Command::new("python3")
        .args(["-c", "import pip"])
        .output()
        .is_ok_and(|output| output.status.success());
    Err(if has_pip {
        format!("python3 has failed ({status}); what it said is above")
    } else {
        "python3 has no pip, which fetches the wheels; install it (python3 -m ensurepip)".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_told_by_their_file_names() {
        assert!(is_delayed("libcuda.so.1") && is_delayed("libcublasLt.so.13"));
        assert!(!is_delayed("libc.so.6") && !is_delayed("libcudart.so.13"));
    }

    #[test]
    fn only_a_folder_of_its_own_is_taken() {
        let root = std::env::temp_dir().join(format!("cuda-toolkit-{}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        let toolkit = Toolkit { root: root.clone() };
        toolkit.claim().unwrap();
        // left in the middle
        toolkit.claim().unwrap();
        assert!(!toolkit.is_finished());
        fs::write(toolkit.stamp(), stamp()).unwrap();
        assert!(toolkit.is_finished());
        fs::write(toolkit.stamp(), "nvidia-cuda-nvcc==12.0\n").unwrap();
        assert!(!toolkit.is_finished());
        fs::remove_file(toolkit.unfinished()).unwrap();
        fs::remove_file(toolkit.stamp()).unwrap();
        fs::write(root.join("letter.txt"), "mine").unwrap();
        assert!(toolkit.claim().unwrap_err().contains("holds other things"));
        assert!(root.join("letter.txt").exists());
        fs::remove_dir_all(&root).unwrap();
    }
}
