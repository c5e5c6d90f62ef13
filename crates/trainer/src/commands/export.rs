//! `trainer export`.

use crate::TrainerError;
use crate::assemble::{assemble_again, assemble_without_samples, check};
use crate::checkpoint;
use crate::cli::ExportArgs;
use crate::config::{
    CheckedExperiment, ConfigSource, DataConfig, ExperimentConfig, Overrides, PhysicsConfig,
    SensorChoice, SpectralConfig, load,
};
use crate::domain::Domain;
use crate::out;
use crate::run_directory::RunDirectory;
use crate::training::Learner;
use nn::{Adam, Cpu};

/// Puts what inference needs of a run into a new folder that opens as a run: configuration, standardisation, what it
/// was trained on, the selected weights without the optimiser's moments.
pub(super) fn export(args: &ExportArgs) -> Result<(), TrainerError> {
    let run = RunDirectory::open(&args.run)?;
    let checked = check(&load(
        &ConfigSource::File(run.config()),
        &Overrides::default(),
    )?)?;
    let standardization = run.standardization()?;
    let portable = portable(&checked, &args.run)?;
    let path = run.selected()?;
    let checkpoint = checkpoint::load::<f32>(&path)?;
    let origin = checkpoint.origin.clone();
    // everything is read and fits before anything is written
    let experiment = assemble_without_samples(&checked, standardization.clone())?;
    let mut learner = Learner::new(&experiment, Cpu::default())?;
    let progress = checkpoint.restore(&mut learner.model, &mut learner.adam)?;
    let domain = match run.domain(experiment.dimensions.channels.len())? {
        Some(domain) => domain,
        // of a run of an earlier version its samples must be there
        None => Domain::learned(&learner, &experiment, &assemble_again(&checked, Some(standardization.clone()), run.path())?.samples)?,
    };
    let without_moments = Adam::new(experiment.adam);

    let export = RunDirectory::create_at(&args.output, &(portable + "\n"))?;
    export.keep_standardization(&standardization)?;
    export.keep_domain(&domain)?;
    checkpoint::save(
        (export.disk(), &export.best()),
        &learner.model,
        &without_moments,
        &progress,
        &origin,
    )?;
    out::line(format_args!(
        "{}: weights of {} after {} epochs, for trainer eval {}",
        args.output.display(),
        path.display(),
        progress.epoch,
        args.output.display()
    ))?;
    Ok(())
}

/// The configuration without anything of the machine that it was trained on.
fn portable(checked: &CheckedExperiment, run: &std::path::Path) -> Result<String, TrainerError> {
    let mut config: ExperimentConfig = checked.resolved().clone();
    if let PhysicsConfig::Inform(inform) = &mut config.physics {
        let sensor = matches!(inform.sensor.parse(), Ok(SensorChoice::Csv(_)));
        let files = [
            ("physics.sensor", sensor.then_some(&inform.sensor)),
            ("physics.tables", inform.tables.as_ref()),
        ];
        for (key, file) in files {
            if let Some(file) = file {
                return Err(TrainerError::NotPortable {
                    run: run.to_owned(),
                    key,
                    file: file.clone(),
                });
            }
        }
        // evaluation takes all wavelengths
        inform.spectral = SpectralConfig::default();
    }
    if let DataConfig::Csv(csv) = &mut config.data {
        csv.dir = None;
    }
    serde_json::to_string_pretty(&config).map_err(|e| TrainerError::Internal(e.to_string()))
}
