//! `trainer eval`.

use crate::TrainerError;
use crate::assemble::{assemble, assemble_without_samples, check, read_samples};
use crate::checkpoint;
use crate::cli::EvalArgs;
use crate::config::{ConfigSource, Overrides, load};
use crate::disk::Disk;
use crate::evaluation::evaluate;
use crate::run_directory::RunDirectory;
use crate::summary_text::{errors_text, recovery_text, separation_text};
use crate::training::Learner;
use nn::Cpu;

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
    let mut learner = Learner::new(&experiment, Cpu::default())?;
    checkpoint.restore(&mut learner.model, &mut learner.adam)?;
    if let Some(exact) = &experiment.exact_physics {
        learner.model.set_physics(exact.clone())?;
    }
    let evaluation = evaluate(&learner, &experiment, &samples)?;
    if let Some(path) = &args.seasons {
        let Some(seasons) = &evaluation.seasons else {
            return Err(TrainerError::NoSeasons { path: path.clone() });
        };
        Disk::default().write_whole(path, &seasons.to_csv()?)?;
    }
    if let Some(path) = &args.parameters {
        let Some(inferred) = evaluation.inferred(&experiment, &samples) else {
            return Err(TrainerError::NoParameters { path: path.clone() });
        };
        Disk::default().write_whole(path, &inferred.to_csv()?)?;
        let units: Vec<String> = (inferred.parameters.iter())
            .map(|(name, unit)| format!("{name} ({unit})"))
            .collect();
        println!("{}: {}", path.display(), units.join(", "));
    }
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
    if let Some(separation) = &evaluation.separation {
        print!("{}", separation_text("", separation).trim_start());
    }
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
