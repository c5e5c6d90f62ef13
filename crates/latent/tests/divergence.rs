//! The Kullback-Leibler divergence: literals, reductions, gradient.

mod common;

use common::{M, assert_close, gradient, matrix};
use dfdx::prelude::{Backward, Trace};
use latent::{clamp_lnvar, kl_mean, kl_mean_relative, kl_per_dimension};
use nn::check::worst_relative_error;
use nn::{Cpu, value};
use proptest::prelude::*;

/// Rounding of a few additions.
const ROUNDING: f64 = 1e-14;
/// Five-point differences in f64.
const GRADIENT: f64 = 1e-9;
/// Roundings of f32 in e^v up to 150.
const F32: f64 = 1e-6;

fn kl(m: &M, v: &M) -> f64 {
    value(&kl_mean(m.clone(), v.clone()).unwrap())
}

fn one(m: f64, v: f64) -> f64 {
    kl(&matrix(1, 1, &[m]), &matrix(1, 1, &[v]))
}

#[test]
fn literals() {
    for (m, v, expected) in [
        (0.0, 0.0, 0.0),
        (1.0, 0.0, 0.5),
        (-3.0, 0.0, 4.5),
        // ½ (e − 2), ½ (1/e), ½ (e⁻⁹ + 8), ½ (e⁵ − 6)
        (0.0, 1.0, 0.359_140_914_229_522_6),
        (0.0, -1.0, 0.183_939_720_585_721_16),
        (0.0, -9.0, 4.000_061_704_902_043),
        (0.0, 5.0, 71.206_579_551_288_3),
        // ½ (2 − 1 − ln 2 + 4)
        (2.0, std::f64::consts::LN_2, 2.153_426_409_720_027_3),
    ] {
        assert_close(&[one(m, v)], &[expected], ROUNDING);
        assert_close(&kl_per_dimension(&[m], &[v], 1), &[expected], ROUNDING);
    }
}

#[test]
fn dimensions_are_summed_and_samples_averaged() {
    let m = matrix(2, 3, &[1.0, 2.0, 0.0, 0.0, 3.0, 4.0]);
    let zero = matrix(2, 3, &[0.0; 6]);
    // rows: ½ (1 + 4) and ½ (9 + 16), halved: 7.5
    assert_close(&[kl(&m, &zero)], &[7.5], ROUNDING);
    assert_close(
        &kl_per_dimension(&m.as_vec(), &zero.as_vec(), 3),
        &[0.5, 2.0 + 4.5, 8.0],
        ROUNDING,
    );
}

#[test]
fn equal_dimensions_weigh_equally_whatever_their_block() {
    let n = 5;
    let of = |k: usize| {
        kl(
            &matrix(n, k, &vec![0.3; n * k]),
            &matrix(n, k, &vec![-0.7; n * k]),
        )
    };
    assert_close(&[of(7) / of(2)], &[3.5], ROUNDING);
    assert_close(&[of(7)], &[7.0 * one(0.3, -0.7)], ROUNDING);
}

#[test]
fn the_host_sums_are_the_loss_times_the_samples() {
    let m = [0.3, -1.2, 2.0, 0.7, -0.1, 1.1];
    let v = [-8.9, 0.5, 1.2, -3.0, 4.9, 0.0];
    let (n, k) = (3, 2);
    let sums = kl_per_dimension(&m, &v, k);
    let total = kl(&matrix(n, k, &m), &matrix(n, k, &v));
    assert_close(&[sums.iter().sum::<f64>() / n as f64], &[total], ROUNDING);
    assert!(kl_per_dimension::<f64>(&[], &[], 0).is_empty());
}

#[test]
fn the_gradient_is_m_and_half_of_e_to_the_v_minus_one() {
    let m = matrix(2, 2, &[0.5, -1.0, 2.0, 0.0]);
    let v = matrix(2, 2, &[0.0, 1.0, -2.0, 3.0]);
    let mut g = kl_mean(m.leaky_trace(), v.retaped()).unwrap().backward();
    assert_close(&gradient(&mut g, &m), &[0.25, -0.5, 1.0, 0.0], ROUNDING);
    let dv = [0.0_f64, 1.0, -2.0, 3.0].map(|v| 0.25 * v.exp_m1());
    assert_close(&gradient(&mut g, &v), &dv, ROUNDING);
}

/// Used alone it clamps, in the loss and in the host's sums; relative to another prior there is nothing to clamp.
#[test]
fn a_log_variance_out_of_range_is_clamped() {
    for (v, at, dv) in [
        // ½ (e⁵ − 6) and ½ (e⁻⁹ + 8); the KL pulls both back: ½ (e⁵ − 1) down, ½ (e⁻⁹ − 1) up
        (7.0, 71.206_579_551_288_3, 73.706_579_551_288_3),
        (1e30, 71.206_579_551_288_3, 73.706_579_551_288_3),
        (-20.0, 4.000_061_704_902_043, -0.499_938_295_097_956_7),
    ] {
        assert_close(&[one(0.0, v)], &[at], ROUNDING);
        assert_close(&kl_per_dimension(&[0.0], &[v], 1), &[at], ROUNDING);
        let (m, lnvar) = (matrix(1, 1, &[0.0]), matrix(1, 1, &[v]));
        let mut g = kl_mean(m.leaky_trace(), lnvar.retaped()).unwrap().backward();
        assert_close(&gradient(&mut g, &lnvar), &[dv], ROUNDING);
    }
    // ½ (e⁶ − 7)
    let beyond = kl_mean_relative(matrix(1, 1, &[0.0]), matrix(1, 1, &[6.0])).unwrap();
    assert_close(&[value(&beyond)], &[198.214_396_746_367_56], ROUNDING);
}

#[test]
fn f32_agrees_with_f64() {
    let m = [0.3_f32, -1.2, 2.0, 0.7, -0.1, 1.1];
    let v = [-8.9_f32, 0.5, 1.2, -3.0, 4.9, 0.0];
    let dev = Cpu::default();
    let matrix = |x: [f32; 6]| nn::matrix(&dev, 3, 2, x.to_vec()).unwrap();
    let single = value(&kl_mean(matrix(m), matrix(v)).unwrap());
    let double = kl_per_dimension(&m, &v, 2).iter().sum::<f64>() / 3.0;
    assert!((single / double - 1.0).abs() < F32);
}

#[test]
fn nan_stays_visible() {
    assert!(one(f64::NAN, 0.0).is_nan() && one(0.0, f64::NAN).is_nan());
    assert!(kl_per_dimension(&[f64::NAN], &[0.0], 1)[0].is_nan());
}

proptest! {
    #[test]
    fn gradients_are_those_of_differences(point in prop::collection::vec(-3.0..3.0_f64, 12)) {
        let split = |p: &[f64]| (matrix(3, 2, &p[..6]), matrix(3, 2, &p[6..]));
        let (m, v) = split(&point);
        let mut g = kl_mean(m.leaky_trace(), v.retaped()).unwrap().backward();
        let analytic = [gradient(&mut g, &m), gradient(&mut g, &v)].concat();
        let elements: Vec<_> = (0..12).collect();
        let worst = worst_relative_error(&point, &analytic, &elements, 1e-3, |p| {
            let (m, v) = split(p);
            kl(&m, &v)
        });
        prop_assert!(worst < GRADIENT, "{worst:.2e}");
    }

    /// As if it had been clamped before, over the whole range and beyond.
    #[test]
    fn it_is_that_of_the_clamped(point in prop::collection::vec(-3.0..3.0_f64, 4), v in prop::collection::vec(-30.0..30.0_f64, 4)) {
        let run = |before: bool| {
            let (m, lnvar) = (matrix(2, 2, &point), matrix(2, 2, &v));
            let clamped = if before { clamp_lnvar(lnvar.leaky_trace()).unwrap() } else { lnvar.leaky_trace() };
            let kl = kl_mean(m.retaped(), clamped).unwrap();
            let found = value(&kl);
            let mut g = kl.backward();
            (found, gradient(&mut g, &m), gradient(&mut g, &lnvar))
        };
        prop_assert_eq!(run(false), run(true));
    }

    #[test]
    fn it_is_never_negative(m in -5.0..5.0_f64, v in -9.0..5.0_f64) {
        prop_assert!(one(m, v) >= -1e-16);
    }
}
