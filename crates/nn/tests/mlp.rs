//! Layers: initial weights, names, widths, the shared slope.

mod common;

use common::{ACTIVATIONS, M, assert_close, matrix, rng};
use dfdx::prelude::{HasShape, Trace};
use nn::named::{self, HostTensor, Named};
use nn::{Activation, Backend, Cpu, Linear, Mlp, NnError};
use std::collections::BTreeSet;

type Net = Mlp<f64, Cpu>;

fn net(sizes: &[usize], activation: Activation, seed: u64) -> Net {
    Mlp::new(&Cpu::default(), sizes, activation, &mut rng(seed)).unwrap()
}

#[test]
fn weights_and_biases_are_uniform_within_one_over_root_inputs() {
    let (inputs, outputs) = (25, 4000);
    let layer = Linear::<f64, Cpu>::new(&Cpu::default(), inputs, outputs, &mut rng(1)).unwrap();
    assert_eq!(layer.inputs(), inputs);
    assert_eq!(layer.weight().shape(), &(outputs, inputs));
    assert_eq!(layer.bias().shape(), &(1, outputs));
    for values in [layer.weight().as_vec(), layer.bias().as_vec()] {
        let n = values.len() as f64;
        let bound = 0.2;
        assert!(values.iter().all(|v| v.abs() <= bound));
        // mean 0 ± σ/√n and variance bound²/3, to five standard errors
        let sd = bound / 3.0_f64.sqrt();
        let mean = values.iter().sum::<f64>() / n;
        assert!(mean.abs() < 5.0 * sd / n.sqrt(), "{mean}");
        let variance = values.iter().map(|v| v * v).sum::<f64>() / n;
        assert!(
            (variance / (sd * sd) - 1.0).abs() < 5.0 / n.sqrt(),
            "{variance}"
        );
        let edge = values.iter().fold(0.0_f64, |a, v| a.max(v.abs()));
        assert!(edge > 0.99 * bound);
    }
}

#[test]
fn the_seed_alone_decides_the_weights() {
    let tensors = |seed| named::to_host_tensors(&net(&[3, 5, 2], Activation::Elu, seed));
    assert_eq!(tensors(4), tensors(4));
    assert_ne!(tensors(4), tensors(5));
    // the type only rounds
    let single = Mlp::<f32, Cpu>::new(&Cpu::default(), &[3, 5, 2], Activation::Elu, &mut rng(4));
    for (name, t) in named::to_host_tensors(&single.unwrap()) {
        let wide: Vec<f32> = tensors(4)[&name].values.iter().map(|v| *v as f32).collect();
        assert_eq!(t.values, wide, "{name}");
    }
}

#[test]
fn names_are_unique_and_in_the_order_of_the_layers() {
    for activation in ACTIVATIONS {
        let mut net = net(&[3, 5, 4, 2], activation, 1);
        let mut expected = vec![
            "0.weight", "0.bias", "1.weight", "1.bias", "2.weight", "2.bias",
        ];
        if activation == Activation::Prelu {
            expected.push("slope");
        }
        let names: Vec<_> = named::parameters(&net).into_iter().map(|p| p.0).collect();
        assert_eq!(names, expected);
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        let count = 3 * 5 + 5 + 5 * 4 + 4 + 4 * 2 + 2;
        let slope = usize::from(activation == Activation::Prelu);
        assert_eq!(named::count(&net), count + slope);
        let mutable: Vec<_> = named::parameters_mut(&mut net)
            .into_iter()
            .map(|p| p.0)
            .collect();
        assert_eq!(names, mutable);
        let mut prefixed = vec![];
        net.visit("a.b", &mut |name, _: &M| prefixed.push(name));
        let with_prefix: Vec<_> = names.iter().map(|n| format!("a.b.{n}")).collect();
        assert_eq!(prefixed, with_prefix);
    }
}

#[test]
fn both_walks_see_the_same_tensors() {
    let mut net = net(&[3, 5, 2], Activation::Prelu, 1);
    for (k, (_, m)) in named::parameters_mut(&mut net).into_iter().enumerate() {
        let n = m.as_vec().len();
        m.copy_from(&vec![k as f64; n]);
    }
    for (k, (name, m)) in named::parameters(&net).into_iter().enumerate() {
        assert!(m.as_vec().iter().all(|v| *v == k as f64), "{name}");
    }
}

#[test]
fn an_mlp_has_one_slope_for_all_its_layers() {
    let mut net = net(&[1, 1, 1, 1], Activation::Prelu, 1);
    assert_eq!(net.slope.as_ref().unwrap().as_vec(), [0.25]);
    for (name, m) in named::parameters_mut(&mut net) {
        if name.ends_with("weight") {
            m.copy_from(&[1.0]);
        } else if name.ends_with("bias") {
            m.copy_from(&[0.0]);
        }
    }
    // two activations on −2: a² x, derivative 2 a x
    let x = matrix(1, 1, &[-2.0]);
    let y = net.forward(x.leaky_trace()).unwrap();
    assert_eq!(y.as_vec(), [-0.125]);
    let mut g = common::backward(y, &matrix(1, 1, &[1.0]));
    assert_close(
        &common::gradient(&mut g, net.slope.as_ref().unwrap()),
        &[-1.0],
        1e-15,
        "2ax",
    );
}

#[test]
fn only_prelu_between_layers_has_a_slope() {
    for activation in ACTIVATIONS {
        let learned = activation == Activation::Prelu;
        assert_eq!(net(&[2, 3, 2], activation, 1).slope.is_some(), learned);
        assert!(net(&[2, 3], activation, 1).slope.is_none());
    }
}

#[test]
fn the_activation_sits_between_layers_never_after_the_last() {
    for activation in ACTIVATIONS {
        let net = net(&[2, 3, 1], activation, 8);
        let x = matrix(2, 2, &[0.3, -1.2, 2.0, 0.7]);
        let hidden = Cpu::dense(
            x.clone(),
            None,
            net.layers[0].weight(),
            net.layers[0].bias(),
            activation,
            net.slope.as_ref(),
        )
        .unwrap()
        .as_vec();
        let (w, b) = (
            net.layers[1].weight().as_vec(),
            net.layers[1].bias().as_vec(),
        );
        let expected: Vec<_> = hidden
            .chunks_exact(3)
            .map(|h| b[0] + h.iter().zip(&w).map(|(h, w)| h * w).sum::<f64>())
            .collect();
        let found = net.forward(x.clone()).unwrap().as_vec();
        assert_close(&found, &expected, 1e-14, &format!("{activation:?}"));
        // and where one is asked for, it is that one
        let gate = net
            .forward_then(x, None, Activation::Sigmoid)
            .unwrap()
            .as_vec();
        let expected: Vec<_> = expected.iter().map(|v| 1.0 / (1.0 + (-v).exp())).collect();
        assert_close(&gate, &expected, 1e-14, "sigmoid");
    }
}

#[test]
fn a_pair_is_the_same_as_its_columns_in_one_matrix() {
    let net = net(&[3, 4, 2], Activation::Tanh, 8);
    let whole = matrix(2, 3, &[0.3, -1.2, 2.0, 0.7, 0.1, -0.4]);
    let (first, second) = (
        matrix(2, 1, &[0.3, 0.7]),
        matrix(2, 2, &[-1.2, 2.0, 0.1, -0.4]),
    );
    let pair = net.forward_pair(first, second).unwrap().as_vec();
    assert_close(&pair, &net.forward(whole).unwrap().as_vec(), 1e-15, "pair");
}

#[test]
fn a_wrong_width_is_an_error() {
    let net = net(&[3, 4, 2], Activation::Tanh, 8);
    let error = net.forward(matrix(1, 2, &[0.0; 2])).unwrap_err();
    assert!(
        matches!(
            error,
            NnError::Width {
                expected: 3,
                found: 2,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(error.to_string(), "mlp takes 3 columns, got 2");
    let error = net
        .forward_pair(matrix(1, 3, &[0.0; 3]), matrix(1, 1, &[0.0]))
        .unwrap_err();
    assert!(
        matches!(
            error,
            NnError::Width {
                expected: 3,
                found: 4,
                ..
            }
        ),
        "{error}"
    );
    assert!(nn::matrix::<f64, Cpu>(&Cpu::default(), 2, 2, vec![0.0; 3]).is_err());
}

#[test]
fn the_last_bias_can_be_set_and_keeps_its_shape() {
    let mut net = net(&[3, 4, 2], Activation::Tanh, 8);
    let first = net.layers[0].bias().as_vec();
    net.set_last_bias(-4.6).unwrap();
    assert_eq!(net.layers[1].bias().as_vec(), [-4.6, -4.6]);
    assert_eq!(net.layers[1].bias().shape(), &(1, 2));
    assert_eq!(net.layers[0].bias().as_vec(), first);
}

#[test]
fn tensors_come_back_as_they_were() {
    let from = net(&[3, 4, 2], Activation::Prelu, 1);
    let mut to = net(&[3, 4, 2], Activation::Prelu, 2);
    let tensors = named::to_host_tensors(&from);
    assert_eq!(tensors["1.bias"].shape, [1, 2]);
    assert_eq!(tensors["1.weight"].shape, [2, 4]);
    named::load_host_tensors(&mut to, &tensors).unwrap();
    assert_eq!(named::to_host_tensors(&to), tensors);
    let x = || matrix(1, 3, &[0.1, -0.7, 2.0]);
    assert_eq!(
        from.forward(x()).unwrap().as_vec(),
        to.forward(x()).unwrap().as_vec()
    );
}

#[test]
fn tensors_that_do_not_fit_are_refused_and_change_nothing() {
    let mut model = net(&[3, 4, 2], Activation::Elu, 2);
    let before = named::to_host_tensors(&model);
    let others = named::to_host_tensors(&net(&[3, 4, 2], Activation::Elu, 1));
    let mut refuse = |tensors: &named::HostTensors<f64>, message: &str| {
        let error = named::load_host_tensors(&mut model, tensors).unwrap_err();
        assert!(error.to_string().starts_with(message), "{error}");
        assert_eq!(named::to_host_tensors(&model), before);
    };
    // the last in the order of names, so that a careless loader would have changed the others
    let mut missing = others.clone();
    missing.remove("1.weight");
    refuse(&missing, "parameter 1.weight is missing");

    let mut unknown = others.clone();
    unknown.insert(
        "2.weight".into(),
        HostTensor {
            shape: vec![1, 1],
            values: vec![0.0],
        },
    );
    refuse(&unknown, "parameter 2.weight is not one of this model's");

    let mut transposed = others.clone();
    transposed.get_mut("1.weight").unwrap().shape = vec![4, 2];
    refuse(
        &transposed,
        "parameter 1.weight has shape [4, 2], the model needs [2, 4]",
    );

    let mut flat = others.clone();
    flat.get_mut("1.weight").unwrap().shape = vec![8];
    refuse(
        &flat,
        "parameter 1.weight has shape [8], the model needs [2, 4]",
    );

    let mut short = others;
    short.get_mut("1.weight").unwrap().values.pop();
    refuse(&short, "parameter 1.weight has shape");
}

#[test]
fn a_clone_keeps_its_values_when_the_original_moves_on() {
    let mut model = net(&[2, 2], Activation::Elu, 2);
    let best = model.clone();
    let before = named::to_host_tensors(&best);
    for (_, m) in named::parameters_mut(&mut model) {
        let n = m.as_vec().len();
        m.copy_from(&vec![9.0; n]);
    }
    assert_eq!(named::to_host_tensors(&best), before);
    assert_ne!(named::to_host_tensors(&model), before);
}
