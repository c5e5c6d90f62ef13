//! Thousands of ways to spoil a good configuration and a good table: each is refused with exit code 2 and a message
//! that names its place; none is taken, none ends in a panic.
//!
//! `SPOILT=10000 cargo test -p trainer --test spoilt_input` spoils as many of each.

use data::Standardization;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use trainer::TrainerError;
use trainer::assemble::{check, read_samples};
use trainer::config::{CheckedExperiment, ConfigSource, Overrides, load};

/// Of each kind in an ordinary test run.
const SPOILT: usize = 1500;

fn count() -> usize {
    std::env::var("SPOILT").map_or(SPOILT, |n| n.parse().expect("SPOILT is a number"))
}

/// A linear congruential generator: the same spoilt input everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((self.0 >> 33) % limit as u64) as usize
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    fn word(&mut self) -> String {
        (0..4 + self.below(8))
            .map(|_| char::from(b'a' + self.below(26) as u8))
            .collect()
    }
}

/// Where the values are (JSON pointers), and where the objects.
fn places(value: &Value, at: &str, leaves: &mut Vec<String>, objects: &mut Vec<String>) {
    match value {
        Value::Object(entries) => {
            objects.push(at.to_owned());
            for (key, value) in entries {
                places(value, &format!("{at}/{key}"), leaves, objects);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (i, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{i}"), leaves, objects);
            }
        }
        _ => leaves.push(at.to_owned()),
    }
}

fn checked(path: &Path) -> Result<CheckedExperiment, TrainerError> {
    check(&load(
        &ConfigSource::File(path.into()),
        &Overrides::default(),
    )?)
}

/// A spoilt configuration, and a word that the message must have.
fn spoil(good: &Value, random: &mut Random) -> (String, String) {
    let (mut leaves, mut objects) = (vec![], vec![]);
    places(good, "", &mut leaves, &mut objects);
    let mut bad = good.clone();
    let text = |value: &Value| format!("{value:#}\n");
    let key = |at: &str| {
        let parts = at.split('/').rev();
        let named = parts.filter(|part| part.parse::<usize>().is_err());
        named.take(1).collect::<String>()
    };
    match random.below(5) {
        // a value of another type, or out of every range
        0 => {
            let at = random.of(&leaves);
            let place = bad.pointer_mut(at).expect("it was found there");
            let others = [json!({random.word(): 1}), json!([[random.below(1000)]])];
            *place = match place {
                Value::Number(_) if random.below(3) == 0 => {
                    json!(-1e300 - random.below(1 << 30) as f64 * 1e290)
                }
                Value::Number(_) | Value::Bool(_) if random.below(3) == 0 => json!(random.word()),
                _ => random.of(&others).clone(),
            };
            let key = key(at);
            (text(&bad), key)
        }
        // a key that nobody knows, or a known one misspelt
        1 => {
            let at = random.of(&objects);
            let object = bad.pointer_mut(at).and_then(Value::as_object_mut);
            let object = object.expect("it was found there");
            let word = format!("{}_{}", random.word(), random.below(1000));
            object.insert(word.clone(), json!(random.below(100)));
            (text(&bad), word)
        }
        2 => {
            let at = random.of(&leaves).clone();
            let (parent, last) = at.rsplit_once('/').expect("a pointer");
            match bad.pointer_mut(parent) {
                Some(Value::Object(object)) => {
                    let value = object.remove(last).expect("it was found there");
                    let misspelt = format!("{last}{}", random.word());
                    object.insert(misspelt, value);
                    // unknown as it is, or missing as it was
                    (text(&bad), last.to_owned())
                }
                _ => (text(&bad).replacen('{', "{{", 1), "line".to_owned()),
            }
        }
        // not JSON: cut off, or with a character that has no place there
        3 => {
            let whole = text(good);
            let end = whole.trim_end().len() - 1;
            let cut = 1 + random.below(end - 1);
            (whole[..cut].to_owned(), "line".to_owned())
        }
        _ => {
            let whole = text(good);
            let ends: Vec<usize> = whole.match_indices('\n').map(|(i, _)| i).collect();
            let at = *random.of(&ends[..ends.len() - 1]);
            let noise = *random.of(&["@", "}}", "]]", "\u{0}", "'", "~", "%%"]);
            let spoilt = format!("{}{noise}{}", &whole[..at], &whole[at..]);
            (spoilt, "line".to_owned())
        }
    }
}

#[test]
fn spoilt_configurations_are_refused() {
    let built_in = load(&ConfigSource::BuiltIn, &Overrides::default()).unwrap();
    let good: Value = serde_json::from_str(&check(&built_in).unwrap().to_json()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    fs::write(&path, format!("{good:#}")).unwrap();
    checked(&path).unwrap();

    let mut random = Random(2);
    let mut texts = std::collections::BTreeSet::new();
    while texts.len() < count() {
        let (text, word) = spoil(&good, &mut random);
        if !texts.insert(text.clone()) {
            continue;
        }
        fs::write(&path, &text).unwrap();
        let Err(error) = checked(&path) else {
            panic!("taken, though {word} is wrong:\n{text}");
        };
        assert_eq!(error.exit_code(), 2, "{error}");
        let message = error.to_string();
        assert!(
            message.contains(&word) || (word == "line" && message.contains("config.json:")),
            "no {word} in: {message}"
        );
    }
    println!("{} configurations refused", texts.len());
}

const BANDS: [&str; 11] = [
    "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12",
];

/// A header, and 40 plausible spectra.
fn good_table() -> Vec<Vec<String>> {
    let mut rows = vec![BANDS.map(String::from).to_vec()];
    for row in 0..40 {
        rows.push(
            (0..11)
                .map(|band| {
                    let reflectance = 0.02 + 0.02 * f64::from(band);
                    let scatter = 0.003 * f64::from((row * 7 + band * 3) % 11);
                    format!("{:.4}", reflectance + scatter)
                })
                .collect(),
        );
    }
    rows
}

fn joined(rows: &[Vec<String>], separator: &str) -> Vec<u8> {
    let lines: Vec<String> = rows.iter().map(|row| row.join(separator)).collect();
    (lines.join("\n") + "\n").into_bytes()
}

fn scaled(rows: &mut [Vec<String>], map: impl Fn(f64) -> f64) {
    for cell in rows[1..].iter_mut().flatten() {
        let number: f64 = cell.parse().expect("a number");
        *cell = format!("{}", map(number));
    }
}

/// A spoilt table, and a word that the message must have.
fn spoil_table(random: &mut Random) -> (Vec<u8>, String) {
    let mut rows = good_table();
    let row = 1 + random.below(40);
    let column = random.below(11);
    // the line and the column of a cell
    let place = format!("line {}", row + 1);
    match random.below(9) {
        0 => {
            let word = random.word();
            let cells = [
                "", "NaN", "inf", "-inf", "1e400", "0,1", "--1", "0.1.2", " ", &word,
            ];
            rows[row][column] = (*random.of(&cells)).into();
            (joined(&rows, ","), place)
        }
        1 => {
            let magnitude = (2 + random.below(1_000_000)) as f64;
            let sign = if random.below(2) == 0 { 1.0 } else { -1.0 };
            rows[row][column] = format!("{}", sign * magnitude);
            (joined(&rows, ","), place)
        }
        2 => {
            let more = 1 + random.below(5);
            rows[row].extend((0..more).map(|i| format!("0.{i}")));
            (joined(&rows, ","), place)
        }
        3 => {
            rows[row].truncate(1 + random.below(10));
            (joined(&rows, ","), place)
        }
        // the header
        4 => {
            let band = rows[0][column].clone();
            rows[0][column] = random.word();
            (joined(&rows, ","), band)
        }
        5 => {
            let other = (column + 1 + random.below(10)) % 11;
            let band = rows[0][other].clone();
            rows[0][column].clone_from(&band);
            (joined(&rows, ","), band)
        }
        // the whole table
        6 => {
            let unit = *random.of(&[100.0, 10_000.0]);
            let factor = unit * (1.0 + random.below(400) as f64 / 1000.0);
            scaled(&mut rows, |r| (r * factor).round());
            (joined(&rows, ","), "table.csv".to_owned())
        }
        7 => {
            let separator = *random.of(&[";", "\t", "|", " "]);
            // another table each time
            let shift = random.below(900) as f64 / 1e5;
            scaled(&mut rows, |r| r + shift);
            rows.truncate(2 + random.below(39));
            (joined(&rows, separator), "table.csv".to_owned())
        }
        _ => {
            let mut bytes = joined(&rows, ",");
            let start = rows[0].join(",").len() + 1;
            let at = start + random.below(bytes.len() - start - 1);
            bytes.insert(at, 0x80 + random.below(0x80) as u8);
            (bytes, "table.csv".to_owned())
        }
    }
}

fn experiment(folder: &Path) -> CheckedExperiment {
    let path = folder.join("config.json");
    let config = json!({
        "name": "tables",
        "physics": {"model": "inform", "ranges": {"N": {"min": 1, "max": 3}}},
        "data": {"source": "csv", "dir": ".", "values": "reflectance"},
        "phys_vae": {"no_phy": true, "dim_z_phy": 0, "dim_z_aux": 2, "epochs_pretrain": 0},
        "trainer": {"epochs": 1}
    });
    fs::write(&path, config.to_string()).unwrap();
    checked(&path).unwrap()
}

#[test]
fn spoilt_tables_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let checked = experiment(folder.path());
    let standardization = Standardization::new(vec![0.1; 11], vec![0.1; 11]).unwrap();
    let path: PathBuf = folder.path().join("table.csv");
    let read = || read_samples(&checked, &path, &standardization);
    fs::write(&path, joined(&good_table(), ",")).unwrap();
    assert_eq!(read().unwrap().len(), 40);

    let mut random = Random(3);
    let mut tables = std::collections::BTreeSet::new();
    while tables.len() < count() {
        let (table, word) = spoil_table(&mut random);
        if !tables.insert(table.clone()) {
            continue;
        }
        fs::write(&path, &table).unwrap();
        let Err(error) = read() else {
            panic!("taken:\n{}", String::from_utf8_lossy(&table));
        };
        assert_eq!(error.exit_code(), 2, "{error}");
        let message = error.to_string();
        assert!(
            message.contains(&word) || message.contains(&word.replace("line ", "table.csv:")),
            "no {word} in: {message}"
        );
    }
    println!("{} tables refused", tables.len());
}
