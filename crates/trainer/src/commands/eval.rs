//! `trainer eval`.

use crate::TrainerError;
use crate::assemble::{assemble, assemble_without_samples, check, read_samples};
use crate::checkpoint;
use crate::cli::EvalArgs;
use crate::config::{ConfigSource, Overrides, load};
use crate::evaluation::evaluate;
use crate::run_directory::RunDirectory;
use crate::summary_text::{errors_text, recovery_text};
use crate::training::Learner;
use data::{Purpose, stream};
use model::PhysVae;
use nn::{Adam, Cpu};

/// Evaluates the selected weights of a run on its test split or on another table.
pub(super) fn eval(args: &EvalArgs) -> Result<(), TrainerError> {
    let run = RunDirectory::open(&args.run)?;
    let checked = check(&load(
        &ConfigSource::File(run.config()),
        &Overrides::default(),
    )?)?;
    let (experiment, samples) = match &args.data {
        None => {
            let assembled = assemble(&checked)?;
            (assembled.experiment, assembled.samples.test)
        }
        Some(path) => {
            let standardization = run.standardization()?;
            let samples = read_samples(&checked, path, &standardization)?;
            (
                assemble_without_samples(&checked, standardization)?,
                samples,
            )
        }
    };
    // a run without a Train epoch has no selected weights
    let path = if run.best().exists() {
        run.best()
    } else {
        run.last()
    };
    let checkpoint = checkpoint::load::<f32>(&path)?;
    let device = Cpu::default();
    let mut model = PhysVae::new(
        &device,
        experiment.architecture.clone(),
        experiment.physics_of_evaluation().cloned(),
        &mut stream(experiment.seed, Purpose::Initialisation, 0, 0),
    )?;
    let mut adam = Adam::new(experiment.adam);
    checkpoint.restore(&mut model, &mut adam)?;
    let (mean, scale) = (
        experiment.standardization.mean(),
        experiment.standardization.scale(),
    );
    let standardization = (mean.to_vec(), scale.to_vec());
    let learner = Learner {
        device,
        model,
        adam,
        standardization,
    };
    let evaluation = evaluate(&learner, &experiment, &samples)?;
    let source = args
        .data
        .as_ref()
        .map_or("test".to_owned(), |p| p.display().to_string());
    println!(
        "{}, {} samples, weights of {}",
        source,
        samples.len(),
        path.display()
    );
    print!(
        "{}",
        errors_text("", &evaluation.errors, &experiment.channel_unit).trim_start()
    );
    for (name, kl) in &experiment.dimensions.kl(&evaluation.averages).0 {
        println!("  KL {name:<8} {kl:.3} nats");
    }
    if let Some(recovery) = &evaluation.recovery
        && !recovery.is_empty()
    {
        print!(
            "{}",
            recovery_text(recovery.iter().map(|(name, r)| (name.as_str(), r)))
        );
    }
    Ok(())
}
