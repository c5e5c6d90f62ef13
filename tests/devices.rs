//! What a machine has to compute on, and what a build with CUDA says where it cannot.

use std::path::Path;
use std::process::Command;

#[test]
fn the_processor_is_listed_and_what_there_is_of_gpus() {
    let output = stories::trainer().arg("devices").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(text.starts_with("cpu     "), "{text}");
    assert!(
        text.contains("no GPU: ") || text.contains("cuda:0  "),
        "{text}"
    );
}

#[test]
fn a_build_with_cuda_starts_without_a_driver_and_says_what_is_missing() {
    let binary = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/cuda/release/trainer");
    if !binary.exists() {
        eprintln!(
            "skipped: no build with CUDA; `cargo xtask cuda-toolkit` and `cargo xtask cuda-build` make one"
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(&binary)
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), error)
    };
    assert_eq!(run(&["--version"]).0, Some(0));
    assert_eq!(run(&["devices"]).0, Some(0));
    let (code, error) = run(&["train", "--device", "cuda:99"]);
    assert_eq!(code, Some(2), "{error}");
    assert_eq!(error.trim().lines().count(), 1, "{error}");
    assert!(
        error.starts_with("error: device cuda:99 is not available: "),
        "{error}"
    );
}
