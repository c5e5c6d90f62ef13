//! A run's folder is enough to evaluate it again.

use std::path::Path;
use stories::{Run, SMALL, printed, text, trainer};

fn evaluated(arguments: &[&std::ffi::OsStr]) -> String {
    let output = trainer().arg("eval").args(arguments).output().unwrap();
    let (stdout, stderr) = printed(&output);
    assert!(output.status.success(), "{stderr}");
    stdout
}

#[test]
fn eval_gives_the_numbers_of_the_summary() {
    let runs = tempfile::tempdir().unwrap();
    eval_gives_the_summary_of(runs.path(), &[]);
}

/// r and τ of the epoch that was selected come back with its weights.
#[test]
fn eval_gives_the_numbers_of_a_low_rank_residual_on_its_way() {
    let runs = tempfile::tempdir().unwrap();
    eval_gives_the_summary_of(runs.path(), &["--set", "phys_vae.residual=low_rank"]);
}

fn eval_gives_the_summary_of(runs: &Path, more: &[&str]) {
    let short = ["--epochs", "5", "--set", "phys_vae.epochs_pretrain=2"];
    let run = Run::train(runs, &[SMALL.as_slice(), &short, more].concat());
    let summary = run.summary();
    let printed = evaluated(&[run.path.as_os_str()]);
    for key in ["mse", "mse_sampled", "mse_physics_only"] {
        let figure = format!("{:.4}", summary["test"][key].as_f64().unwrap());
        assert!(
            printed.contains(&figure),
            "{key} {figure} is not in\n{printed}"
        );
    }
    assert!(printed.contains(&format!(
        "{:.5}",
        summary["test"]["rmse_physical"].as_f64().unwrap()
    )));
    let r2 = format!("{:.3}", summary["recovery"]["N"]["r2"].as_f64().unwrap());
    assert!(printed.contains(&r2), "{r2} is not in\n{printed}");
    let share = 100.0 * summary["test"]["residual_share"].as_f64().unwrap();
    let share = format!("residual {share:.1} % of the variance");
    assert!(printed.contains(&share), "{share} is not in\n{printed}");
    let report: serde_json::Value =
        serde_json::from_str(&evaluated(&[run.path.as_os_str(), "--json".as_ref()])).unwrap();
    assert_eq!(report["errors"], summary["test"]);
    assert_eq!(report["recovery"], summary["recovery"]);
    assert_eq!(report["kl_per_dimension"], summary["kl_per_dimension"]);
    assert_eq!(report["rmse_per_channel"], summary["rmse_per_channel"]);
    // simulated samples have no classes
    assert_eq!(summary["separation"], serde_json::Value::Null);
    assert!(!run.path.join("seasons.csv").exists());
    let file = runs.join("seasons.csv");
    let refused = trainer()
        .arg("eval")
        .args([run.path.as_os_str(), "--seasons".as_ref(), file.as_os_str()])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        stories::printed(&refused)
            .1
            .contains("the samples have no classes or no dates")
    );
    assert!(!file.exists());
    let file = runs.join("parameters.csv");
    let printed = evaluated(&[
        run.path.as_os_str(),
        "--parameters".as_ref(),
        file.as_os_str(),
    ]);
    assert!(
        printed.contains("N (1), cab (ug/cm2), cw (cm)"),
        "{printed}"
    );
    // one row for each test sample; simulated ones have no labels
    let rows: Vec<Vec<f64>> = text(&file)
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect())
        .collect();
    assert_eq!(rows.len() as u64, summary["samples"][2].as_u64().unwrap());
    assert!(text(&file).starts_with("N,N_sd,N_05,N_95,cab,cab_sd,cab_05,cab_95,cw,"));
    for row in &rows {
        assert_eq!(row.len(), 7 * 4);
        for of in row.chunks(4) {
            let [value, sd, low, high] = of else {
                panic!("{of:?}")
            };
            assert!(low < value && value < high, "{of:?}");
            // the middle 90 % of a normal variable are 3.29 sd wide, of one that leans to an end fewer
            let widths = (high - low) / sd;
            assert!((1.0..3.3).contains(&widths), "{widths}: {of:?}");
        }
    }
}

#[test]
fn a_model_without_physics_infers_no_parameters() {
    let runs = tempfile::tempdir().unwrap();
    let without = [
        "--config",
        "configs/rtm_a_synthetic.json",
        "--epochs",
        "1",
        "--set",
        "data.train_samples=64",
        "--set",
        "data.valid_samples=64",
        "--set",
        "data.test_samples=64",
    ];
    let run = Run::train(runs.path(), &without);
    let file = runs.path().join("parameters.csv");
    let refused = trainer()
        .arg("eval")
        .args([
            run.path.as_os_str(),
            "--parameters".as_ref(),
            file.as_os_str(),
        ])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let said = stories::printed(&refused).1;
    assert!(
        said.contains("not written, this variant has no physics"),
        "{said}"
    );
    assert!(!file.exists());
}

#[test]
fn eval_takes_another_table() {
    let runs = tempfile::tempdir().unwrap();
    let short = ["--epochs", "3", "--set", "phys_vae.epochs_pretrain=2"];
    let run = Run::train(runs.path(), &[SMALL.as_slice(), &short].concat());
    let folder = runs.path();
    let bands = "N,cab,cw,cm,LAI,LAIu,fc";
    std::fs::write(
        folder.join("p.csv"),
        format!("{bands}\n1.5,40,0.01,0.01,3,0.5,0.7\n2,30,0.01,0.02,1,0.2,0.4\n"),
    )
    .unwrap();
    let (params, spectra) = (folder.join("p.csv"), folder.join("s.csv"));
    let done = trainer()
        .arg("simulate")
        .arg("--params")
        .arg(&params)
        .arg("--output")
        .arg(&spectra)
        .output()
        .unwrap();
    assert!(done.status.success());
    // bands and truth side by side, as a table of simulated samples has them
    let joined: Vec<String> = text(&spectra)
        .lines()
        .zip(text(&params).lines())
        .map(|(bands, truth)| format!("{bands},{truth}"))
        .collect();
    std::fs::write(&spectra, joined.join("\n")).unwrap();
    let file = folder.join("parameters.csv");
    let printed = evaluated(&[
        run.path.as_os_str(),
        "--data".as_ref(),
        spectra.as_os_str(),
        "--parameters".as_ref(),
        file.as_os_str(),
    ]);
    assert!(printed.contains("2 samples"), "{printed}");
    assert!(printed.contains("  LAIu "), "{printed}");
    // the mean of value − truth is the bias that recovery states
    let table = text(&file);
    let cab: Vec<f64> = table
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(4).unwrap().parse().unwrap())
        .collect();
    let bias = format!("{:.4}", (cab[0] - 40.0 + cab[1] - 30.0) / 2.0);
    let line = printed
        .lines()
        .find(|line| line.starts_with("  cab "))
        .unwrap();
    assert_eq!(
        line.split_whitespace().nth(3),
        Some(bias.as_str()),
        "{line}"
    );
}
