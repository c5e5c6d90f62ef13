//! `cargo xtask scorecard`: trains the experiments that say what the project reaches, and writes their figures side
//! by side.

mod experiments;

use crate::command_line::CommandLine;
use crate::workspace::Workspace;
use experiments::{BASELINES, EXPERIMENTS, Experiment, Stages};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

/// Arguments of `cargo xtask scorecard`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Forty epochs and one seed in place of all and three: a look in minutes, written below target/ only
    #[arg(long)]
    quick: bool,
    /// Seeds, separated by commas
    #[arg(long, value_delimiter = ',', default_values_t = [123, 1, 2])]
    seeds: Vec<u64>,
    /// Only experiments with this in their name
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Folder with austria/ and mogi/
    #[arg(long, value_name = "DIR", default_value = "../shared/data")]
    data: PathBuf,
}

/// Where the full form leaves its table, and the figures behind it.
const TABLE: &str = "docs/scorecard.md";
const FIGURES: &str = "docs/scorecard.json";

/// A quick training: 40 epochs, of which 6 pretrain and 10 warm up.
const QUICK: &str = "--epochs 40 --set phys_vae.kl_warmup_epochs=10";
const QUICK_PRETRAIN: &str = "--set phys_vae.epochs_pretrain=6";

/// Trains what is asked for, prints the table and, in the full form, writes it into docs/.
pub fn run(args: &Args) -> ExitCode {
    match scorecard(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            println!("scorecard: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn scorecard(args: &Args) -> Result<(), String> {
    let workspace = Workspace::current();
    let started = Instant::now();
    CommandLine::parse("cargo build --release --quiet -p trainer")?.run(&workspace)?;
    let scratch = workspace.scratch("scorecard")?;
    let target = workspace.metadata()?.target_directory.as_std_path();
    let trainer = target
        .join("release")
        .join(format!("trainer{}", std::env::consts::EXE_SUFFIX));
    let seeds = if args.quick {
        &args.seeds[..1]
    } else {
        &args.seeds[..]
    };
    let mut rows = vec![];
    for experiment in EXPERIMENTS {
        let wanted = args
            .only
            .as_ref()
            .is_none_or(|text| experiment.name.contains(text.as_str()));
        let data = experiment
            .data
            .map(|name| workspace.root().join(&args.data).join(name));
        if let Some(missing) = data.as_ref().filter(|path| !path.is_dir()) {
            println!(
                "SKIPPED: {}: {} not found",
                experiment.name,
                missing.display()
            );
            continue;
        }
        if !wanted {
            continue;
        }
        let runs: Vec<Value> = seeds
            .iter()
            .map(|&seed| {
                train(
                    &workspace,
                    &trainer,
                    &scratch,
                    experiment,
                    data.as_deref(),
                    seed,
                    args.quick,
                )
            })
            .collect::<Result<_, _>>()?;
        let row = line(experiment, &runs);
        println!("{row}");
        rows.push((experiment.name, row, runs));
    }
    let floors = floors(args, &workspace, &trainer)?;
    let seconds = started.elapsed().as_secs_f64();
    let text = page(&rows, seeds, seconds, args.quick) + &floors;
    let figures: Value = rows
        .into_iter()
        .map(|(name, _, runs)| (name.to_owned(), json!(runs)))
        .collect();
    println!("{seconds:.0} s in all");
    let (table, json) = if args.quick || args.only.is_some() {
        (scratch.join("scorecard.md"), scratch.join("scorecard.json"))
    } else {
        (workspace.root().join(TABLE), workspace.root().join(FIGURES))
    };
    for (path, text) in [(table, text), (json, format!("{figures:#}\n"))] {
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        println!("written: {}", path.display());
    }
    Ok(())
}

/// What the physics alone reaches without a network, as the program says it.
fn floors(args: &Args, workspace: &Workspace, trainer: &Path) -> Result<String, String> {
    let mut text = "\n## Without a network\n".to_owned();
    for (name, config, folder, set) in BASELINES {
        let data = workspace.root().join(&args.data).join(folder);
        let wanted = (args.only.as_ref()).is_none_or(|text| name.contains(text.as_str()));
        if !wanted || !data.is_dir() {
            continue;
        }
        let output = Command::new(trainer)
            .current_dir(workspace.root())
            .args(["baseline", "--config"])
            .arg(format!("configs/{config}.json"))
            .arg("--data-dir")
            .arg(&data)
            .args(set.split_whitespace())
            .output()
            .map_err(|error| format!("{}: {error}", trainer.display()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!(
                "{name}: {}",
                said.lines().last().unwrap_or_default()
            ));
        }
        let said = String::from_utf8_lossy(&output.stdout);
        println!("{name}\n{said}");
        let _ = write!(
            text,
            "\n{name}: `trainer baseline --config configs/{config}.json {set}`\n\n```text\n{}\n```\n",
            said.trim_end()
        );
    }
    Ok(text)
}

/// Trains one seed; the summary without what only a report needs.
fn train(
    workspace: &Workspace,
    trainer: &Path,
    scratch: &Path,
    experiment: &Experiment,
    data: Option<&Path>,
    seed: u64,
    quick: bool,
) -> Result<Value, String> {
    let runs = scratch.join(format!("{} {seed}", experiment.name).replace(' ', "_"));
    // the newest run is read: none of an earlier call may be there
    let _ = fs::remove_dir_all(&runs);
    let mut words: Vec<&str> = experiment
        .set
        .iter()
        .flat_map(|set| set.split_whitespace())
        .collect();
    if quick {
        words.extend(QUICK.split_whitespace());
        if experiment.stages == Stages::Both {
            words.extend(QUICK_PRETRAIN.split_whitespace());
        }
    }
    let all_epochs = match (experiment.stages, quick) {
        (Stages::Pretraining, true) => Some("phys_vae.epochs_pretrain=40"),
        (Stages::Pretraining, false) => Some("phys_vae.epochs_pretrain=80"),
        _ => None,
    };
    words.extend(all_epochs.into_iter().flat_map(|epochs| ["--set", epochs]));
    let mut command = Command::new(trainer);
    command
        .current_dir(workspace.root())
        .args(["train", "--config"])
        .arg(format!("configs/{}.json", experiment.config))
        .args(["--seed", &seed.to_string(), "--runs-dir"])
        .arg(&runs)
        .args(words);
    if let Some(data) = data {
        command.arg("--data-dir").arg(data);
    }
    let output = command
        .output()
        .map_err(|error| format!("{}: {error}", trainer.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().last().unwrap_or_default();
        return Err(format!("{}, seed {seed}: {last}", experiment.name));
    }
    let summary = newest(&newest(&runs)?)?.join("summary.json");
    let text =
        fs::read_to_string(&summary).map_err(|error| format!("{}: {error}", summary.display()))?;
    let whole: Value =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", summary.display()))?;
    let kept = [
        "seed",
        "epochs",
        "best_epoch",
        "test",
        "test_last",
        "kl_per_dimension_last",
        "separation",
        "separation_last",
        "recovery",
        "recovery_mean_r2",
        "wall_seconds",
    ];
    Ok(kept
        .iter()
        .map(|key| ((*key).to_owned(), whole[key].clone()))
        .collect())
}

/// The only folder in a folder.
pub fn newest(folder: &Path) -> Result<PathBuf, String> {
    let refused = |error| format!("{}: {error}", folder.display());
    let mut all: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(refused)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    all.sort();
    all.pop()
        .ok_or_else(|| format!("{}: empty", folder.display()))
}

const HEADER: &str = "| experiment | test MSE, last epoch | sampled | RMSE, in the channels' unit | physics alone | at the selected epoch | MAGIC's code: MSE, physics alone | residual's share | KL, nats (first seed) | classes named | recovery, mean R² | held by 90 % | seconds |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|\n";

/// One line: the seeds' figures side by side.
fn line(experiment: &Experiment, runs: &[Value]) -> String {
    let each = |what: &dyn Fn(&Value) -> Option<String>| -> String {
        let all: Vec<String> = runs.iter().filter_map(what).collect();
        if all.is_empty() {
            "–".into()
        } else {
            all.join(", ")
        }
    };
    let number = |value: &Value, digits: usize| value.as_f64().map(|v| short(v, digits));
    let kl = runs[0]["kl_per_dimension_last"]
        .as_object()
        .map_or(String::new(), |all| {
            let parts: Vec<String> = (all.iter())
                .filter_map(|(name, value)| Some(format!("{name} {:.1}", value.as_f64()?)))
                .collect();
            parts.join(", ")
        });
    let held = |run: &Value| {
        let shares = run["recovery"].as_object()?.values();
        let shares: Vec<f64> = shares.filter_map(|r| r["coverage_90"].as_f64()).collect();
        let least = shares.iter().copied().reduce(f64::min)?;
        let most = shares.iter().copied().reduce(f64::max)?;
        Some(format!("{:.0}–{:.0} %", 100.0 * least, 100.0 * most))
    };
    let percent = |value: &Value| value.as_f64().map(|v| format!("{:.1} %", 100.0 * v));
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {kl} | {} | {} | {} | {} |",
        experiment.name,
        each(&|run| number(&run["test_last"]["mse"], 4)),
        each(&|run| number(&run["test_last"]["mse_sampled"], 4)),
        each(&|run| number(&run["test_last"]["rmse_physical"], 4)),
        each(&|run| number(&run["test_last"]["mse_physics_only"], 3)),
        each(&|run| number(&run["test"]["mse"], 4)),
        if experiment.original.is_empty() {
            "–"
        } else {
            experiment.original
        },
        each(&|run| percent(&run["test_last"]["residual_share"])),
        each(&|run| percent(&run["separation_last"]["accuracy"])),
        each(&|run| number(&run["recovery_mean_r2"], 3)),
        each(&held),
        each(&|run| number(&run["wall_seconds"], 0)),
    )
}

/// `.0123` for 0.0123, `1.23` for 1.2345.
fn short(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    text.strip_prefix("0.")
        .map_or(text.clone(), |rest| format!(".{rest}"))
}

fn page(rows: &[(&str, String, Vec<Value>)], seeds: &[u64], seconds: f64, quick: bool) -> String {
    let form = if quick { " --quick" } else { "" };
    let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
    let mut text = format!(
        "# Scorecard\n\nMade by `cargo xtask scorecard{form}` in {seconds:.0} s; seeds {}. MSE is element-wise on the test \
         split in\nstandardised units, mean latents; the Python code of MAGIC (She et al. 2024, arXiv:2405.18953v1) at its best epoch. \
         \"Default objective\": the sum of squares, the KL and the weights of gate and residual. Where a line says nothing else, learning rate and weight decay are the file's: 1e-3 and 0 in `rtm_c_austria` and `rtm_recommended`, 1e-3 and 1e-4 in `mogi_recommended`, 3e-4 and 1e-4 in the others (A and B of Austria, Akutan, synthetic), so that A, B and C of Austria differ in them too; the lines \"recipe\" of Austria and of simulated samples set 1e-3 and 0. The residual's share: variance of x_PB − x_P over that of x. Classes named: \
         share of\nthe test split's rows whose class (species) a linear discriminant names by the inferred physical \
         parameters, all dates\nof a place left out together. Both at the last epoch. What the experiments are: `xtask/src/scorecard/experiments.rs`; what they \
         mean: [results](results.md).\n\n{HEADER}",
        seeds.join(", ")
    );
    for (_, row, _) in rows {
        let _ = writeln!(text, "{row}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_cell_for_every_column() {
        let run = json!({
            "test": {"mse": 0.01234},
            "test_last": {"mse": 1.25, "mse_sampled": 0.5, "mse_physics_only": null, "rmse_physical": 0.011, "residual_share": 0.0234},
            "separation": null,
            "separation_last": {"classes": 12, "accuracy": 0.4127, "balanced_accuracy": 0.3, "chance": 0.2},
            "kl_per_dimension_last": {"N": 0.31},
            "recovery": {"N": {"coverage_90": 0.5}, "cab": {"coverage_90": 0.875}},
            "recovery_mean_r2": -0.067,
            "wall_seconds": 21.4,
        });
        let row = line(&EXPERIMENTS[0], &[run.clone(), run]);
        let columns = HEADER.lines().next().unwrap().matches('|').count();
        assert_eq!(row.matches('|').count(), columns);
        assert!(
            row.contains("| 1.2500, 1.2500 | .5000, .5000 | .0110, .0110 | – | .0123, .0123 | .0322, .255 | 2.3 %, 2.3 % | N 0.3 | 41.3 %, 41.3 % |"),
            "{row}"
        );
        assert!(
            row.contains("| -0.067, -0.067 | 50–88 %, 50–88 % | 21, 21 |"),
            "{row}"
        );
    }

    #[test]
    fn every_experiment_has_its_configuration_and_a_name_of_its_own() {
        let root = Workspace::current().root().to_path_buf();
        for (i, experiment) in EXPERIMENTS.iter().enumerate() {
            assert!(
                root.join(format!("configs/{}.json", experiment.config))
                    .is_file()
            );
            assert!(
                EXPERIMENTS[..i]
                    .iter()
                    .all(|other| other.name != experiment.name)
            );
        }
    }
}
