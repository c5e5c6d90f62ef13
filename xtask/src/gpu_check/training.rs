//! The same training on the card and on the processor, over seeds.

use crate::cuda_build;
use crate::scorecard::newest;
use crate::workspace::Workspace;
use serde_json::Value;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

const DATA: &str = "../shared/data/austria";
const CONFIG: &str = "configs/rtm_c_austria.json";
const EPOCHS: u64 = 40;
/// Of these, 20 are pretraining.
const PRETRAIN: &str = "phys_vae.epochs_pretrain=20";
const SEEDS: [u64; 3] = [1, 2, 3];
/// Standard errors that the means may be apart.
const ERRORS: f64 = 3.0;

/// What came out.
#[derive(Debug, PartialEq)]
pub struct Verdict {
    pub text: String,
    /// Whether the card's figures are the processor's but for the seeds; true where nothing could be compared.
    pub holds: bool,
}

/// Trains three seeds on each device and compares.
pub fn compare(workspace: &Workspace, build: &cuda_build::Args) -> Result<Verdict, String> {
    let data = workspace.root().join(DATA);
    if !data.is_dir() {
        return Ok(Verdict {
            text: format!("training: skipped, because {} is not there", data.display()),
            holds: true,
        });
    }
    cuda_build::build(build)?;
    let libraries = cuda_build::libraries(workspace, build)?;
    let mut last = [vec![], vec![]];
    for (device, figures) in ["cpu", "cuda:0"].into_iter().zip(&mut last) {
        for seed in SEEDS {
            println!("training: {device}, seed {seed}");
            figures.push(train(workspace, &libraries, device, seed)?);
        }
    }
    let [cpu, gpu] = last;
    Ok(judge(&cpu, &gpu))
}

/// Reconstruction of the validation rows at the last epoch.
fn train(workspace: &Workspace, libraries: &OsStr, device: &str, seed: u64) -> Result<f64, String> {
    let name = format!("{}-{seed}", device.replace(':', ""));
    let runs = workspace.scratch("gpu-check")?.join(name);
    // the newest run is read: none of an earlier call may be there
    let _ = fs::remove_dir_all(&runs);
    let program = cuda_build::program(workspace);
    let output = Command::new(&program)
        .current_dir(workspace.root())
        .env("LD_LIBRARY_PATH", libraries)
        .args(["train", "--config", CONFIG, "--data-dir", DATA])
        .args(["--epochs", &EPOCHS.to_string(), "--set", PRETRAIN])
        .args(["--seed", &seed.to_string(), "--device", device])
        .arg("--runs-dir")
        .arg(&runs)
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let why = said.trim_end().lines().last().unwrap_or_default();
        return Err(format!("{device}, seed {seed}: {why}"));
    }
    let metrics = newest(&newest(&runs)?)?.join("metrics.jsonl");
    last_figure(&metrics)
}

fn last_figure(metrics: &Path) -> Result<f64, String> {
    let text =
        fs::read_to_string(metrics).map_err(|error| format!("{}: {error}", metrics.display()))?;
    reconstruction(&text, EPOCHS - 1).ok_or_else(|| {
        format!(
            "{}: no validation at epoch {}",
            metrics.display(),
            EPOCHS - 1
        )
    })
}

/// Mean over the validation rows of Σ (x_PB − x)² at an epoch, from the lines of `metrics.jsonl`.
fn reconstruction(metrics: &str, epoch: u64) -> Option<f64> {
    let records = metrics
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut of_epoch =
        records.filter(|record| record["kind"] == "epoch" && record["epoch"] == epoch);
    of_epoch.next()?["valid"]["rec"].as_f64()
}

/// The means may be apart by 3 s √(1/n + 1/m), where s is the standard deviation of the n seeds on the processor and m
/// counts those on the card: three standard errors of a difference of means, if the card's seeds spread as the
/// processor's do.
fn judge(cpu: &[f64], gpu: &[f64]) -> Verdict {
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    let (on_cpu, on_gpu) = (mean(cpu), mean(gpu));
    let squares: f64 = cpu.iter().map(|v| (v - on_cpu).powi(2)).sum();
    let spread = (squares / (cpu.len() as f64 - 1.0)).sqrt();
    let allowed = ERRORS * spread * (1.0 / cpu.len() as f64 + 1.0 / gpu.len() as f64).sqrt();
    let apart = (on_gpu - on_cpu).abs();
    // a NaN holds nothing
    let holds = apart <= allowed;
    let each = |of: &[f64]| {
        let each: Vec<String> = of.iter().map(|v| format!("{v:.5}")).collect();
        each.join(", ")
    };
    let mut text = format!(
        "{CONFIG}, {EPOCHS} epochs, 20 of them pretraining: reconstruction of the validation rows at the last epoch\n"
    );
    let _ = write!(
        text,
        "processor {} (mean {on_cpu:.5}, standard deviation {spread:.5})\ncard {} (mean {on_gpu:.5})\n\
         apart {apart:.5}, allowed {allowed:.5} (3 standard errors of the difference by the processor's spread): {}\n",
        each(cpu),
        each(gpu),
        if holds { "within" } else { "NOT within" }
    );
    Verdict { text, holds }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figure_is_that_of_the_validation_at_its_epoch() {
        let lines = r#"{"kind":"step","epoch":39,"batch":0,"train":{"rec":9.0}}
{"kind":"epoch","epoch":38,"train":{"rec":1.0},"valid":{"rec":0.75}}
{"kind":"epoch","epoch":39,"train":{"rec":1.0},"valid":{"rec":0.5}}
"#;
        assert_eq!(reconstruction(lines, 39), Some(0.5));
        assert_eq!(reconstruction(lines, 40), None);
        let nothing = r#"{"kind":"epoch","epoch":0,"valid":{"rec":null}}"#;
        assert_eq!(reconstruction(nothing, 0), None);
    }

    /// Spread 1, so that means of three and three may be 3 √(2/3) = 2.449 apart.
    #[test]
    fn means_are_judged_by_the_processors_spread() {
        let cpu = [9.0, 10.0, 11.0];
        let near = judge(&cpu, &[12.0, 12.4, 12.8]);
        assert!(near.holds, "{}", near.text);
        assert!(
            near.text
                .contains("apart 2.40000, allowed 2.44949 (3 standard errors"),
            "{}",
            near.text
        );
        let far = judge(&cpu, &[12.5, 12.5, 12.5]);
        assert!(!far.holds && far.text.contains("NOT within"));
        assert!(!judge(&cpu, &[f64::NAN, 10.0, 10.0]).holds);
        // fewer seeds on the card: 3 √(1/3 + 1)
        assert!(judge(&cpu, &[13.4]).holds && !judge(&cpu, &[13.5]).holds);
    }
}
