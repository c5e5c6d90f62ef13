//! The decoder: what it computes, where gradients go and where they stop, what each variant has.

mod common;

use common::toy::Nothing;
use common::{
    Batch, Taped, Vae, Variant, architecture, gradients, layer, matrix, rng, tensors, vae,
};
use dfdx::prelude::{HasShape, SumTo, TryAdd, TryMul};
use latent::sigmoid;
use losses::Weights;
use model::{Architecture, Decoded, Noise, PhysVae, PhysicsLayer};
use ndarray::{Array2, array};
use nn::named::{self, HostTensor};
use nn::{Activation, Cpu, NoneTape, OwnedTape, backward};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A few roundings.
const ROUNDING: f64 = 1e-14;

const NO_WEIGHTS: Weights = Weights {
    beta: 0.0,
    gate: 0.0,
    residual: 0.0,
    data_aug: 0.0,
};

fn model(variant: Variant) -> Vae {
    vae(architecture(variant, Activation::Tanh, false), 3)
}

fn decode(
    model: &Vae,
    batch: &Batch,
    noise: Option<Noise<f64, Cpu>>,
) -> Decoded<f64, Cpu, NoneTape> {
    let x = matrix(batch.n, model.architecture().channels, &batch.x);
    let conditions = batch.conditions();
    let posterior = model.encode(x, Some(conditions.view())).unwrap();
    model
        .decode(posterior, noise, Some(conditions.view()))
        .unwrap()
}

fn taped(model: &Vae, batch: &Batch, hard: bool) -> Decoded<f64, Cpu, OwnedTape<f64, Cpu>> {
    let a = model.architecture();
    let x: Taped = matrix(batch.n, a.channels, &batch.x).retaped();
    let conditions = batch.conditions();
    let posterior = model.encode(x, Some(conditions.view())).unwrap();
    let noise = (!hard).then(|| batch.noise(a));
    model
        .decode(posterior, noise, Some(conditions.view()))
        .unwrap()
}

/// Names of the tensors whose gradient has an element that is not 0.
fn reached(all: &BTreeMap<String, Vec<f64>>) -> Vec<&str> {
    all.iter()
        .filter(|(_, g)| g.iter().any(|g| *g != 0.0))
        .map(|(name, _)| name.as_str())
        .collect()
}

fn under<'a>(names: &[&'a str], prefix: &str) -> Vec<&'a str> {
    names
        .iter()
        .copied()
        .filter(|n| n.starts_with(prefix))
        .collect()
}

#[test]
fn variant_c_for_the_rtm_has_124_392_parameters() {
    let model = |p, a| {
        let physics = (p > 0).then(|| {
            let nothing = Arc::new(Nothing::new(p, 11));
            PhysicsLayer::new(nothing, vec![(0.0, 1.0); p], vec![0.0; 11], vec![1.0; 11]).unwrap()
        });
        let architecture = Architecture::new(11, p, a);
        PhysVae::<f32, Cpu>::new(&Cpu::default(), architecture, physics, &mut rng(1)).unwrap()
    };
    assert_eq!(named::count(&model(7, 2)), 124_392);
    // features 18,048, two heads of 128 → 128 → k
    let heads = |k: usize| 2 * (128 * 128 + 128 + 128 * k + k);
    assert_eq!(named::count(&model(7, 0)), 18_048 + heads(7));
    let plain = (9 * 16 + 16) + (16 * 32 + 32) + (32 * 64 + 64) + (64 * 11 + 11);
    assert_eq!(named::count(&model(0, 9)), 18_048 + heads(9) + plain);
}

#[test]
fn each_variant_has_its_parts_and_unique_names_in_a_fixed_order() {
    for (variant, parts) in [
        (
            Variant::A,
            vec![
                "encoder.features",
                "encoder.z_aux_mean",
                "encoder.z_aux_lnvar",
                "decoder",
            ],
        ),
        (
            Variant::B,
            vec![
                "encoder.features",
                "encoder.u_phy_mean",
                "encoder.u_phy_lnvar",
            ],
        ),
        (
            Variant::C,
            vec![
                "encoder.features",
                "encoder.u_phy_mean",
                "encoder.u_phy_lnvar",
                "encoder.z_aux_mean",
                "encoder.z_aux_lnvar",
                "residual.context",
                "residual.delta",
                "residual.gate",
            ],
        ),
    ] {
        let mut model = vae(architecture(variant, Activation::Prelu, false), 1);
        let names: Vec<_> = named::parameters(&model).into_iter().map(|p| p.0).collect();
        let mutable: Vec<_> = named::parameters_mut(&mut model)
            .into_iter()
            .map(|p| p.0)
            .collect();
        assert_eq!(names, mutable);
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        let mut found: Vec<_> = names
            .iter()
            .map(|n| {
                n.trim_end_matches(".slope")
                    .trim_end_matches(".weight")
                    .trim_end_matches(".bias")
            })
            .map(|n| {
                n.trim_end_matches(|c: char| c.is_ascii_digit())
                    .trim_end_matches('.')
            })
            .collect();
        found.dedup();
        assert_eq!(found, parts, "{variant:?}");
        let slopes = names
            .iter()
            .filter(|n| n.rsplit('.').next() == Some("slope"))
            .count();
        assert_eq!(slopes, parts.len(), "one slope per part");
    }
}

#[test]
fn variant_b_is_the_physics_alone() {
    let model = model(Variant::B);
    let batch = Batch::new(4, model.architecture(), 1);
    let d = decode(&model, &batch, Some(batch.noise(model.architecture())));
    assert!(d.residual.is_none());
    assert_eq!(d.x_pb.as_vec(), d.x_p.unwrap().as_vec());
    assert!(!model.architecture().has_residual());
}

#[test]
fn variant_a_has_no_physics_and_does_not_look_at_conditions() {
    let model = model(Variant::A);
    let mut batch = Batch::new(4, model.architecture(), 1);
    let d = decode(&model, &batch, None);
    assert!(d.residual.is_none() && d.x_p.is_none() && d.z_phy.is_none());
    batch.condition.fill(f64::NAN);
    assert_eq!(decode(&model, &batch, None).x_pb.as_vec(), d.x_pb.as_vec());
    assert!(model.physics().is_none());
    let x = matrix(4, 4, &batch.x);
    assert!(model.encode_physical_mean(x, None).unwrap().is_none());
}

#[test]
fn conditions_reach_the_physics_and_their_absence_is_the_default() {
    let model = model(Variant::C);
    let mut batch = Batch::new(3, model.architecture(), 1);
    let with = |batch: &Batch| decode(&model, batch, None).x_p.unwrap().as_vec();
    let some = with(&batch);
    batch.condition.fill(1.0);
    let default = with(&batch);
    assert_ne!(some, default);
    let posterior = model.encode(matrix(3, 4, &batch.x), None).unwrap();
    let none = model.decode(posterior, None, None).unwrap();
    assert_eq!(none.x_p.unwrap().as_vec(), default);
}

#[test]
fn an_encoder_that_sees_conditions_takes_them_as_the_physics_does() {
    let architecture = Architecture {
        sees_conditions: 1,
        ..architecture(Variant::C, Activation::Elu, false)
    };
    let model = vae(architecture, 3);
    let mut batch = Batch::new(3, model.architecture(), 1);
    let u = |conditions: Option<&Array2<f64>>| {
        let x = matrix(3, 4, &batch.x);
        let conditions = conditions.map(Array2::view);
        model
            .encode_physical(x, conditions)
            .unwrap()
            .unwrap()
            .mean
            .as_vec()
    };
    let drawn = batch.conditions();
    assert_ne!(u(Some(&drawn)), u(None));
    let mean = model.encode_physical_mean(matrix(3, 4, &batch.x), Some(drawn.view()));
    assert_eq!(mean.unwrap().unwrap().as_vec(), u(Some(&drawn)));
    let all = model
        .encode(matrix(3, 4, &batch.x), Some(drawn.view()))
        .unwrap();
    assert_eq!(all.physical.unwrap().mean.as_vec(), u(Some(&drawn)));
    // the defaults of the physics, with or without the time of year behind them
    let default = Array2::from_elem((3, 1), 1.0);
    assert_eq!(u(Some(&default)), u(None));
    let mut with_season = Array2::zeros((3, 1 + model::SEASON));
    with_season.column_mut(0).assign(&drawn.column(0));
    assert_eq!(u(Some(&with_season)), u(Some(&drawn)));

    let scaled = |c: &Array2<f64>| {
        let physics = model.physics().unwrap();
        physics.scaled_conditions(3, Some(c.view()))
    };
    let ends = scaled(&array![[0.0], [1.5], [2.0]]).unwrap();
    assert_eq!(ends, array![[-1.0], [0.5], [1.0]]);
    let message = scaled(&array![[0.0], [f64::NAN], [2.0]])
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("NaN") && message.contains('c'),
        "{message}"
    );
    assert!(scaled(&array![[0.0], [1.0], [2.5]]).is_err());
    assert!(scaled(&array![[0.0], [1.0]]).is_err());
    batch.condition.pop();
    let few = batch.condition.clone();
    let few = Array2::from_shape_vec((2, 1), few).unwrap();
    assert!(
        model
            .encode(matrix(3, 4, &batch.x), Some(few.view()))
            .is_err()
    );
}

#[test]
fn an_encoder_sees_all_conditions_of_its_physics_or_none() {
    for (variant, seen, expected) in [(Variant::C, 2, 1), (Variant::A, 1, 0)] {
        let architecture = Architecture {
            sees_conditions: seen,
            ..architecture(variant, Activation::Elu, false)
        };
        let physics = (variant == Variant::C).then(layer);
        let refused = PhysVae::<f64, Cpu>::new(&Cpu::default(), architecture, physics, &mut rng(1));
        let message = refused.err().unwrap().to_string();
        let wanted = format!("conditions that the encoder sees is {seen}, expected {expected}");
        assert!(message.contains(&wanted), "{message}");
    }
    let architecture = Architecture {
        sees_conditions: 1,
        ..Architecture::new(4, 3, 0)
    };
    let mut model = vae(architecture, 1);
    model.set_physics(layer()).unwrap();
    let without = Nothing::new(3, 4);
    let ranges = vec![(0.0, 1.0); 3];
    let without = PhysicsLayer::new(Arc::new(without), ranges, vec![0.0; 4], vec![1.0; 4]).unwrap();
    assert!(model.set_physics(without).is_err());
}

#[test]
fn the_reconstruction_is_the_physics_plus_gate_times_correction() {
    let model = model(Variant::C);
    let batch = Batch::new(4, model.architecture(), 1);
    let d = decode(&model, &batch, Some(batch.noise(model.architecture())));
    let r = d.residual.unwrap();
    let (gate, delta) = (r.gate.unwrap().as_vec(), r.delta.as_vec());
    let x_p = d.x_p.unwrap().as_vec();
    for (i, x_pb) in d.x_pb.as_vec().into_iter().enumerate() {
        assert!((x_pb - (x_p[i] + gate[i] * delta[i])).abs() < ROUNDING);
        assert!(gate[i] > 0.0 && gate[i] < 1.0 && delta[i] != 0.0);
    }
}

#[test]
fn the_hard_draw_is_the_mean() {
    for variant in [Variant::A, Variant::B, Variant::C] {
        let model = model(variant);
        let a = model.architecture().clone();
        let mut batch = Batch::new(4, &a, 1);
        let hard = decode(&model, &batch, None);
        let soft = decode(&model, &batch, Some(batch.noise(&a)));
        assert_ne!(hard.x_pb.as_vec(), soft.x_pb.as_vec());
        batch.noise_phy.fill(0.0);
        batch.noise_aux.fill(0.0);
        let zero = decode(&model, &batch, Some(batch.noise(&a)));
        assert_eq!(hard.x_pb.as_vec(), zero.x_pb.as_vec());
        if variant != Variant::A {
            let mean = model
                .encode_physical_mean(matrix(4, 4, &batch.x), None)
                .unwrap();
            let z: Vec<_> = mean.unwrap().as_vec().into_iter().map(sigmoid).collect();
            assert_eq!(hard.z_phy.unwrap().as_vec(), z);
        }
    }
}

#[test]
fn the_hard_draw_is_differentiated_down_to_the_features() {
    for variant in [Variant::A, Variant::B, Variant::C] {
        let model = model(variant);
        let batch = Batch::new(4, model.architecture(), 1);
        let d = taped(&model, &batch, true);
        let all = gradients(&model, backward(d.x_pb.sum()).unwrap());
        let names = reached(&all);
        assert_eq!(under(&names, "encoder.features").len(), 4, "{variant:?}");
        assert!(names.iter().all(|n| !n.contains("lnvar")));
        let expected = all.len() - all.keys().filter(|n| n.contains("lnvar")).count();
        assert_eq!(names.len(), expected);
    }
}

#[test]
fn the_gate_starts_near_one_percent() {
    for activation in [Activation::Elu, Activation::Prelu, Activation::Tanh] {
        for seed in 0..5 {
            let model = vae(
                Architecture {
                    activation,
                    ..Architecture::new(4, 3, 2)
                },
                seed,
            );
            let bias = &tensors(&model)["residual.gate.1.bias"];
            assert_eq!(
                bias,
                &HostTensor {
                    shape: vec![1, 4],
                    values: vec![-4.6; 4]
                }
            );
            let batch = Batch::new(64, model.architecture(), seed);
            let d = decode(&model, &batch, Some(batch.noise(model.architecture())));
            let gate = d.residual.unwrap().gate.unwrap().as_vec();
            let mean = gate.iter().sum::<f64>() / gate.len() as f64;
            assert!(
                (0.005..0.02).contains(&mean),
                "{activation:?} {seed}: {mean}"
            );
        }
    }
}

/// Gradients of Σ δ in variant C.
fn gradients_of_delta(detach_x_p: bool) -> (Vae, BTreeMap<String, Vec<f64>>) {
    let model = vae(architecture(Variant::C, Activation::Tanh, detach_x_p), 3);
    let batch = Batch::new(4, model.architecture(), 1);
    let d = taped(&model, &batch, false);
    // the tape lies with x_PB: taken in with weight 0
    let nothing = d.x_pb.try_mul(0.0).unwrap();
    let total = nothing.try_add(d.residual.unwrap().delta).unwrap();
    let all = gradients(&model, backward(total.sum()).unwrap());
    (model, all)
}

#[test]
fn the_residual_reaches_u_through_the_physics_only_and_not_at_all_when_x_p_is_detached() {
    let (_, all) = gradients_of_delta(true);
    let names = reached(&all);
    assert_eq!(under(&names, "encoder.u_phy"), Vec::<&str>::new());
    assert_eq!(under(&names, "residual.gate"), Vec::<&str>::new());
    assert_eq!(under(&names, "residual.delta").len(), 4);
    assert_eq!(under(&names, "residual.context").len(), 4);
    assert_eq!(under(&names, "encoder.z_aux").len(), 8);
    // the context saw z_phy: its weights for it learn, though z_phy does not
    let context = &all["residual.context.0.weight"];
    assert!(
        context
            .chunks_exact(5)
            .all(|row| row[..3].iter().any(|g| *g != 0.0))
    );

    let (_, all) = gradients_of_delta(false);
    let names = reached(&all);
    assert_eq!(under(&names, "encoder.u_phy").len(), 12);
}

#[test]
fn by_default_x_p_is_not_detached() {
    assert!(!Architecture::new(11, 7, 2).detach_x_p);
}

#[test]
fn the_pre_gate_penalty_alone_trains_the_correction_and_its_context() {
    let model = model(Variant::C);
    let a = model.architecture().clone();
    let batch = Batch::new(4, &a, 1);
    // the reconstruction itself as the observation: rec has no gradient
    let own = decode(&model, &batch, Some(batch.noise(&a))).x_pb.as_vec();
    let of = |weights: &Weights| {
        let objective = common::train_loss(&model, &batch, weights, Some(&own));
        (
            objective.loss,
            gradients(&model, backward(objective.total).unwrap()),
        )
    };
    let (loss, all) = of(&NO_WEIGHTS);
    assert_eq!(loss, 0.0);
    assert!(reached(&all).is_empty());

    let (loss, all) = of(&Weights {
        residual: 1e-4,
        ..NO_WEIGHTS
    });
    assert!(loss > 0.0);
    let names = reached(&all);
    assert_eq!(under(&names, "residual.delta").len(), 4);
    assert_eq!(under(&names, "residual.context").len(), 4);
    assert_eq!(under(&names, "residual.gate"), Vec::<&str>::new());

    let (_, all) = of(&Weights {
        gate: 1e-3,
        ..NO_WEIGHTS
    });
    let names = reached(&all);
    assert_eq!(under(&names, "residual.gate").len(), 4);
    assert_eq!(under(&names, "residual.delta"), Vec::<&str>::new());
}

#[test]
fn the_kl_alone_trains_the_heads_of_every_variant() {
    for (variant, blocks) in [(Variant::A, 1), (Variant::B, 1), (Variant::C, 2)] {
        let model = model(variant);
        let a = model.architecture().clone();
        let batch = Batch::new(4, &a, 1);
        let own = decode(&model, &batch, Some(batch.noise(&a))).x_pb.as_vec();
        let weights = Weights {
            beta: 1.0,
            ..NO_WEIGHTS
        };
        let objective = common::train_loss(&model, &batch, &weights, Some(&own));
        assert!((objective.loss - objective.kl).abs() < ROUNDING && objective.kl > 0.0);
        let all = gradients(&model, backward(objective.total).unwrap());
        let names = reached(&all);
        let heads = all.keys().filter(|n| n.starts_with("encoder.")).count();
        assert_eq!(under(&names, "encoder.").len(), heads);
        assert_eq!(
            names.iter().filter(|n| n.contains("lnvar.0.bias")).count(),
            blocks
        );
        assert_eq!(names.len(), heads, "nothing else");
    }
}

#[test]
fn a_head_outside_the_clamp_still_learns_to_come_back() {
    let mut model = model(Variant::C);
    let a = model.architecture().clone();
    let batch = Batch::new(4, &a, 1);
    for (name, m) in named::parameters_mut(&mut model) {
        if name == "encoder.u_phy_lnvar.2.bias" {
            m.copy_from(&[30.0; 3]);
        }
        if name == "encoder.z_aux_lnvar.1.bias" {
            m.copy_from(&[-30.0; 2]);
        }
    }
    let x = matrix(4, 4, &batch.x);
    let posterior = model.encode(x, None).unwrap();
    assert_eq!(posterior.physical.unwrap().lnvar.as_vec(), [5.0; 12]);
    assert_eq!(posterior.auxiliary.unwrap().lnvar.as_vec(), [-9.0; 8]);
    let weights = Weights {
        beta: 1.0,
        ..NO_WEIGHTS
    };
    let own = decode(&model, &batch, Some(batch.noise(&a))).x_pb.as_vec();
    let objective = common::train_loss(&model, &batch, &weights, Some(&own));
    let all = gradients(&model, backward(objective.total).unwrap());
    assert!(all["encoder.u_phy_lnvar.2.bias"].iter().all(|g| *g > 0.0));
    assert!(all["encoder.z_aux_lnvar.1.bias"].iter().all(|g| *g < 0.0));
}

#[test]
fn the_seed_decides_the_weights() {
    assert_eq!(tensors(&model(Variant::C)), tensors(&model(Variant::C)));
    let other = vae(architecture(Variant::C, Activation::Tanh, false), 4);
    assert_ne!(tensors(&model(Variant::C)), tensors(&other));
}

#[test]
fn architecture_and_physics_must_agree() {
    let new = |channels, p, a, physics| {
        let architecture = Architecture::new(channels, p, a);
        let made = PhysVae::<f64, Cpu>::new(&Cpu::default(), architecture, physics, &mut rng(1));
        made.map(drop).unwrap_err().to_string()
    };
    assert_eq!(
        new(4, 2, 2, Some(common::layer())),
        "dim_z_phy is 2, expected 3"
    );
    assert_eq!(new(4, 3, 2, None), "dim_z_phy is 3, expected 0");
    assert_eq!(
        new(5, 3, 2, Some(common::layer())),
        "the number of channels is 5, expected 4"
    );
    assert_eq!(new(4, 0, 0, None), "dim_z_aux is 0, expected 1");
}

#[test]
fn a_spectrum_of_another_width_is_an_error() {
    let model = model(Variant::C);
    let error = model
        .encode(matrix(2, 3, &[0.0; 6]), None)
        .map(drop)
        .unwrap_err();
    assert_eq!(error.to_string(), "mlp takes 4 columns, got 3");
}

#[test]
fn a_nan_in_a_spectrum_does_not_pass_unseen() {
    for activation in [Activation::Elu, Activation::Relu, Activation::Tanh] {
        let model = vae(architecture(Variant::C, activation, false), 1);
        let mut batch = Batch::new(2, model.architecture(), 1);
        batch.x[0] = f64::NAN;
        let posterior = model.encode(matrix(2, 4, &batch.x), None).unwrap();
        let mean = posterior.physical.as_ref().unwrap().mean.as_vec();
        assert!(mean[..3].iter().all(|v| v.is_nan()) && mean[3..].iter().all(|v| v.is_finite()));
        let x_pb = model.decode(posterior, None, None).unwrap().x_pb.as_vec();
        assert!(
            x_pb[..4].iter().all(|v| v.is_nan()) && x_pb[4..].iter().all(|v| v.is_finite()),
            "{activation:?}: {x_pb:?}"
        );
    }
}

#[test]
fn shapes_are_rows_by_channels() {
    let model = model(Variant::C);
    let batch = Batch::new(1, model.architecture(), 1);
    let d = decode(&model, &batch, None);
    assert_eq!(d.x_pb.shape(), &(1, 4));
    assert_eq!(d.z_phy.unwrap().shape(), &(1, 3));
    assert_eq!(d.residual.unwrap().gate.unwrap().shape(), &(1, 4));
}
