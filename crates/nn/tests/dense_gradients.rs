//! Every activation in the dense operation against finite differences, in f64.

mod common;

use common::{ACTIVATIONS, M, matrix, numbers, rng};
use dfdx::prelude::{Backward, Trace, WithEmptyTape};
use nn::check::worst_relative_error;
use nn::{Activation, Backend, Cpu};

/// The project's bound for gradients in f64, of the tensor's largest.
const GRADIENT: f64 = 1e-6;
/// What the five-point difference reaches with the step below; ten times the worst seen. It is asserted as
/// well, since a wrong term can hide below 1e-6.
const SHARP: f64 = 1e-9;
const STEP: f64 = 1e-3;
/// No pre-activation comes nearer to a kink than moving one element can bring it (2 steps, weights and
/// inputs below 2, two layers).
const MARGIN: f64 = 2e-2;

/// One or two dense layers with the same activation and slope on one or two inputs.
struct Case {
    n: usize,
    i: usize,
    j: usize,
    hidden: usize,
    /// Outputs of a later layer, 0: none.
    o: usize,
    activation: Activation,
}

impl Case {
    /// Shapes of x, second, weight, bias, later weight, later bias, slope.
    fn shapes(&self) -> [(usize, usize); 7] {
        let h = self.hidden;
        [
            (self.n, self.i),
            (self.n, self.j),
            (h, self.i + self.j),
            (1, h),
            (self.o, h),
            (1, self.o),
            (1, 1),
        ]
    }

    fn split(&self, point: &[f64]) -> Vec<M> {
        let mut rest = point;
        self.shapes()
            .iter()
            .map(|&(rows, columns)| {
                let (values, tail) = rest.split_at(rows * columns);
                rest = tail;
                matrix(rows, columns, values)
            })
            .collect()
    }

    /// Outputs without a tape, `activation` in the last layer.
    fn layers(&self, m: &[M], depth: usize, last: Activation) -> M {
        let second = (self.j > 0).then(|| m[1].clone());
        let slope = (self.activation == Activation::Prelu).then_some(&m[6]);
        let first = if depth == 1 { last } else { self.activation };
        let y = Cpu::dense(m[0].clone(), second, &m[2], &m[3], first, slope).unwrap();
        if depth == 1 {
            return y;
        }
        Cpu::dense(y, None, &m[4], &m[5], last, slope).unwrap()
    }

    fn depth(&self) -> usize {
        if self.o > 0 { 2 } else { 1 }
    }

    /// Away from kinks, with something on either side of them in every layer and in every row something that
    /// ReLU lets pass: otherwise gradients of 0 are all there is to check.
    fn suits(&self, m: &[M]) -> bool {
        (1..=self.depth()).all(|depth| {
            let before = self.layers(m, depth, Activation::Identity).as_vec();
            before.iter().all(|v| v.abs() > MARGIN)
                && before.iter().any(|v| *v < 0.0)
                && before
                    .chunks_exact(before.len() / self.n)
                    .all(|row| row.iter().any(|v| *v > 0.0))
        })
    }

    /// Worst error over all elements of every tensor, each relative to its own largest gradient.
    fn worst(&self) -> f64 {
        let sizes = self.shapes().map(|(r, c)| r * c);
        let mut rng = rng(7);
        let point = loop {
            let mut point = numbers(&mut rng, sizes.iter().sum(), 1.5);
            *point.last_mut().unwrap() = 0.3;
            if self.suits(&self.split(&point)) {
                break point;
            }
        };
        let outputs = if self.o > 0 { self.o } else { self.hidden };
        let weights = matrix(self.n, outputs, &numbers(&mut rng, self.n * outputs, 1.0));
        let m = self.split(&point);
        let x = m[0].leaky_trace();
        let second = (self.j > 0).then(|| m[1].retaped());
        let slope = (self.activation == Activation::Prelu).then_some(&m[6]);
        let mut y = Cpu::dense(x, second, &m[2], &m[3], self.activation, slope).unwrap();
        if self.o > 0 {
            y = Cpu::dense(y, None, &m[4], &m[5], self.activation, slope).unwrap();
        }
        let untaped = self.layers(&m, self.depth(), self.activation);
        assert_eq!(y.with_empty_tape().as_vec(), untaped.as_vec());
        let mut gradients = common::weighted_sum(y, &weights).backward();

        let (mut worst, mut start) = (0.0_f64, 0);
        for (k, size) in sizes.into_iter().enumerate() {
            let analytic = common::gradient(&mut gradients, &m[k]);
            let elements: Vec<_> = (0..size).collect();
            let error = worst_relative_error(
                &point[start..start + size],
                &analytic,
                &elements,
                STEP,
                |moved| {
                    let mut all = point.clone();
                    all[start..start + size].copy_from_slice(moved);
                    let y = self.layers(&self.split(&all), self.depth(), self.activation);
                    y.as_vec()
                        .iter()
                        .zip(weights.as_vec())
                        .map(|(y, w)| y * w)
                        .sum()
                },
            );
            let used = match k {
                1 => self.j > 0,
                4 | 5 => self.o > 0,
                6 => self.activation == Activation::Prelu,
                _ => true,
            };
            let nothing = analytic.iter().all(|g| *g == 0.0);
            assert_eq!(used, !nothing, "{:?}: tensor {k}", self.activation);
            worst = worst.max(error);
            start += size;
        }
        worst
    }
}

#[test]
fn every_activation_with_one_and_two_inputs_alone_and_before_another_layer() {
    let mut worst = 0.0_f64;
    for activation in ACTIVATIONS {
        for (n, i, j) in [
            (1, 1, 0),
            (1, 3, 2),
            (2, 5, 0),
            (3, 2, 1),
            (5, 4, 7),
            (7, 3, 3),
        ] {
            for (hidden, o) in [(3, 0), (4, 0), (5, 3), (3, 2)] {
                let case = Case {
                    n,
                    i,
                    j,
                    hidden,
                    o,
                    activation,
                };
                let error = case.worst();
                assert!(
                    error <= GRADIENT.min(SHARP),
                    "{activation:?}, {n} rows, {i}+{j} → {hidden} → {o}: {error:.2e}"
                );
                worst = worst.max(error);
            }
        }
    }
    println!("dense, all activations: worst {worst:.2e} of the tensor's largest gradient");
}
