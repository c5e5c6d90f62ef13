//! What NumPy and PyArrow write is read here, and what is written here they read.
//!
//! Needs `python3` with `venv` and, the first time, PyPI; says so and passes where they are absent.

use ndarray::Array2;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use tabular::{OutputColumn, Wanted};

/// A Python with pyarrow and numpy, made once below the target folder.
fn python() -> Option<&'static Path> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    PYTHON
        .get_or_init(|| {
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tabular-venv");
            let python = folder.join("bin/python");
            let succeeds =
                |command: &mut Command| command.output().is_ok_and(|o| o.status.success());
            let works =
                || succeeds(Command::new(&python).args(["-c", "import pyarrow.parquet, numpy"]));
            if !works() {
                let made = succeeds(Command::new("python3").args(["-m", "venv"]).arg(&folder));
                let pip = ["-m", "pip", "install", "-q", "pyarrow", "numpy"];
                let installed = made && succeeds(Command::new(&python).args(pip));
                if !installed || !works() {
                    eprintln!("skipped: no python3 with pyarrow and numpy, and none could be made");
                    return None;
                }
            }
            Some(python)
        })
        .as_deref()
}

fn run(python: &Path, folder: &Path, code: &str) -> String {
    let output = Command::new(python)
        .current_dir(folder)
        .args(["-c", code])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn parquet_of_pyarrow() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    run(
        python,
        folder.path(),
        r#"
import pyarrow as pa, pyarrow.parquet as pq, datetime as dt, decimal
n = 1000
def col(f): return [None if i % 7 == 3 else f(i) for i in range(n)]
D = decimal.Decimal
types = {
  "i8": pa.int8(), "i16": pa.int16(), "i32": pa.int32(), "i64": pa.int64(),
  "u8": pa.uint8(), "u16": pa.uint16(), "u32": pa.uint32(), "u64": pa.uint64(),
  "f32": pa.float32(), "f64": pa.float64(), "f16": pa.float16(),
}
cols = {k: pa.array(col(lambda i: i % 100), pa.int64()).cast(t) for k, t in types.items() if k != "f16"}
import numpy as np
cols["f16"] = pa.array(col(lambda i: np.float16(i % 100)), pa.float16())
cols["u64big"] = pa.array([2**64 - 1] * n, pa.uint64())
cols["bool"] = pa.array(col(lambda i: i % 2 == 0))
cols["dec"] = pa.array(col(lambda i: D(i) / 100), pa.decimal128(10, 2))
cols["dec9"] = pa.array(col(lambda i: D(-i) / 100), pa.decimal128(7, 2))
cols["text"] = pa.array(col(lambda i: f"plot {i % 5}"))
cols["cat"] = pa.array(col(lambda i: f"c{i % 3}")).dictionary_encode()
cols["date"] = pa.array(col(lambda i: dt.date(2024, 1, 1) + dt.timedelta(i)))
cols["utc"] = pa.array(col(lambda i: dt.datetime(2024, 1, 1, 10, tzinfo=dt.timezone.utc)), pa.timestamp("us", tz="UTC"))
cols["local"] = pa.array(col(lambda i: dt.datetime(2024, 1, 1, 10, 30)), pa.timestamp("ms"))
cols["ns"] = pa.array(col(lambda i: dt.datetime(2024, 1, 1, 10)), pa.timestamp("ns"))
cols["required"] = pa.array([float(i) for i in range(n)])
cols["list"] = pa.array([[1.0]] * n)
cols["struct"] = pa.array([{"x": 1}] * n)
cols["time"] = pa.array([dt.time(1)] * n)
schema = pa.schema([pa.field(k, v.type, nullable=k != "required") for k, v in cols.items()])
t = pa.table(list(cols.values()), schema=schema)
for c in ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]:
  for v in ["1.0", "2.0"]:
    for d in [True, False]:
      pq.write_table(t, f"{c}{v}{d}.parquet", compression=c, row_group_size=300, data_page_version=v, use_dictionary=d, data_page_size=512)
pq.write_table(t.select(["ns", "i32"]), "int96.parquet", use_deprecated_int96_timestamps=True)
s = t.select(["f32", "i64", "f64"])
pq.write_table(s, "split.parquet", use_dictionary=False, column_encoding={"f32": "BYTE_STREAM_SPLIT", "i64": "DELTA_BINARY_PACKED", "f64": "PLAIN"})
"#,
    );
    let same = [
        "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64", "f16",
    ];
    let kept = [
        "text", "cat", "date", "utc", "local", "ns", "dec", "i32", "f32", "bool", "u64big", "dec9",
    ];
    let mut wanted = Wanted::numbers(same.into_iter().chain(["bool", "dec", "dec9", "required"]));
    wanted.kept = kept.map(String::from).into();
    for codec in ["none", "snappy", "gzip", "zstd", "lz4"] {
        for rest in ["1.0True", "1.0False", "2.0True", "2.0False"] {
            let path = folder.path().join(format!("{codec}{rest}.parquet"));
            let mut table = tabular::open(&path, &wanted).unwrap();
            assert_eq!(table.total_rows(), Some(1000));
            let mut row = 0;
            while let Some(block) = table.next_block(77).unwrap() {
                for at in 0..block.rows() {
                    let null = row % 7 == 3;
                    let or_nan = |value: f64| if null { f64::NAN } else { value };
                    let mut expected = vec![or_nan(f64::from(row % 100)); same.len()];
                    expected.push(or_nan(f64::from((row + 1) % 2)));
                    expected.extend([
                        or_nan(f64::from(row) / 100.0),
                        or_nan(-f64::from(row) / 100.0),
                        f64::from(row),
                    ]);
                    for (found, expected) in block.numbers.row(at).iter().zip(&expected) {
                        let same = found == expected || (found.is_nan() && expected.is_nan());
                        assert!(same, "{codec}{rest}, row {row}: {found}, not {expected}");
                    }
                    let texts: Vec<&str> =
                        block.kept.iter().map(|texts| texts[at].as_str()).collect();
                    if null {
                        assert_eq!(
                            texts,
                            [
                                "",
                                "",
                                "",
                                "",
                                "",
                                "",
                                "",
                                "",
                                "",
                                "",
                                "18446744073709551615",
                                ""
                            ]
                        );
                    } else if row == 205 {
                        assert_eq!(
                            texts,
                            [
                                "plot 0",
                                "c1",
                                "2024-07-24",
                                "2024-01-01T10:00:00Z",
                                "2024-01-01T10:30:00",
                                "2024-01-01T10:00:00",
                                "2.05",
                                "5",
                                "5",
                                "false",
                                "18446744073709551615",
                                "-2.05",
                            ]
                        );
                    }
                    row += 1;
                }
            }
            assert_eq!(row, 1000);
        }
    }
    let path = folder.path().join("int96.parquet");
    let wanted = Wanted {
        kept: vec!["ns".into()],
        ..Wanted::numbers(["i32"])
    };
    let block = tabular::open(&path, &wanted)
        .unwrap()
        .next_block(1)
        .unwrap()
        .unwrap();
    assert_eq!(block.kept[0][0], "2024-01-01T10:00:00");
    let path = folder.path().join("split.parquet");
    let block = tabular::open(&path, &Wanted::numbers(["f32", "i64", "f64"]))
        .unwrap()
        .next_block(150)
        .unwrap()
        .unwrap();
    assert_eq!(block.numbers.row(149).to_vec(), [49.0; 3]);

    let path = folder.path().join("none1.0True.parquet");
    for (column, message) in [
        (
            "list",
            "the column \"list\" is nested (a list, map or structure), expected a column with one value in each row",
        ),
        (
            "struct",
            "the column \"struct\" is nested (a list, map or structure), expected a column with one value in each row",
        ),
        ("date", "the column \"date\" is a date, expected numbers"),
    ] {
        let error = tabular::open(&path, &Wanted::numbers([column]))
            .err()
            .unwrap()
            .to_string();
        assert_eq!(error, format!("{}: {message}", path.display()));
    }
    assert!(tabular::open(&path, &Wanted::numbers(["time"])).is_err());
    let path = folder.path().join("brotli1.0True.parquet");
    let error = tabular::open(&path, &Wanted::numbers(["i32"]))
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.ends_with(
            "column \"i32\" compressed by brotli, expected snappy, gzip, lz4, zstd or none"
        ),
        "{error}"
    );
}

#[test]
fn arrays_of_numpy() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    run(
        python,
        folder.path(),
        r#"
import numpy as np
a = np.arange(3000).reshape(1000, 3) % 100
for d in ["?", "i1", "u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8"]:
  for o in "CF":
    for v in [(1, 0), (2, 0), (3, 0)]:
      with open(f"{d.strip('<').replace('?', 'b')}-{o}-{v[0]}.npy", "wb") as f:
        np.lib.format.write_array(f, np.asarray(a, d, order=o), version=v)
"#,
    );
    let mut files = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let wanted = Wanted {
            kept: vec!["1".into()],
            ..Wanted::numbers(["2", "0"])
        };
        let mut table = tabular::open(&path, &wanted).unwrap();
        assert_eq!(table.skip_rows(10).unwrap(), 10);
        let mut row = 10;
        while let Some(block) = table.next_block(99).unwrap() {
            for at in 0..block.rows() {
                let value = |column: usize| {
                    let value = (row * 3 + column) % 100;
                    if name.starts_with('b') {
                        usize::from(value != 0)
                    } else {
                        value
                    }
                };
                assert_eq!(
                    block.numbers.row(at).to_vec(),
                    [value(2) as f64, value(0) as f64],
                    "{name}"
                );
                assert_eq!(block.kept[0][at], value(1).to_string(), "{name}");
                row += 1;
            }
        }
        assert_eq!(row, 1000);
        files += 1;
    }
    assert_eq!(files, 72);
}

#[test]
fn what_is_written_here() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let columns = [("LAI", "m2/m2"), ("N", "1")].map(|(name, unit)| OutputColumn {
        name: name.into(),
        unit: unit.into(),
        description: format!("what {name} is"),
    });
    let values = Array2::from_shape_fn((70_000, 2), |(r, c)| {
        if r % 5 == c { f32::NAN } else { r as f32 * 0.1 }
    });
    let texts = vec![
        (0..70_000)
            .map(|i| {
                if i == 2 {
                    String::new()
                } else {
                    format!("plöt {i}")
                }
            })
            .collect(),
    ];
    for (name, kept) in [("a.parquet", vec!["plot".to_owned()]), ("a.npy", vec![])] {
        let mut writer = tabular::create(&folder.path().join(name), &kept, &columns).unwrap();
        writer
            .append(if kept.is_empty() { &[] } else { &texts }, values.view())
            .unwrap();
        writer.finish().unwrap();
    }
    let said = run(
        python,
        folder.path(),
        r#"
import numpy as np, pyarrow.parquet as pq, json
a = np.load("a.npy")
t = pq.read_table("a.parquet")
f = pq.ParquetFile("a.parquet")
r = np.arange(70000).astype("f4") * np.float32(0.1)
e = np.stack([np.where(np.arange(70000) % 5 == c, np.float32(np.nan), r) for c in (0, 1)], 1)
assert a.dtype == np.float32 and np.array_equal(a, e, equal_nan=True)
for i, c in enumerate(["LAI", "N"]):
  assert str(t.schema.field(c).type) == "float" and t[c].null_count == 14000
  assert np.array_equal(t[c].to_numpy(), e[:, i], equal_nan=True)
p = t["plot"].to_pylist()
assert p == [None if i == 2 else f"plöt {i}" for i in range(70000)]
assert json.loads(f.metadata.metadata[b"columns"]) == json.load(open("a.npy.columns.json"))
print([f.metadata.row_group(i).num_rows for i in range(f.num_row_groups)], json.load(open("a.npy.columns.json"))[0])
"#,
    );
    assert_eq!(
        said.trim(),
        "[65536, 4464] {'name': 'LAI', 'unit': 'm2/m2', 'description': 'what LAI is'}"
    );
}
