//! The physics alone and the residual mean the same wherever they are reported, on a model whose calibration is far from
//! the identity; and what deterministic latents leave out (docs/results.md, "What the numbers mean").

use super::testing::{Spectra, column, estimator, infer, spectra, untrained};
use super::{Refinement, Request};
use crate::TrainerError;
use crate::domain::Domain;
use crate::evaluation::{evaluate, monitor};
use crate::inference::{Estimator, Noise};
use crate::trained_model::TrainedModel;
use data::{NamedColumns, Splits};
use model::Calibration;
use ndarray::{Array1, Array2};

/// A model whose calibration has gains of 0.5 and 2 and offsets of more than a standard deviation, and what it is shown.
fn calibrated() -> (TrainedModel, Spectra) {
    let mut trained = untrained();
    let seen = spectra(&trained, 60);
    let d = trained.experiment.dimensions.channels.len();
    let outputs = Array2::from_shape_fn((2, d), |(i, _)| i as f64);
    let observed = Array2::from_shape_fn((2, d), |(i, k)| {
        let gain = if k % 2 == 0 { 0.5 } else { 2.0 };
        1.5 + gain * i as f64
    });
    let calibration = Calibration::by_moments(outputs.view(), observed.view(), true);
    assert!(
        calibration
            .gain()
            .iter()
            .all(|gain| *gain == 0.5 || *gain == 2.0)
    );
    trained.learner.model.buffers_mut().calibration = Some(calibration);
    (trained, seen)
}

/// Rounding of f32, relative.
const OF_F32: f64 = 2e-3;

fn close(what: &str, found: f64, expected: f64) {
    let away = (found - expected).abs() / expected.abs().max(1e-3);
    assert!(away < OF_F32, "{what}: {found}, expected {expected}");
}

#[test]
fn one_meaning_of_the_physics_alone_and_of_the_residual() {
    let (trained, seen) = calibrated();
    let experiment = &trained.experiment;
    let samples = &seen.samples;
    let found = evaluate(&trained.learner, experiment, samples).unwrap();

    // by hand: the physics at the inferred parameters, its gain and offset, the rest
    let physics = trained.learner.model.physics().unwrap();
    let conditions = samples.conditions().map(NamedColumns::values);
    let z = found.z_phy.as_ref().unwrap();
    let plain = physics.signals(z.view(), conditions).unwrap();
    let mut x_p = plain.clone();
    let calibration = trained.learner.model.buffers().calibration.clone().unwrap();
    calibration.apply_in_place(&mut x_p);
    let x_pb = &found.rows.x_pb;
    let (x, scale) = (samples.x(), experiment.standardization.scale());
    let (n, d) = x.dim();
    let squares = |a: &Array2<f64>| (a - &x).mapv(|v| v * v);
    let alone = squares(&x_p);
    assert!(
        (alone.sum() / squares(&plain).sum() - 1.0).abs() > 0.1,
        "the calibration makes a difference"
    );
    let correction = x_pb - &x_p;
    let variance = |a: &Array2<f64>| a.var_axis(ndarray::Axis(0), 0.0).sum();
    let share = variance(&correction) / variance(&x.to_owned());

    let errors = &found.errors;
    close(
        "mse_physics_only",
        errors.mse_physics_only.unwrap(),
        alone.sum() / (n * d) as f64,
    );
    close("residual_share", errors.residual_share.unwrap(), share);
    let of_rows = correction.mapv(|v| v * v).sum() / n as f64;
    close(
        "averages: residual",
        found.averages.correction.unwrap(),
        of_rows,
    );
    close(
        "averages: physics",
        found.averages.physics_rec.unwrap(),
        alone.sum() / n as f64,
    );
    for (k, rmse) in found
        .rmse_per_channel_physics
        .as_ref()
        .unwrap()
        .iter()
        .enumerate()
    {
        let expected = (alone.column(k).sum() / n as f64).sqrt() * scale[k];
        close("rmse_per_channel_physics_only", *rmse, expected);
    }
    // what is recorded of an epoch
    let measures = monitor(&trained.learner, experiment, samples, "validation", 0).unwrap();
    close(
        "metrics: physics_rec",
        measures.physics_rec.unwrap(),
        alone.sum() / n as f64,
    );
    close("metrics: residual", measures.residual.unwrap(), of_rows);
    let relative: f64 = (0..n)
        .map(|row| {
            let scale = Array1::from(scale.to_vec());
            let mean = Array1::from(experiment.standardization.mean().to_vec());
            let change = &correction.row(row) * &scale;
            let size = &x_p.row(row) * &scale + &mean;
            (change.dot(&change) / size.dot(&size)).sqrt().min(1.0)
        })
        .sum();
    close(
        "metrics: relative_difference",
        measures.relative_difference.unwrap(),
        relative / n as f64,
    );
    // the spectra of the report
    for (found, expected) in found.rows.x_p.iter().zip(&x_p) {
        assert!((found - expected).abs() < OF_F32 * (1.0 + expected.abs()));
    }
    // inference, and the limit above which its errors are flagged
    let by_row: Vec<f64> = (0..n)
        .map(|row| {
            let channels = alone.row(row);
            let sum: f64 = channels
                .iter()
                .zip(scale)
                .map(|(v, scale)| v * scale * scale)
                .sum();
            (sum / d as f64).sqrt()
        })
        .collect();
    let splits = Splits {
        train: samples.clone(),
        valid: samples.clone(),
        test: samples.clone(),
        standardization: experiment.standardization.clone(),
        channels: experiment.dimensions.channels.clone(),
    };
    let domain = Domain::learned(&trained.learner, experiment, &splits).unwrap();
    let limit = domain.high_errors().unwrap().physics.unwrap();
    let largest = by_row.iter().copied().fold(0.0, f64::max);
    assert!(
        limit <= largest * (1.0 + OF_F32) && limit > 0.5 * largest,
        "{limit} {largest}"
    );
    let estimator = estimator(trained, Request::default());
    let (out, _) = infer(&estimator, [&seen.channels, &seen.conditions], None);
    for (found, expected) in column(&estimator, &out, "error_physics")
        .iter()
        .zip(&by_row)
    {
        close("error_physics", f64::from(*found), *expected);
    }
}

/// No draw, no spread, no interval; the estimates themselves are those of the means.
#[test]
fn deterministic_latents_have_no_intervals_anywhere() {
    let mut trained = untrained();
    let seen = spectra(&trained, 40);
    let drawn = evaluate(&trained.learner, &trained.experiment, &seen.samples).unwrap();
    trained.experiment.deterministic_latents = true;
    trained.experiment.dimensions.deterministic = true;
    trained.learner.deterministic = true;
    let fixed = evaluate(&trained.learner, &trained.experiment, &seen.samples).unwrap();
    // rows and channels are summed in another order
    let same = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b;
    assert!(same(fixed.errors.mse, drawn.errors.mse));
    assert_ne!(drawn.errors.mse_sampled, drawn.errors.mse);
    assert!(same(fixed.errors.mse_sampled, fixed.errors.mse));
    assert!(fixed.z_90.is_none() && fixed.z_phy == drawn.z_phy);
    let inferred = fixed.inferred(&trained.experiment, &seen.samples).unwrap();
    assert!(inferred.posterior.is_none());
    let samples = &seen.samples;
    let measures = monitor(
        &trained.learner,
        &trained.experiment,
        samples,
        "validation",
        0,
    )
    .unwrap();
    assert_eq!((measures.kl, measures.kl_per_dimension), (None, None));
    let refined = Request {
        refinement: Some(Refinement {
            steps: 1,
            noise: Noise::declared(super::testing::NOISE),
        }),
        ..Request::default()
    };
    let mut again = untrained();
    again.experiment.deterministic_latents = true;
    let refused = Estimator::new(again, refined).err().unwrap();
    assert!(matches!(refused, TrainerError::DeterministicLatents));
    let estimator = estimator(trained, Request::default());
    let names: Vec<&str> = estimator
        .columns()
        .iter()
        .map(|c| c.name.as_str())
        .collect();
    for name in &names {
        assert!(
            ["_sd", "_05", "_95"].iter().all(|end| !name.ends_with(end)),
            "{name}"
        );
    }
    let (out, _) = infer(&estimator, [&seen.channels, &seen.conditions], None);
    let values = column(&estimator, &out, "LAI")
        .iter()
        .zip(inferred.value.column(4));
    assert_eq!(inferred.parameters[4].0, "LAI");
    for (found, expected) in values {
        close("LAI", f64::from(*found), *expected);
    }
}
