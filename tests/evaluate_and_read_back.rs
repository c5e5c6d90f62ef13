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
    let printed = evaluated(&[run.path.as_os_str(), "--data".as_ref(), spectra.as_os_str()]);
    assert!(printed.contains("2 samples"), "{printed}");
    assert!(printed.contains("  LAIu "), "{printed}");
}
