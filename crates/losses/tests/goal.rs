//! The terms of a goal: literal values and gradients, and differences.

use dfdx::prelude::Trace;
use losses::{
    Distance, Goal, KlOfBatch, Objective, Smoothness, Terms, Weights, distance, edge, gaussian, kl_above,
    negative_log_likelihood, smoothness,
};
use nn::{Cpu, Matrix, backward, check, value};
use std::num::NonZeroUsize;

type M = Matrix<f64, Cpu>;

fn matrix(rows: usize, columns: usize, values: &[f64]) -> M {
    nn::matrix(&Cpu::default(), rows, columns, values.to_vec()).unwrap()
}

/// A rounding or two.
const ROUNDING: f64 = 1e-14;
/// Five-point differences.
const GRADIENT: f64 = 1e-8;

fn close(found: f64, expected: f64) {
    let size = expected.abs().max(1.0);
    assert!(
        (found - expected).abs() <= ROUNDING * size,
        "{found} {expected}"
    );
}

/// Residuals 1, −2, 0.5 and 0, −0.25, 3 of two rows.
const X: [f64; 6] = [0.0; 6];
const R: [f64; 6] = [1.0, -2.0, 0.5, 0.0, -0.25, 3.0];

fn of(kind: Distance, lnvar: Option<[f64; 3]>) -> f64 {
    let lnvar = lnvar.map(|s| matrix(3, 1, &s));
    value(&distance(kind, matrix(2, 3, &R), matrix(2, 3, &X), lnvar).unwrap())
}

#[test]
fn distances_of_a_few_numbers() {
    // (1 + 4 + .25 + 0 + .0625 + 9) / 2
    close(of(Distance::Squares, None), 7.156_25);
    close(of(Distance::Gaussian, None), 7.156_25 / 2.0);
    // (1 + 2 + .5 + 0 + .25 + 3) / 2
    close(of(Distance::Absolute, None), 3.375);
    // δ = 1: ½, 1.5, ⅛, 0, 1/32, 2.5; halved
    close(
        of(Distance::Huber { delta: 1.0 }, None),
        (0.5 + 1.5 + 0.125 + 0.031_25 + 2.5) / 2.0,
    );
    // σ² = 1, 4, ¼: squares per channel 1, 4.0625, 9.25 over two rows; ln σ² sums to 0
    let lnvar = [0.0, 4_f64.ln(), 0.25_f64.ln()];
    close(
        of(Distance::Gaussian, Some(lnvar)),
        0.5 * (1.0 + 4.0625 / 4.0 + 9.25 * 4.0) / 2.0,
    );
}

/// With σ² at the mean square of each channel the likelihood is at its least in σ.
#[test]
fn learned_noise_settles_at_the_error() {
    let best = [0.5, 2.031_25, 4.625].map(f64::ln);
    let s = matrix(3, 1, &best);
    let loss = gaussian(
        matrix(2, 3, &R).leaky_trace(),
        matrix(2, 3, &X),
        s.leaky_trace(),
    )
    .unwrap();
    let g = backward(loss).unwrap();
    for slope in g.get(&s).as_vec() {
        assert!(slope.abs() < ROUNDING, "{slope}");
    }
}

#[test]
fn edges_cost_more_the_nearer_they_are() {
    let at = |z: f64, p: f64| value(&edge(matrix(1, 1, &[z]), p).unwrap());
    close(at(0.5, 1.0), 2.0 * 2_f64.ln());
    close(at(0.5, 2.0), (2.0 * 2_f64.ln()).powi(2));
    assert!(at(0.1, 1.0) > at(0.3, 1.0) && (at(0.1, 1.0) - at(0.9, 1.0)).abs() < 1e-12);
    // the ends themselves are finite, and NaN is seen
    assert!(at(0.0, 1.0).is_finite() && at(1.0, 1.0).is_finite());
    assert!(at(f64::NAN, 1.0).is_nan());
}

#[test]
fn free_bits_are_free() {
    // KL per dimension: ½ (1 + 4)/2 · … of means (1, 2), (0, 0): ¼ and 1
    let mean = matrix(2, 2, &[1.0, 2.0, 0.0, 0.0]);
    let of = |free| {
        let (m, v) = (mean.leaky_trace(), matrix(2, 2, &[0.0; 4]).leaky_trace());
        let kl = kl_above(m, v, free).unwrap();
        let number = value(&kl);
        (number, backward(kl).unwrap().get(&mean).as_vec())
    };
    let (kl, slopes) = of(0.1);
    close(kl, 1.25);
    assert_eq!(slopes, [0.5, 1.0, 0.0, 0.0]);
    let (kl, slopes) = of(0.5);
    close(kl, 1.5);
    assert_eq!(slopes, [0.0, 1.0, 0.0, 0.0]);
    let nothing = matrix(2, 1, &[f64::NAN, 0.0]);
    let seen = kl_above(nothing, matrix(2, 1, &[0.0; 2]), 0.5).unwrap();
    assert!(value(&seen).is_nan());
}

/// Two windows of three rows and a row left over, three columns.
const SERIES: [f64; 21] = [
    0.1, 0.5, 0.3, //
    0.2, 0.5, 0.9, //
    0.6, 0.8, 0.3, //
    0.4, 0.1, 0.7, //
    0.4, 0.2, 0.2, //
    0.7, 0.9, 0.2, //
    0.9, 0.0, 1.0,
];

fn three() -> NonZeroUsize {
    NonZeroUsize::new(3).unwrap()
}

#[test]
fn a_series_costs_its_variance_within_windows() {
    let of = |values: &[f64], columns: &[usize]| {
        let z = matrix(values.len() / 3, 3, values);
        let loss = smoothness(z.leaky_trace(), three(), columns).unwrap();
        (value(&loss), backward(loss).unwrap().get(&z).as_vec())
    };
    // means .3 and .5, squares .04 + .01 + .09 and .01 + .01 + .04; 2 · 2 in the denominator
    let (found, slopes) = of(&SERIES, &[0]);
    close(found, (0.14 + 0.06) / 4.0);
    // 2 (z − mean)/4, nothing in the row left over
    let expected = [-0.1, -0.05, 0.15, -0.05, -0.05, 0.1, 0.0];
    for (row, expected) in expected.into_iter().enumerate() {
        close(slopes[3 * row], expected);
        assert_eq!(slopes[3 * row + 1..3 * row + 3], [0.0; 2]);
    }
    // the others: means .6 and .4, .5 and 11/30
    let second = 0.06 + 0.38;
    let third = 0.24 + (10.0 * 10.0 + 2.0 * 5.0 * 5.0) / 900.0;
    close(of(&SERIES, &[2, 0]).0, (0.2 + third) / 8.0);
    close(of(&SERIES, &[0, 1, 2]).0, (0.2 + second + third) / 12.0);
    // no whole window, no parameter: no cost
    assert_eq!(of(&SERIES[..6], &[0]), (0.0, vec![0.0; 6]));
    assert_eq!(of(&SERIES, &[]), (0.0, vec![0.0; 21]));
    let mut spoilt = SERIES;
    spoilt[4] = f64::NAN;
    assert!(of(&spoilt, &[1]).0.is_nan() && !of(&spoilt, &[0]).0.is_nan());
    let refused = smoothness(matrix(3, 3, &SERIES[..9]), three(), &[3]);
    assert!(refused.is_err());
}

#[test]
fn slopes_of_a_series_are_those_of_differences() {
    let z = matrix(7, 3, &SERIES);
    // squared, so that what comes back to it is not 1
    let of = |z: &M| {
        let variance = smoothness(z.leaky_trace(), three(), &[1, 2]).unwrap();
        variance.square()
    };
    let g = backward(of(&z)).unwrap().get(&z).as_vec();
    let all: Vec<usize> = (0..SERIES.len()).collect();
    let worst =
        check::worst_relative_error(&SERIES, &g, &all, 1e-4, |z| value(&of(&matrix(7, 3, z))));
    assert!(worst < GRADIENT, "{worst:e}");
}

#[test]
fn a_likelihood_of_literal_numbers() {
    let nll = negative_log_likelihood(
        matrix(1, 2, &[1.0, 0.0]),
        matrix(1, 2, &[0.0, 4_f64.ln()]),
        matrix(1, 2, &[3.0, 2.0]),
    );
    // ½ (4 + 0) + ½ (4/4 + ln 4)
    close(value(&nll.unwrap()), 2.0 + 0.5 + 0.5 * 4_f64.ln());
}

#[test]
fn slopes_are_those_of_differences() {
    let z = [0.2, 0.7, 0.05, 0.99];
    let m = matrix(2, 2, &z);
    let g = backward(edge(m.leaky_trace(), 3.0).unwrap())
        .unwrap()
        .get(&m)
        .as_vec();
    let worst = check::worst_relative_error(&z, &g, &[0, 1, 2, 3], 1e-5, |z| {
        value(&edge(matrix(2, 2, z), 3.0).unwrap())
    });
    assert!(worst < GRADIENT, "{worst:e}");
    for kind in [
        Distance::Squares,
        Distance::Gaussian,
        Distance::Absolute,
        Distance::Huber { delta: 1.0 },
    ] {
        // off the kinks
        let r = [1.1, -2.0, 0.5, 0.3, -0.25, 3.0];
        let s = [0.1, -0.4, 0.8];
        let (x_hat, lnvar) = (matrix(2, 3, &r), matrix(3, 1, &s));
        let loss = distance(
            kind,
            x_hat.leaky_trace(),
            matrix(2, 3, &X),
            Some(lnvar.leaky_trace()),
        );
        let g = backward(loss.unwrap()).unwrap().get(&x_hat).as_vec();
        let worst = check::worst_relative_error(&r, &g, &[0, 1, 2, 3, 4, 5], 1e-4, |r| {
            let lnvar = Some(matrix(3, 1, &s));
            value(&distance(kind, matrix(2, 3, r), matrix(2, 3, &X), lnvar).unwrap())
        });
        assert!(worst < GRADIENT, "{kind:?}: {worst:e}");
    }
}

/// What a goal adds to the plain objective, term by term.
#[test]
fn the_total_is_the_sum_of_its_terms() {
    let weights = Weights {
        beta: 0.5,
        gate: 0.0,
        residual: 0.0,
        data_aug: 0.0,
    };
    let of = |goal: Goal| {
        let pair = || (matrix(2, 2, &[1.0, 2.0, 0.0, 0.0]), matrix(2, 2, &[0.0; 4]));
        let terms = Terms {
            x_pb: matrix(2, 3, &R),
            x_p: Some(matrix(2, 3, &R.map(|r| 2.0 * r))),
            z_phy: Some(matrix(2, 2, &[0.3, 0.5, 0.7, 0.5])),
            physical: Some(pair()),
            auxiliary: Some(pair()),
            gate: None,
            delta: None,
            coefficients: Some(matrix(2, 2, &[0.5, -0.5, 1.0, 0.0])),
            directions: Some(matrix(2, 3, &[1.0, 1.0, 0.0, 0.0, 2.0, 0.0])),
            noise: [None, None],
        };
        Objective::train(terms, matrix(2, 3, &X), &weights, &goal)
            .unwrap()
            .loss
    };
    let plain = Goal::default();
    close(of(plain.clone()), 7.156_25 + 0.5 * 2.5);
    close(
        of(Goal {
            beta_phy: 0.2,
            beta_aux: 0.4,
            ..plain.clone()
        }),
        7.156_25 + 0.5 * 1.25 * 0.6,
    );
    close(
        of(Goal {
            physics: 0.1,
            ..plain.clone()
        }),
        of(plain.clone()) + 0.1 * 4.0 * 7.156_25,
    );
    close(
        of(Goal {
            edge: 0.3,
            ..plain.clone()
        }),
        of(plain.clone()) + 0.3 * (2.0 * 2_f64.ln() - 0.21_f64.ln()) / 2.0,
    );
    // 0.4 apart in one column, the same in the other
    close(
        of(Goal {
            smoothness: Some(Smoothness {
                weight: 0.5,
                window: NonZeroUsize::new(2).unwrap(),
                columns: vec![0, 1],
            }),
            ..plain.clone()
        }),
        of(plain.clone()) + 0.5 * 0.08 / 2.0,
    );
    // R Rᵀ = [[2, 2], [2, 4]]: 1 + 4 + 4 + 9
    close(
        of(Goal {
            orthogonality: 0.1,
            ..plain.clone()
        }),
        of(plain.clone()) + 1.8,
    );
    // (¼ + ¼ + 1)/2
    close(
        of(Goal {
            coefficients: 0.4,
            ..plain.clone()
        }),
        of(plain.clone()) + 0.3,
    );
    // KL of each block 1.25; the physical one is held at β · 3 = 1.5
    close(
        of(Goal {
            capacity_weight: 8.0,
            capacity: 3.0,
            ..plain.clone()
        }),
        7.156_25 + 0.5 * 1.25 + 8.0 * 0.25 * 0.25,
    );
    close(
        of(Goal {
            free_bits: 0.5,
            ..plain.clone()
        }),
        7.156_25 + 0.5 * 3.0,
    );
}

/// A batch of five rows cut anywhere: value and gradient of the whole, for free bits, capacity and both.
#[test]
fn what_the_kl_costs_is_that_of_the_batch_however_it_is_cut() {
    const ROWS: usize = 5;
    let weights = Weights {
        beta: 0.7,
        gate: 0.0,
        residual: 0.0,
        data_aug: 0.0,
    };
    let number = |i: usize, by: f64| (by * (i as f64 + 1.0)).sin();
    let m: Vec<f64> = (0..2 * ROWS).map(|i| 1.5 * number(i, 0.9)).collect();
    let v: Vec<f64> = (0..2 * ROWS).map(|i| number(i, 2.1)).collect();
    let of_dimension = |k: usize| {
        let kl = |i: usize| 0.5 * (v[i].exp_m1() - v[i] + m[i] * m[i]);
        (0..ROWS).map(|row| kl(2 * row + k)).sum::<f64>() / ROWS as f64
    };
    let kl = vec![of_dimension(0), of_dimension(1)];
    let batch = KlOfBatch {
        physical: kl.clone(),
        auxiliary: kl.clone(),
    };
    // between the two, so that one dimension is free and the other is not
    let free = 0.5 * (kl[0] + kl[1]);
    let mut tried = 0;
    for (free_bits, capacity_weight) in [(free, 0.0), (0.0, 3.0), (free, 3.0)] {
        let goal = Goal {
            free_bits,
            capacity_weight,
            capacity: 1.1,
            ..Goal::default()
        };
        // loss, KL and the gradients of mean and log-variance of a part, weighed by its share
        let part = |rows: std::ops::Range<usize>, batch: Option<&KlOfBatch>| {
            let (from, n) = (2 * rows.start, rows.len());
            let of = |values: &[f64]| matrix(n, 2, &values[from..from + 2 * n]);
            let blocks = [(of(&m), of(&v)), (of(&m), of(&v))];
            let pair = |(m, v): &(M, M)| (m.leaky_trace(), v.leaky_trace());
            let terms = Terms {
                x_pb: matrix(n, 3, &vec![0.0; 3 * n]).leaky_trace(),
                x_p: None,
                z_phy: None,
                physical: Some(pair(&blocks[0])),
                auxiliary: Some(pair(&blocks[1])),
                gate: None,
                delta: None,
                coefficients: None,
                directions: None,
                noise: [None, None],
            };
            let x = matrix(n, 3, &vec![0.0; 3 * n]);
            let share = n as f64 / ROWS as f64;
            let objective = Objective::train_on_shard(terms, x, &weights, &goal, batch).unwrap();
            let numbers = [objective.loss, objective.kl, objective.kl_cost].map(|v| v * share);
            let gradients = backward(objective.times(share).unwrap().total).unwrap();
            let all = blocks.iter().flat_map(|(m, v)| [m, v]);
            let slopes: Vec<Vec<f64>> = all.map(|of| gradients.get(of).as_vec()).collect();
            (numbers, slopes)
        };
        let (whole, slopes) = part(0..ROWS, None);
        let counted = kl.iter().map(|kl| kl.max(free_bits)).sum::<f64>();
        let controlled = capacity_weight * (counted - 0.7 * 1.1).powi(2);
        let physical = if capacity_weight > 0.0 { controlled } else { 0.7 * counted };
        close(whole[0], physical + 0.7 * counted);
        close(whole[1], 2.0 * (kl[0] + kl[1]));
        close(whole[2], whole[0]);
        for cut in 1..ROWS {
            let ((one, first), (two, second)) =
                (part(0..cut, Some(&batch)), part(cut..ROWS, Some(&batch)));
            for (whole, (one, two)) in whole.iter().zip(one.iter().zip(two)) {
                close(one + two, *whole);
            }
            for (whole, (one, two)) in slopes.iter().zip(first.iter().zip(&second)) {
                for (whole, part) in whole.iter().zip(one.iter().chain(two)) {
                    close(*part, *whole);
                }
            }
            tried += 1;
        }
    }
    println!("{tried} cuts, each the whole batch");
}
