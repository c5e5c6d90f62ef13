//! The whole loss of either stage, every variant and activation: its value against an independent
//! computation, its gradient against differences of that computation, for every parameter tensor.

mod common;

use common::reference::Reference;
use common::{Batch, Vae, Variant, architecture, gradients, rng, tensors, vae};
use losses::Weights;
use model::Architecture;
use nn::named::HostTensors;
use nn::{Activation, backward, check};
use rand::Rng;
use std::cell::Cell;

/// The project's bound, of the tensor's largest gradient.
const GRADIENT: f64 = 1e-6;
/// The same sums in another order.
const VALUE: f64 = 1e-13;
/// Differences with this step are good to about 1e-16 · loss / step ≈ 1e-11.
const STEP: f64 = 2e-5;
/// No pre-activation nearer to 0: moving a parameter by two steps moves none across a kink (activations and
/// their products with weights stay below 5). ELU's second derivative jumps there too.
const MARGIN: f64 = 2e-4;
/// Elements checked per tensor, beside the one of the largest gradient.
const ELEMENTS: usize = 8;

const SMOOTH_AND_KINKED: [Activation; 7] = [
    Activation::Elu,
    Activation::Relu,
    Activation::LeakyRelu,
    Activation::Softplus,
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::Prelu,
];

/// All terms of a size, so that none hides behind another.
const WEIGHTS: Weights = Weights {
    beta: 0.7,
    gate: 3.0,
    residual: 0.2,
    data_aug: 0.5,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Pretrain,
    Train,
}

struct Case {
    phase: Phase,
    variant: Variant,
    activation: Activation,
    detach_x_p: bool,
    sees_conditions: bool,
}

impl Case {
    fn architecture(&self) -> Architecture {
        Architecture {
            sees_conditions: usize::from(self.sees_conditions),
            ..architecture(self.variant, self.activation, self.detach_x_p)
        }
    }

    fn reference<'a>(&self, tensors: &'a HostTensors<f64>) -> Reference<'a> {
        Reference {
            tensors,
            activation: self.activation,
            variant: self.variant,
            detach_x_p: self.detach_x_p,
            margin: Cell::new(f64::INFINITY),
        }
    }

    /// Weights and a batch away from kinks.
    fn draw(&self) -> (Vae, Batch) {
        for seed in 0..200 {
            let model = vae(self.architecture(), seed);
            let batch = Batch::new(2, model.architecture(), seed + 1000);
            let host = tensors(&model);
            let reference = self.reference(&host);
            match self.phase {
                Phase::Train => drop(reference.train(&batch, &WEIGHTS, None)),
                Phase::Pretrain => drop(reference.pretrain(&batch, &WEIGHTS)),
            }
            if reference.margin.get() > MARGIN {
                return (model, batch);
            }
        }
        panic!("no draw away from kinks");
    }

    /// Worst error of a gradient, and the names of tensors whose gradient is exactly 0.
    fn check(&self) -> (f64, Vec<String>) {
        let (model, batch) = self.draw();
        let mut host = tensors(&model);
        let objective = match self.phase {
            Phase::Train => common::train_loss(&model, &batch, &WEIGHTS, None),
            Phase::Pretrain => common::pretrain_loss(&model, &batch, &WEIGHTS),
        };
        let (expected, frozen) = match self.phase {
            Phase::Train => {
                let (loss, frozen) = self.reference(&host).train(&batch, &WEIGHTS, None);
                (loss, Some(frozen))
            }
            Phase::Pretrain => (self.reference(&host).pretrain(&batch, &WEIGHTS), None),
        };
        let relative = (objective.loss / expected - 1.0).abs();
        assert!(
            relative < VALUE,
            "loss {} instead of {expected}",
            objective.loss
        );

        let all = gradients(&model, backward(objective.total).unwrap());
        let (mut worst, mut zero) = (0.0_f64, vec![]);
        let mut rng = rng(5);
        for (name, analytic) in &all {
            let largest = (0..analytic.len())
                .max_by(|a, b| analytic[*a].abs().total_cmp(&analytic[*b].abs()))
                .unwrap();
            let mut elements = vec![largest];
            elements.extend((0..ELEMENTS).map(|_| rng.gen_range(0..analytic.len())));
            let point = host[name].values.clone();
            let mut loss = |moved: &[f64]| {
                host.get_mut(name).unwrap().values.copy_from_slice(moved);
                let reference = self.reference(&host);
                match self.phase {
                    Phase::Train => reference.train(&batch, &WEIGHTS, frozen.as_ref()).0,
                    Phase::Pretrain => reference.pretrain(&batch, &WEIGHTS),
                }
            };
            if analytic[largest] == 0.0 {
                zero.push(name.clone());
                let base = loss(&point);
                for &i in &elements {
                    let mut moved = point.clone();
                    moved[i] += 0.1;
                    assert_eq!(loss(&moved), base, "{name}[{i}] has an effect");
                }
            } else {
                let error =
                    check::worst_relative_error(&point, analytic, &elements, STEP, &mut loss);
                assert!(error <= GRADIENT, "{name}: {error:.2e}");
                worst = worst.max(error);
            }
            loss(&point);
        }
        (worst, zero)
    }
}

/// The worst over all activations.
fn train(variant: Variant, detach_x_p: bool) {
    for activation in SMOOTH_AND_KINKED {
        let case = Case {
            phase: Phase::Train,
            variant,
            activation,
            detach_x_p,
            sees_conditions: false,
        };
        let (worst, zero) = case.check();
        println!("Train {variant:?} {activation:?}, x_P detached {detach_x_p}: worst {worst:.2e}");
        assert!(zero.is_empty(), "nothing reaches {zero:?}");
    }
}

#[test]
fn train_a() {
    train(Variant::A, false);
}

#[test]
fn train_b() {
    train(Variant::B, false);
}

#[test]
fn train_c() {
    train(Variant::C, false);
}

#[test]
fn train_c_with_x_p_detached() {
    train(Variant::C, true);
}

#[test]
fn both_stages_with_an_encoder_that_sees_conditions() {
    for (phase, variant) in [
        (Phase::Train, Variant::B),
        (Phase::Train, Variant::C),
        (Phase::Pretrain, Variant::C),
    ] {
        let case = Case {
            phase,
            variant,
            activation: Activation::Elu,
            detach_x_p: false,
            sees_conditions: true,
        };
        let (worst, zero) = case.check();
        println!("{phase:?} {variant:?} with conditions: worst {worst:.2e}");
        assert_eq!(zero.is_empty(), phase == Phase::Train, "{zero:?}");
    }
}

#[test]
fn pretrain() {
    for variant in [Variant::B, Variant::C] {
        for activation in SMOOTH_AND_KINKED {
            let case = Case {
                phase: Phase::Pretrain,
                variant,
                activation,
                detach_x_p: false,
                sees_conditions: false,
            };
            let (worst, zero) = case.check();
            println!("Pretrain {variant:?} {activation:?}: worst {worst:.2e}");
            let model = vae(architecture(variant, activation, false), 0);
            let others: Vec<_> = tensors(&model)
                .into_keys()
                .filter(|name| !Vae::learns_in_pretraining(name, false))
                .collect();
            assert_eq!(zero, others);
        }
    }
}

#[test]
fn what_learns_in_pretraining() {
    let model = vae(architecture(Variant::C, Activation::Prelu, false), 0);
    let learning: Vec<_> = tensors(&model)
        .into_keys()
        .filter(|name| Vae::learns_in_pretraining(name, false))
        .collect();
    let expected = [
        "encoder.features.0.bias",
        "encoder.features.0.weight",
        "encoder.features.1.bias",
        "encoder.features.1.weight",
        "encoder.features.slope",
        "encoder.u_phy_mean.0.bias",
        "encoder.u_phy_mean.0.weight",
        "encoder.u_phy_mean.1.bias",
        "encoder.u_phy_mean.1.weight",
        "encoder.u_phy_mean.2.bias",
        "encoder.u_phy_mean.2.weight",
        "encoder.u_phy_mean.slope",
    ];
    assert_eq!(learning, expected);
}
