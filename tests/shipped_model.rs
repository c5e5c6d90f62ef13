//! The trained model that is shipped does what its card says, and a run can be exported as it was.

use serde_json::Value;
use std::path::{Path, PathBuf};
use stories::{Run, SMALL, printed, text, trainer, workspace};

/// The card's figures are rounded to the last digit of what `trainer eval` prints; other processors round otherwise.
const OF_A_FIGURE: f64 = 2e-3;
/// What is promised of every parameter, per cent.
const COVERAGE: std::ops::RangeInclusive<f64> = 87.0..=93.0;

fn evaluate(model: &Path, more: &[&std::ffi::OsStr]) -> Value {
    let mut command = trainer();
    command.arg("eval").arg(model).arg("--json").args(more);
    let (stdout, stderr) = printed(&command.output().unwrap());
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"))
}

fn shipped() -> PathBuf {
    workspace().join("models/s2_midlatitude")
}

#[test]
fn the_card_holds_what_the_weights_do() {
    let report = evaluate(&shipped(), &[]);
    assert_eq!(report["samples"], 8192);
    let card = text(&shipped().join("README.md"));
    let mut rows = 0;
    for (name, found) in report["recovery"].as_object().unwrap() {
        let line = card
            .lines()
            .find(|line| line.starts_with(&format!("| {name} |")))
            .unwrap_or_else(|| panic!("{name} is not in the card"));
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let figure = |k: usize| cells[k].parse::<f64>().unwrap();
        let of = |key: &str| found[key].as_f64().unwrap();
        let near = |a: f64, b: f64, scale: f64| (a - b).abs() <= OF_A_FIGURE * scale.max(0.05);
        let rmse = of("rmse");
        assert!(near(figure(5), of("r2"), 1.0), "{line}: R² {}", of("r2"));
        assert!(near(figure(6), rmse, rmse), "{line}: RMSE {rmse}");
        assert!(
            near(figure(7), of("bias"), rmse),
            "{line}: bias {}",
            of("bias")
        );
        let coverage = 100.0 * of("coverage_90");
        assert!((figure(8) - coverage).abs() < 0.3, "{line}: {coverage} %");
        assert!(COVERAGE.contains(&coverage), "{name}: {coverage} %");
        rows += 1;
    }
    assert_eq!(rows, 12);
    let bytes = |path: &str| std::fs::metadata(shipped().join(path)).unwrap().len();
    assert!(bytes("checkpoints/best.safetensors") < 1_000_000);
    let config: Value = serde_json::from_str(&text(&shipped().join("config.json"))).unwrap();
    assert_eq!(config["physics"]["tables"], Value::Null);
    assert_eq!(config["data"]["source"], "synthetic");
}

#[test]
fn a_table_of_ones_own_is_inferred_under_its_own_angles() {
    let folder = tempfile::tempdir().unwrap();
    let (table, traits) = (folder.path().join("x.csv"), folder.path().join("t.csv"));
    let spectrum = "0.02,0.04,0.025,0.07,0.2,0.26,0.28,0.3,0.14,0.07";
    std::fs::write(
        &table,
        format!(
            "B02,B03,B04,B05,B06,B07,B08,B8A,B11,B12,tts,tto,psi\n{spectrum},30,5,60\n{spectrum},60,5,60\n"
        ),
    )
    .unwrap();
    let arguments = ["--data".as_ref(), table.as_os_str()];
    let parameters = ["--parameters".as_ref(), traits.as_os_str()];
    let report = evaluate(&shipped(), &[arguments, parameters].concat());
    assert_eq!(report["samples"], 2);
    let rows: Vec<Vec<f64>> = text(&traits)
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|v| v.parse().unwrap()).collect())
        .collect();
    assert_eq!((rows.len(), rows[0].len()), (2, 4 * 12));
    assert_ne!(rows[0], rows[1], "the sun makes no difference");
    for row in &rows {
        for of_parameter in row.chunks_exact(4) {
            let [value, sd, low, high] = of_parameter[..] else {
                unreachable!("chunks of four")
            };
            assert!(low < value && value < high && sd > 0.0);
        }
    }
}

#[test]
fn an_exported_run_evaluates_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let short = ["--epochs", "3", "--set", "phys_vae.epochs_pretrain=1"];
    let angles = [
        "--set",
        "phys_vae.sees_conditions=true",
        "--set",
        "data.geometries={\"latitude\": [35, 60]}",
    ];
    let run = Run::train(folder.path(), &[SMALL.as_slice(), &short, &angles].concat());
    let output = folder.path().join("models/mine");
    let export = || {
        let mut command = trainer();
        command
            .arg("export")
            .arg(&run.path)
            .arg("--output")
            .arg(&output);
        command.output().unwrap()
    };
    let first = export();
    assert!(first.status.success(), "{}", printed(&first).1);
    let (one, other) = (evaluate(&run.path, &[]), evaluate(&output, &[]));
    for key in ["errors", "recovery", "kl_per_dimension", "samples"] {
        assert_eq!(one[key], other[key], "{key}");
    }
    let size = |folder: &Path| {
        let path = folder.join("checkpoints/best.safetensors");
        std::fs::metadata(path).unwrap().len()
    };
    assert!(2 * size(&output) < size(&run.path));
    let config = text(&output.join("config.json"));
    assert!(!config.contains(&*folder.path().to_string_lossy()));
    // nothing is written over
    let again = export();
    assert_eq!(again.status.code(), Some(2));
    let message = printed(&again).1;
    assert!(
        message.contains("a folder that is not there yet"),
        "{message}"
    );
    assert_eq!(text(&output.join("config.json")), config);
}

/// The intervals of refined estimates hold as well, and the physics comes closer to the spectra.
#[test]
fn refined_intervals_hold() {
    let report = evaluate(&shipped(), &["--refine".as_ref(), "3".as_ref()]);
    let (before, after) = (
        &report["refinement"]["before"],
        &report["refinement"]["after"],
    );
    for key in ["mse_physics", "rmse_physics"] {
        let of = |side: &Value| side["errors"][key].as_f64().unwrap();
        assert!(
            of(after) < 0.7 * of(before),
            "{key}: {} {}",
            of(before),
            of(after)
        );
    }
    let recovery = after["recovery"].as_object().unwrap();
    assert_eq!(recovery.len(), 12);
    for (name, found) in recovery {
        let held = 100.0 * found["coverage_90"].as_f64().unwrap();
        assert!(COVERAGE.contains(&held), "{name}: {held} %");
    }
}
