//! Names, units and descriptions of columns where a format has no place for them.

use crate::TabularError;
use crate::part_file::{PartFile, with_suffix};
use crate::table::OutputColumn;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Largest such file that is read, bytes.
const LARGEST: u64 = 1 << 24;

/// The file beside a `.npy` table that says what its columns are: `<file>.columns.json`, an array of objects
/// with `name`, `unit` and `description`.
pub fn columns_file(table: &Path) -> PathBuf {
    with_suffix(table, ".columns.json")
}

/// The columns as JSON: the text of that file, and of the parquet metadata `columns`.
pub(crate) fn to_json(columns: &[OutputColumn]) -> String {
    // a struct of strings cannot fail to become JSON
    serde_json::to_string_pretty(columns).unwrap_or_default()
}

/// Writes the file beside `table`.
pub(crate) fn write(table: &Path, columns: &[OutputColumn]) -> Result<(), TabularError> {
    let part = PartFile::create(&columns_file(table))?;
    let mut writer = part.writer()?;
    writeln!(writer, "{}", to_json(columns))
        .and_then(|()| writer.flush())
        .map_err(|e| part.error(e))?;
    part.place()
}

/// The names in the file beside `table`; `None` if there is none.
pub(crate) fn names(table: &Path) -> Result<Option<Vec<String>>, TabularError> {
    let path = columns_file(table);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(TabularError::read(&path, error)),
    };
    let mut text = Vec::new();
    file.take(LARGEST)
        .read_to_end(&mut text)
        .map_err(|e| TabularError::read(&path, e))?;
    let columns: Vec<OutputColumn> = serde_json::from_slice(&text)
        .map_err(|e| TabularError::damaged(&path, format!("not a list of columns: {e}")))?;
    Ok(Some(columns.into_iter().map(|c| c.name).collect()))
}
