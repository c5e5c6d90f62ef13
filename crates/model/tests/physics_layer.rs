//! The physics between standardised quantities: values, gradient, refusals.

mod common;

use common::toy::{self, Nothing, Toy, toy};
use common::{M, layer, matrix, rng};
use dfdx::prelude::{SumTo, Trace, TryMul, WithEmptyTape};
use model::{ModelError, PhysicsLayer};
use ndarray::{Array2, array};
use nn::{Backend, Cpu, backward, check};
use physics::PhysicsError;
use rand::Rng;
use std::sync::Arc;

/// A few roundings.
const ROUNDING: f64 = 1e-14;
/// Five-point differences in f64.
const GRADIENT: f64 = 1e-9;
/// f32's rounding of z, times slopes below 10.
const F32: f64 = 1e-5;

/// Standardised signals, from the definition.
fn expected(z: &[f64], c: f64) -> Vec<f64> {
    let mut p = [0.0; 3];
    for k in 0..3 {
        let (min, max) = toy::RANGES[k];
        p[k] = min + z[k] * (max - min);
    }
    let (y, _) = toy(p, c);
    (0..4)
        .map(|j| (y[j] - toy::MEAN[j]) / toy::SCALE[j])
        .collect()
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (f, e) in found.iter().zip(expected) {
        assert!(
            (f - e).abs() <= ROUNDING * e.abs().max(1.0),
            "{f} instead of {e}"
        );
    }
}

#[test]
fn the_toys_own_jacobian_is_that_of_differences() {
    let p = [0.9, -0.4, 1.7];
    let (_, dy) = toy(p, 1.3);
    for (j, dy) in dy.iter().enumerate() {
        let worst = check::worst_relative_error(&p, dy, &[0, 1, 2], 1e-3, |p| {
            toy([p[0], p[1], p[2]], 1.3).0[j]
        });
        assert!(worst < GRADIENT, "{worst:.2e}");
    }
}

#[test]
fn ranges_map_zero_and_one_to_their_ends() {
    let values =
        layer().to_physical(array![[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.5, 0.2, 0.1]].view());
    let expected = [0.2, -1.0, 0.5, 2.0, 1.5, 3.0, 1.1, -0.5, 0.75];
    assert_close(values.as_slice().unwrap(), &expected);
    // exactly, so that the physics does not refuse them
    assert_eq!(values.row(1).to_vec(), [2.0, 1.5, 3.0]);
    assert!(layer().to_physical(array![[f64::NAN, 0.0, 0.0]].view())[[0, 0]].is_nan());
}

#[test]
fn no_z_between_zero_and_one_leaves_a_range_by_rounding() {
    // 0.1 + 1·(0.7 − 0.1) is 0.7 only after clamping in many such ranges
    let mut rng = rng(3);
    for _ in 0..2000 {
        let min = rng.gen_range(-1.0..1.0);
        let max = min + rng.gen_range(1e-3..1.0);
        let layer = PhysicsLayer::new(
            Arc::new(Nothing::new(1, 1)),
            vec![(min, max)],
            vec![0.0],
            vec![1.0],
        )
        .unwrap();
        for z in [0.0, 1.0, 1.0 - f64::EPSILON / 2.0] {
            let v = layer.to_physical(array![[z]].view())[[0, 0]];
            assert!((min..=max).contains(&v));
        }
    }
}

#[test]
fn signals_are_standardised_and_the_same_with_and_without_a_tape() {
    let z = [0.1, 0.8, 0.4, 0.9, 0.3, 0.6];
    let c = array![[0.4], [1.9]];
    let layer = layer();
    let m = matrix(2, 3, &z);
    let untaped = layer.apply(m.clone(), Some(c.view())).unwrap().as_vec();
    let expected = [expected(&z[..3], 0.4), expected(&z[3..], 1.9)].concat();
    assert_close(&untaped, &expected);
    let taped = layer.apply(m.leaky_trace(), Some(c.view())).unwrap();
    assert_eq!(taped.as_vec(), untaped);
    let host = layer
        .signals(
            Array2::from_shape_vec((2, 3), z.to_vec()).unwrap().view(),
            Some(c.view()),
        )
        .unwrap();
    assert_eq!(host.into_raw_vec_and_offset().0, untaped);
    assert_eq!((layer.parameters(), layer.channels()), (3, 4));
    assert_eq!(layer.standardization(), (&toy::MEAN[..], &toy::SCALE[..]));
    assert_eq!(layer.forward_model().name(), "toy");
}

#[test]
fn without_conditions_the_defaults_are_taken() {
    let z = [0.1, 0.8, 0.4];
    let found = layer().apply(matrix(1, 3, &z), None).unwrap().as_vec();
    assert_close(&found, &expected(&z, toy::DEFAULT_CONDITION));
    let other = array![[0.3]];
    let found = layer()
        .apply(matrix(1, 3, &z), Some(other.view()))
        .unwrap()
        .as_vec();
    assert_close(&found, &expected(&z, 0.3));
}

#[test]
fn the_gradient_is_that_of_differences_and_literal_for_one_element() {
    let (n, layer) = (5, layer());
    let mut rng = rng(1);
    let z: Vec<f64> = (0..n * 3).map(|_| rng.gen_range(0.1..0.9)).collect();
    let c = Array2::from_shape_fn((n, 1), |(i, _)| 0.3 * i as f64);
    let weights = matrix(n, 4, &common::numbers(&mut rng, n * 4, 1.0));
    let gradient = |z: &M, weights: &M| {
        let y = layer.apply(z.leaky_trace(), Some(c.view())).unwrap();
        let mut g = backward(y.try_mul(weights.clone()).unwrap().sum()).unwrap();
        Cpu::with_gradient(&mut g, z, |g| g.to_vec()).unwrap()
    };
    let m = matrix(n, 3, &z);
    let analytic = gradient(&m, &weights);
    let elements: Vec<_> = (0..n * 3).collect();
    let worst = check::worst_relative_error(&z, &analytic, &elements, 1e-3, |z| {
        let y = layer
            .apply(matrix(n, 3, z), Some(c.view()))
            .unwrap()
            .as_vec();
        y.iter().zip(weights.as_vec()).map(|(y, w)| y * w).sum()
    });
    println!("physics layer: worst {worst:.2e} of the largest gradient");
    assert!(worst < GRADIENT, "{worst:.2e}");

    // ∂y₂/∂p of row 3, times the range, over the scale
    let mut one = vec![0.0; n * 4];
    one[3 * 4 + 2] = 1.0;
    let found = gradient(&m, &matrix(n, 4, &one));
    let p = layer.to_physical(Array2::from_shape_vec((n, 3), z).unwrap().view());
    let (_, dy) = toy([p[[3, 0]], p[[3, 1]], p[[3, 2]]], c[[3, 0]]);
    let mut expected = vec![0.0; n * 3];
    for k in 0..3 {
        let (min, max) = toy::RANGES[k];
        expected[9 + k] = dy[2][k] * (max - min) / toy::SCALE[2];
    }
    assert_close(&found, &expected);
}

#[test]
fn f32_computes_the_physics_in_f64() {
    let z = [0.1_f32, 0.8, 0.4];
    let dev = Cpu::default();
    let m = nn::matrix(&dev, 1, 3, z.to_vec()).unwrap();
    let y = layer().apply(m.leaky_trace(), None).unwrap();
    let expected = expected(&z.map(f64::from), 1.0);
    for (f, e) in y.with_empty_tape().as_vec().iter().zip(&expected) {
        assert!((f64::from(*f) - e).abs() < F32);
        assert_eq!(*f, *e as f32);
    }
    let mut g = backward(y.sum()).unwrap();
    let single = Cpu::with_gradient(&mut g, &m, |g: &mut [f32]| g.to_vec()).unwrap();
    let wide = matrix(1, 3, &z.map(f64::from));
    let mut g = backward(layer().apply(wide.leaky_trace(), None).unwrap().sum()).unwrap();
    let double = Cpu::with_gradient(&mut g, &wide, |g| g.to_vec()).unwrap();
    for (s, d) in single.iter().zip(&double) {
        assert!((f64::from(*s) - d).abs() < F32);
    }
}

#[test]
fn what_the_physics_refuses_is_an_error() {
    let no_number = array![[0.5, 0.5, 0.5], [0.5, f64::NAN, 0.5]];
    let error = layer().signals(no_number.view(), None).unwrap_err();
    assert!(
        matches!(&error, ModelError::Physics(PhysicsError::OutOfRange { row: 1, name, .. }) if name == "p1"),
        "{error}"
    );
    for taped in [false, true] {
        let apply = |z: &[f64], c: Option<Array2<f64>>| {
            let m = matrix(z.len() / 3, 3, z);
            let c = c.as_ref().map(Array2::view);
            if taped {
                layer().apply(m.leaky_trace(), c).map(drop)
            } else {
                layer().apply(m, c).map(drop)
            }
        };
        let error = apply(&[0.5, 0.5, 0.5], Some(array![[1.0], [1.0]])).unwrap_err();
        assert!(
            matches!(error, ModelError::Physics(PhysicsError::Shape { .. })),
            "{error}"
        );
    }
}

#[test]
fn a_wrong_number_of_latents_is_an_error() {
    let error = layer()
        .apply(matrix(1, 2, &[0.5, 0.5]), None)
        .map(drop)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the number of physical latents is 2, expected 3"
    );
}

#[test]
fn numbers_that_do_not_fit_are_refused() {
    let new = |ranges: &[(f64, f64)], mean: &[f64], scale: &[f64]| {
        let toy = Arc::new(Toy::new());
        let made = PhysicsLayer::new(toy, ranges.to_vec(), mean.to_vec(), scale.to_vec());
        made.map(drop).unwrap_err().to_string()
    };
    let (ranges, mean, scale) = (toy::RANGES, toy::MEAN, toy::SCALE);
    assert_eq!(
        new(&ranges[..2], &mean, &scale),
        "the number of ranges is 2, expected 3"
    );
    assert_eq!(
        new(&ranges, &mean[1..], &scale),
        "the length of the mean is 3, expected 4"
    );
    assert_eq!(
        new(&ranges, &mean, &[1.0; 5]),
        "the length of the scale is 5, expected 4"
    );
    for bad in [
        (1.0, 1.0),
        (1.0, 0.5),
        (f64::NAN, 1.0),
        (0.5, f64::NAN),
        (0.5, f64::INFINITY),
        (f64::NEG_INFINITY, 0.5),
    ] {
        let mut ranges = ranges;
        ranges[1] = bad;
        assert!(
            new(&ranges, &mean, &scale).starts_with("range of p1 is"),
            "{bad:?}"
        );
    }
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let mut scale = scale;
        scale[3] = bad;
        let message = new(&ranges, &mean, &scale);
        assert!(
            message.starts_with("y3 has mean 0.5 and scale"),
            "{message}"
        );
    }
    let mut bad = mean;
    bad[0] = f64::NAN;
    assert!(new(&ranges, &bad, &scale).starts_with("y0 has mean NaN"));
}

/// An encoder that overflows is seen by the loss; the physics is not asked about rows that are no numbers.
#[test]
fn rows_that_are_not_numbers_come_out_so_and_leave_the_others_alone() {
    let layer = layer();
    let good = [0.3, 0.4, 0.7, 0.9, 0.2, 0.1];
    let mut spoilt = good;
    spoilt[4] = f64::NAN;
    let (d, of) = (layer.channels(), |z: &[f64]| matrix(2, 3, z));
    let whole = nn::to_host(&layer.apply(of(&good), None).unwrap());
    for out in [
        nn::to_host(&layer.apply(of(&spoilt), None).unwrap()),
        nn::to_host(&layer.apply(of(&spoilt).leaky_traced(), None).unwrap()),
    ] {
        assert_eq!(out[..d], whole[..d]);
        assert!(out[d..].iter().all(|x| x.is_nan()));
    }
}
