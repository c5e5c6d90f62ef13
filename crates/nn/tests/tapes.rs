//! What happens to gradients where tensors are shared, detached, permuted or accumulated.

mod common;

use common::{assert_close, backward, gradient, matrix};
use dfdx::prelude::{
    Axes2, Backward, PermuteTo, SplitTape, SumTo, Trace, TryAdd, TryMul, WithEmptyTape,
};
use nn::{Activation, Backend, Cpu, NoneTape, OwnedTape, detach, host_op};

/// Rounding of a few additions.
const ROUNDING: f64 = 1e-14;

/// y = 3x + 1 by the dense operation.
fn line<T: nn::Tape<f64, Cpu>>(x: nn::Matrix<f64, Cpu, T>) -> nn::Matrix<f64, Cpu, T> {
    let (w, b) = (matrix(1, 1, &[3.0]), matrix(1, 1, &[1.0]));
    Cpu::dense(x, None, &w, &b, Activation::Identity, None).unwrap()
}

#[test]
fn both_uses_of_a_tensor_count() {
    // x · (3x + 1): 6x + 1
    let x = matrix(1, 1, &[2.0]);
    let y = line(x.leaky_trace()).try_mul(x.clone()).unwrap();
    let mut g = backward(y, &matrix(1, 1, &[1.0]));
    assert_close(&gradient(&mut g, &x), &[13.0], ROUNDING, "x(3x+1)");
}

#[test]
fn the_same_tensor_as_both_inputs_of_a_pair_counts_twice() {
    let (x, w, b) = (
        matrix(1, 1, &[2.0]),
        matrix(1, 2, &[3.0, 5.0]),
        matrix(1, 1, &[0.0]),
    );
    let y = Cpu::dense(
        x.leaky_trace(),
        Some(x.retaped()),
        &w,
        &b,
        Activation::Identity,
        None,
    );
    let mut g = backward(y.unwrap(), &matrix(1, 1, &[1.0]));
    assert_close(&gradient(&mut g, &x), &[8.0], ROUNDING, "3x + 5x");
    assert_close(&gradient(&mut g, &w), &[2.0, 2.0], ROUNDING, "dW");
}

#[test]
fn one_layer_used_twice_sums_its_gradients() {
    // w (w x): 2 w x
    let (x, w, b) = (
        matrix(1, 1, &[2.0]),
        matrix(1, 1, &[3.0]),
        matrix(1, 1, &[0.0]),
    );
    let once = Cpu::dense(x.leaky_trace(), None, &w, &b, Activation::Identity, None).unwrap();
    let twice = Cpu::dense(once, None, &w, &b, Activation::Identity, None).unwrap();
    let mut g = backward(twice, &matrix(1, 1, &[1.0]));
    assert_close(&gradient(&mut g, &w), &[12.0], ROUNDING, "2wx");
    assert_close(&gradient(&mut g, &b), &[4.0], ROUNDING, "w + 1");
}

#[test]
fn detach_stops_the_gradient() {
    // (3x + 1) · detach(3x + 1): 3 (3x + 1), not twice that
    let x = matrix(1, 1, &[2.0]);
    let y = line(x.leaky_trace());
    let fixed: common::Taped = detach(&y).unwrap();
    assert_eq!(fixed.as_vec(), y.as_vec());
    let mut g = backward(y.try_mul(fixed).unwrap(), &matrix(1, 1, &[1.0]));
    assert_close(&gradient(&mut g, &x), &[21.0], ROUNDING, "detached");
}

#[test]
fn dropping_the_tape_alone_does_not_stop_the_gradient() {
    // why `detach` exists: the clone has the id of y, so what reaches it reaches y
    let x = matrix(1, 1, &[2.0]);
    let y = line(x.leaky_trace());
    let clone = line(y.retaped::<OwnedTape<f64, Cpu>>());
    let mut g = backward(y.try_add(clone).unwrap(), &matrix(1, 1, &[1.0]));
    assert_close(&gradient(&mut g, &x), &[12.0], ROUNDING, "3 + 9, not 3");

    let y = line(x.leaky_trace());
    let detached = line(detach::<_, _, _, OwnedTape<f64, Cpu>>(&y).unwrap());
    let mut g = backward(y.try_add(detached).unwrap(), &matrix(1, 1, &[1.0]));
    assert_close(&gradient(&mut g, &x), &[3.0], ROUNDING, "3");
}

#[test]
fn a_branch_that_lost_its_tape_is_not_differentiated() {
    // the trap itself, so that a change of dfdx would be noticed: 3x + (3x + 1)² without the tape of the
    // inner 3x + 1 gives 3 + 0
    let x = matrix(1, 1, &[2.0]);
    let (inner, _dropped) = line(x.leaky_trace()).split_tape();
    let branch = line(inner.put_tape_new());
    let mut g = backward(
        line(x.leaky_trace()).try_add(branch).unwrap(),
        &matrix(1, 1, &[1.0]),
    );
    assert_close(
        &gradient(&mut g, &x),
        &[3.0],
        ROUNDING,
        "the other branch is lost",
    );
}

trait PutTapeNew {
    fn put_tape_new(self) -> common::Taped;
}
impl PutTapeNew for common::M {
    fn put_tape_new(self) -> common::Taped {
        self.retaped()
    }
}

#[test]
fn a_permuted_input_gets_its_gradient_in_its_own_order() {
    // 2 × 3 seen as 3 × 2; memory order and row order differ
    let x = matrix(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let (w, b) = (matrix(1, 2, &[10.0, 1.0]), matrix(1, 1, &[0.0]));
    let c = matrix(3, 1, &[1.0, 2.0, 3.0]);
    let expected = [10.0, 20.0, 30.0, 1.0, 2.0, 3.0];

    let t = x.leaky_trace().permute::<(usize, usize), Axes2<1, 0>>();
    let y = Cpu::dense(t, None, &w, &b, Activation::Identity, None).unwrap();
    assert_eq!(y.as_vec(), [14.0, 25.0, 36.0]);
    let mut g = backward(y, &c);
    assert_close(&gradient(&mut g, &x), &expected, ROUNDING, "dense");

    let t = x.leaky_trace().permute::<(usize, usize), Axes2<1, 0>>();
    let values = t
        .as_vec()
        .chunks_exact(2)
        .map(|r| 10.0 * r[0] + r[1])
        .collect();
    let y = host_op(t, 1, values, |dy| {
        dy.iter().flat_map(|g| [10.0 * g, *g]).collect()
    })
    .unwrap();
    let mut g = backward(y, &c);
    assert_close(&gradient(&mut g, &x), &expected, ROUNDING, "host_op");
}

#[test]
fn a_second_input_on_a_permuted_view_too() {
    let x = matrix(3, 1, &[0.0, 0.0, 0.0]);
    let s = matrix(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let (w, b) = (matrix(1, 3, &[0.0, 10.0, 1.0]), matrix(1, 1, &[0.0]));
    let t = s.leaky_trace().permute::<(usize, usize), Axes2<1, 0>>();
    let y = Cpu::dense(x.leaky_trace(), Some(t), &w, &b, Activation::Identity, None).unwrap();
    let mut g = backward(y, &matrix(3, 1, &[1.0, 2.0, 3.0]));
    let expected = [10.0, 20.0, 30.0, 1.0, 2.0, 3.0];
    assert_close(&gradient(&mut g, &s), &expected, ROUNDING, "second");
}

#[test]
fn host_op_multiplies_by_what_it_is_told_and_adds() {
    // y = (x₀ x₁, x₀ + x₁) per row, and x used once more outside
    let x = matrix(2, 2, &[2.0, 3.0, -1.0, 0.5]);
    let v = x.as_vec();
    let values = v
        .chunks_exact(2)
        .flat_map(|r| [r[0] * r[1], r[0] + r[1]])
        .collect();
    let y = host_op(x.leaky_trace(), 2, values, move |dy| {
        v.chunks_exact(2)
            .zip(dy.chunks_exact(2))
            .flat_map(|(r, g)| [g[0] * r[1] + g[1], g[0] * r[0] + g[1]])
            .collect()
    })
    .unwrap();
    assert_eq!(y.with_empty_tape().as_vec(), [6.0, 5.0, -0.5, -0.5]);
    let total = y.try_add(x.clone()).unwrap();
    let mut g = backward(total, &matrix(2, 2, &[1.0, 10.0, 2.0, -3.0]));
    // dy = dx_outer = [1, 10; 2, −3]
    let expected = [
        3.0 + 10.0 + 1.0,
        2.0 + 10.0 + 10.0,
        1.0 - 3.0 + 2.0,
        -2.0 - 3.0 - 3.0,
    ];
    assert_close(&gradient(&mut g, &x), &expected, ROUNDING, "host_op");
}

#[test]
fn without_a_tape_host_op_never_calls_its_derivative() {
    let x = matrix(1, 1, &[2.0]);
    let y = host_op::<_, _, NoneTape>(x, 1, vec![4.0], |_| unreachable!()).unwrap();
    assert_eq!(y.as_vec(), [4.0]);
}

#[test]
fn host_op_refuses_values_of_another_size() {
    let x = matrix(2, 1, &[2.0, 1.0]);
    assert!(host_op(x, 2, vec![4.0; 3], <[f64]>::to_vec).is_err());
}

#[test]
#[should_panic(expected = "∂loss/∂x")]
fn host_op_does_not_take_a_derivative_of_another_size() {
    let x = matrix(2, 1, &[2.0, 1.0]);
    let y = host_op(x.leaky_trace(), 1, vec![4.0; 2], |_| vec![1.0]).unwrap();
    y.sum::<(), _>().backward();
}

#[test]
fn a_check_of_a_gradient_of_nan_fails() {
    let worst = nn::check::worst_relative_error(&[1.0], &[f64::NAN], &[0], 1e-3, |x| x[0]);
    assert_eq!(worst, f64::INFINITY);
    let worst = nn::check::worst_relative_error(&[1.0], &[1.0], &[0], 1e-3, |_| f64::NAN);
    assert_eq!(worst, f64::INFINITY);
}

#[test]
fn a_check_sees_a_wrong_gradient() {
    let cube = |x: &[f64]| x[0].powi(3) + x[1];
    let of = |g: &[f64]| nn::check::worst_relative_error(&[2.0, 1.0], g, &[0, 1], 1e-3, cube);
    assert!(of(&[12.0, 1.0]) < 1e-12);
    assert!((of(&[12.0, 1.12]) - 0.01).abs() < 1e-6);
    assert!(of(&[0.0, 0.0]) > 0.99);
}
