//! Writing files that are either complete or not there.

use crate::{DataError, LabelColumn, Table};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes into `<path>.tmp`, syncs, renames to `path` and syncs the folder: at any moment `path` is the old
/// file or the whole new one.
pub(crate) fn write_atomically(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), DataError> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let temporary = PathBuf::from(temporary);
    let write = || {
        let mut file = BufWriter::new(File::create(&temporary)?);
        content(&mut file)?;
        file.flush()?;
        file.get_ref().sync_all()?;
        fs::rename(&temporary, path)?;
        sync_folder(path)
    };
    write().map_err(|source| {
        // the first error is the one to report; a leftover is harmless
        let _ = fs::remove_file(&temporary);
        DataError::Write {
            path: path.into(),
            source,
        }
    })
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if folder != Path::new("") => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    // folders cannot be opened as files here; the rename itself is all there is
    Ok(())
}

/// Writes a table as CSV: the channels, the conditions, the truth, then class, `sample_id` and date, as
/// far as known; numbers with the digits needed to read them back exactly.
///
/// # Errors
/// The file cannot be written.
pub fn write_csv(table: &Table, path: &Path) -> Result<(), DataError> {
    write_atomically(path, |file| {
        let mut csv = csv::Writer::from_writer(file);
        let numbers = [table.conditions(), table.truth()];
        let numbers = || numbers.iter().flatten();
        let labels: Vec<(&str, &LabelColumn)> = table.labels().named().collect();
        let names = table.channels().iter().map(String::as_str);
        let names =
            names.chain(numbers().flat_map(|columns| columns.names().iter().map(String::as_str)));
        csv.write_record(names.chain(labels.iter().map(|(name, _)| *name)))?;
        for (row, channels) in table.values().rows().into_iter().enumerate() {
            for value in channels {
                csv.write_field(value.to_string())?;
            }
            for columns in numbers() {
                for value in columns.values().row(row) {
                    // an unknown truth is an empty cell
                    let known = (!value.is_nan()).then(|| value.to_string());
                    csv.write_field(known.unwrap_or_default())?;
                }
            }
            for (_, column) in &labels {
                csv.write_field(column.get(row).unwrap_or_default())?;
            }
            csv.write_record(None::<&[u8]>)?;
        }
        csv.flush()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write_atomically(&path, |file| file.write_all(b"old")).unwrap();
        let failed = write_atomically(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("disk full"))
        });
        assert!(failed.unwrap_err().to_string().starts_with("cannot write"));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write_atomically(&folder.path().join("no/such/folder"), |_| Ok(())).is_err());
    }
}
