//! Sigmoid and logit.

mod common;

use common::{assert_close, backward, gradient, matrix};
use dfdx::prelude::{Trace, WithEmptyTape};
use latent::{logit, sigmoid, sigmoid_op};
use nn::check::worst_relative_error;
use proptest::prelude::*;

/// Rounding of a few operations.
const ROUNDING: f64 = 1e-14;
/// Five-point differences in f64.
const GRADIENT: f64 = 1e-9;

#[test]
fn literals() {
    assert_eq!(sigmoid(0.0), 0.5);
    assert_close(&[sigmoid(3.0_f64.ln())], &[0.75], ROUNDING);
    assert_close(&[sigmoid(-4.6)], &[0.009_951_801_866_904_324], 1e-16);
    assert_eq!(logit(0.5), 0.0);
    assert_close(&[logit(0.75)], &[3.0_f64.ln()], ROUNDING);
    // the ends of the synthetic draw
    assert_close(
        &[logit(1e-4), logit(1.0 - 1e-4)],
        &[-9.210_240_366_975_85, 9.210_240_366_975_85],
        1e-12,
    );
}

#[test]
fn extremes_neither_overflow_nor_lose_their_side() {
    assert_eq!((sigmoid(1e3), sigmoid(-1e3)), (1.0, 0.0));
    assert_eq!((sigmoid(1e3_f32), sigmoid(-1e3_f32)), (1.0, 0.0));
    assert_eq!(
        (sigmoid(f64::INFINITY), sigmoid(f64::NEG_INFINITY)),
        (1.0, 0.0)
    );
    let small: f64 = sigmoid(-700.0);
    assert!(small > 0.0 && (small.ln() + 700.0).abs() < 1e-10);
    assert_eq!((logit(0.0), logit(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
    assert!(sigmoid(f64::NAN).is_nan() && logit(f64::NAN).is_nan());
    assert!(logit(-0.1_f64).is_nan() && logit(1.1_f64).is_nan());
}

#[test]
fn the_operation_is_the_function_with_slope_z_one_minus_z() {
    let u = matrix(2, 2, &[0.0, 3.0_f64.ln(), -1e3, 1e3]);
    let z = sigmoid_op(u.leaky_trace()).unwrap();
    assert_close(
        &z.with_empty_tape().as_vec(),
        &[0.5, 0.75, 0.0, 1.0],
        ROUNDING,
    );
    let mut g = backward(z, &matrix(2, 2, &[2.0, -1.0, 3.0, 3.0]));
    assert_close(&gradient(&mut g, &u), &[0.5, -0.1875, 0.0, 0.0], ROUNDING);
}

proptest! {
    #[test]
    fn logit_undoes_sigmoid(u in -12.0..12.0_f64) {
        // near 1 the rounding of z itself is amplified by 1 / (z (1 − z))
        let z = sigmoid(u);
        prop_assert!((logit(z) - u).abs() < 4.0 * f64::EPSILON * (1.0 / (z * (1.0 - z)) + u.abs()));
    }

    #[test]
    fn sigmoid_undoes_logit(z in 1e-12..1.0_f64) {
        prop_assert!((sigmoid(logit(z)) - z).abs() <= 1e-14);
    }

    #[test]
    fn it_is_symmetric(u in -700.0..700.0_f64) {
        prop_assert!((sigmoid(u) + sigmoid(-u) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn gradients_are_those_of_differences(point in prop::collection::vec(-6.0..6.0_f64, 6)) {
        let weights = matrix(2, 3, &[1.0, -0.5, 2.0, 0.3, -1.0, 0.7]);
        let u = matrix(2, 3, &point);
        let mut g = backward(sigmoid_op(u.leaky_trace()).unwrap(), &weights);
        let analytic = gradient(&mut g, &u);
        let elements: Vec<_> = (0..6).collect();
        let worst = worst_relative_error(&point, &analytic, &elements, 1e-3, |p| {
            let z = sigmoid_op(matrix(2, 3, p)).unwrap().as_vec();
            z.iter().zip(weights.as_vec()).map(|(y, w)| y * w).sum()
        });
        prop_assert!(worst < GRADIENT, "{worst:.2e}");
    }
}
