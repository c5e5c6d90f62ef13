//! The dense operation against literal values and at its kinks.

mod common;

use common::{assert_close, backward, gradient, matrix};
use dfdx::prelude::{Trace, WithEmptyTape};
use nn::{Activation, Backend, Cpu};

/// Rounding of a dozen additions in f64.
const ROUNDING: f64 = 1e-14;

struct Literal {
    activation: Activation,
    y: [f64; 8],
    dx: [f64; 6],
    dw: [f64; 12],
    db: [f64; 4],
    dslope: f64,
}

const X: [f64; 6] = [1.0, -2.0, 0.5, 0.25, 3.0, -1.0];
const WEIGHT: [f64; 12] = [
    0.5, -1.0, 0.2, 2.0, 0.25, -0.4, -1.0, 1.0, 0.3, 0.1, -0.3, -0.6,
];
const BIAS: [f64; 4] = [0.1, -0.2, 0.3, -0.05];
/// ∂loss/∂y.
const DY: [f64; 8] = [1.0, -0.5, 2.0, 0.75, 0.25, 1.5, -1.0, -2.0];

/// From PyTorch 2.15, float64: y = f(x Wᵀ + b) and the gradients of Σ dy ⊙ y.
#[rustfmt::skip]
const LITERALS: [Literal; 8] = [
    Literal {
        activation: Activation::Identity,
        y: [2.7, 1.1, -2.5500000000000003, 0.35, -2.975, 1.45, 2.75, -0.3249999999999999],
        dx: [-2.425, 0.65, 0.55, 3.925, -0.275, 0.34999999999999987],
        dw: [1.0625, -1.25, 0.25, -0.125, 5.5, -1.75, 1.75, -7.0, 2.0, 0.25, -7.5, 2.375],
        db: [1.25, 1.0, 1.0, -1.25],
        dslope: 0.0,
    },
    Literal {
        activation: Activation::Elu,
        y: [2.7, 1.1, -0.9219183339988468, 0.35, -0.9489525659958457, 1.45, 2.75, -0.27747264635792773],
        dx: [-0.5811633320023063, -1.1938366679976937, -0.0031510003993080737, 3.8618754585221047, -0.2042454463157953, -0.030414803929305678],
        dw: [1.0031904646252596, -1.9617144244968843, 0.4872381414989614, -0.125, 5.5, -1.75, -0.09383666799769375, -3.3123266640046127, 1.0780816660011532, 0.3887363231789639, -5.835164121852433, 1.8200547072841444],
        db: [1.0127618585010385, 1.0, -0.8438366679976937, -0.6950547072841444],
        dslope: 0.0,
    },
    Literal {
        activation: Activation::Relu,
        y: [2.7, 1.1, 0.0, 0.35, 0.0, 1.45, 2.75, 0.0],
        dx: [-0.425, -1.35, -0.04999999999999996, 4.0, -0.625, -0.9000000000000001],
        dw: [1.0, -2.0, 0.5, -0.125, 5.5, -1.75, -0.25, -3.0, 1.0, 0.75, -1.5, 0.375],
        db: [1.0, 1.0, -1.0, 0.75],
        dslope: 0.0,
    },
    Literal {
        activation: Activation::LeakyRelu,
        y: [2.7, 1.1, -0.025500000000000002, 0.35, -0.029750000000000002, 1.45, 2.75, -0.003249999999999999],
        dx: [-0.445, -1.33, -0.043999999999999956, 3.999250000000001, -0.6214999999999999, -0.8875],
        dw: [1.000625, -1.9925, 0.4975, -0.125, 5.5, -1.75, -0.23, -3.04, 1.01, 0.745, -1.56, 0.395],
        db: [1.0025, 1.0, -0.98, 0.73],
        dslope: 0.0,
    },
    Literal {
        activation: Activation::Softplus,
        y: [2.765043561776591, 1.3873353251154308, 0.07518322657579003, 0.883382155418777, 0.04978722313533236, 1.6607229646697597, 2.8119675890031988, 0.5437926039781781],
        dx: [-0.38260343592785145, -1.017945141675757, 0.1169353306117364, 3.292088132037968, -0.39663135856169457, -0.2621954234058888],
        dw: [0.9400621535898945, -1.8376271721233148, 0.45637128338393773, -0.07138064005330114, 4.395253058526209, -1.40256267737581, -0.09012536673346275, -3.109445990924048, 1.0123398351875101, 0.23023433659832732, -3.3966725394520374, 1.0588969824526795],
        db: [0.9491686825305675, 0.8398675981794719, -0.7950603791029571, -0.3989522061706833],
        dslope: 0.0,
    },
    Literal {
        activation: Activation::Tanh,
        y: [0.9910074536781176, 0.8004990217606297, -0.9878803970168317, 0.3363755443363322, -0.9948018644753533, 0.8956928738431645, 0.9918597245682077, -0.3140209253469975],
        dx: [-0.33191998317486926, -0.21416133485851221, -0.30920667063073837, 0.4304350986348998, 0.5961782690829247, 0.958682641173089],
        dw: [0.018552304906686145, -0.028031515681556665, 0.006359800768116622, -0.10545030467517261, 1.249005557019853, -0.3864017426599281, 0.04413107068486408, -0.1450121450979052, 0.040306607969346084, 0.2144431906572194, -6.738622390423947, 2.1353510268280944],
        db: [0.020496539363503777, 0.11700075553972192, 0.031970355600254706, -1.1376430970091036],
        dslope: 0.0,
    },
    Literal {
        activation: Activation::Sigmoid,
        y: [0.9370266439430035, 0.7502601055951177, 0.07242648536151769, 0.5866175789173301, 0.048568154350256104, 0.8099984339846871, 0.9399133498259924, 0.41945769517934045],
        dx: [-0.27404049783826656, -0.002629082148026724, -0.01953977560602054, 0.4752527310908219, 0.13579205954995568, 0.1852425330479872],
        dw: [0.06189579302974435, -0.08335845841788113, 0.017951534058641166, -0.035972075676119666, 0.8799242487192078, -0.27769392627744255, 0.12024271799817259, -0.4381522922534043, 0.12365713422456959, 0.060116577699787094, -1.8248237153388058, 0.5779623974017893],
        db: [0.0705600346672317, 0.13716651661680215, 0.07788553451451706, -0.3051528280014768],
        dslope: 0.0,
    },
    Literal {
        activation: Activation::Prelu,
        y: [2.7, 1.1, -0.6375000000000001, 0.35, -0.74375, 1.45, 2.75, -0.08124999999999998],
        dx: [-0.925, -0.85, 0.10000000000000006, 3.98125, -0.5375, -0.5874999999999999],
        dw: [1.015625, -1.8125, 0.4375, -0.125, 5.5, -1.75, 0.25, -4.0, 1.25, 0.625, -3.0, 0.875],
        db: [1.0625, 1.0, -0.5, 0.25],
        dslope: -5.193750000000001,
    },
];

#[test]
fn values_and_gradients_are_pytorchs() {
    for l in &LITERALS {
        let (x, w, b) = (matrix(2, 3, &X), matrix(4, 3, &WEIGHT), matrix(1, 4, &BIAS));
        let slope = matrix(1, 1, &[0.25]);
        let y = Cpu::dense(x.leaky_trace(), None, &w, &b, l.activation, Some(&slope)).unwrap();
        let name = format!("{:?}", l.activation);
        assert_close(&y.with_empty_tape().as_vec(), &l.y, ROUNDING, &name);
        let mut g = backward(y, &matrix(2, 4, &DY));
        assert_close(
            &gradient(&mut g, &x),
            &l.dx,
            ROUNDING,
            &format!("{name} dx"),
        );
        assert_close(
            &gradient(&mut g, &w),
            &l.dw,
            ROUNDING,
            &format!("{name} dW"),
        );
        assert_close(
            &gradient(&mut g, &b),
            &l.db,
            ROUNDING,
            &format!("{name} db"),
        );
        assert_close(
            &gradient(&mut g, &slope),
            &[l.dslope],
            ROUNDING,
            &format!("{name} da"),
        );
    }
}

#[test]
fn a_second_input_is_the_same_as_concatenated_columns() {
    for l in &LITERALS {
        let first = matrix(2, 1, &[1.0, 0.25]);
        let second = matrix(2, 2, &[-2.0, 0.5, 3.0, -1.0]);
        let (w, b, slope) = (
            matrix(4, 3, &WEIGHT),
            matrix(1, 4, &BIAS),
            matrix(1, 1, &[0.25]),
        );
        let y = Cpu::dense(
            first.leaky_trace(),
            Some(second.leaky_trace()),
            &w,
            &b,
            l.activation,
            Some(&slope),
        )
        .unwrap();
        assert_close(&y.with_empty_tape().as_vec(), &l.y, ROUNDING, "y");
        let mut g = backward(y, &matrix(2, 4, &DY));
        let dx = &l.dx;
        assert_close(
            &gradient(&mut g, &first),
            &[dx[0], dx[3]],
            ROUNDING,
            "first",
        );
        let expected = [dx[1], dx[2], dx[4], dx[5]];
        assert_close(&gradient(&mut g, &second), &expected, ROUNDING, "second");
        assert_close(&gradient(&mut g, &w), &l.dw, ROUNDING, "dW");
        assert_close(&gradient(&mut g, &b), &l.db, ROUNDING, "db");
    }
}

/// Value and derivative of an activation at x, slope 0.25.
fn at(activation: Activation, x: f64) -> (f64, f64) {
    let (x, w, b) = (
        matrix(1, 1, &[x]),
        matrix(1, 1, &[1.0]),
        matrix(1, 1, &[0.0]),
    );
    let slope = matrix(1, 1, &[0.25]);
    let y = Cpu::dense(x.leaky_trace(), None, &w, &b, activation, Some(&slope)).unwrap();
    let value = y.with_empty_tape().as_vec()[0];
    let mut g = backward(y, &matrix(1, 1, &[1.0]));
    (value, gradient(&mut g, &x)[0])
}

#[test]
fn kinks_have_the_derivative_of_their_side_and_at_zero_that_of_the_left() {
    const NEAR: f64 = 1e-12;
    for (activation, left) in [
        (Activation::Relu, 0.0),
        (Activation::LeakyRelu, 0.01),
        (Activation::Prelu, 0.25),
        // α = 1: no kink, the derivative is continuous
        (Activation::Elu, 1.0),
    ] {
        let name = format!("{activation:?}");
        assert_eq!(at(activation, 0.0), (0.0, left), "{name}");
        assert_eq!(at(activation, NEAR), (NEAR, 1.0), "{name}");
        let (value, derivative) = at(activation, -NEAR);
        assert_close(&[value], &[-NEAR * left], 1e-15, &name);
        assert_close(&[derivative], &[left], 2.0 * NEAR, &name);
    }
}

#[test]
fn far_from_zero_nothing_overflows() {
    for (activation, low, high) in [
        (Activation::Elu, (-1.0, 0.0), (1e3, 1.0)),
        (Activation::Softplus, (0.0, 0.0), (1e3, 1.0)),
        (Activation::Tanh, (-1.0, 0.0), (1.0, 0.0)),
        (Activation::Sigmoid, (0.0, 0.0), (1.0, 0.0)),
    ] {
        assert_eq!(at(activation, -1e3), low, "{activation:?}");
        assert_eq!(at(activation, 1e3), high, "{activation:?}");
    }
}

#[test]
fn nan_passes_every_activation() {
    for l in &LITERALS {
        assert!(at(l.activation, f64::NAN).0.is_nan(), "{:?}", l.activation);
    }
}

#[test]
fn nan_passes_in_f32_too() {
    for l in &LITERALS {
        let dev = Cpu::default();
        let one = |v| nn::matrix::<f32, Cpu>(&dev, 1, 1, vec![v]).unwrap();
        let slope = one(0.25);
        let x = one(f32::NAN);
        let y = Cpu::dense(x, None, &one(1.0), &one(0.0), l.activation, Some(&slope)).unwrap();
        assert!(y.as_vec()[0].is_nan(), "{:?}", l.activation);
    }
}
