//! A small physical model and a place for files.

#![allow(dead_code)] // each test file uses its part

use data::{
    CheckedLayout, DataError, ReadReport, SplitPaths, StandardizationSource, Table, TableLayout,
    Values, read_table,
};
use ndarray::{ArrayView2, ArrayViewMut2, ArrayViewMut3};
use physics::{ForwardModel, PhysicsError, Quantity};
use std::io::Write;
use std::path::{Path, PathBuf};

pub fn quantity(name: &str, unit: &str, min: f64, max: f64, default: f64) -> Quantity {
    Quantity {
        name: name.into(),
        unit: unit.into(),
        min,
        max,
        default,
    }
}

/// Two parameters, three bands: R = (a, b/10, a·b/10).
pub struct Toy {
    parameters: Vec<Quantity>,
    conditions: Vec<Quantity>,
    outputs: Vec<String>,
}

impl Toy {
    pub fn new() -> Self {
        Self {
            parameters: vec![
                quantity("a", "1", 0.0, 1.0, 0.5),
                quantity("b", "1", 0.0, 5.0, 1.0),
            ],
            conditions: vec![
                quantity("tts", "deg", 0.0, 80.0, 30.0),
                quantity("tto", "deg", 0.0, 80.0, 0.0),
                quantity("psi", "deg", 0.0, 180.0, 0.0),
            ],
            outputs: vec!["B02_BLUE".into(), "B04_RED".into(), "B08_NIR1".into()],
        }
    }
}

impl ForwardModel for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }

    fn parameters(&self) -> &[Quantity] {
        &self.parameters
    }

    fn conditions(&self) -> &[Quantity] {
        &self.conditions
    }

    fn outputs(&self) -> &[String] {
        &self.outputs
    }

    fn output_unit(&self) -> &'static str {
        "reflectance"
    }

    fn compute(
        &self,
        parameters: ArrayView2<f64>,
        _conditions: Option<ArrayView2<f64>>,
        mut values: ArrayViewMut2<f64>,
        jacobian: Option<ArrayViewMut3<f64>>,
    ) -> Result<(), PhysicsError> {
        assert!(jacobian.is_none(), "the data crate takes values only");
        for (p, mut r) in parameters.rows().into_iter().zip(values.rows_mut()) {
            let (a, b) = (p[0], p[1]);
            r.assign(&ndarray::arr1(&[a, b / 10.0, a * b / 10.0]));
        }
        Ok(())
    }
}

pub fn layout(columns: &[&str], values: Values) -> TableLayout {
    TableLayout::new(
        columns.iter().map(|&column| column.into()).collect(),
        values,
    )
}

pub fn check(layout: TableLayout) -> CheckedLayout {
    let toy = Toy::new();
    layout.check(toy.conditions(), toy.parameters()).unwrap()
}

/// A folder with one file in it.
pub struct File {
    folder: tempfile::TempDir,
}

impl File {
    pub fn new(content: impl AsRef<[u8]>) -> Self {
        let file = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        std::fs::write(file.path(), content).unwrap();
        file
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("table.csv")
    }
}

pub fn read(
    content: impl AsRef<[u8]>,
    layout: TableLayout,
) -> Result<(Table, ReadReport), DataError> {
    read_table(&File::new(content).path(), &check(layout))
}

/// The error's text from the file's name on.
pub fn message(content: impl AsRef<[u8]>, layout: TableLayout) -> String {
    let text = read(content, layout).unwrap_err().to_string();
    text[text.find("table.csv").unwrap_or(0)..].to_string()
}

/// Published data that are not part of this repository, or `None` with a visible note.
pub fn published(name: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    // not eprintln, which the test runner hides for a test that passes; one write, so that threads do not mix
    let note = format!("SKIPPED: ../shared/data/{name} not found\n");
    let _ = std::io::stderr().write_all(note.as_bytes());
    None
}

/// The three files of such a folder.
pub fn paths(folder: &Path) -> SplitPaths {
    let [train, valid, test] = ["train.csv", "valid.csv", "test.csv"].map(|name| folder.join(name));
    SplitPaths { train, valid, test }
}

/// The mean and scale in such a folder.
pub fn mean_and_scale(folder: &Path) -> StandardizationSource {
    StandardizationSource::Files {
        mean: folder.join("train_x_mean.npy"),
        scale: folder.join("train_x_scale.npy"),
    }
}
