//! `cargo run -p trainer`: the main job, as the README promises it.

use stories::{Run, text, workspace};

/// What the README's figure may differ by: other processors round differently, and training amplifies it.
const RECOVERY_TOLERANCE: f64 = 0.05;

/// The README's line `mean R² **0.xxx**`.
fn recovery_in_readme() -> f64 {
    let readme = text(&workspace().join("README.md"));
    let (_, after) = readme
        .split_once("mean R² **")
        .expect("the README states a mean R²");
    let (figure, _) = after.split_once("**").expect("in bold");
    figure.parse().expect("a number")
}

#[test]
fn the_built_in_experiment_passes_its_checks_and_recovers_what_the_readme_says() {
    let runs = tempfile::tempdir().unwrap();
    let run = Run::train(runs.path(), &[]);
    println!("{}", run.stdout);
    let summary = run.summary();
    for check in [
        "beta_zero_in_pretrain",
        "beta_anneals_to_one",
        "lr_switches_at_boundary",
        "synthetic_loss_decreases",
        "kl_balances_naturally",
    ] {
        assert_eq!(summary["checks"][check], true, "{check}");
    }
    assert_eq!(run.stdout.matches("passed").count(), 5);
    assert_eq!(summary["epochs"], 150);
    assert_eq!(summary["parameters"], 124_392);
    assert_eq!(summary["samples"], serde_json::json!([8192, 2048, 2048]));

    let mean = summary["recovery_mean_r2"].as_f64().unwrap();
    let stated = recovery_in_readme();
    println!("mean R² of the recovered parameters {mean:.4}, README {stated:.3}");
    assert!(
        (mean - stated).abs() <= RECOVERY_TOLERANCE,
        "{mean} is not {stated}"
    );
    for name in ["N", "cab", "cw", "cm", "LAI", "LAIu", "fc"] {
        assert!(
            run.stdout.contains(&format!("  {name} ")),
            "the table has a row {name}"
        );
        assert!(summary["recovery"][name]["r2"].is_f64());
    }
    for file in [
        "config.json",
        "metrics.jsonl",
        "timings.jsonl",
        "summary.json",
        "report.html",
        "run.log",
    ] {
        assert!(run.path.join(file).is_file(), "{file}");
    }
    for file in [
        "checkpoints/best.safetensors",
        "checkpoints/last.safetensors",
    ] {
        assert!(run.path.join(file).is_file(), "{file}");
    }
}
