//! Activation functions and their derivatives.

use crate::Scalar;
use crate::vectors::widest;

/// What is applied between linear layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// x
    Identity,
    /// x for x > 0, e^x − 1 otherwise (α = 1). Clevert et al. 2016, arXiv:1511.07289.
    Elu,
    /// max(0, x)
    Relu,
    /// x for x > 0, 0.01 x otherwise
    LeakyRelu,
    /// ln(1 + e^x)
    Softplus,
    /// tanh x
    Tanh,
    /// 1 / (1 + e^−x)
    Sigmoid,
    /// x for x > 0, a x otherwise, with one learned slope a (from 0.25) shared by all channels and
    /// layers of an [`crate::Mlp`]. He et al. 2015, arXiv:1502.01852.
    Prelu,
}

/// Slope of [`Activation::LeakyRelu`] left of 0.
const LEAK: f64 = 0.01;

impl Activation {
    /// Applies the function in place; `slope` is read by [`Activation::Prelu`] alone.
    pub(crate) fn apply<E: Scalar>(self, values: &mut [E], slope: E) {
        let (zero, one) = (E::zero(), E::one());
        match self {
            Self::Identity => {}
            Self::Elu => map(
                values,
                #[inline(always)]
                move |x| {
                    // the exponential is taken everywhere so that the loop has no branch
                    let below = x.min(zero).fast_exp() - one;
                    // the comparison is this way round so that NaN stays NaN
                    if x <= zero { below } else { x }
                },
            ),
            // not `max`, which would turn NaN into 0
            Self::Relu => map(values, move |x| if x <= zero { zero } else { x }),
            Self::LeakyRelu => map(values, move |x| if x > zero { x } else { x * E::of(LEAK) }),
            Self::Softplus => map(values, move |x| x.max(zero) + (-x.abs()).exp().ln_1p()),
            Self::Tanh => map(values, E::tanh),
            Self::Sigmoid => map(values, move |x| one / (one + (-x).fast_exp())),
            Self::Prelu => map(values, move |x| if x > zero { x } else { x * slope }),
        }
    }

    /// Multiplies `gradient` (∂loss/∂y) by f′ at the points x, given x and y = f(x); at a kink the
    /// derivative from the left. Returns ∂loss/∂slope, 0 but for [`Activation::Prelu`].
    pub(crate) fn pull_back<E: Scalar>(self, x: &[E], y: &[E], slope: E, gradient: &mut [E]) -> E {
        let (zero, one) = (E::zero(), E::one());
        match self {
            Self::Identity => {}
            Self::Elu => zip(gradient, y, move |y| if y > zero { one } else { y + one }),
            Self::Relu => zip(gradient, y, move |y| if y > zero { one } else { zero }),
            Self::LeakyRelu => zip(
                gradient,
                y,
                move |y| if y > zero { one } else { E::of(LEAK) },
            ),
            // y = ln(1 + e^x), so e^−y = 1 − sigmoid(x)
            Self::Softplus => zip(gradient, y, move |y| -(-y).exp_m1()),
            Self::Tanh => zip(gradient, y, move |y| one - y * y),
            Self::Sigmoid => zip(gradient, y, move |y| y * (one - y)),
            Self::Prelu => {
                let mut d_slope = zero;
                for (g, &x) in gradient.iter_mut().zip(x) {
                    if x <= zero {
                        d_slope += *g * x;
                        *g *= slope;
                    }
                }
                return d_slope;
            }
        }
        zero
    }

    /// Whether the derivative needs the points x themselves, not only y.
    pub(crate) fn needs_input(self) -> bool {
        self == Self::Prelu
    }
}

#[inline(always)]
fn map<E: Scalar>(values: &mut [E], f: impl Fn(E) -> E) {
    widest(
        #[inline(always)]
        move || {
            for v in values.iter_mut() {
                *v = f(*v);
            }
        },
    );
}

#[inline(always)]
fn zip<E: Scalar>(gradient: &mut [E], y: &[E], derivative: impl Fn(E) -> E) {
    widest(
        #[inline(always)]
        move || {
            for (g, &y) in gradient.iter_mut().zip(y) {
                *g *= derivative(y);
            }
        },
    );
}
