//! `trainer baseline`.

use crate::TrainerError;
use crate::assemble::{assemble, check};
use crate::cli::BaselineArgs;
use crate::config::load;
use crate::evaluation::recover;
use crate::levenberg_marquardt::{Fit, Search, fit};
use crate::lookup_table::nearest;
use crate::out;
use crate::summary_text::recovery_text;
use data::{Purpose, Samples, stream};
use model::PhysicsLayer;
use ndarray::{Array2, Axis, Slice};
use rayon::prelude::*;
use std::time::Instant;

/// Samples fitted by one thread at once.
const CHUNK: usize = 256;

/// Inverts the physics for each test sample without a network, and says how well that reproduces them.
pub(super) fn baseline(args: &BaselineArgs) -> Result<(), TrainerError> {
    let checked = check(&load(&args.config.source(), &args.config.overrides())?)?;
    let assembled = assemble(&checked)?;
    let (experiment, test) = (&assembled.experiment, &assembled.samples.test);
    let physics = experiment
        .physics_of_evaluation()
        .ok_or(TrainerError::NoPhysics)?;
    let seed = experiment.seed;
    out::line(format_args!(
        "{}: {} physics, {} test samples; the physics alone, element-wise MSE in standardised units",
        experiment.name,
        experiment.physics_name,
        test.len()
    ))?;
    let units = &experiment.units;
    if args.table > 0 {
        let started = Instant::now();
        let mut rng = stream(seed, Purpose::Baseline, 0, 0);
        let found = nearest(physics, test.x(), args.table, &mut rng)?;
        let what = format!("nearest of {} simulated", args.table);
        tell(&what, &found, started, physics, test, units)?;
    }
    let search = Search {
        starts: args.starts,
        steps: args.steps,
    };
    let started = Instant::now();
    let found = fit_all(physics, test, search, seed)?;
    let what = format!("fit of each, {} starts", args.starts + 1);
    tell(&what, &found, started, physics, test, units)
}

/// The fit of all samples, some at a time on each thread; the result does not depend on their number.
fn fit_all(
    physics: &PhysicsLayer,
    samples: &Samples,
    search: Search,
    seed: u64,
) -> Result<Fit, TrainerError> {
    let starts: Vec<usize> = (0..samples.len()).step_by(CHUNK).collect();
    let parts: Vec<Fit> = starts
        .par_iter()
        .enumerate()
        .map(|(chunk, &start)| {
            let rows = Slice::from(start..(start + CHUNK).min(samples.len()));
            let conditions = samples.conditions().map(data::NamedColumns::values);
            let conditions = conditions.map(|c| c.slice_axis_move(Axis(0), rows));
            let mut rng = stream(seed, Purpose::Baseline, 1, chunk as u32);
            let x = samples.x().slice_axis_move(Axis(0), rows);
            fit(physics, x, conditions, search, &mut rng)
        })
        .collect::<Result<_, _>>()?;
    let tables: Vec<_> = parts.iter().map(|part| part.z.view()).collect();
    let z = ndarray::concatenate(Axis(0), &tables)
        .map_err(|e| TrainerError::Internal(e.to_string()))?;
    let squares = parts.into_iter().flat_map(|part| part.squares).collect();
    Ok(Fit { z, squares })
}

fn tell(
    what: &str,
    found: &Fit,
    started: Instant,
    physics: &PhysicsLayer,
    test: &Samples,
    units: &[(String, String)],
) -> Result<(), TrainerError> {
    let elements = (found.squares.len() * physics.channels()) as f64;
    let mse = found.squares.iter().sum::<f64>() / elements;
    let seconds = started.elapsed().as_secs_f64();
    out::line(format_args!("{what:<32} {mse:.4}  {seconds:.1} s"))?;
    if let Some(truth) = test.truth() {
        let inferred: Array2<f64> = physics.to_physical(found.z.view());
        let recovery = recover(&inferred, None, truth, units);
        out::text(recovery_text(
            recovery.iter().map(|(name, r)| (name.as_str(), r)),
        ))?;
    }
    Ok(())
}
