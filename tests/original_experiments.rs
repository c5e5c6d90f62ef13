//! An experiment file of MAGIC (arXiv:2405.18953v1) becomes a configuration that can be checked.

use serde_json::Value;
use std::fs;
use std::path::Path;
use stories::{beside, json, printed, text, trainer};

/// MAGIC's project, as far as its experiment files name it.
fn project(data: &Path, root: &Path) {
    let configs = root.join("configs");
    fs::create_dir(&configs).unwrap();
    for (from, to) in [
        ("reference-configs/AE_Mogi_C.json", "AE_Mogi_C.json"),
        ("mogi/mogi_paras.json", "mogi_paras.json"),
        ("mogi/station_info.json", "station_info.json"),
    ] {
        fs::copy(data.join(from), configs.join(to)).unwrap();
    }
}

#[test]
fn an_experiment_is_imported_once_and_checks() {
    let Some(data) = beside("data") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    project(&data, root);
    let output = root.join("mine.json");
    let import = || {
        let done = trainer()
            .arg("import-config")
            .arg(root.join("configs/AE_Mogi_C.json"))
            .arg("--root")
            .arg(root)
            .arg("--output")
            .arg(&output)
            .output()
            .unwrap();
        let (stdout, stderr) = printed(&done);
        (done.status.code(), stdout, stderr)
    };
    let (code, stdout, stderr) = import();
    assert_eq!(code, Some(0), "{stderr}");
    for line in [
        "data_loader.args.batch_size = 64: trainer.batch_size = 320; it counts blocks of five days",
        "trainer.phys_vae.balance_gate = 0.001: taken as phys_vae.balance_gate",
        "trainer.wandb = true: ignored; nothing is sent anywhere",
    ] {
        assert!(stdout.contains(line), "{line} is not in\n{stdout}");
    }
    assert_eq!(json(&output)["physics"]["model"], Value::from("mogi"));

    let checked = trainer()
        .args(["config", "check", "--json", "--config"])
        .arg(&output)
        .output()
        .unwrap();
    let (stdout, stderr) = printed(&checked);
    assert!(checked.status.success(), "{stderr}");
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["channels"].as_array().map(Vec::len), Some(36));
    assert_eq!(
        report["parameters"],
        serde_json::json!(["xcen", "ycen", "d", "dV"])
    );
    assert_eq!(
        (&report["epochs"], &report["samples"]),
        (&150.into(), &Value::Null)
    );

    // what is there is not written over
    let before = text(&output);
    let (code, _, stderr) = import();
    assert_eq!(code, Some(2));
    assert!(stderr.contains("not there yet, or --overwrite"), "{stderr}");
    assert_eq!(text(&output), before);
}

#[test]
fn the_manual_and_the_completions_are_printed() {
    for (arguments, word) in [
        (&["man"][..], ".TH trainer 1"),
        (&["completions", "bash"], "_trainer()"),
        (&["completions", "zsh"], "#compdef trainer"),
    ] {
        let done = trainer().args(arguments).output().unwrap();
        let (stdout, stderr) = printed(&done);
        assert!(done.status.success() && stdout.contains(word), "{stderr}");
    }
}
