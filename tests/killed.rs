//! Killed or interrupted at any moment, a run resumes to the bytes of one that was left alone.
//!
//! `KILLS=200 cargo test -p stories --test killed` kills as often as that.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use stories::{Run, SMALL, all_runs, assert_same, printed, trainer};

/// Kills of an ordinary test run.
const KILLS: usize = 12;
/// A killed run that gets nowhere in so many starts is stuck.
const STARTS: usize = 400;

const SHORT: [&str; 6] = [
    "--epochs",
    "5",
    "--set",
    "phys_vae.epochs_pretrain=2",
    "--set",
    "trainer.batch_size=16",
];

/// A linear congruential generator: the moments differ, the test does not from run to run of one machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) % limit
    }
}

/// The run below a folder that can be resumed, if the killed program came that far.
fn resumable(runs: &Path) -> Option<PathBuf> {
    let mut all = all_runs(runs);
    all.retain(|run| run.join("config.json").is_file());
    assert!(all.len() < 2, "a resumed run makes no other");
    all.pop()
}

#[test]
fn kills_at_random_moments_change_nothing() {
    let kills = std::env::var("KILLS").map_or(KILLS, |n| n.parse().expect("KILLS is a number"));
    let arguments: Vec<&str> = SHORT.iter().chain(&SMALL).copied().collect();
    let folder = tempfile::tempdir().unwrap();
    let started = Instant::now();
    let whole = Run::train(&folder.path().join("whole"), &arguments);
    let lifetime = started.elapsed();

    let mut random = Random(1);
    let (mut killed, mut completed) = (0, 0);
    while killed < kills {
        let runs = folder.path().join(format!("killed-{completed}"));
        for start in 0.. {
            assert!(start < STARTS, "no end in {STARTS} starts");
            let run = resumable(&runs);
            let mut command = trainer();
            command.arg("train");
            match &run {
                Some(run) => command.arg("--resume").arg(run),
                None => command.args(&arguments).arg("--runs-dir").arg(&runs),
            };
            // states after every step or only after epochs, one thread or two
            let minutes = ["0", "5"][random.below(2) as usize];
            let threads = ["1", "2"][random.below(2) as usize];
            let mut child = command
                .args(["--save-minutes", minutes, "--threads", threads])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("the trainer starts");
            if killed < kills {
                let moment = random.below(lifetime.as_micros() as u64);
                std::thread::sleep(Duration::from_micros(moment));
                if child.try_wait().expect("a child").is_none() {
                    let id = child.id().to_string();
                    // one in four by Ctrl-C, which saves
                    let signal = ["-KILL", "-KILL", "-KILL", "-INT"][random.below(4) as usize];
                    let kill = Command::new("kill").args([signal, &id]).status();
                    assert!(kill.expect("kill starts").success());
                    killed += 1;
                }
            }
            let output = child.wait_with_output().expect("a child");
            if output.status.success() {
                break;
            }
            let (_, stderr) = printed(&output);
            // 130 after Ctrl-C, none where it came too early to be caught
            let code = output.status.code();
            assert!(code.is_none_or(|code| code == 130), "{code:?}: {stderr}");
        }
        completed += 1;
        let run = resumable(&runs).expect("it ended well");
        assert_same(&whole.path, &run);
        assert!(run.join("summary.json").is_file());
    }
    println!("{killed} kills, {completed} runs, each the same as the one left alone");
}

/// `--save-minutes` saves within an epoch, at its own pace and not after every step.
#[test]
fn a_long_epoch_is_saved_now_and_then() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = trainer()
        .args(["train", "--epochs", "20", "--save-minutes", "0.01"])
        .args(SMALL)
        .args([
            "--set",
            "data.train_samples=30000",
            "--set",
            "trainer.batch_size=4",
        ])
        .args(["--set", "phys_vae.epochs_pretrain=1", "--runs-dir"])
        .arg(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the trainer starts");
    let place = |run: &Path| {
        let bytes = std::fs::read(run.join("checkpoints/last.safetensors")).ok()?;
        let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).ok()?;
        let text = header.metadata().as_ref()?.values().next()?.clone();
        let header: serde_json::Value = serde_json::from_str(&text).ok()?;
        let progress = &header["progress"];
        Some((progress["epoch"].as_u64()?, progress["batch"].as_u64()?))
    };
    let mut seen = vec![];
    while seen.len() < 3 {
        assert!(
            child.try_wait().expect("a child").is_none(),
            "over after {seen:?}"
        );
        if let Some(found) = resumable(folder.path()).as_deref().and_then(place)
            && seen.last() != Some(&found)
        {
            seen.push(found);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("a child");
    child.wait().expect("a child");
    // within an epoch there are steps between two states
    let close = |two: &&[(u64, u64)]| two[0].0 == two[1].0 && two[1].1 <= two[0].1 + 1;
    assert_eq!(seen.windows(2).filter(close).count(), 0, "{seen:?}");
    assert!(seen.iter().any(|(_, batch)| *batch > 0), "{seen:?}");
}

/// Two programs on one run: the second is refused and the first not disturbed.
#[test]
fn a_run_has_one_writer() {
    let arguments: Vec<&str> = SHORT.iter().chain(&SMALL).copied().collect();
    let folder = tempfile::tempdir().unwrap();
    let run = stories::interrupted(folder.path(), &arguments, 3);
    let lock = std::fs::File::open(run.join("run.lock")).unwrap();
    lock.lock().unwrap();
    let refused = trainer()
        .args(["train", "--resume"])
        .arg(&run)
        .output()
        .unwrap();
    let (_, stderr) = printed(&refused);
    assert_eq!(refused.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("is being written to by"), "{stderr}");
    drop(lock);
    stories::resume(&run);
}
