//! True values in tables: known of some rows only, in another unit, absurd in one cell.

use std::fmt::Write as _;
use std::path::Path;
use stories::{Run, printed, trainer};

const ROWS: usize = 40;

/// Tables of a few plots; `lai` says what stands in the column of the truth of a row.
fn tables(folder: &Path, lai: &dyn Fn(usize) -> String) {
    let mut text = String::from("B03,B04,B8A,lai,chlorophyll\n");
    for row in 0..ROWS {
        let t = row as f64 / ROWS as f64;
        let wave = (7.0 * t).sin();
        let _ = writeln!(
            text,
            "{:.4},{:.4},{:.4},{},{}",
            0.05 + 0.01 * wave,
            0.04 + 0.02 * t,
            0.3 + 0.1 * wave,
            lai(row),
            if row < 5 {
                format!("{:.1}", 30.0 + t)
            } else {
                String::new()
            }
        );
    }
    for name in ["train.csv", "valid.csv", "test.csv"] {
        std::fs::write(folder.join(name), &text).unwrap();
    }
    let config = serde_json::json!({
        "name": "plots",
        "physics": {"model": "inform", "ranges": {"cab": {"min": 10, "max": 80}, "LAI": {"min": 0.1, "max": 5}}},
        "data": {"source": "csv", "dir": ".", "values": "reflectance", "bands": ["B03", "B04", "B8A"],
                 "truth": {"LAI": "lai", "cab": "chlorophyll"}},
        "phys_vae": {"dim_z_phy": 2, "num_units_feat": 4, "hidlayers_feat": [4], "hidlayers_z_phy": [4],
                     "hidlayers_z_aux": [4], "epochs_pretrain": 1, "kl_warmup_epochs": 1},
        "trainer": {"epochs": 3, "batch_size": 16}
    });
    std::fs::write(folder.join("plots.json"), config.to_string()).unwrap();
}

/// What `trainer train` says of tables that it refuses.
fn refused(folder: &Path, more: &[&str]) -> String {
    let output = trainer()
        .args(["train", "--threads", "1", "--config"])
        .arg(folder.join("plots.json"))
        .args(more)
        .arg("--runs-dir")
        .arg(folder.join("runs"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(!folder.join("runs").exists(), "nothing is left behind");
    printed(&output).1
}

fn measured(row: usize) -> f64 {
    0.5 + 4.0 * row as f64 / ROWS as f64
}

#[test]
fn figures_are_of_the_samples_whose_truth_is_known() {
    let folder = tempfile::tempdir().unwrap();
    // an empty cell and each of the words for one
    let words = ["", "NA", "nan", "null"];
    let lai = |row: usize| {
        if row % 4 == 1 {
            words[(row / 4) % words.len()].to_owned()
        } else {
            format!("{:.2}", measured(row))
        }
    };
    tables(folder.path(), &lai);
    let config = folder.path().join("plots.json");
    let config = config.to_str().unwrap();
    let run = Run::train(
        &folder.path().join("runs"),
        &["--threads", "1", "--config", config],
    );
    let summary = run.summary();
    let (lai, cab) = (&summary["recovery"]["LAI"], &summary["recovery"]["cab"]);
    assert_eq!(lai["samples"], 30);
    assert_eq!(cab["samples"], 5);
    for parameter in [lai, cab] {
        for figure in ["r2", "rmse", "bias", "coverage_90"] {
            assert!(parameter[figure].is_f64(), "{figure}: {parameter}");
        }
    }
    assert!(summary["recovery_mean_r2"].is_f64());
    assert!(run.stdout.contains("samples"), "{}", run.stdout);
    // the report and an evaluation read the same tables
    let report = std::fs::read_to_string(run.path.join("report.html")).unwrap();
    assert!(!report.contains("NaN"));
    let test = folder.path().join("test.csv");
    let output = trainer()
        .arg("eval")
        .arg(&run.path)
        .args(["--json", "--data"])
        .arg(&test)
        .output()
        .unwrap();
    let (stdout, stderr) = printed(&output);
    assert!(output.status.success(), "{stderr}");
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(json["recovery"]["LAI"], *lai);
}

#[test]
fn truth_in_another_unit_is_refused_with_its_likely_cause() {
    let folder = tempfile::tempdir().unwrap();
    let mut tried = 0;
    for factor in [1000.0, 100.0, 10.0, 0.001] {
        tables(folder.path(), &|row| {
            format!("{:.4}", factor * measured(row))
        });
        let message = refused(folder.path(), &[]);
        assert!(
            message.contains("column \"lai\"") && message.contains("another unit"),
            "{message}"
        );
        tried += 1;
    }
    println!("{tried} units refused");
}

#[test]
fn one_absurd_cell_is_named() {
    let folder = tempfile::tempdir().unwrap();
    tables(folder.path(), &|row| {
        let value = if row == 7 { 3153.0 } else { measured(row) };
        format!("{value:.2}")
    });
    let message = refused(folder.path(), &[]);
    assert!(
        message.contains("line 9") && message.contains("LAI = 3153"),
        "{message}"
    );
    tables(folder.path(), &|row| {
        let text = format!("{:.2}", measured(row));
        if row == 7 { "tall".into() } else { text }
    });
    let message = refused(folder.path(), &[]);
    assert!(
        message.contains("line 9") && message.contains("tall"),
        "{message}"
    );
}
