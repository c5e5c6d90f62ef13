//! What is monitored, against direct computations over all rows at once.

use losses::{Averages, Batch, Statistics};
use rand::{Rng, SeedableRng};

/// Sums of a hundred rows in another order, in f64.
const ROUNDING: f64 = 1e-12;

const D: usize = 3;
const P: usize = 2;
const A: usize = 1;
const MEAN: [f64; D] = [0.5, 0.2, 0.3];
const SCALE: [f64; D] = [0.1, 0.05, 0.2];

/// All rows of a made-up data set.
struct Rows {
    x: Vec<f64>,
    x_pb: Vec<f64>,
    x_p: Vec<f64>,
    gate: Vec<f64>,
    delta: Vec<f64>,
    u_mean: Vec<f64>,
    u_lnvar: Vec<f64>,
    aux_mean: Vec<f64>,
    aux_lnvar: Vec<f64>,
}

impl Rows {
    fn new(n: usize) -> Self {
        let mut rng = rand::rngs::StdRng::seed_from_u64(2);
        let mut draw = |k: usize, low: f64, high: f64| -> Vec<f64> {
            (0..n * k).map(|_| rng.gen_range(low..high)).collect()
        };
        Self {
            x: draw(D, -2.0, 2.0),
            x_pb: draw(D, -2.0, 2.0),
            x_p: draw(D, -2.0, 2.0),
            gate: draw(D, 0.0, 1.0),
            delta: draw(D, -3.0, 3.0),
            u_mean: draw(P, -2.0, 2.0),
            u_lnvar: draw(P, -9.0, 2.0),
            aux_mean: draw(A, -1.0, 1.0),
            aux_lnvar: draw(A, -5.0, 1.0),
        }
    }

    /// Rows from `a` to `b`.
    fn batch(&self, a: usize, b: usize) -> Batch<'_, f64> {
        Batch {
            x: &self.x[a * D..b * D],
            x_pb: &self.x_pb[a * D..b * D],
            x_p: &self.x_p[a * D..b * D],
            gate: &self.gate[a * D..b * D],
            delta: &self.delta[a * D..b * D],
            u_mean: &self.u_mean[a * P..b * P],
            u_lnvar: &self.u_lnvar[a * P..b * P],
            prior: None,
            aux_mean: &self.aux_mean[a * A..b * A],
            aux_lnvar: &self.aux_lnvar[a * A..b * A],
        }
    }
}

fn empty() -> Statistics {
    Statistics::new(&MEAN, &SCALE, P, A)
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

fn row_mean(n: usize, f: impl Fn(usize) -> f64) -> f64 {
    (0..n).map(f).sum::<f64>() / n as f64
}

fn squares(a: &[f64], b: &[f64], row: usize) -> f64 {
    (row * D..(row + 1) * D)
        .map(|i| (a[i] - b[i]).powi(2))
        .sum()
}

/// Everything from the definitions, row by row.
fn direct(r: &Rows, n: usize) -> Averages {
    let kl = |m: f64, v: f64| 0.5 * (v.exp() - 1.0 - v + m * m);
    let column = |values: &[f64], k: usize, j: usize| row_mean(n, |i| values[i * k + j]);
    let u_mean: Vec<_> = (0..P).map(|j| column(&r.u_mean, P, j)).collect();
    let u_sd = (0..P)
        .map(|j| row_mean(n, |i| (r.u_mean[i * P + j] - u_mean[j]).powi(2)).sqrt())
        .collect();
    Averages {
        rows: n,
        rec: row_mean(n, |i| squares(&r.x_pb, &r.x, i)),
        physics_rec: Some(row_mean(n, |i| squares(&r.x_p, &r.x, i))),
        correction: Some(row_mean(n, |i| squares(&r.x_pb, &r.x_p, i))),
        pre_gate: Some(row_mean(n, |i| squares(&r.delta, &vec![0.0; n * D], i))),
        gate: (0..D).map(|j| column(&r.gate, D, j)).collect(),
        relative_correction: Some(row_mean(n, |i| {
            let physical = |x: &[f64]| -> Vec<f64> {
                (0..D).map(|j| x[i * D + j] * SCALE[j] + MEAN[j]).collect()
            };
            let (pb, p) = (physical(&r.x_pb), physical(&r.x_p));
            let norm = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>().sqrt();
            let change: Vec<_> = pb.iter().zip(&p).map(|(a, b)| a - b).collect();
            (norm(&change) / norm(&p)).min(1.0)
        })),
        kl_phy: (0..P)
            .map(|j| row_mean(n, |i| kl(r.u_mean[i * P + j], r.u_lnvar[i * P + j])))
            .collect(),
        kl_aux: vec![row_mean(n, |i| kl(r.aux_mean[i], r.aux_lnvar[i]))],
        u_mean,
        u_sd,
    }
}

fn flat(a: &Averages) -> Vec<f64> {
    let mut all = vec![a.rec];
    all.extend(
        [
            a.physics_rec,
            a.correction,
            a.pre_gate,
            a.relative_correction,
        ]
        .map(Option::unwrap),
    );
    for part in [&a.gate, &a.kl_phy, &a.kl_aux, &a.u_mean, &a.u_sd] {
        all.extend(part);
    }
    all
}

#[test]
fn averages_are_over_rows_however_they_are_cut_into_batches() {
    let n = 100;
    let rows = Rows::new(n);
    let expected = direct(&rows, n);
    // the last one short, and one of one row
    for cuts in [vec![0, 100], vec![0, 32, 64, 96, 100], vec![0, 1, 99, 100]] {
        let mut s = empty();
        for pair in cuts.windows(2) {
            s.add(&rows.batch(pair[0], pair[1]));
        }
        let found = s.averages();
        assert_eq!(found.rows, n);
        assert_close(&flat(&found), &flat(&expected));
        let kl: f64 = expected.kl_phy.iter().chain(&expected.kl_aux).sum();
        assert_close(&[found.kl()], &[kl]);
        let gate = expected.gate.iter().sum::<f64>() / D as f64;
        assert_close(&[found.mean_gate().unwrap()], &[gate]);
    }
    // the mean of batch means is something else: the test above can fail
    let mean = |a, b| {
        let mut s = empty();
        s.add(&rows.batch(a, b));
        s.averages().rec
    };
    assert!((f64::midpoint(mean(0, 96), mean(96, 100)) - expected.rec).abs() > 1e-3);
}

/// One row, only reconstructions given, gate 0.5.
fn relative(x_pb: [f64; D], x_p: [f64; D]) -> f64 {
    let mut s = empty();
    s.add(&Batch {
        x: &[0.0; D],
        x_pb: &x_pb,
        x_p: &x_p,
        gate: &[0.5; D],
        delta: &[0.0; D],
        u_mean: &[0.0; P],
        u_lnvar: &[0.0; P],
        prior: None,
        aux_mean: &[0.0; A],
        aux_lnvar: &[0.0; A],
    });
    s.averages().relative_correction.unwrap()
}

/// The standardised signal that is 0 in physical units.
fn nothing() -> [f64; D] {
    [0, 1, 2].map(|i| -MEAN[i] / SCALE[i])
}

#[test]
fn the_relative_correction_is_in_physical_units_and_capped() {
    // x_P = mean = (0.5, 0.2, 0.3), changed by (0.1, 0, 0)
    let expected = 0.1 / (0.25_f64 + 0.04 + 0.09).sqrt();
    assert_close(&[relative([1.0, 0.0, 0.0], [0.0; D])], &[expected]);
    assert_eq!(relative([100.0, 0.0, 0.0], [0.0; D]), 1.0);
    assert_eq!(relative([0.3, 0.1, 0.2], [0.3, 0.1, 0.2]), 0.0);
}

#[test]
fn a_correction_of_no_signal_is_all_or_nothing() {
    assert_eq!(relative(nothing(), nothing()), 0.0);
    let mut other = nothing();
    other[0] += 1.0;
    // only rounding is left of the signal
    assert_eq!(relative(other, nothing()), 1.0);
}

#[test]
fn the_cap_is_per_row_not_on_the_average() {
    let mut s = empty();
    let mut r = Rows::new(2);
    r.x_p = vec![0.0; 2 * D];
    r.x_pb = [[100.0, 0.0, 0.0], [0.0; 3]].concat();
    s.add(&r.batch(0, 2));
    assert_eq!(s.averages().relative_correction, Some(0.5));
}

#[test]
fn nan_stays_visible() {
    let nan = |a: &Averages| flat(a).iter().map(|v| v.is_nan()).collect::<Vec<_>>();
    let n = 4;
    let after = |change: &dyn Fn(&mut Rows)| {
        let mut rows = Rows::new(n);
        change(&mut rows);
        let mut s = empty();
        s.add(&rows.batch(0, n));
        nan(&s.averages())
    };
    // rec, physics_rec, correction, pre_gate, relative, gate × 3, kl_phy × 2, kl_aux, u_mean × 2, u_sd × 2
    let at = |indices: &[usize]| (0..15).map(|i| indices.contains(&i)).collect::<Vec<_>>();
    assert_eq!(after(&|_| ()), at(&[]));
    assert_eq!(after(&|r| r.x[4] = f64::NAN), at(&[0, 1]));
    assert_eq!(after(&|r| r.x_pb[4] = f64::NAN), at(&[0, 2, 4]));
    assert_eq!(after(&|r| r.x_p[4] = f64::NAN), at(&[1, 2, 4]));
    assert_eq!(after(&|r| r.delta[4] = f64::NAN), at(&[3]));
    assert_eq!(after(&|r| r.gate[4] = f64::NAN), at(&[6]));
    assert_eq!(after(&|r| r.u_mean[3] = f64::NAN), at(&[9, 12, 14]));
    assert_eq!(after(&|r| r.u_lnvar[3] = f64::NAN), at(&[9]));
    assert_eq!(after(&|r| r.aux_mean[3] = f64::NAN), at(&[10]));
    assert_eq!(after(&|r| r.aux_lnvar[3] = f64::NAN), at(&[10]));
}

#[test]
fn the_spread_of_u_does_not_suffer_from_a_large_mean() {
    let n = 50;
    let mut rows = Rows::new(n);
    let spread = direct(&rows, n).u_sd;
    rows.u_mean.iter_mut().for_each(|u| *u += 1e3);
    let mut s = empty();
    s.add(&rows.batch(0, n));
    for (f, e) in s.averages().u_sd.iter().zip(&spread) {
        // squares of 1e6 in f64 leave 1e-10 of a variance of 1
        assert!((f - e).abs() < 1e-8, "{f} {e}");
    }
    // one value only: no spread, whatever rounding says
    rows.u_mean.fill(0.1);
    let mut s = empty();
    s.add(&rows.batch(0, n));
    assert!(s.averages().u_sd.iter().all(|v| *v < 1e-8));
}

#[test]
fn variant_a_has_no_physics_and_no_residual() {
    let n = 10;
    let rows = Rows::new(n);
    let mut s = Statistics::new(&MEAN, &SCALE, 0, A);
    s.add(&Batch {
        x_p: &[],
        gate: &[],
        delta: &[],
        u_mean: &[],
        u_lnvar: &[],
        ..rows.batch(0, n)
    });
    let (found, expected) = (s.averages(), direct(&rows, n));
    assert_close(
        &[found.rec, found.kl()],
        &[expected.rec, expected.kl_aux[0]],
    );
    assert_eq!(
        (found.physics_rec, found.correction, found.pre_gate),
        (None, None, None)
    );
    assert_eq!((found.relative_correction, found.mean_gate()), (None, None));
    assert!(found.gate.is_empty() && found.kl_phy.is_empty());
    assert!(found.u_mean.is_empty() && found.u_sd.is_empty());
}

#[test]
fn variant_b_has_no_residual() {
    let n = 10;
    let rows = Rows::new(n);
    let mut s = Statistics::new(&MEAN, &SCALE, P, 0);
    s.add(&Batch {
        gate: &[],
        delta: &[],
        aux_mean: &[],
        aux_lnvar: &[],
        ..rows.batch(0, n)
    });
    let (found, expected) = (s.averages(), direct(&rows, n));
    assert_close(
        &[found.physics_rec.unwrap()],
        &[expected.physics_rec.unwrap()],
    );
    assert_eq!(
        (found.correction, found.pre_gate, found.relative_correction),
        (None, None, None)
    );
    assert_close(&found.kl_phy, &expected.kl_phy);
    assert!(found.kl_aux.is_empty() && found.gate.is_empty());
}

#[test]
fn f32_is_summed_in_f64() {
    // 1e5 rows of 0.1² lose digits in a sum of f32
    let n = 100_000;
    let x = vec![0.0_f32; n];
    let x_pb = vec![0.1_f32; n];
    let mut s = Statistics::new(&[0.0], &[1.0], 0, 0);
    s.add(&Batch {
        x: &x,
        x_pb: &x_pb,
        x_p: &[],
        gate: &[],
        delta: &[],
        u_mean: &[],
        u_lnvar: &[],
        prior: None,
        aux_mean: &[],
        aux_lnvar: &[],
    });
    assert_close(&[s.averages().rec], &[f64::from(0.1_f32).powi(2)]);
}

#[test]
fn no_rows_give_no_numbers_to_trust() {
    assert_eq!(empty().averages().rows, 0);
}
