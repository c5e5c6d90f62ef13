//! The residual of low rank and the prior that follows the posterior: literal values.

mod common;

use common::{M, Vae, Variant, architecture, matrix, tensors, vae};
use model::{Calibration, Gaussian, ModelError, Residual, ResidualKind, ResidualScale};
use ndarray::{Array2, ArrayView2, Axis, concatenate};
use nn::named::parameters_mut;
use nn::{Activation, NoneTape};

/// A few roundings.
const ROUNDING: f64 = 1e-14;

fn close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (f, e) in found.iter().zip(expected) {
        assert!((f - e).abs() <= ROUNDING * e.abs().max(1.0), "{f} {e}");
    }
}

fn low_rank(rank: usize, season: bool) -> ResidualKind {
    ResidualKind::LowRank { rank, season }
}

/// x_P + r (c ⊙ s) Bᵀ by hand, for two rows of a model whose weights are set.
#[test]
fn a_correction_of_literal_numbers() {
    correction_by_hand(false);
}

/// The same with the time of year among what the coefficients see.
#[test]
fn a_correction_that_follows_the_season() {
    correction_by_hand(true);
}

fn correction_by_hand(sees_season: bool) {
    let mut a = architecture(Variant::C, Activation::Tanh, false);
    a.residual = low_rank(2, sees_season);
    let (d, aux) = (a.channels, a.dim_z_aux);
    let mut model = vae(a, 3);
    let linear: Vec<f64> = (0..2 * (aux + d)).map(|i| 0.1 * (i as f64 - 4.0)).collect();
    let directions: Vec<f64> = (0..2 * d).map(|i| (i as f64).sin()).collect();
    // 4 × 2
    let of_season: Vec<f64> = (0..8).map(|i| 0.3 - 0.1 * f64::from(i)).collect();
    for (name, m) in parameters_mut(&mut model) {
        match name.as_str() {
            "residual.coefficients.0.weight" => m.copy_from(&linear),
            "residual.coefficients.0.bias" => m.copy_from(&[0.3, -0.2]),
            "residual.sizes" => m.copy_from(&[2.0, 0.5]),
            "residual.directions" => m.copy_from(&directions),
            "residual.season" => m.copy_from(&of_season),
            _ => {}
        }
    }
    let z_aux: Vec<f64> = (0..2 * aux).map(|i| 0.7 - 0.4 * i as f64).collect();
    let x_p: Vec<f64> = (0..2 * d).map(|i| 0.2 * i as f64 - 0.5).collect();
    let season = [0.5, -0.8, 0.1, 0.9, -0.2, 0.4, 1.0, -1.0];
    let scale = ResidualScale { tau: 2.0, r: 0.5 };
    let p = model.architecture().dim_z_phy;
    let forward = |season: Option<M>| {
        let (z_phy, z_aux) = (matrix(2, p, &vec![0.5; 2 * p]), matrix(2, aux, &z_aux));
        let x_p = matrix(2, d, &x_p);
        let residual = model.residual().unwrap();
        residual.forward::<NoneTape>(&z_phy, z_aux, &x_p, true, scale, season)
    };
    let (correction, parts) = forward(sees_season.then(|| matrix(2, 4, &season))).unwrap();
    assert!(parts.gate.is_none());
    let mut expected = (vec![], vec![], vec![]);
    for row in 0..2 {
        let inputs: Vec<f64> = z_aux[row * aux..][..aux]
            .iter()
            .chain(&x_p[row * d..][..d])
            .copied()
            .collect();
        let c: Vec<f64> = (0..2)
            .map(|k| {
                let weights = &linear[k * (aux + d)..][..aux + d];
                let sum: f64 = weights.iter().zip(&inputs).map(|(w, x)| w * x).sum();
                let seen: f64 = (0..4)
                    .map(|i| season[4 * row + i] * of_season[2 * i + k])
                    .sum();
                let seen = if sees_season { seen } else { 0.0 };
                ((sum + seen + [0.3, -0.2][k]) / scale.tau).tanh()
            })
            .collect();
        for j in 0..d {
            let delta = c[0] * 2.0 * directions[j] + c[1] * 0.5 * directions[d + j];
            expected.1.push(delta);
            expected.2.push(0.5 * delta);
        }
        expected.0.extend(c);
    }
    close(&parts.coefficients.unwrap().as_vec(), &expected.0);
    close(&parts.delta.as_vec(), &expected.1);
    close(&correction.as_vec(), &expected.2);
    let found = model.residual().and_then(Residual::directions::<NoneTape>);
    assert_eq!(found.unwrap().as_vec(), directions);
    if sees_season {
        assert!(forward(None).is_err() && forward(Some(matrix(2, 1, &[0.1, 0.2]))).is_err());
    }
}

/// The physics sees its own conditions, the residual what is behind them; without it there is no answer.
#[test]
fn the_time_of_year_is_behind_the_conditions() {
    let of = |season| {
        let mut a = architecture(Variant::C, Activation::Tanh, false);
        a.residual = low_rank(2, season);
        vae(a, 3)
    };
    let (plain, with) = (of(false), of(true));
    // what both have is drawn alike
    let (own, all) = (tensors(&plain), tensors(&with));
    assert!(own.iter().all(|(name, tensor)| all[name] == *tensor));
    assert_eq!(all.len(), own.len() + 1);
    assert_eq!(all["residual.season"].shape, [4, 2]);

    let batch = common::Batch::new(4, with.architecture(), 1);
    let conditions = batch.conditions();
    let seasons = |size: f64| {
        let season = Array2::from_shape_fn((4, 4), |(i, k)| size * (i + 2 * k) as f64);
        concatenate![Axis(1), conditions, season]
    };
    let decode = |model: &Vae, conditions: Option<ArrayView2<f64>>| {
        let x = matrix(batch.n, model.architecture().channels, &batch.x);
        let posterior = model.encode(x, None).unwrap();
        let decoded = model.decode::<NoneTape>(posterior, None, conditions)?;
        Ok::<_, ModelError>((decoded.x_p.unwrap().as_vec(), decoded.x_pb.as_vec()))
    };
    let (x_p, x_pb) = decode(&plain, Some(conditions.view())).unwrap();
    // at 0 it changes nothing, and the model that does not see it does not mind it
    for (model, size) in [(&with, 0.0), (&plain, 0.3)] {
        let (p, pb) = decode(model, Some(seasons(size).view())).unwrap();
        assert_eq!(p, x_p);
        close(&pb, &x_pb);
    }
    let (p, pb) = decode(&with, Some(seasons(0.3).view())).unwrap();
    assert!(p == x_p && pb != x_pb);
    for (conditions, found) in [(None, 0), (Some(conditions.view()), 1)] {
        let message = decode(&with, conditions).unwrap_err().to_string();
        let expected =
            format!("the number of conditions with the time of year is {found}, expected 5");
        assert_eq!(message, expected);
    }
    // signals without a network
    let physics = with.physics().unwrap();
    let signals = |c: ArrayView2<f64>| physics.signals(batch.z().view(), Some(c)).unwrap();
    assert_eq!(signals(conditions.view()), signals(seasons(0.3).view()));
    let (_, slopes) = physics
        .signals_with_jacobian(batch.z().view(), Some(seasons(0.3).view()))
        .unwrap();
    let own = physics.signals_with_jacobian(batch.z().view(), Some(conditions.view()));
    assert_eq!(slopes, own.unwrap().1);
}

/// A calibration stands between the physics and the sum: x_PB = a ⊙ x_P + b + correction.
#[test]
fn a_calibration_of_the_physics_alone() {
    let model = || vae(architecture(Variant::C, Activation::Tanh, false), 3);
    let (plain, mut calibrated) = (model(), model());
    let d = plain.architecture().channels;
    let (outputs, observed) = (
        Array2::from_shape_fn((3, d), |(i, j)| (i * i + j) as f64),
        Array2::from_shape_fn((3, d), |(i, j)| i as f64 - 0.5 * j as f64),
    );
    let calibration = Calibration::by_moments(outputs.view(), observed.view(), true);
    calibrated.buffers_mut().calibration = Some(calibration.clone());
    let batch = common::Batch::new(4, plain.architecture(), 1);
    let decode = |model: &common::Vae| {
        let x = matrix(batch.n, d, &batch.x);
        let posterior = model.encode(x, None).unwrap();
        model
            .decode::<NoneTape>(posterior, None, Some(batch.conditions().view()))
            .unwrap()
    };
    let (plain, calibrated) = (decode(&plain), decode(&calibrated));
    let x_p = plain.x_p.unwrap().as_vec();
    let seen: Vec<f64> = x_p
        .iter()
        .enumerate()
        .map(|(at, x)| calibration.gain()[at % d] * x + calibration.offset()[at % d])
        .collect();
    close(&calibrated.x_p.unwrap().as_vec(), &seen);
    let plain = plain.x_pb.as_vec();
    let expected: Vec<f64> = (plain.iter().zip(&x_p).zip(&seen))
        .map(|((sum, x_p), seen)| seen + (sum - x_p))
        .collect();
    close(&calibrated.x_pb.as_vec(), &expected);
}

/// With r = 0 the decoder is the physics alone, to the bit.
#[test]
fn nothing_is_added_before_the_warm_up() {
    let mut a = architecture(Variant::C, Activation::Tanh, false);
    a.residual = low_rank(1, false);
    let mut model = vae(a, 3);
    model.buffers_mut().residual = ResidualScale { tau: 3.0, r: 0.0 };
    let batch = common::Batch::new(4, model.architecture(), 1);
    let x = matrix(batch.n, model.architecture().channels, &batch.x);
    let conditions = batch.conditions();
    let posterior = model.encode(x, None).unwrap();
    let decoded = model
        .decode::<NoneTape>(posterior, None, Some(conditions.view()))
        .unwrap();
    assert_eq!(decoded.x_pb.as_vec(), decoded.x_p.unwrap().as_vec());
    let delta = decoded.residual.unwrap().delta.as_vec();
    assert!(delta.iter().all(|d| *d != 0.0));
}

/// The divergence from N(m₀, σ₀²) is that of the rescaled posterior from N(0, 1).
#[test]
fn a_posterior_relative_to_a_prior_that_moved() {
    let mut a = architecture(Variant::B, Activation::Tanh, false);
    a.running_prior = true;
    let p = a.dim_z_phy;
    let mut model = vae(a, 3);
    let (means, squares): (Vec<f64>, Vec<f64>) = (0..p)
        .map(|k| (0.3 * k as f64, 1.5 + (0.3 * k as f64).powi(2)))
        .unzip();
    let prior = model.buffers_mut().prior.as_mut().unwrap();
    prior.follow(&means, &squares, 0.0);
    let prior = prior.clone();
    close(&prior.variance(), &vec![1.5; p]);
    let (m, v): (Vec<f64>, Vec<f64>) = (0..2 * p)
        .map(|i| (0.5 - 0.2 * i as f64, -1.0 + 0.3 * i as f64))
        .unzip();
    let posterior = Gaussian {
        mean: matrix(2, p, &m),
        lnvar: matrix(2, p, &v),
    };
    let relative = model.relative_to_prior::<NoneTape>(posterior).unwrap();
    let found = latent::kl_per_dimension(&relative.mean.as_vec(), &relative.lnvar.as_vec(), p);
    let by_formula: Vec<f64> = (0..p)
        .map(|k| {
            let of = |at: usize| {
                0.5 * (1.5_f64.ln() - v[at] - 1.0
                    + (v[at].exp() + (m[at] - means[k]).powi(2)) / 1.5)
            };
            of(k) + of(p + k)
        })
        .collect();
    let on_host = latent::kl_from_prior(&m, &v, p, |k| (prior.mean()[k], prior.variance()[k]));
    for ((f, e), h) in found.iter().zip(&by_formula).zip(&on_host) {
        assert!(
            (f - e).abs() < 1e-12 && (h - e).abs() < 1e-12,
            "{f} {e} {h}"
        );
    }
}
