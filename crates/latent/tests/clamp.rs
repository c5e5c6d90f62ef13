//! The clamp of log-variances: values, and a gradient that lets a head come back.

mod common;

use common::{backward, gradient, matrix};
use dfdx::prelude::{Trace, WithEmptyTape};
use latent::{LNVAR_MAX, LNVAR_MIN, clamp_lnvar};
use nn::Cpu;
use proptest::prelude::*;

/// Value and gradient at v for ∂loss/∂y = `dy`.
fn at(v: f64, dy: f64) -> (f64, f64) {
    let x = matrix(1, 1, &[v]);
    let y = clamp_lnvar(x.leaky_trace()).unwrap();
    let value = y.with_empty_tape().as_vec()[0];
    (
        value,
        gradient(&mut backward(y, &matrix(1, 1, &[dy])), &x)[0],
    )
}

#[test]
fn the_bounds_are_the_projects() {
    assert_eq!((LNVAR_MIN, LNVAR_MAX), (-9.0, 5.0));
}

#[test]
fn inside_and_at_the_bounds_it_is_the_identity() {
    for v in [-9.0, -8.999, -1.0, 0.0, 4.999, 5.0] {
        for dy in [-2.5, 0.75] {
            assert_eq!(at(v, dy), (v, dy), "{v}");
        }
    }
}

#[test]
fn outside_the_gradient_passes_only_where_descent_leads_back() {
    // descent moves against the gradient: down for a positive one
    for v in [5.0 + 1e-9, 5.5, 1e3, f64::INFINITY] {
        assert_eq!(at(v, 0.75), (5.0, 0.75), "{v}");
        assert_eq!(at(v, -0.75), (5.0, 0.0), "{v}");
    }
    for v in [-9.0 - 1e-9, -9.5, -1e3, f64::NEG_INFINITY] {
        assert_eq!(at(v, -0.75), (-9.0, -0.75), "{v}");
        assert_eq!(at(v, 0.75), (-9.0, 0.0), "{v}");
    }
}

#[test]
fn descent_brings_a_head_back_that_a_plain_clamp_would_hold() {
    // loss (y − target)² / 2 from outside, towards a target inside
    for (start, target) in [(8.0, 1.0), (-15.0, 0.5)] {
        let mut v = start;
        for _ in 0..200 {
            let (y, _) = at(v, 0.0);
            v -= 0.1 * at(v, y - target).1;
        }
        assert!((v - target).abs() < 1e-6, "{start}: {v}");
    }
    // and a target beyond the range pulls no further than just outside
    let mut v = 4.9;
    for _ in 0..200 {
        let (y, _) = at(v, 0.0);
        v -= 0.1 * at(v, y - 100.0).1;
    }
    assert!(v < 5.0 + 10.0, "{v}");
}

#[test]
fn nan_passes_visibly() {
    let (value, gradient_of_number) = at(f64::NAN, 1.0);
    assert!(value.is_nan());
    assert_eq!(gradient_of_number, 1.0);
    for v in [0.0, 6.0, -10.0] {
        assert!(at(v, f64::NAN).1.is_nan(), "{v}");
    }
}

#[test]
fn every_element_is_judged_by_itself() {
    let x = matrix(2, 3, &[6.0, 6.0, 0.0, -10.0, -10.0, 5.0]);
    let y = clamp_lnvar(x.leaky_trace()).unwrap();
    let mut g = backward(y, &matrix(2, 3, &[1.0, -1.0, -1.0, 1.0, -1.0, 2.0]));
    assert_eq!(gradient(&mut g, &x), [1.0, 0.0, -1.0, 0.0, -1.0, 2.0]);
}

#[test]
fn f32_has_the_same_bounds() {
    let x = nn::matrix(&Cpu::default(), 1, 3, vec![7.0_f32, -20.0, 0.5]).unwrap();
    assert_eq!(clamp_lnvar(x).unwrap().as_vec(), [5.0, -9.0, 0.5]);
}

proptest! {
    #[test]
    fn values_stay_in_range_and_gradients_are_all_or_nothing(v in -30.0..30.0_f64, dy in -3.0..3.0_f64) {
        let (y, g) = at(v, dy);
        prop_assert_eq!(y, v.clamp(-9.0, 5.0));
        let blocked = (v > 5.0 && dy <= 0.0) || (v < -9.0 && dy >= 0.0);
        prop_assert_eq!(g, if blocked { 0.0 } else { dy });
    }
}
