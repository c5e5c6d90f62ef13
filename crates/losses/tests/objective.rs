//! The terms and their weighted total against values worked out by hand.

use dfdx::prelude::{Backward, Trace};
use losses::{Goal, Objective, Terms, Weights, mean_of_elements, mean_of_row_sums, squared_error};
use nn::{Backend, Cpu, Gradients, Matrix, OwnedTape, value};

/// Rounding of a few additions in f64.
const ROUNDING: f64 = 1e-14;

type M = Matrix<f64, Cpu>;
type Taped = Matrix<f64, Cpu, OwnedTape<f64, Cpu>>;
type TapedTerms = Terms<f64, Cpu, OwnedTape<f64, Cpu>>;

fn matrix(rows: usize, columns: usize, values: &[f64]) -> M {
    nn::matrix(&Cpu::default(), rows, columns, values.to_vec()).unwrap()
}

fn gradient(gradients: &mut Gradients<f64, Cpu>, of: &M) -> Vec<f64> {
    <Cpu as Backend<f64>>::with_gradient(gradients, of, |g| g.to_vec()).unwrap()
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

/// Two rows of three channels.
const X_PB: [f64; 6] = [1.0, 2.0, 3.0, -1.0, 0.0, 2.0];
const X: [f64; 6] = [0.0, 2.0, 1.0, 1.0, 1.0, 2.0];
const DELTA: [f64; 6] = [1.0, -2.0, 0.5, 0.0, 3.0, 1.0];
const GATE: [f64; 6] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.9];
/// (1 + 0 + 4 + 4 + 1 + 0) / 2
const REC: f64 = 5.0;
/// (1 + 4 + 0.25 + 0 + 9 + 1) / 2
const PRE_GATE: f64 = 7.625;
/// 2.4 / 6
const MEAN_GATE: f64 = 0.4;
/// u_phy: means (1, 2), (0, 0), log-variances 0: ½ (1 + 4) / 2
const KL_PHY: f64 = 1.25;
/// z_aux: mean 0, log-variances 1 and −1: ½ (e − 2) and ½ / e, halved
const KL_AUX: f64 = 0.5 * (0.359_140_914_229_522_6 + 0.183_939_720_585_721_16);

const WEIGHTS: Weights = Weights {
    beta: 0.0,
    gate: 0.0,
    residual: 0.0,
    data_aug: 0.0,
};

struct Leaves {
    x_pb: M,
    u: (M, M),
    aux: (M, M),
    gate: M,
    delta: M,
}

impl Leaves {
    fn new() -> Self {
        Self {
            x_pb: matrix(2, 3, &X_PB),
            u: (matrix(2, 2, &[1.0, 2.0, 0.0, 0.0]), matrix(2, 2, &[0.0; 4])),
            aux: (matrix(2, 1, &[0.0; 2]), matrix(2, 1, &[1.0, -1.0])),
            gate: matrix(2, 3, &GATE),
            delta: matrix(2, 3, &DELTA),
        }
    }

    fn terms(&self) -> TapedTerms {
        let taped = |m: &M| -> Taped { m.retaped() };
        Terms {
            x_pb: self.x_pb.leaky_trace(),
            x_p: None,
            z_phy: None,
            physical: Some((taped(&self.u.0), taped(&self.u.1))),
            auxiliary: Some((taped(&self.aux.0), taped(&self.aux.1))),
            noise: [None, None],
            gate: Some(taped(&self.gate)),
            delta: Some(taped(&self.delta)),
            coefficients: None,
            directions: None,
        }
    }

    fn train(&self, weights: &Weights) -> Objective<f64, Cpu, OwnedTape<f64, Cpu>> {
        Objective::train(self.terms(), matrix(2, 3, &X), weights, &Goal::default()).unwrap()
    }
}

#[test]
fn squared_errors_are_summed_over_channels_and_averaged_over_rows() {
    let found = value(&squared_error(matrix(2, 3, &X_PB), matrix(2, 3, &X)).unwrap());
    assert_close(&[found], &[REC]);
    // a row more of no error: the sum stays, the mean falls
    let mut longer = [X_PB.to_vec(), vec![0.0; 3]].concat();
    let target = [X.to_vec(), vec![0.0; 3]].concat();
    let found = squared_error(matrix(3, 3, &longer), matrix(3, 3, &target)).unwrap();
    assert_close(&[value(&found)], &[10.0 / 3.0]);
    longer[8] = f64::NAN;
    let found = squared_error(matrix(3, 3, &longer), matrix(3, 3, &target)).unwrap();
    assert!(value(&found).is_nan());
}

#[test]
fn the_pre_gate_term_sums_channels_and_the_gate_term_averages_elements() {
    assert_close(
        &[value(&mean_of_row_sums(matrix(2, 3, &DELTA)).unwrap())],
        &[PRE_GATE],
    );
    assert_close(
        &[value(&mean_of_elements(matrix(2, 3, &GATE)).unwrap())],
        &[MEAN_GATE],
    );
}

#[test]
fn gradients_of_the_terms() {
    let a = matrix(2, 3, &X_PB);
    let mut g = squared_error(a.leaky_trace(), matrix(2, 3, &X))
        .unwrap()
        .backward();
    // 2 (a − b) / n
    assert_close(&gradient(&mut g, &a), &[1.0, 0.0, 2.0, -2.0, -1.0, 0.0]);
    let d = matrix(2, 3, &DELTA);
    let mut g = mean_of_row_sums(d.leaky_trace()).unwrap().backward();
    assert_close(&gradient(&mut g, &d), &DELTA);
    let mut g = mean_of_elements(d.leaky_trace()).unwrap().backward();
    assert_close(&gradient(&mut g, &d), &[1.0 / 6.0; 6]);
}

#[test]
fn each_weight_has_its_own_term() {
    let leaves = Leaves::new();
    let kl = KL_PHY + KL_AUX;
    for (weights, expected) in [
        (WEIGHTS, REC),
        (
            Weights {
                beta: 0.5,
                ..WEIGHTS
            },
            REC + 0.5 * kl,
        ),
        (
            Weights {
                gate: 2.0,
                ..WEIGHTS
            },
            REC + 2.0 * MEAN_GATE,
        ),
        (
            Weights {
                residual: 3.0,
                ..WEIGHTS
            },
            REC + 3.0 * PRE_GATE,
        ),
        // the synthetic loss has no part in Stage B
        (
            Weights {
                data_aug: 7.0,
                ..WEIGHTS
            },
            REC,
        ),
        (
            Weights {
                beta: 1.0,
                gate: 1e-3,
                residual: 1e-4,
                data_aug: 1.0,
            },
            REC + kl + 1e-3 * MEAN_GATE + 1e-4 * PRE_GATE,
        ),
    ] {
        let objective = leaves.train(&weights);
        assert_close(&[objective.loss], &[expected]);
        assert_eq!(value(&objective.total), objective.loss);
        assert_close(&[objective.kl], &[kl]);
        assert_eq!(objective.synthetic, 0.0);
    }
}

#[test]
fn every_term_keeps_its_tape_and_its_weight_in_the_gradient() {
    let leaves = Leaves::new();
    let weights = Weights {
        beta: 0.5,
        gate: 2.0,
        residual: 3.0,
        data_aug: 7.0,
    };
    let mut g = leaves.train(&weights).total.backward();
    assert_close(
        &gradient(&mut g, &leaves.x_pb),
        &[1.0, 0.0, 2.0, -2.0, -1.0, 0.0],
    );
    // β m / n and β ½ (e^v − 1) / n
    assert_close(&gradient(&mut g, &leaves.u.0), &[0.25, 0.5, 0.0, 0.0]);
    assert_close(&gradient(&mut g, &leaves.u.1), &[0.0; 4]);
    assert_close(&gradient(&mut g, &leaves.aux.0), &[0.0; 2]);
    let dv = [1.0_f64, -1.0].map(|v| 0.125 * v.exp_m1());
    assert_close(&gradient(&mut g, &leaves.aux.1), &dv);
    assert_close(&gradient(&mut g, &leaves.gate), &[2.0 / 6.0; 6]);
    assert_close(&gradient(&mut g, &leaves.delta), &DELTA.map(|d| 3.0 * d));
}

#[test]
fn blocks_that_a_variant_lacks_are_left_out() {
    let leaves = Leaves::new();
    let weights = Weights {
        beta: 0.5,
        gate: 2.0,
        residual: 3.0,
        data_aug: 7.0,
    };
    let of = |change: &dyn Fn(&mut TapedTerms)| {
        let mut terms = leaves.terms();
        change(&mut terms);
        Objective::train(terms, matrix(2, 3, &X), &weights, &Goal::default())
            .unwrap()
            .loss
    };
    // B: no auxiliary latents, no residual
    let b = of(&|t| {
        t.auxiliary = None;
        (t.gate, t.delta) = (None, None);
    });
    assert_close(&[b], &[REC + 0.5 * KL_PHY]);
    // A: only auxiliary latents
    let a = of(&|t| {
        t.physical = None;
        (t.gate, t.delta) = (None, None);
    });
    assert_close(&[a], &[REC + 0.5 * KL_AUX]);
    let nothing = of(&|t| {
        t.physical = None;
        t.auxiliary = None;
        (t.gate, t.delta) = (None, None);
    });
    assert_close(&[nothing], &[REC]);
}

#[test]
fn pretraining_is_the_weighted_synthetic_loss_alone() {
    let u = matrix(2, 3, &X_PB);
    for data_aug in [1.0, 0.25] {
        // the other weights have no part in Stage A
        let weights = Weights {
            beta: 9.0,
            gate: 9.0,
            residual: 9.0,
            data_aug,
        };
        let objective = Objective::pretrain(u.leaky_trace(), matrix(2, 3, &X), &weights).unwrap();
        assert_close(&[objective.loss], &[REC * data_aug]);
        assert_close(&[objective.synthetic], &[REC]);
        assert_eq!(objective.kl, 0.0);
        let mut g = objective.total.backward();
        let expected = [1.0, 0.0, 2.0, -2.0, -1.0, 0.0].map(|v| v * data_aug);
        assert_close(&gradient(&mut g, &u), &expected);
    }
}

#[test]
fn nan_in_any_term_is_a_nan_of_the_loss() {
    let weights = Weights {
        beta: 0.5,
        gate: 2.0,
        residual: 3.0,
        data_aug: 7.0,
    };
    for part in 0..7 {
        let mut leaves = Leaves::new();
        let m = match part {
            0 => &mut leaves.x_pb,
            1 => &mut leaves.u.0,
            2 => &mut leaves.u.1,
            3 => &mut leaves.aux.0,
            4 => &mut leaves.aux.1,
            5 => &mut leaves.gate,
            _ => &mut leaves.delta,
        };
        let mut values = m.as_vec();
        values[1] = f64::NAN;
        m.copy_from(&values);
        assert!(leaves.train(&weights).loss.is_nan(), "{part}");
    }
}

#[test]
fn without_a_tape_the_value_is_the_same() {
    let leaves = Leaves::new();
    let weights = Weights {
        beta: 0.5,
        gate: 2.0,
        residual: 3.0,
        data_aug: 7.0,
    };
    let terms = Terms {
        x_pb: leaves.x_pb.clone(),
        x_p: None,
        z_phy: None,
        physical: Some(leaves.u.clone()),
        auxiliary: Some(leaves.aux.clone()),
        noise: [None, None],
        gate: Some(leaves.gate.clone()),
        delta: Some(leaves.delta.clone()),
        coefficients: None,
        directions: None,
    };
    let untaped = Objective::train(terms, matrix(2, 3, &X), &weights, &Goal::default()).unwrap();
    assert_eq!(untaped.loss, leaves.train(&weights).loss);
}
