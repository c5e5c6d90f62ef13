//! The reparameterised draw.

mod common;

use common::{assert_close, backward, gradient, matrix};
use dfdx::prelude::{Trace, WithEmptyTape};
use latent::draw;
use nn::check::worst_relative_error;
use nn::{Cpu, detach};
use proptest::prelude::*;

/// Rounding of a few operations.
const ROUNDING: f64 = 1e-14;
/// Five-point differences in f64.
const GRADIENT: f64 = 1e-9;

#[test]
fn it_is_the_mean_plus_sd_times_noise() {
    let mean = matrix(2, 2, &[1.0, -2.0, 0.5, 3.0]);
    let lnvar = matrix(2, 2, &[0.0, 2.0 * 3.0_f64.ln(), -9.0, 5.0]);
    let noise = matrix(2, 2, &[0.5, -1.0, 2.0, 0.0]);
    let y = draw(mean.leaky_trace(), lnvar.retaped(), noise.clone()).unwrap();
    // e^−4.5 = 0.011108996538242306
    let expected = [1.5, -5.0, 0.5 + 2.0 * 0.011_108_996_538_242_306, 3.0];
    assert_close(&y.with_empty_tape().as_vec(), &expected, ROUNDING);
    let mut g = backward(y, &matrix(2, 2, &[1.0, 2.0, 3.0, 4.0]));
    assert_close(&gradient(&mut g, &mean), &[1.0, 2.0, 3.0, 4.0], ROUNDING);
    // ½ sd ε dy
    let expected = [0.25, -3.0, 3.0 * 0.011_108_996_538_242_306, 0.0];
    assert_close(&gradient(&mut g, &lnvar), &expected, ROUNDING);
}

/// Used alone it clamps: values, and a gradient that passes only where descent leads back.
#[test]
fn a_log_variance_out_of_range_is_clamped() {
    let mean = matrix(1, 4, &[0.0; 4]);
    let lnvar = matrix(1, 4, &[7.0, 7.0, -20.0, -20.0]);
    let noise = matrix(1, 4, &[1.0; 4]);
    let y = draw(mean.leaky_trace(), lnvar.retaped(), noise).unwrap();
    // e^2.5 and e^−4.5
    let (high, low) = (12.182_493_960_703_473, 0.011_108_996_538_242_306);
    let values = y.with_empty_tape().as_vec();
    assert_close(&values, &[high, high, low, low], ROUNDING);
    let mut g = backward(y, &matrix(1, 4, &[2.0, -2.0, 2.0, -2.0]));
    // above, descent goes down for a positive gradient; below, up for a negative one
    assert_close(&gradient(&mut g, &lnvar), &[high, 0.0, 0.0, -low], ROUNDING);
    assert_close(&gradient(&mut g, &mean), &[2.0, -2.0, 2.0, -2.0], ROUNDING);
    let nan = draw(
        matrix(1, 1, &[0.0]),
        matrix(1, 1, &[f64::NAN]),
        matrix(1, 1, &[1.0]),
    );
    assert!(nan.unwrap().as_vec()[0].is_nan());
}

#[test]
fn without_noise_it_is_the_mean() {
    let mean = matrix(1, 3, &[1.0, -2.0, 0.5]);
    let y = draw(
        mean.clone(),
        matrix(1, 3, &[5.0; 3]),
        matrix(1, 3, &[0.0; 3]),
    )
    .unwrap();
    assert_eq!(y.as_vec(), mean.as_vec());
}

#[test]
fn mean_and_variance_are_those_asked_for() {
    use rand::{Rng, SeedableRng};
    let mut rng = rand::rngs::StdRng::seed_from_u64(3);
    let n = 40_000;
    // Box-Muller
    let noise: Vec<f64> = (0..n)
        .map(|_| {
            let (a, b): (f64, f64) = (rng.gen_range(1e-300..1.0), rng.r#gen());
            (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
        })
        .collect();
    let constant = |v: f64| matrix(n, 1, &vec![v; n]);
    let y = draw(constant(2.0), constant(1.2), matrix(n, 1, &noise)).unwrap();
    let y = y.as_vec();
    let mean = y.iter().sum::<f64>() / n as f64;
    let variance = y.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64;
    // five standard errors
    let v = 1.2_f64.exp();
    assert!((mean - 2.0).abs() < 5.0 * (v / n as f64).sqrt());
    assert!((variance / v - 1.0).abs() < 5.0 * (2.0 / n as f64).sqrt());
}

#[test]
fn noise_may_be_detached_from_anything() {
    // the noise is a constant: what it was made from gets nothing
    let x = matrix(1, 1, &[0.7]);
    let noise = detach(&x).unwrap();
    let mean = matrix(1, 1, &[0.0]);
    let y = draw(mean.leaky_trace(), matrix(1, 1, &[0.0]).retaped(), noise).unwrap();
    let mut g = backward(y, &matrix(1, 1, &[1.0]));
    assert_eq!(gradient(&mut g, &x), [0.0]);
}

#[test]
fn f32_takes_the_same_path() {
    let one = |v| nn::matrix(&Cpu::default(), 1, 1, vec![v]).unwrap();
    let y = draw(one(1.0_f32), one(0.0), one(0.5)).unwrap();
    assert_eq!(y.as_vec(), [1.5]);
}

proptest! {
    /// As if it had been clamped before, over the whole range and beyond.
    #[test]
    fn it_is_the_draw_of_the_clamped(v in prop::collection::vec(-30.0..30.0_f64, 4), noise in prop::collection::vec(-3.0..3.0_f64, 4), weights in prop::collection::vec(-3.0..3.0_f64, 4)) {
        let run = |before: bool| {
            let (mean, lnvar) = (matrix(2, 2, &[0.3; 4]), matrix(2, 2, &v));
            let clamped = if before { latent::clamp_lnvar(lnvar.leaky_trace()).unwrap() } else { lnvar.leaky_trace() };
            let y = draw(mean.retaped(), clamped, matrix(2, 2, &noise)).unwrap();
            let values = y.with_empty_tape().as_vec();
            let mut g = backward(y, &matrix(2, 2, &weights));
            (values, gradient(&mut g, &lnvar))
        };
        prop_assert_eq!(run(false), run(true));
    }

    #[test]
    fn gradients_are_those_of_differences(point in prop::collection::vec(-3.0..3.0_f64, 8), noise in prop::collection::vec(-3.0..3.0_f64, 4)) {
        let split = |p: &[f64]| (matrix(2, 2, &p[..4]), matrix(2, 2, &p[4..]));
        let noise = matrix(2, 2, &noise);
        let weights = matrix(2, 2, &[1.0, -0.5, 2.0, 0.3]);
        let (m, v) = split(&point);
        let y = draw(m.leaky_trace(), v.retaped(), noise.clone()).unwrap();
        let mut g = backward(y, &weights);
        let analytic = [gradient(&mut g, &m), gradient(&mut g, &v)].concat();
        let elements: Vec<_> = (0..8).collect();
        let worst = worst_relative_error(&point, &analytic, &elements, 1e-3, |p| {
            let (m, v) = split(p);
            let y = draw(m, v, noise.clone()).unwrap();
            y.as_vec().iter().zip(weights.as_vec()).map(|(y, w)| y * w).sum()
        });
        prop_assert!(worst < GRADIENT, "{worst:.2e}");
    }
}
