//! Real spectra: Austria, from the folder beside the project.

use stories::{Run, beside, trainer};

/// The test MSE of MAGIC's Python code (arXiv:2405.18953v1) at its true best epoch.
const ORIGINAL_MSE: f64 = 0.0322;
/// Its error of the physics alone there.
const ORIGINAL_PHYSICS_ONLY: f64 = 0.255;

#[test]
fn austria_trains_as_configured() {
    let Some(data) = beside("data/austria") else {
        return;
    };
    let runs = tempfile::tempdir().unwrap();
    let data = data.to_string_lossy().into_owned();
    let run = Run::train(
        runs.path(),
        &[
            "--config",
            "configs/rtm_c_austria.json",
            "--data-dir",
            &data,
            "--epochs",
            "4",
            "--set",
            "phys_vae.epochs_pretrain=2",
        ],
    );
    let summary = run.summary();
    assert_eq!(summary["physics"], "inform enmap_box s2a");
    assert_eq!(summary["samples"], serde_json::json!([11480, 2884, 3598]));
    assert_eq!(summary["recovery_mean_r2"], serde_json::Value::Null);
    assert_eq!(
        run.metrics().iter().filter(|r| r["kind"] == "step").count(),
        4 * 45
    );
    // twelve species on fourteen dates; always naming the commonest is right in 882 of 3598
    for separation in ["separation", "separation_last"] {
        let separation = &summary[separation];
        assert_eq!(separation["classes"], 12);
        assert_eq!(separation["chance"], 882.0 / 3598.0);
        assert!(
            separation["accuracy"].as_f64().unwrap() > 0.3,
            "{separation}"
        );
    }
    let share = summary["test"]["residual_share"].as_f64().unwrap();
    assert!((0.0..1.0).contains(&share), "{share}");
    let seasons = stories::text(&run.path.join("seasons.csv"));
    assert_eq!(seasons.lines().count(), 1 + 12 * 14);
    assert!(seasons.starts_with("class,date,samples,N_mean,N_sd,cab_mean,"));
    assert!(
        seasons.contains("\nFagus sylvatica,2018.04.08,63,"),
        "{seasons}"
    );
    let page = stories::text(&run.path.join("report.html"));
    assert!(page.contains("Course over the year by class") && page.contains("4 others"));
    // the run's folder is enough to write it again
    let again = runs.path().join("again.csv");
    let arguments = [
        run.path.as_os_str(),
        "--seasons".as_ref(),
        again.as_os_str(),
    ];
    let output = trainer().arg("eval").args(arguments).output().unwrap();
    assert!(output.status.success());
    assert_eq!(stories::text(&again), seasons);
    // predicting the mean costs .955; four epochs are enough to do much better
    assert!(summary["test"]["mse"].as_f64().unwrap() < 0.5);
}

/// 150 epochs, some minutes: `cargo test -p stories --test real_data -- --ignored`.
#[test]
#[ignore = "trains for 150 epochs; run by hand"]
fn austria_beats_the_original() {
    let Some(data) = beside("data/austria") else {
        return;
    };
    let runs = tempfile::tempdir().unwrap();
    let data = data.to_string_lossy().into_owned();
    let run = Run::train(
        runs.path(),
        &[
            "--config",
            "configs/rtm_c_austria.json",
            "--data-dir",
            &data,
        ],
    );
    let test = &run.summary()["test"];
    assert!(test["mse"].as_f64().unwrap() <= ORIGINAL_MSE, "{test}");
    assert!(
        test["mse_physics_only"].as_f64().unwrap() <= ORIGINAL_PHYSICS_ONLY,
        "{test}"
    );
}
