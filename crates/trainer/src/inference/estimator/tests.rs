//! Estimates one by one, against another way to them, and against each other.

use super::super::testing::{
    NOISE, Spectra, column, estimator, infer, same, shipped, spectra, untrained,
};
use super::*;
use crate::evaluation::evaluate;
use crate::inference::Noise;

fn refined(steps: usize) -> Request {
    Request {
        refinement: Some(Refinement {
            steps,
            noise: Noise::declared(NOISE),
        }),
        ..Request::default()
    }
}

fn whole(estimator: &Estimator, seen: &Spectra) -> (Vec<f32>, FlagCounts) {
    infer(estimator, [&seen.channels, &seen.conditions], None)
}

/// What `rows` of all get by themselves is what they get among all.
fn by_themselves(estimator: &Estimator, seen: &Spectra, all: &[f32], rows: &[usize]) {
    let [channels, conditions] = seen.taken(rows);
    let (own, _) = infer(estimator, [&channels, &conditions], None);
    for (k, column) in estimator.columns().iter().enumerate() {
        for (i, &row) in rows.iter().enumerate() {
            let (own, among) = (own[k * rows.len() + i], all[k * seen.rows() + row]);
            assert!(
                same(own, among),
                "{} of row {row} with {} others: {own}, among all {among}",
                column.name,
                rows.len() - 1
            );
        }
    }
}

/// What goes through the networks of a processor at once.
const CHUNK: usize = 1024;

#[test]
fn an_estimate_depends_on_nothing_but_its_observation() {
    // more than go through the networks at once
    for (trained, n) in [(shipped(), CHUNK + 77), (untrained(), CHUNK + 77)] {
        let seen = spectra(&trained, n);
        let estimator = estimator(trained, Request::default());
        let (all, counts) = whole(&estimator, &seen);
        assert_eq!(counts.estimated(), n as u64);
        for row in [0, 1, 500, CHUNK - 1, CHUNK, n - 1] {
            by_themselves(&estimator, &seen, &all, &[row]);
        }
        let backwards: Vec<usize> = (0..n).rev().collect();
        for size in [2, 3, 7, 64, 1000, n] {
            by_themselves(&estimator, &seen, &all, &backwards[..size]);
        }
        // masked neighbours
        let masked: Vec<bool> = (0..n).map(|row| row % 3 == 1).collect();
        let inputs = [&seen.channels[..], &seen.conditions[..]];
        let (some, counts) = infer(&estimator, inputs, Some(&masked));
        assert_eq!(
            counts.estimated(),
            masked.iter().filter(|it| !**it).count() as u64
        );
        for (at, (&some, &all)) in some.iter().zip(&all).enumerate() {
            assert!(masked[at % n] || same(some, all));
        }
        // several threads at once, and pools of several sizes
        std::thread::scope(|scope| {
            let other = || assert!(whole(&estimator, &seen).0.iter().zip(&all).all(bits));
            for _ in 0..3 {
                scope.spawn(other);
            }
        });
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let (again, _) = pool.build().unwrap().install(|| whole(&estimator, &seen));
            assert!(again.iter().zip(&all).all(bits));
        }
    }
}

fn bits((a, b): (&f32, &f32)) -> bool {
    same(*a, *b)
}

#[test]
fn a_refined_estimate_too() {
    let trained = shipped();
    let seen = spectra(&trained, 40);
    let estimator = estimator(trained, refined(2));
    let (all, _) = whole(&estimator, &seen);
    for rows in [&[0][..], &[39], &[5, 4, 3], &[20, 0, 39, 7, 8, 9, 10]] {
        by_themselves(&estimator, &seen, &all, rows);
    }
}

/// Every channel and angle in turn gets every number that a file can hold and no measurement is: the others stay what they
/// are, nothing is refused, and what has an estimate has a finite one.
#[test]
fn an_absurd_number_costs_its_own_observation_alone() {
    let absurd = [
        1e38,
        -3.4e38,
        f32::MAX,
        f32::MIN,
        f32::INFINITY,
        f32::NAN,
        1e30,
        1e20,
        -1e12,
        1e9,
        65535.0,
        -9999.0,
        f32::MIN_POSITIVE,
    ];
    let mut tried = 0;
    let cases: [fn() -> (_, _); 3] = [
        || (shipped(), Request::default()),
        || (shipped(), refined(1)),
        || (untrained(), Request::default()),
    ];
    for case in cases {
        let (trained, request) = case();
        let seen = spectra(&trained, 3);
        let estimator = estimator(trained, request);
        let (d, c, n) = (estimator.channels().len(), estimator.conditions().len(), 3);
        let (expected, _) = whole(&estimator, &seen);
        for place in 0..d + c {
            for value in absurd {
                let (mut channels, mut conditions) =
                    (seen.channels.clone(), seen.conditions.clone());
                if place < d {
                    channels[place * n + 1] = value;
                } else {
                    conditions[(place - d) * n + 1] = value;
                }
                let (found, counts) = infer(&estimator, [&channels, &conditions], None);
                let flags = column(&estimator, &found, "flags")[1] as u8;
                let has_estimate = flags & flags::MASKED == 0;
                assert_eq!(counts.estimated(), 2 + u64::from(has_estimate));
                let must_be_left_out = if place < d {
                    // standard deviations of 0.01 to 0.1
                    value.is_nan() || value.abs() >= 1e9
                } else {
                    value.is_nan() || value.abs() > 3600.0
                };
                assert!(
                    !(must_be_left_out && has_estimate),
                    "{place}: {value}: {flags}"
                );
                for (values, own) in found.chunks_exact(n).zip(expected.chunks_exact(n)) {
                    assert!(
                        same(values[0], own[0]) && same(values[2], own[2]),
                        "{place}: {value}"
                    );
                    assert!(has_estimate == values[1].is_finite() || values[1] == f32::from(flags));
                }
                tried += 1;
            }
        }
    }
    println!("{tried} numbers");
    // the shipped model has 10 channels and 3 angles, the other one 11 channels
    assert_eq!(tried, (13 + 13 + 14) * absurd.len());
}

#[test]
fn a_relative_azimuth_is_the_same_in_every_turn() {
    let trained = shipped();
    let seen = spectra(&trained, 64);
    let estimator = estimator(trained, Request::default());
    let n = seen.rows();
    let (expected, _) = whole(&estimator, &seen);
    let mut tried = 0;
    for turns in -4..=4 {
        for sign in [1.0, -1.0] {
            let mut conditions = seen.conditions.clone();
            for psi in &mut conditions[2 * n..] {
                *psi = sign * *psi + 360.0 * turns as f32;
            }
            let (found, counts) = infer(&estimator, [&seen.channels, &conditions], None);
            assert_eq!(counts.estimated(), n as u64);
            for (a, b) in found.iter().zip(&expected) {
                // an f32 of some turns has fewer digits behind the point
                assert!(
                    (a - b).abs() <= 2e-3 * (a.abs() + b.abs() + 1e-2),
                    "{turns} {sign}: {a} {b}"
                );
            }
            tried += n;
        }
    }
    println!("{tried} azimuths");
    assert_eq!(tried, 18 * 64);
}

#[test]
fn what_cannot_be_estimated_is_nan_and_says_why() {
    let trained = shipped();
    let seen = spectra(&trained, 8);
    let estimator = estimator(trained, Request::default());
    let (d, n) = (estimator.channels().len(), seen.rows());
    let (mut channels, mut conditions) = (seen.channels.clone(), seen.conditions.clone());
    channels[0] = f32::NAN;
    channels[(d - 1) * n + 1] = f32::INFINITY;
    conditions[2] = 95.0;
    conditions[n + 3] = f32::NAN;
    conditions[4] = -1.0;
    let mut masked = vec![false; n];
    masked[5] = true;
    let (out, counts) = infer(&estimator, [&channels, &conditions], Some(&masked));
    assert_eq!(counts.estimated(), 2);
    for (column, values) in estimator.columns().iter().zip(out.chunks_exact(n)) {
        for (row, &value) in values.iter().enumerate() {
            // angles beyond the physics say so
            let reason = if matches!(row, 2 | 4) { 5.0 } else { 1.0 };
            let flagged = column.name == "flags" && value == reason;
            let missing = flagged || (column.name != "flags" && value.is_nan());
            assert_eq!(missing, row < 6, "{} of row {row}: {value}", column.name);
        }
    }
    let nothing = infer(&estimator, [&[], &[]], None);
    assert!(nothing.0.is_empty());
    // arrays that do not belong together
    let seen = Observations {
        channels: &channels,
        conditions: Some(&conditions[1..]),
        masked: None,
    };
    let mut out = vec![0.0; out.len()];
    let error = estimator.infer(&seen, &mut out).unwrap_err().to_string();
    assert!(error.contains("arrays of different lengths"), "{error}");
}

/// An f32 sigmoid and the product with the width of a range, as a share of it.
const OF_F32: f64 = 2e-6;
/// What the table of moments promises: of the width of a range, and of the value.
const OF_THE_TABLE: (f64, f64) = (2e-4, 0.015);
/// Spectra pass through f32 parameters: their error in reflectance.
const OF_ERRORS: f64 = 2e-6;

#[test]
fn medians_deviations_and_intervals_are_those_of_an_evaluation() {
    for trained in [shipped(), untrained()] {
        let seen = spectra(&trained, 300);
        let evaluation = evaluate(&trained.learner, &trained.experiment, &seen.samples).unwrap();
        let expected = evaluation
            .inferred(&trained.experiment, &seen.samples)
            .unwrap();
        let physics = trained.learner.model.physics().unwrap().clone();
        let estimator = estimator(trained, Request::default());
        let (out, _) = whole(&estimator, &seen);
        let posterior = expected.posterior.as_ref().unwrap();
        let p = expected.parameters.len();
        let mut z = Array2::zeros((seen.rows(), p));
        for (k, (name, _)) in expected.parameters.iter().enumerate() {
            let (low, width) = estimator.ranges[k];
            let of = |suffix: &str| column(&estimator, &out, &format!("{name}{suffix}"));
            for (suffix, expected) in [
                ("", &expected.value),
                ("_05", &posterior.ends_90[0]),
                ("_95", &posterior.ends_90[1]),
            ] {
                for (found, expected) in of(suffix).iter().zip(expected.column(k)) {
                    let away = (f64::from(*found) - expected).abs() / width;
                    assert!(away <= OF_F32, "{name}{suffix}: {found}, {expected}");
                }
            }
            for (found, expected) in of("_sd").iter().zip(posterior.sd.column(k)) {
                let allowed = OF_THE_TABLE.0 * width + OF_THE_TABLE.1 * expected;
                let away = (f64::from(*found) - expected).abs();
                assert!(away <= allowed, "{name}_sd: {found}, {expected}");
            }
            for (row, median) in of("").iter().enumerate() {
                z[[row, k]] = ((f64::from(*median) - low) / width).clamp(0.0, 1.0);
            }
        }
        let angles = seen.samples.conditions().map(data::NamedColumns::values);
        let x_p = physics.signals(z.view(), angles).unwrap();
        let scale = estimator.experiment.standardization.scale();
        let expected = rmse_by_row(seen.samples.x(), x_p.view(), scale);
        let found = column(&estimator, &out, "error_physics");
        for (found, expected) in found.iter().zip(expected) {
            let away = (f64::from(*found) - expected).abs();
            assert!(away < OF_ERRORS, "{found}, {expected}");
        }
    }
}

#[test]
fn fewer_columns_hold_the_same_numbers() {
    for (trained, again) in [(shipped as fn() -> _, None), (untrained, Some(()))] {
        for refinement in [None, refined(2).refinement] {
            let seen = spectra(&trained(), 12);
            let full = estimator(
                trained(),
                Request {
                    refinement: refinement.clone(),
                    ..Request::default()
                },
            );
            let (all, all_counts) = whole(&full, &seen);
            let mut groups: Vec<Vec<Written>> =
                Written::ALL.iter().map(|group| vec![*group]).collect();
            groups.push(vec![Written::Flags, Written::Median]);
            groups.push(vec![Written::Errors, Written::Sd]);
            for written in groups {
                if again.is_none() && written == [Written::Gate] {
                    continue; // the shipped model has none
                }
                let flags = written.contains(&Written::Flags);
                let parameters = Some(vec!["cab".to_owned()]);
                let part = estimator(
                    trained(),
                    Request {
                        written,
                        parameters,
                        refinement: refinement.clone(),
                    },
                );
                let (some, counts) = whole(&part, &seen);
                assert!(!part.columns().is_empty());
                for Column { name, .. } in part.columns() {
                    let pairs = column(&part, &some, name).iter();
                    for (some, all) in pairs.zip(column(&full, &all, name)) {
                        assert!(same(*some, *all), "{name}: {some}, with all {all}");
                    }
                }
                assert!(!flags || counts == all_counts);
            }
        }
    }
}

#[test]
fn high_errors_and_strange_spectra_are_flagged() {
    // of an untrained model every error is high
    let trained = untrained();
    let seen = spectra(&trained, 5);
    let one = estimator(trained, Request::default());
    let (out, _) = whole(&one, &seen);
    let both = flags::PHYSICS_ERROR | flags::RECONSTRUCTION_ERROR;
    for value in column(&one, &out, "flags") {
        assert_eq!(*value as u8 & both, both);
    }
    // snow, and a sun above that of the training
    let trained = shipped();
    let seen = spectra(&trained, 3);
    let one = estimator(trained, Request::default());
    let (mut channels, mut conditions) = (seen.channels.clone(), seen.conditions.clone());
    for channel in channels.chunks_exact_mut(3) {
        channel[0] = 0.9;
    }
    conditions[1] = 5.0;
    let (out, _) = infer(&one, [&channels, &conditions], None);
    let of = |row: usize| column(&one, &out, "flags")[row] as u8;
    assert_eq!(of(0) & flags::OUTSIDE_DOMAIN, flags::OUTSIDE_DOMAIN);
    assert_eq!(of(0) & flags::PHYSICS_ERROR, flags::PHYSICS_ERROR);
    assert_eq!(of(0) & flags::OUTSIDE_ANGLES, 0);
    assert_eq!(of(1) & flags::OUTSIDE_ANGLES, flags::OUTSIDE_ANGLES);
    assert_eq!(of(2) & (flags::OUTSIDE_ANGLES | flags::OUTSIDE_DOMAIN), 0);
}

/// Products of f32 numbers.
const OF_PRODUCTS: f64 = 1e-6;

#[test]
fn products_are_those_of_the_medians() {
    let trained = shipped();
    let seen = spectra(&trained, 60);
    let one = estimator(trained, Request::default());
    let (out, _) = whole(&one, &seen);
    let of = |name: &str| column(&one, &out, name);
    for row in 0..seen.rows() {
        let value = |name: &str| f64::from(of(name)[row]);
        let area = value("LAI") * value("fc");
        for (name, expected) in [
            ("LAI_canopy", area),
            ("CCC", 0.01 * value("cab") * area),
            ("CWC", 1e4 * value("cw") * area),
        ] {
            assert!((value(name) / expected - 1.0).abs() < OF_PRODUCTS, "{name}");
            let sd = value(&format!("{name}_sd"));
            assert!(sd > 0.0 && sd.is_finite());
        }
        for (name, _) in &one.experiment.units {
            let [low, median, high] = ["_05", "", "_95"].map(|end| value(&format!("{name}{end}")));
            assert!(
                low < median && median < high,
                "{name}: {low} {median} {high}"
            );
            let sd = value(&format!("{name}_sd"));
            assert!(sd > 0.0 && sd < high - low, "{name}: {sd}");
        }
    }
}

#[test]
fn a_refinement_comes_closer_or_leaves_the_encoders_answer() {
    let n = 120;
    let trained = shipped();
    let seen = spectra(&trained, n);
    let by_encoder = estimator(trained, Request::default());
    let (before, _) = whole(&by_encoder, &seen);
    let by_steps = estimator(shipped(), refined(4));
    let (steps, _) = whole(&by_steps, &seen);
    let [was, is] = [&before, &steps].map(|out| column(&by_encoder, out, "error_physics"));
    let mut closer = 0;
    for (row, (before, after)) in was.iter().zip(is).enumerate() {
        let failed = column(&by_steps, &steps, "flags")[row] as u8 & flags::NOT_REFINED;
        assert!(failed == 0 || same(*before, *after));
        closer += usize::from(after < before);
    }
    // the steps lower Σ ((x̂ − x)/σ)² + Σ ((u − m)/s)², which is not quite the error in reflectance
    assert!(closer * 100 >= 97 * n, "{closer} of {n}");
    // no step at all: the encoder's answer, with a flag
    let none = estimator(shipped(), refined(0));
    let (stayed, counts) = whole(&none, &seen);
    for (k, column) in none.columns().iter().enumerate() {
        for row in 0..n {
            let (stayed, before) = (stayed[k * n + row], before[k * n + row]);
            if column.name == "flags" {
                assert_eq!(stayed as u8, before as u8 | flags::NOT_REFINED);
            } else {
                assert!(same(stayed, before), "{}: {stayed}, {before}", column.name);
            }
        }
    }
    let not_refined = counts.named().last().unwrap();
    assert_eq!(not_refined, ("refinement failed", n as u64));
}
