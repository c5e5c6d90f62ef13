//! Observations as users bring them, as tables and rasters, and the few columns that tests look at.

use crate::infer::{CHANNELS, columns, infer};
use crate::scene::{AFFINE, Read};
use std::fmt::Write as _;
use std::path::Path;

/// Reflectance of a forest in the channels of the shipped model.
pub const FOREST: [f64; 10] = [0.02, 0.04, 0.025, 0.07, 0.2, 0.26, 0.28, 0.3, 0.14, 0.07];
/// What is written of it.
pub const FEW: [&str; 4] = ["--write", "median,flags", "--parameters", "LAI,cab"];

/// Rows of a forest, each a little brighter than the one before, with further columns.
pub fn table(rows: usize, header: &str, more: impl Fn(usize) -> String) -> String {
    let mut text = format!("{}{header}\n", CHANNELS.join(","));
    for row in 0..rows {
        let bright = 1.0 + 0.001 * row as f64;
        let cells = FOREST.map(|r| format!("{:.5}", r * bright));
        let _ = writeln!(text, "{}{}", cells.join(","), more(row));
    }
    text
}

/// The columns of LAI, cab and flags of a table.
pub fn estimates(folder: &Path, input: &str, more: &[&str]) -> Vec<(String, Vec<f64>)> {
    let files = ["--input", input, "--output", "o.csv", "--overwrite"];
    infer(folder, &[&files, &FEW[..], more].concat());
    columns(&folder.join("o.csv"))
}

/// A description with the sun of a date.
pub const SUN: &str = r#"{"values": "reflectance", "sun": {"latitude": 48.15, "longitude": 16.1, "time_utc": "10:00"}, "date": "date"}"#;

/// The map of LAI, cab and flags of rasters.
pub fn map(folder: &Path, inputs: &[&str], more: &[&str]) -> Read {
    let mut arguments = vec!["--output", "o.tif", "--overwrite"];
    for input in inputs {
        arguments.extend(["--input", input]);
    }
    infer(folder, &[&arguments[..], &FEW, more].concat());
    Read::of(&folder.join("o.tif"))
}

/// Whether two maps are the same; NaN is like NaN.
pub fn same(a: &Read, b: &Read) -> bool {
    let pairs = || a.bands.iter().zip(&b.bands);
    let alike = |a: &f32, b: &f32| a == b || (a.is_nan() && b.is_nan());
    a.bands.len() == b.bands.len()
        && pairs().all(|(a, b)| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)))
}

/// The flags of a map.
pub fn flags(of: &Read) -> Vec<u8> {
    of.bands[2].iter().map(|v| *v as u8).collect()
}

/// Pixels of so many metres.
pub fn metres(size: f64) -> [f64; 6] {
    [AFFINE[0], size, 0.0, AFFINE[3], 0.0, -size]
}

/// The digital number of a channel of a forest, of baseline 04.00.
pub fn dn(channel: usize, row: usize, col: usize) -> f32 {
    (1000.0 + 1e4 * FOREST[channel] * (1.0 + 0.01 * (row + col) as f64)).round() as f32
}
