//! f32, which trains, against f64, which is checked.

mod common;

use common::{ACTIVATIONS, numbers, rng};
use dfdx::prelude::{Backward, SumTo, Trace, TryMul, WithEmptyTape};
use nn::{Backend, Cpu, Mlp, Scalar, from_rows, named};

/// A few dozen roundings of 6e-8 and the 2e-7 of `fast_exp`; of the largest element.
const F32: f64 = 3e-6;

/// Output, gradient of the input and of all parameters of Σ c ⊙ mlp(x), widened.
fn run<E: Scalar>(activation: nn::Activation) -> Vec<Vec<f64>>
where
    Cpu: Backend<E>,
{
    let dev = Cpu::default();
    let (n, i, o) = (9, 11, 5);
    let mlp = Mlp::<E, Cpu>::new(&dev, &[i, 32, 16, o], activation, &mut rng(3)).unwrap();
    let mut rng = rng(4);
    let x = from_rows::<E, Cpu>(&dev, n, i, numbers(&mut rng, n * i, 2.0)).unwrap();
    let c = from_rows::<E, Cpu>(&dev, n, o, numbers(&mut rng, n * o, 1.0)).unwrap();
    let y = mlp.forward(x.leaky_trace()).unwrap();
    let wide = |v: &[E]| v.iter().map(|v| v.wide()).collect::<Vec<_>>();
    let mut all = vec![wide(&y.with_empty_tape().as_vec())];
    let mut gradients = y.try_mul(c).unwrap().sum::<(), _>().backward();
    let mut add = |m| all.push(Cpu::with_gradient(&mut gradients, m, |g| wide(g)).unwrap());
    add(&x);
    for (_, parameter) in named::parameters(&mlp) {
        add(parameter);
    }
    all
}

#[test]
fn values_and_gradients_agree_with_f64() {
    let mut worst = 0.0_f64;
    for activation in ACTIVATIONS {
        let (single, double) = (run::<f32>(activation), run::<f64>(activation));
        assert_eq!(single.len(), double.len());
        for (s, d) in single.iter().zip(&double) {
            let size = d.iter().fold(0.0_f64, |a, v| a.max(v.abs()));
            assert!(size > 0.0);
            for (s, d) in s.iter().zip(d) {
                worst = worst.max((s - d).abs() / size);
            }
        }
        assert!(worst < F32, "{activation:?}: {worst:.2e}");
    }
    println!("f32 against f64: worst {worst:.2e} of the largest element");
}
