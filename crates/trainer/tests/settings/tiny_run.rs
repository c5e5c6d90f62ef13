//! A training of a few rows and epochs, and what it learned.

use serde_json::Value;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use trainer::assemble::{assemble, check};
use trainer::config::{CheckedExperiment, ConfigSource, Overrides, load};
use trainer::evaluation::evaluate;
use trainer::origin::Origin;
use trainer::run_directory::RunDirectory;
use trainer::training::{Silent, Training};

use nn::Cpu;
use nn::named::{HostTensors, to_host_tensors};

/// What a run learned and what it says.
pub struct Outcome {
    /// The weights in the end, and the errors and parameters of the test split.
    learned: (HostTensors<f32>, String),
    /// All that was recorded.
    recorded: String,
}

/// What became of a changed key.
pub enum Verdict {
    /// Another rule refuses the value.
    RefusedOtherwise,
    /// It is accepted, and the run is another one.
    Changes,
    /// It is accepted, and the run is the same to the last byte.
    AcceptedWithoutEffect,
    /// It is refused as without effect, and where that is let be the run learns the same.
    RefusedAndLearnsTheSame,
    /// It is refused as without effect, and the run learns something else.
    RefusedButLearnsOtherwise,
    /// The run fails.
    Failed(String),
}

/// The configuration, checked; `of_run`: as that of a run, whose settings without effect are let be.
pub fn checked(config: &Value, folder: &Path, of_run: bool) -> Result<CheckedExperiment, String> {
    let file = folder.join("experiment.json");
    std::fs::write(&file, config.to_string()).unwrap();
    let source = if of_run {
        ConfigSource::Run(file)
    } else {
        ConfigSource::File(file)
    };
    let loaded = load(&source, &Overrides::default()).map_err(|e| e.to_string())?;
    check(&loaded).map_err(|e| e.to_string())
}

/// Trains.
pub fn run(config: &Value, folder: &Path) -> Result<Outcome, String> {
    train(&checked(config, folder, false)?)
}

fn train(checked: &CheckedExperiment) -> Result<Outcome, String> {
    let told = |e: trainer::TrainerError| e.to_string();
    let assembled = assemble(checked).map_err(told)?;
    let (experiment, samples) = (&assembled.experiment, &assembled.samples);
    let folder = tempfile::tempdir().unwrap();
    let run = RunDirectory::create(folder.path(), "tiny", "{}").map_err(told)?;
    let origin = Origin::of("{}", samples);
    let mut training = Training::<f32, Cpu>::new(experiment, samples, &run, Cpu::default(), origin)
        .map_err(told)?;
    training
        .run(&mut Silent, &AtomicBool::new(false))
        .map_err(told)?;
    if let Some(exact) = &experiment.exact_physics {
        let model = &mut training.learner.model;
        model
            .set_physics(exact.clone())
            .map_err(|e| e.to_string())?;
    }
    let test = evaluate(&training.learner, experiment, &samples.test).map_err(told)?;
    let learned = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        test.errors,
        test.z_phy,
        test.z_90,
        test.recovery,
        test.separation,
        test.seasons,
        training.progress.best.best.map(|best| best.epoch),
    );
    let metrics = std::fs::read_to_string(run.path().join("metrics.jsonl")).unwrap();
    let buffers = format!("{:?}", training.learner.model.buffers());
    Ok(Outcome {
        learned: (to_host_tensors(&training.learner.model), learned),
        recorded: metrics + &buffers,
    })
}

/// Tries a configuration that differs from `own` in one key.
pub fn judge(own: &Outcome, changed: &Value, path: &str, folder: &Path) -> Verdict {
    // another key that is without effect now is another matter
    let about_it = format!(" {path} = ");
    let (checked, refused) = match checked(changed, folder, false) {
        Ok(checked) => (checked, false),
        Err(message) if message.contains("it has no effect") && message.contains(&about_it) => {
            match self::checked(changed, folder, true) {
                Ok(checked) => (checked, true),
                Err(_) => return Verdict::RefusedOtherwise,
            }
        }
        Err(_) => return Verdict::RefusedOtherwise,
    };
    let outcome = match train(&checked) {
        Ok(outcome) => outcome,
        Err(_) if refused => return Verdict::RefusedButLearnsOtherwise,
        Err(message) => return Verdict::Failed(message),
    };
    let learns_the_same = own.learned == outcome.learned;
    match (refused, learns_the_same) {
        (true, true) => Verdict::RefusedAndLearnsTheSame,
        (true, false) => Verdict::RefusedButLearnsOtherwise,
        (false, true) if own.recorded == outcome.recorded => Verdict::AcceptedWithoutEffect,
        (false, _) => Verdict::Changes,
    }
}
