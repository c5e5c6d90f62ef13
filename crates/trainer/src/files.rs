//! Files written so that a stop at any moment leaves the old or the new one, never half of one.

use crate::TrainerError;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

/// Writes beside the file, syncs, renames over it, syncs the folder.
///
/// # Errors
/// The file system refuses; the old file is then untouched.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), TrainerError> {
    let refused = |e| TrainerError::io(path, &e);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let beside = path.with_file_name(name);
    let mut file = File::create(&beside).map_err(refused)?;
    file.write_all(bytes).map_err(refused)?;
    file.sync_all().map_err(refused)?;
    drop(file);
    fs::rename(&beside, path).map_err(refused)?;
    sync_folder(path)
}

/// A rename is on disk only when its folder is.
fn sync_folder(path: &Path) -> Result<(), TrainerError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // a folder cannot be opened as a file on Windows, where rename is durable by itself
    if cfg!(unix) {
        File::open(folder)
            .and_then(|f| f.sync_all())
            .map_err(|e| TrainerError::io(folder, &e))?;
    }
    Ok(())
}

/// Appends one line.
///
/// # Errors
/// The file system refuses.
pub fn append_line(path: &Path, line: &str) -> Result<(), TrainerError> {
    let refused = |e| TrainerError::io(path, &e);
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(refused)?;
    file.write_all(format!("{line}\n").as_bytes())
        .map_err(refused)
}

/// Reads a text file.
///
/// # Errors
/// The file system refuses, or the file is not UTF-8.
pub fn read_to_string(path: &Path) -> Result<String, TrainerError> {
    fs::read_to_string(path).map_err(|e| TrainerError::io(path, &e))
}

/// Reads a file.
///
/// # Errors
/// The file system refuses.
pub fn read(path: &Path) -> Result<Vec<u8>, TrainerError> {
    fs::read(path).map_err(|e| TrainerError::io(path, &e))
}

/// The first line of a text file, without its end.
///
/// # Errors
/// The file system refuses, or the line is not UTF-8.
pub fn first_line(path: &Path) -> Result<String, TrainerError> {
    use std::io::{BufRead, BufReader};
    let refused = |e| TrainerError::io(path, &e);
    let mut line = String::new();
    BufReader::new(File::open(path).map_err(refused)?)
        .read_line(&mut line)
        .map_err(refused)?;
    Ok(line.trim_start_matches('\u{feff}').trim_end().to_owned())
}
