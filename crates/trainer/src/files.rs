//! Reading files, with errors that name them.

use crate::TrainerError;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Whether both name one file that is there, through links of any kind too; or one that is not there yet, by its folder
/// and name.
pub fn is_same_file(a: &Path, b: &Path) -> bool {
    match (identity(a), identity(b)) {
        (Some(a), Some(b)) => a == b,
        (None, None) => match (place(a), place(b)) {
            (Some(a), Some(b)) => a == b,
            _ => a == b,
        },
        _ => false,
    }
}

/// What a file system knows a file by, whatever name leads to it.
#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let about = fs::metadata(path).ok()?;
    Some((about.dev(), about.ino()))
}

/// Its path with links followed.
#[cfg(not(unix))]
fn identity(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok()
}

/// Where a file that is not there yet would be.
fn place(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    let folder = absolute.parent()?.canonicalize().ok()?;
    Some(folder.join(absolute.file_name()?))
}

/// Reads a text file.
///
/// # Errors
/// The file system refuses, or the file is not UTF-8.
pub fn read_to_string(path: &Path) -> Result<String, TrainerError> {
    fs::read_to_string(path).map_err(|e| TrainerError::io(path, e))
}

/// Reads a file.
///
/// # Errors
/// The file system refuses.
pub fn read(path: &Path) -> Result<Vec<u8>, TrainerError> {
    fs::read(path).map_err(|e| TrainerError::io(path, e))
}

/// The first line of a text file, without its end.
///
/// # Errors
/// The file system refuses, or the line is not UTF-8.
pub fn first_line(path: &Path) -> Result<String, TrainerError> {
    use std::io::{BufRead, BufReader};
    let refused = |e| TrainerError::io(path, e);
    let mut line = String::new();
    BufReader::new(File::open(path).map_err(refused)?)
        .read_line(&mut line)
        .map_err(refused)?;
    Ok(line.trim_start_matches('\u{feff}').trim_end().to_owned())
}
