//! What the optimiser does with gradients that are not numbers, absent or zero, and with foreign state.

mod common;

use common::{M, assert_close, matrix};
use nn::{Adam, AdamConfig, Backend, Cpu, Gradients, NnError, StepReport};

const LR: f64 = 0.01;

/// Steps parameters a (1 × 3) and b (1 × 1) once with the given gradients.
fn step(adam: &mut Adam<f64>, a: &mut M, b: &mut M, da: [f64; 3], db: f64) -> StepReport {
    let mut g = Gradients::leaky();
    Cpu::with_gradient(&mut g, a, |g| g.copy_from_slice(&da)).unwrap();
    Cpu::with_gradient(&mut g, b, |g| g.copy_from_slice(&[db])).unwrap();
    adam.step(LR, vec![("a".into(), a), ("b".into(), b)], &mut g)
        .unwrap()
}

fn start() -> (M, M) {
    (matrix(1, 3, &[1.0, -2.0, 0.5]), matrix(1, 1, &[3.0]))
}

fn plain() -> AdamConfig {
    AdamConfig {
        clip_norm: None,
        weight_decay: 0.0,
        ..AdamConfig::default()
    }
}

#[test]
fn the_default_is_the_projects() {
    let c = AdamConfig::default();
    assert_eq!(
        (c.beta1, c.beta2, c.eps, c.weight_decay),
        (0.9, 0.999, 1e-8, 1e-4)
    );
    assert!(c.amsgrad && c.zero_non_finite && c.clip_norm == Some(1.0));
}

#[test]
fn non_finite_elements_are_counted_and_taken_as_zero() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    for bad in [nan, inf, -inf] {
        let (mut a, mut b) = start();
        let (mut a0, mut b0) = start();
        let (mut adam, mut adam0) = (
            Adam::new(AdamConfig::default()),
            Adam::new(AdamConfig::default()),
        );
        let report = step(&mut adam, &mut a, &mut b, [3.0, bad, 0.0], bad);
        let clean = step(&mut adam0, &mut a0, &mut b0, [3.0, 0.0, 0.0], 0.0);
        assert_eq!(report.non_finite, 2);
        assert_eq!(report.gradient_norm, 3.0);
        assert_close(&[report.scale], &[1.0 / 3.000001], 1e-15, "scale");
        assert!(report.applied);
        assert_eq!(
            report,
            StepReport {
                non_finite: 2,
                ..clean
            }
        );
        assert_eq!(
            (a.as_vec(), b.as_vec(), adam),
            (a0.as_vec(), b0.as_vec(), adam0)
        );
    }
}

#[test]
fn gradients_of_shards_are_summed_and_then_guarded() {
    let run = |shards: Vec<Vec<Vec<f64>>>| {
        let (mut a, mut b) = start();
        let mut adam = Adam::new(AdamConfig::default());
        let parameters = vec![("a".into(), &mut a), ("b".into(), &mut b)];
        let report = adam.step_on_shards(LR, parameters, shards).unwrap();
        (report, a.as_vec(), b.as_vec(), adam)
    };
    let whole = run(vec![vec![vec![0.5, -1.0, 0.75], vec![2.0]]]);
    // sums without rounding; the empty gradient is one of zeros
    let parts = run(vec![
        vec![vec![0.25, -2.0, 0.5], vec![]],
        vec![vec![0.25, 1.0, 0.25], vec![2.0]],
    ]);
    assert_eq!(parts, whole);
    assert_eq!(whole.0.gradient_norm, f64::sqrt(0.25 + 1.0 + 0.5625 + 4.0));

    // what is not finite in one shard is not finite in the sum, and counts once
    let guarded = run(vec![
        vec![vec![1.0, f64::NAN, 1.0], vec![0.0]],
        vec![vec![0.0, f64::INFINITY, 1.0], vec![0.0]],
    ]);
    assert_eq!(
        (guarded.0.non_finite, guarded.0.gradient_norm),
        (1, f64::sqrt(5.0))
    );
}

#[test]
fn a_gradient_of_another_size_is_refused() {
    let (mut a, _) = start();
    let mut adam = Adam::new(AdamConfig::default());
    let error = adam
        .step_on_shards(LR, vec![("a".into(), &mut a)], vec![vec![vec![1.0; 2]]])
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the gradient of parameter a has 2 elements, the parameter 3"
    );
    assert!(adam.moments.is_empty());
}

#[test]
fn without_the_guard_the_step_is_left_out() {
    let config = AdamConfig {
        zero_non_finite: false,
        ..AdamConfig::default()
    };
    let (mut a, mut b) = start();
    let mut adam = Adam::new(config);
    step(&mut adam, &mut a, &mut b, [0.1, 0.2, 0.3], 0.4);
    let (before, values) = (adam.clone(), (a.as_vec(), b.as_vec()));
    let report = step(
        &mut adam,
        &mut a,
        &mut b,
        [3.0, 4.0, f64::NAN],
        f64::INFINITY,
    );
    assert_eq!((report.non_finite, report.applied), (2, false));
    assert_eq!(report.gradient_norm, 5.0);
    assert_eq!((adam, (a.as_vec(), b.as_vec())), (before, values));
}

#[test]
fn a_gradient_of_zero_moves_nothing_without_decay() {
    let (mut a, mut b) = start();
    let mut adam = Adam::new(plain());
    step(&mut adam, &mut a, &mut b, [0.0, 1.0, 0.0], 0.0);
    let after = a.as_vec();
    assert_eq!((after[0], after[2], b.as_vec()[0]), (1.0, 0.5, 3.0));
    // the first step is lr · sign(g), but for eps
    assert_close(&[after[1]], &[-2.0 - LR], 1e-9, "first step");
    let m = &adam.moments["a"];
    assert_eq!((m.mean[0], m.square[0], m.largest[0]), (0.0, 0.0, 0.0));
    assert_close(
        &[m.mean[1], m.square[1], m.largest[1]],
        &[0.1, 0.001, 0.001],
        1e-16,
        "moments",
    );
}

#[test]
fn a_parameter_that_nothing_reached_counts_as_zero_gradient() {
    let (mut a, _) = start();
    let mut adam = Adam::new(plain());
    let report = adam
        .step(LR, vec![("a".into(), &mut a)], &mut Gradients::leaky())
        .unwrap();
    assert_eq!(
        (report.gradient_norm, report.scale, report.applied),
        (0.0, 1.0, true)
    );
    assert_eq!(a.as_vec(), [1.0, -2.0, 0.5]);
}

#[test]
fn weight_decay_is_added_after_clipping() {
    // gradient 0, so only decay: m = 0.1 wd p, v = 0.001 (wd p)², step lr · sign(p)
    let (mut a, mut b) = start();
    let mut adam = Adam::new(AdamConfig {
        eps: 0.0,
        ..AdamConfig::default()
    });
    let report = step(&mut adam, &mut a, &mut b, [0.0; 3], 0.0);
    assert_eq!((report.gradient_norm, report.scale), (0.0, 1.0));
    assert_close(
        &a.as_vec(),
        &[1.0 - LR, -2.0 + LR, 0.5 - LR],
        1e-14,
        "decay",
    );
    assert_close(
        &adam.moments["a"].mean,
        &[1e-5, -2e-5, 0.5e-5],
        1e-18,
        "mean",
    );
    // and a large gradient does not scale the decay away
    let (mut a, mut b) = start();
    let mut adam = Adam::new(AdamConfig {
        weight_decay: 0.5,
        ..AdamConfig::default()
    });
    step(&mut adam, &mut a, &mut b, [1e6, 0.0, 0.0], 0.0);
    assert_close(
        &adam.moments["a"].mean[1..],
        &[-0.1, 0.025],
        1e-14,
        "decay of the unmoved",
    );
    assert_close(
        &adam.moments["a"].mean[..1],
        &[0.1 * (1.0 + 0.5)],
        1e-11,
        "clipped to 1, then 0.5",
    );
}

#[test]
fn clipping_is_by_the_global_norm_of_the_given_parameters() {
    let of = |clip| {
        let (mut a, mut b) = start();
        let mut adam = Adam::new(AdamConfig {
            clip_norm: clip,
            ..plain()
        });
        let report = step(&mut adam, &mut a, &mut b, [3.0, 0.0, 0.0], 4.0);
        (report, adam.moments["a"].mean[0], adam.moments["b"].mean[0])
    };
    let (report, a, b) = of(Some(1.0));
    assert_eq!(report.gradient_norm, 5.0);
    assert_close(
        &[report.scale, a, b],
        &[1.0 / 5.000001, 0.3 / 5.000001, 0.4 / 5.000001],
        1e-15,
        "clipped",
    );
    let (report, a, _) = of(Some(6.0));
    assert_eq!(report.scale, 1.0);
    assert_close(&[a], &[0.3], 1e-15, "below the limit");
    assert_eq!(of(None).0.scale, 1.0);
}

#[test]
fn amsgrad_keeps_the_largest_second_moment() {
    let (mut a, mut b) = start();
    let mut adam = Adam::new(plain());
    step(&mut adam, &mut a, &mut b, [10.0, 1.0, 1.0], 0.0);
    let first = adam.moments["a"].square.clone();
    assert_close(&first, &[0.1, 0.001, 0.001], 1e-15, "(1 − β₂) g²");
    for _ in 0..5 {
        step(&mut adam, &mut a, &mut b, [0.0, 2.0, 0.0], 0.0);
    }
    let m = &adam.moments["a"];
    assert_eq!(m.largest[0], first[0]);
    assert!(m.square[0] < first[0]);
    assert_eq!(m.largest[1], m.square[1]);
    assert!(m.square[1] > first[1]);
}

#[test]
fn without_amsgrad_no_largest_moment_is_kept() {
    let (mut a, mut b) = start();
    let mut adam = Adam::new(AdamConfig {
        amsgrad: false,
        ..plain()
    });
    step(&mut adam, &mut a, &mut b, [10.0, 1.0, 1.0], 0.0);
    assert!(adam.moments["a"].largest.is_empty());
    assert_close(
        &a.as_vec(),
        &[1.0 - LR, -2.0 - LR, 0.5 - LR],
        1e-9,
        "first step",
    );
}

#[test]
fn stored_state_that_does_not_fit_is_refused_and_changes_nothing() {
    let refuse = |config: AdamConfig, change: &dyn Fn(&mut nn::Moments<f64>), message: &str| {
        let (mut a, mut b) = start();
        let mut adam = Adam::new(plain());
        step(&mut adam, &mut a, &mut b, [1.0; 3], 1.0);
        change(adam.moments.get_mut("b").unwrap());
        adam.config = config;
        let (before, values) = (adam.clone(), (a.as_vec(), b.as_vec()));
        let parameters = vec![("a".into(), &mut a), ("b".into(), &mut b)];
        let error = adam
            .step(LR, parameters, &mut Gradients::leaky())
            .unwrap_err();
        assert!(matches!(error, NnError::Moments { .. }));
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!((adam, (a.as_vec(), b.as_vec())), (before, values));
    };
    refuse(
        plain(),
        &|m| m.mean.push(0.0),
        "first moment of parameter b has 2 elements",
    );
    refuse(
        plain(),
        &|m| m.square.clear(),
        "second moment of parameter b has 0 elements",
    );
    refuse(
        plain(),
        &|m| m.largest.clear(),
        "largest second moment of parameter b has 0 elements",
    );
    let without = AdamConfig {
        amsgrad: false,
        ..plain()
    };
    refuse(
        without,
        &|_| {},
        "largest second moment of parameter a has 3 elements",
    );
}
