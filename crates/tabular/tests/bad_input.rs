//! What is said about tables that cannot be read, and that nothing worse happens.

use ndarray::Array2;
use proptest::prelude::*;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use tabular::{OutputColumn, TabularError, Wanted};

/// The errors of reading a whole file, without the path of its folder.
fn failure(name: &str, bytes: &[u8], wanted: &Wanted) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let error = read_through(&path, wanted).expect_err("an error");
    let prefix = format!("{}{}", folder.path().display(), std::path::MAIN_SEPARATOR);
    error.to_string().replace(&prefix, "")
}

fn read_through(path: &Path, wanted: &Wanted) -> Result<u64, TabularError> {
    let mut table = tabular::open(path, wanted)?;
    let mut rows = 0;
    while let Some(block) = table.next_block(7)? {
        rows += block.rows() as u64;
    }
    Ok(rows)
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn csv() {
    let b = Wanted::numbers(["b"]);
    for (text, message) in [
        (
            "a,b\n1,2\n\n3,x4\n",
            "t.csv, line 4, column \"b\": \"x4\" is not a number, expected a decimal number such as 0.25 or 1e-3, or an empty cell",
        ),
        (
            "\u{feff}b,a\n\"x\ny\",2\n",
            "t.csv, line 2, column \"b\": \"x\\ny\" is not a number, expected a decimal number such as 0.25 or 1e-3, or an empty cell",
        ),
        (
            "a,\"c\"\n",
            "t.csv: no column \"b\"; the columns are [\"a\", \"c\"]",
        ),
        (
            "a,b,b\n1,2,3\n",
            "t.csv: the column \"b\" occurs 2 times, expected once",
        ),
        (
            "a,b\n1,2\n1\n",
            "t.csv, line 3: 1 fields, expected 2 as in the header",
        ),
        (
            "",
            "t.csv: the file is empty, expected a header line with column names",
        ),
        (
            "\n\n",
            "t.csv: the file is empty, expected a header line with column names",
        ),
        (
            "a;b\n1;2\n",
            "t.csv, line 1: the columns are separated by ';', expected commas (and decimal points)",
        ),
    ] {
        assert_eq!(failure("t.csv", text.as_bytes(), &b), message);
    }
    let bytes = b"a,b\n1,2\n1,\xff\n";
    let message = "t.csv, line 3: not UTF-8 text; save the table as CSV in UTF-8";
    assert_eq!(failure("t.csv", bytes, &b), message);
    let mut open = "a,b\n1,2\n1,\"".to_owned();
    while open.len() < 3_000_000 {
        writeln!(open, "1,2").unwrap();
    }
    let message =
        "t.csv, line 3: the row is longer than 1048576 bytes; is a quotation mark left open?";
    assert_eq!(failure("t.csv", open.as_bytes(), &b), message);
}

#[test]
fn a_reader_that_failed_stays_failed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, "b\n1\nx\n2\n").unwrap();
    let mut table = tabular::open(&path, &Wanted::numbers(["b"])).unwrap();
    assert_eq!(table.next_block(1).unwrap().unwrap().numbers[(0, 0)], 1.0);
    assert!(matches!(
        table.next_block(1),
        Err(TabularError::NotANumber { .. })
    ));
    assert!(matches!(
        table.next_block(1),
        Err(TabularError::Failed { .. })
    ));
}

#[test]
fn what_is_asked_for() {
    let b = Wanted::numbers(["b"]);
    assert_eq!(
        failure("t.txt", b"b\n1\n", &b),
        "t.txt: unknown table format, expected a file name that ends in .csv, .parquet or .npy"
    );
    assert_eq!(
        failure("t.csv", b"b\n1\n", &Wanted::default()),
        "t.csv: no column is wanted, expected at least 1"
    );
    let error = tabular::column_names(Path::new("absent.npy")).unwrap_err();
    assert_eq!(error.to_string(), "cannot read absent.npy");
    let column = |name: &str| OutputColumn {
        name: name.into(),
        unit: String::new(),
        description: String::new(),
    };
    for (kept, columns, message) in [
        (
            names(&["a"]),
            vec![column("a")],
            "o.csv: the column \"a\" occurs 2 times, expected once",
        ),
        (
            vec![],
            vec![],
            "the number of columns to write is 0, expected 1",
        ),
    ] {
        let error = tabular::create(Path::new("o.csv"), &kept, &columns)
            .err()
            .unwrap();
        assert_eq!(error.to_string(), message);
    }
    let error = tabular::create(Path::new("o.npy"), &names(&["id"]), &[column("a")])
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "o.npy: a .npy file holds numbers only, it cannot carry the columns [\"id\"]; write .csv or .parquet"
    );
}

/// A sound file of 20 rows of 3 columns `a`, `b`, `c`, with text `plot` where it can be.
fn sound(folder: &Path, ending: &str) -> PathBuf {
    let path = folder.join(format!("t.{ending}"));
    let columns: Vec<_> = ["a", "b", "c"]
        .map(|name| OutputColumn {
            name: name.into(),
            unit: "1".into(),
            description: String::new(),
        })
        .into();
    let kept = if ending == "npy" {
        vec![]
    } else {
        names(&["plot"])
    };
    let mut writer = tabular::create(&path, &kept, &columns).unwrap();
    let texts: Vec<Vec<String>> = kept
        .iter()
        .map(|_| (0..20).map(|i| format!("p{}", i % 3)).collect())
        .collect();
    let values = Array2::from_shape_fn(
        (20, 3),
        |(r, c)| if r == c { f32::NAN } else { (r * c) as f32 },
    );
    writer.append(&texts, values.view()).unwrap();
    writer.finish().unwrap();
    path
}

#[test]
fn npy() {
    let folder = tempfile::tempdir().unwrap();
    let path = sound(folder.path(), "npy");
    let bytes = std::fs::read(&path).unwrap();
    let first = Wanted::numbers(["0"]);
    assert_eq!(
        failure("t.npy", &bytes[..bytes.len() - 1], &first),
        "t.npy: 367 bytes, but 20 rows of 3 columns take 368"
    );
    assert_eq!(
        failure("t.npy", b"PK\x03\x04", &first),
        "t.npy: not a .npy file, or its header is damaged"
    );
    assert_eq!(
        failure("t.npy", &bytes, &Wanted::numbers(["a"])),
        "t.npy: no column \"a\"; the columns are [\"0\", \"1\", \"2\"]"
    );
    let given = Wanted {
        positions: Some(names(&["x", "y"])),
        ..Wanted::numbers(["x"])
    };
    assert_eq!(
        failure("t.npy", &bytes, &given),
        "t.npy: 3 columns, but 2 names in the given order"
    );
    let given = Wanted {
        positions: Some(names(&["x", "y", "z"])),
        ..Wanted::numbers(["y"])
    };
    assert_eq!(read_through(&path, &given).unwrap(), 20);
    assert_eq!(read_through(&path, &Wanted::numbers(["b"])).unwrap(), 20);
}

#[test]
fn parquet() {
    let b = Wanted::numbers(["b"]);
    assert!(failure("t.parquet", b"PAR1", &b).starts_with("t.parquet: not a sound parquet file: "));
    let folder = tempfile::tempdir().unwrap();
    let path = sound(folder.path(), "parquet");
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(
        failure("t.parquet", &bytes, &Wanted::numbers(["plot"])),
        "t.parquet: the column \"plot\" is text, expected numbers"
    );
    assert_eq!(
        failure("t.parquet", &bytes, &Wanted::numbers(["d"])),
        "t.parquet: no column \"d\"; the columns are [\"plot\", \"a\", \"b\", \"c\"]"
    );
    assert!(
        failure("t.parquet", &bytes[..bytes.len() / 2], &b).contains("not a sound parquet file")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn damaged_bytes_give_an_answer(
        ending in prop::sample::select(vec!["csv", "parquet", "parquet", "parquet", "npy"]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::weighted(0.1, any::<prop::sample::Index>()),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = sound(folder.path(), ending);
        let mut bytes = std::fs::read(&path).unwrap();
        for (place, byte) in &changes {
            let place = place.index(bytes.len());
            bytes[place] = *byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        std::fs::write(&path, &bytes).unwrap();
        let kept = if ending == "npy" { names(&["b"]) } else { names(&["plot", "b"]) };
        // an error or rows, never a panic
        let _ = read_through(&path, &Wanted { kept, ..Wanted::numbers(["a", "c"]) });
    }
}
