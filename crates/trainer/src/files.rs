//! Reading files, with errors that name them.

use crate::TrainerError;
use std::fs::{self, File};
use std::path::Path;

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
