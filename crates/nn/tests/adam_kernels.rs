//! The optimiser's kernels hold the formulas of the optimiser: run on the processor, they take the same steps.
//!
//! This is no test of a GPU.

mod common;

use common::{M, matrix};
use cuda_on_host::{Buffer, HostKernels, Launch};
use nn::{Adam, AdamConfig, Backend, Cpu, Gradients, to_host};

const LR: f64 = 0.01;
const THREADS: usize = 256;
/// Rounding of sums in another order.
const ROUNDING: f64 = 1e-13;
const SOURCE: &str = include_str!("../src/backend/cuda/adam.cu");
/// No whole number of blocks; more elements than one block's stride for the norm.
const SIZES: [usize; 2] = [1, 700];

/// What a step is given.
fn gradient(n: usize, step: usize, bad: bool) -> Vec<f64> {
    let mut g: Vec<f64> = (0..n)
        .map(|i| ((i * 7 + step * 13) as f64).sin() * 3.0)
        .collect();
    if bad && step == 1 {
        g[n / 2] = f64::NAN;
        g[n - 1] = f64::INFINITY;
    }
    g
}

/// The parameter after each of some steps by the optimiser, with norms and counts.
fn expected(config: AdamConfig, n: usize) -> Vec<(Vec<f64>, f64, usize)> {
    let mut parameter: M = matrix(1, n, &start(n));
    let mut adam = Adam::new(config);
    (0..4)
        .map(|step| {
            let mut g = Gradients::leaky();
            let values = gradient(n, step, true);
            Cpu::with_gradient(&mut g, &parameter, |g| g.copy_from_slice(&values)).unwrap();
            let named = vec![("p".to_owned(), &mut parameter)];
            let report = adam.step(LR, named, &mut g).unwrap();
            (to_host(&parameter), report.gradient_norm, report.non_finite)
        })
        .collect()
}

fn start(n: usize) -> Vec<f64> {
    (0..n).map(|i| (i as f64 * 0.3).cos()).collect()
}

#[test]
fn kernels_take_the_optimisers_steps() {
    let source = format!("typedef double number;\n{SOURCE}");
    let d = |i: usize| format!("BUFFER({i}, double)");
    let guard = format!("guard({}, {}, {}, *BUFFER(3, int), 1)", d(0), d(1), d(2));
    let update = format!(
        "update({}, {}, {}, {}, {}, {}, {}, BUFFER(7, int)[0], BUFFER(7, int)[1])",
        d(0),
        d(1),
        d(2),
        d(3),
        d(4),
        d(5),
        d(6)
    );
    let Some(kernels) = HostKernels::compile(&source, &[&guard, &update]) else {
        return;
    };
    for amsgrad in [true, false] {
        for n in SIZES {
            let config = AdamConfig {
                amsgrad,
                ..AdamConfig::default()
            };
            let (mut p, mut mean, mut square, mut largest) =
                (start(n), vec![0.0; n], vec![0.0; n], vec![0.0; n]);
            for (step, (after, norm, others)) in expected(config, n).into_iter().enumerate() {
                let blocks = n.div_ceil(THREADS).min(2);
                let mut buffers = [
                    Buffer::F64(gradient(n, step, true)),
                    Buffer::F64(vec![f64::NAN; blocks]),
                    Buffer::F64(vec![f64::NAN; blocks]),
                    Buffer::I32(vec![n as i32]),
                ];
                kernels.run(
                    Launch {
                        call: 0,
                        blocks,
                        threads: THREADS,
                    },
                    &mut buffers,
                );
                let found = buffers[1].f64().iter().sum::<f64>().sqrt();
                assert!((found - norm).abs() <= ROUNDING * norm, "{found} {norm}");
                assert_eq!(buffers[2].f64().iter().sum::<f64>() as usize, others);
                let t = step as f64 + 1.0;
                let settings = vec![
                    (1.0 / (found + 1e-6)).min(1.0),
                    config.weight_decay,
                    1.0 - config.beta1,
                    config.beta2,
                    1.0 - config.beta2,
                    LR / (1.0 - config.beta1.powf(t)),
                    (1.0 - config.beta2.powf(t)).sqrt(),
                    config.eps,
                ];
                let [guarded, ..] = buffers;
                let mut buffers = [
                    guarded,
                    Buffer::F64(p.clone()),
                    Buffer::F64(mean),
                    Buffer::F64(square),
                    Buffer::F64(largest),
                    Buffer::F64(vec![f64::NAN; n]),
                    Buffer::F64(settings),
                    Buffer::I32(vec![n as i32, i32::from(amsgrad)]),
                ];
                kernels.run(
                    Launch {
                        call: 1,
                        blocks,
                        threads: THREADS,
                    },
                    &mut buffers,
                );
                for (p, change) in p.iter_mut().zip(buffers[5].f64()) {
                    *p -= change;
                }
                for (found, expected) in p.iter().zip(&after) {
                    assert!(
                        (found - expected).abs() < ROUNDING,
                        "{n} {step}: {found} {expected}"
                    );
                }
                mean = buffers[2].f64().to_vec();
                square = buffers[3].f64().to_vec();
                largest = buffers[4].f64().to_vec();
            }
        }
    }
}
