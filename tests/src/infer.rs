//! `trainer infer` with the shipped model, and what it wrote.

use crate::{printed, trainer, workspace};
use std::path::Path;
use std::process::{Command, Output};
use tabular::Wanted;

/// The channels of the shipped model, in its order.
pub const CHANNELS: [&str; 10] = [
    "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12",
];

/// `trainer infer models/s2_midlatitude …`, to be started in a folder.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = trainer();
    command
        .arg("infer")
        .arg(workspace().join("models/s2_midlatitude"))
        .args(arguments)
        .current_dir(folder);
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments)
        .output()
        .expect("the trainer starts")
}

/// Infers, which must succeed; what was printed.
pub fn infer(folder: &Path, arguments: &[&str]) -> String {
    infer_and_hear(folder, arguments).0
}

/// Infers, which must succeed; what was printed, and what was said beside it.
pub fn infer_and_hear(folder: &Path, arguments: &[&str]) -> (String, String) {
    let output = run(folder, arguments);
    let (stdout, stderr) = printed(&output);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    (stdout, stderr)
}

/// A file of `tests/golden/observations`.
pub fn observations(name: &str) -> String {
    let path = workspace().join("tests/golden/observations").join(name);
    assert!(path.exists(), "{}", path.display());
    path.display().to_string()
}

/// Names of the files in a folder, sorted.
pub fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = names.map(|it| it.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Expects a refusal with exit code 2 that leaves the folder as it was; the message.
pub fn refused(folder: &Path, arguments: &[&str]) -> String {
    let before = files(folder);
    let output = run(folder, arguments);
    let (stdout, stderr) = printed(&output);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
    assert_eq!(stdout, "");
    assert_eq!(files(folder), before, "{arguments:?} left something behind");
    stderr.replace(&*workspace().to_string_lossy(), "WORKSPACE")
}

/// All columns of numbers of a table: name and values.
pub fn columns(path: &Path) -> Vec<(String, Vec<f64>)> {
    let names = tabular::column_names(path).expect("the table is read");
    let numbers = names.iter().filter(|name| !name.starts_with("kept"));
    let wanted = Wanted::numbers(numbers.cloned());
    let mut reader = tabular::open(path, &wanted).expect("the table is read");
    let mut all: Vec<(String, Vec<f64>)> =
        wanted.numbers.into_iter().map(|it| (it, vec![])).collect();
    while let Some(block) = reader.next_block(10_000).expect("the table is read") {
        for ((_, values), more) in all.iter_mut().zip(block.numbers.columns()) {
            values.extend(more);
        }
    }
    all
}

/// Whether both are the same f32, or both missing.
pub fn same(a: f64, b: f64) -> bool {
    a as f32 == b as f32 || (a.is_nan() && b.is_nan())
}
