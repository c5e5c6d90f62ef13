//! What the targets share: readers take a path, so that each input becomes a file in memory.

use std::path::PathBuf;

/// A file of this process with these bytes, below /dev/shm where there is one.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    };
    let folder = folder.join(format!("fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("a file can be written");
    path
}

/// Reads bytes as a table of numbers and text, and checks that it gives as many rows as it says.
///
/// The first byte chooses how many rows are read at once, and which columns as text.
pub fn read_table(name: &str, bytes: &[u8]) {
    let Some((&choice, bytes)) = bytes.split_first() else {
        return;
    };
    let path = file(name, bytes);
    let Ok(columns) = tabular::column_names(&path) else {
        return;
    };
    let columns = columns.into_iter().take(8).enumerate();
    let (kept, numbers): (Vec<_>, Vec<_>) = columns.partition(|(at, _)| choice >> at & 1 == 1);
    let names = |columns: Vec<(usize, String)>| columns.into_iter().map(|(_, name)| name).collect();
    let wanted = tabular::Wanted {
        numbers: names(numbers),
        kept: names(kept),
        positions: None,
    };
    let Ok(mut table) = tabular::open(&path, &wanted) else {
        return;
    };
    let expected = table.total_rows();
    let at_once = 1 + usize::from(choice >> 4) * 16;
    let mut rows = 0;
    if choice & 8 != 0 {
        match table.skip_rows(3) {
            Ok(skipped) => rows += skipped,
            Err(_) => return,
        }
    }
    loop {
        match table.next_block(at_once) {
            Ok(Some(block)) => {
                assert_eq!(block.first_row, rows);
                assert!(block.rows() >= 1 && block.rows() <= at_once);
                assert_eq!(block.numbers.ncols(), wanted.numbers.len());
                assert!(block.kept.iter().all(|column| column.len() == block.rows()));
                rows += block.rows() as u64;
            }
            Ok(None) => break,
            Err(_) => return,
        }
        // a page of one value can stand for billions of rows
        if rows > 10_000 {
            return;
        }
    }
    assert!(expected.is_none_or(|expected| expected == rows), "{rows} rows of {expected:?}");
}
