//! `trainer simulate` against the golden spectra of published INFORM.

use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use stories::{json, printed, text, trainer, workspace};

/// Both in double precision, printed with all digits.
const BANDS_F64: f64 = 1e-10;
/// Relative to the largest of the column over bands.
const JACOBIAN_F64: f64 = 1e-8;
/// Single precision, see the physics crate's own tests.
const BANDS_F32: f64 = 5e-6;
/// As above.
const JACOBIAN_F32: f64 = 3e-4;

const FREE: [&str; 7] = ["N", "cab", "cw", "cm", "LAI", "LAIu", "fc"];

fn golden() -> Value {
    json(&workspace().join("tests/golden/inform_published_s2.json"))
}

/// The golden parameters as a user's table; cd and h follow from fc there.
fn table(golden: &Value) -> String {
    let names = [
        "N", "cab", "cw", "cm", "LAI", "LAIu", "fc", "tts", "tto", "psi", "hspot", "psoil", "car",
        "anth", "cbrown", "sd", "lidf",
    ];
    let mut out = names.join(",") + "\n";
    for row in 0..golden["bands_s2a"].as_array().unwrap().len() {
        let cells = names.map(|name| match &golden["params"][name][row] {
            Value::String(text) => text.clone(),
            number => number.to_string(),
        });
        let _ = writeln!(out, "{}", cells.join(","));
    }
    out
}

fn simulate(folder: &Path, more: &[&str]) -> (Vec<String>, Vec<Vec<f64>>) {
    let (params, output) = (folder.join("in.csv"), folder.join("out.csv"));
    let done = trainer()
        .arg("simulate")
        .arg("--params")
        .arg(&params)
        .arg("--output")
        .arg(&output)
        .arg("--overwrite")
        .args(more)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", printed(&done).1);
    let text = text(&output);
    let mut lines = text.lines();
    let header = lines
        .next()
        .unwrap()
        .split(',')
        .map(str::to_owned)
        .collect();
    let rows = lines
        .map(|l| l.split(',').map(|v| v.parse().unwrap()).collect())
        .collect();
    (header, rows)
}

fn matrix(value: &Value) -> Vec<Vec<f64>> {
    serde_json::from_value(value.clone()).unwrap()
}

#[test]
fn bands_and_jacobian_are_the_golden_ones() {
    let golden = golden();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in.csv"), table(&golden)).unwrap();
    let expected_a = matrix(&golden["bands_s2a"]);
    let jacobian: Vec<Vec<Vec<f64>>> =
        serde_json::from_value(golden["jacobian_s2a"].clone()).unwrap();

    for (precision, bands_tolerance, jacobian_tolerance) in [
        ("f64", BANDS_F64, JACOBIAN_F64),
        ("f32", BANDS_F32, JACOBIAN_F32),
    ] {
        let (header, rows) = simulate(folder.path(), &["--precision", precision, "--jacobian"]);
        assert_eq!(header.len(), 13 + 13 * 7);
        assert_eq!((header[0].as_str(), header[12].as_str()), ("B01", "B12"));
        assert_eq!(
            (header[13].as_str(), header[103].as_str()),
            ("d_B01_d_N", "d_B12_d_fc")
        );
        let (mut worst_band, mut worst_jacobian) = (0.0_f64, 0.0_f64);
        for ((row, bands), jacobian) in rows.iter().zip(&expected_a).zip(&jacobian) {
            for (a, b) in row.iter().zip(bands) {
                worst_band = worst_band.max((a - b).abs());
            }
            for k in 0..FREE.len() {
                let largest = jacobian
                    .iter()
                    .map(|band| band[k].abs())
                    .fold(0.0, f64::max);
                for (band, expected) in jacobian.iter().enumerate() {
                    let found = row[13 + band * FREE.len() + k];
                    worst_jacobian = worst_jacobian.max((found - expected[k]).abs() / largest);
                }
            }
        }
        println!("simulate {precision}: bands {worst_band:.1e}, Jacobian {worst_jacobian:.1e}");
        assert!(worst_band <= bands_tolerance && worst_jacobian <= jacobian_tolerance);
    }

    let (_, rows) = simulate(folder.path(), &["--precision", "f64", "--sensor", "s2b"]);
    for (row, bands) in rows.iter().zip(matrix(&golden["bands_s2b"])) {
        for (a, b) in row.iter().zip(bands) {
            assert!((a - b).abs() <= BANDS_F64);
        }
    }
}

#[test]
fn bad_tables_of_parameters_are_refused() {
    let good = "N,cab,cw,cm,LAI,LAIu,fc\n1.5,40,0.01,0.01,3,0.5,0.7\n";
    for (name, table) in [
        ("unknown_column", good.replace("cab", "chl")),
        (
            "missing_column",
            good.replace(",fc", "").replace(",0.7", ""),
        ),
        ("text", good.replace("0.5", "some")),
        ("out_of_range", good.replace("1.5", "0.5")),
        ("ragged", good.replace(",0.7", "")),
        ("no_rows", good[..good.find('\n').unwrap()].to_owned()),
        (
            "leaf_angle",
            "N,cab,cw,cm,LAI,LAIu,fc,lidf\n1.5,40,0.01,0.01,3,0.5,0.7,planophil\n".to_owned(),
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("in.csv"), table).unwrap();
        let output = trainer()
            .args(["simulate", "--params", "in.csv", "--output", "out.csv"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(!folder.path().join("out.csv").exists(), "{name}");
        insta::assert_snapshot!(name, printed(&output).1);
    }
}

/// A band whose table has a row every 10 nm where it is broad and every nm at its edge: the value of the same response
/// with a row for every nm, from which that of the rows alone (0.05597) is far.
#[test]
fn response_functions_on_an_uneven_grid() {
    let edge = |rows: &mut dyn Iterator<Item = u32>| {
        rows.fold("wavelength_nm,edge\n".to_owned(), |text, nm| {
            text + &format!("{nm},1\n")
        })
    };
    let uneven = edge(&mut (650..=700).chain((710..=740).step_by(10)));
    let dense = edge(&mut (650..=740));
    let mut found = vec![];
    for table in [uneven, dense] {
        let folder = tempfile::tempdir().unwrap();
        let sensor = folder.path().join("srf.csv");
        std::fs::write(&sensor, table).unwrap();
        let params = "N,cab,cw,cm,LAI,LAIu,fc,tts,tto,psi\n1.5,40,0.01,0.009,3,0.5,0.8,30,10,0\n";
        std::fs::write(folder.path().join("in.csv"), params).unwrap();
        let (header, rows) = simulate(folder.path(), &["--sensor", sensor.to_str().unwrap()]);
        assert_eq!(header, ["edge"]);
        found.push(rows[0][0]);
    }
    assert!((found[0] - found[1]).abs() < 1e-6, "{found:?}");
    assert!((found[0] - 0.08998).abs() < 5e-6, "{found:?}");
}
