//! A raster whose inference was stopped or killed goes on to the bytes of one that was left alone.
#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use stories::infer::{command, files, infer};
use stories::printed;
use stories::scene::Scene;

/// Nine blocks of the output; few pixels, as each takes its refinement.
const SCENE: Scene = Scene {
    width: 1200,
    height: 1100,
    one_of: 2003,
};

fn arguments(output: &str) -> Vec<&str> {
    let mut all = vec!["--input", "scene.tif", "--output", output];
    all.extend(["--values", "sentinel2_l2a", "--angle", "tts=35"]);
    all.extend(["--write", "median,flags", "--parameters", "LAI,cab"]);
    all.extend(["--workers", "1", "--refine", "1"]);
    all
}

/// Starts it and sends a signal once a block is written; what it ended with and said.
fn stopped(folder: &Path, output: &str, signal: &str) -> (Option<i32>, String) {
    let mut child = command(folder, &arguments(output))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let tiles = folder.join(format!("{output}.part.tiles"));
    let started = Instant::now();
    while !std::fs::metadata(&tiles).is_ok_and(|about| about.len() > 0) {
        assert!(started.elapsed() < Duration::from_secs(60), "no block");
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::sleep(Duration::from_millis(2));
    }
    let kill = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    let ended = child.wait_with_output().unwrap();
    assert!(!folder.join(output).exists(), "it was done already");
    (ended.status.code(), printed(&ended).1)
}

#[test]
fn the_same_command_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    SCENE.write(&folder.join("scene.tif"));
    infer(folder, &arguments("whole.tif"));
    let bytes = |name: &str| std::fs::read(folder.join(name)).unwrap();

    let (code, message) = stopped(folder, "stopped.tif", "-INT");
    assert_eq!(code, Some(130), "{message}");
    let hint = "interrupted; the same command goes on with stopped.tif";
    assert!(message.contains(hint), "{message}");
    let again = command(folder, &arguments("stopped.tif")).output().unwrap();
    let (_, message) = printed(&again);
    assert!(again.status.success(), "{message}");
    // what was done is not done again
    assert!(
        message.contains("of 9 blocks were done before"),
        "{message}"
    );
    assert!(bytes("stopped.tif") == bytes("whole.tif"));

    for _ in 0..2 {
        let (code, message) = stopped(folder, "killed.tif", "-KILL");
        assert_eq!(code, None, "{message}");
    }
    infer(folder, &arguments("killed.tif"));
    assert!(bytes("killed.tif") == bytes("whole.tif"));
    let left = ["killed.tif", "scene.tif", "stopped.tif", "whole.tif"];
    assert_eq!(files(folder), left);
}
