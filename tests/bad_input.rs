//! Bad input, on the real binary: one clear message, exit code 2, nothing written.

use std::fs;
use stories::folder::{BANDS, Folder, table};
use stories::{printed, trainer};

/// One message per way to be wrong.
fn refused(name: &str, from: &str, to: &str) -> String {
    let folder = Folder::new();
    folder.spoil(name, from, to);
    folder.refusal()
}

#[test]
fn the_unspoilt_folder_trains() {
    assert_eq!(Folder::new().train_quietly(), Some(0));
}

#[test]
fn an_unknown_key() {
    insta::assert_snapshot!(refused(
        "config.json",
        "\"epochs_pretrain\"",
        "\"epoch_pretrain\""
    ));
}

#[test]
fn a_wrong_type() {
    insta::assert_snapshot!(refused(
        "config.json",
        "\"epochs\": 2",
        "\"epochs\": \"two\""
    ));
}

#[test]
fn a_value_out_of_range() {
    insta::assert_snapshot!(refused(
        "config.json",
        "\"epochs\": 2",
        "\"epochs\": 2, \"batch_size\": 0"
    ));
}

#[test]
fn not_json() {
    insta::assert_snapshot!(refused(
        "config.json",
        "\"name\": \"mine\",",
        "\"name\": \"mine\""
    ));
}

#[test]
fn a_range_with_its_ends_swapped() {
    insta::assert_snapshot!(refused("ranges.json", "80", "5"));
}

#[test]
fn a_range_of_a_parameter_the_physics_does_not_know() {
    insta::assert_snapshot!(refused("ranges.json", "\"cab\"", "\"chlorophyll\""));
}

#[test]
fn a_dimension_that_does_not_match_the_ranges() {
    insta::assert_snapshot!(refused(
        "config.json",
        "\"dim_z_phy\": 7",
        "\"dim_z_phy\": 6"
    ));
}

#[test]
fn a_missing_column() {
    insta::assert_snapshot!(refused("valid.csv", "B08,", "NIR,"));
}

#[test]
fn text_in_a_band() {
    insta::assert_snapshot!(refused("train.csv", "0.0410", "cloud"));
}

#[test]
fn nan_in_a_band() {
    insta::assert_snapshot!(refused("train.csv", "0.0410", "NaN"));
}

#[test]
fn no_rows() {
    let folder = Folder::new();
    folder.write("test.csv", &format!("{BANDS}\n"));
    insta::assert_snapshot!(folder.refusal());
}

#[test]
fn digital_numbers_declared_as_reflectance() {
    let folder = Folder::new();
    let mut text = format!("{BANDS}\n");
    for line in table().lines().skip(1) {
        let scaled = line
            .split(',')
            .map(|v| format!("{:.0}", v.parse::<f64>().unwrap() * 1e4));
        text += &scaled.collect::<Vec<_>>().join(",");
        text.push('\n');
    }
    folder.write("train.csv", &text);
    insta::assert_snapshot!(folder.refusal());
}

#[test]
fn a_missing_file() {
    let folder = Folder::new();
    fs::remove_file(folder.path().join("valid.csv")).unwrap();
    insta::assert_snapshot!(folder.refusal());
}

#[test]
fn a_missing_configuration() {
    let folder = Folder::new();
    fs::remove_file(folder.path().join("config.json")).unwrap();
    insta::assert_snapshot!(folder.refusal());
}

#[test]
fn a_gpu_that_this_build_cannot_use() {
    let output = trainer()
        .args(["train", "--device", "cuda:0"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(printed(&output).1);
}

#[test]
fn something_that_is_not_a_run() {
    for arguments in [["eval", "configs"], ["eval", "nowhere"]] {
        let output = trainer().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        insta::assert_snapshot!(format!("not_a_run_{}", arguments[1]), printed(&output).1);
    }
}

#[test]
fn a_checkpoint_that_is_damaged() {
    let folder = Folder::new();
    let output = trainer()
        .args(["train", "--config", "config.json", "--runs-dir", "runs"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success());
    let run = stories::newest_run(&folder.path().join("runs"));
    let path = run.join("checkpoints/best.safetensors");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let output = trainer().arg("eval").arg(&run).output().unwrap();
    let message = printed(&output).1;
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains("best.safetensors is damaged"), "{message}");
}
