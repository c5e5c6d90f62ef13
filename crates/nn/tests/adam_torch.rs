//! The optimiser step by step against PyTorch's (tests/golden/adam_torch.json, written by adam_torch.py).

mod common;

use dfdx::prelude::HasShape;
use nn::named::{HostTensor, HostTensors};
use nn::{Adam, AdamConfig, Backend, Cpu, Gradients, Matrix, Scalar};
use serde_json::Value;

/// The same formulas in the same order: a few roundings in 20 steps.
const F64: f64 = 1e-12;
/// 20 steps of roundings of 6e-8.
const F32: f64 = 1e-5;

fn golden() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/golden/adam_torch.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap())
        .collect()
}

fn config(v: &Value) -> AdamConfig {
    let number = |key: &str| v[key].as_f64().unwrap();
    AdamConfig {
        beta1: number("beta1"),
        beta2: number("beta2"),
        eps: number("eps"),
        weight_decay: number("weight_decay"),
        amsgrad: v["amsgrad"].as_bool().unwrap(),
        clip_norm: v["clip"].as_f64(),
        zero_non_finite: true,
    }
}

struct Run<E: Scalar>
where
    Cpu: Backend<E>,
{
    adam: Adam<E>,
    names: Vec<String>,
    parameters: Vec<Matrix<E, Cpu>>,
}

impl<E: Scalar> Run<E>
where
    Cpu: Backend<E>,
{
    fn new(golden: &Value, case: &Value) -> Self {
        // the order of the values in the file
        let names = ["early".to_owned(), "late".to_owned()];
        let parameters = names.iter().map(|name| {
            let shape = numbers(&golden["shapes"][name]);
            let (rows, columns) = (shape[0] as usize, shape[1] as usize);
            let values = numbers(&case["initial"][name]);
            nn::from_rows(&Cpu::default(), rows, columns, values).unwrap()
        });
        Self {
            adam: Adam::new(config(&case["config"])),
            parameters: parameters.collect(),
            names: names.into(),
        }
    }

    /// One step with the file's gradients; the absent one is left out, as the trainer does.
    fn step(&mut self, golden: &Value, case: &Value, index: usize) -> nn::StepReport {
        let mut gradients = Gradients::leaky();
        let absent = golden["absent_until_step"].as_u64().unwrap() as usize;
        let mut given = vec![];
        for (name, m) in self.names.iter().zip(&mut self.parameters) {
            if name == "late" && index < absent {
                continue;
            }
            let values = numbers(&golden["gradients"][index][name]);
            Cpu::with_gradient(&mut gradients, m, |g| {
                for (g, v) in g.iter_mut().zip(values) {
                    *g = E::of(v);
                }
            })
            .unwrap();
            given.push((name.clone(), m));
        }
        let lr = case["config"]["lr"].as_f64().unwrap();
        self.adam.step(lr, given, &mut gradients).unwrap()
    }

    fn values(&self) -> Vec<f64> {
        let all = self.parameters.iter().flat_map(nn::to_host);
        all.map(nn::Scalar::wide).collect()
    }
}

/// Worst relative error of any parameter after any step, and of the norm.
fn worst<E: Scalar>() -> f64
where
    Cpu: Backend<E>,
{
    let golden = golden();
    let mut worst = 0.0_f64;
    let (mut clipped, mut unclipped) = (0, 0);
    for case in golden["cases"].as_array().unwrap() {
        let mut run = Run::<E>::new(&golden, case);
        let steps = case["norm_then_parameters"].as_array().unwrap();
        assert_eq!(steps.len(), 20);
        for (index, expected) in steps.iter().enumerate() {
            let expected = numbers(expected);
            let report = run.step(&golden, case, index);
            assert!(report.applied && report.non_finite == 0);
            if report.scale < 1.0 {
                clipped += 1;
            } else {
                unclipped += 1;
            }
            let found = [vec![report.gradient_norm], run.values()].concat();
            assert_eq!(found.len(), expected.len());
            for (f, e) in found.iter().zip(&expected) {
                worst = worst.max(((f - e) / e).abs());
            }
        }
        assert_eq!(run.adam.host_moments().unwrap()["early"].step, 20);
        assert_eq!(run.adam.host_moments().unwrap()["late"].step, 15);
    }
    assert!(clipped >= 9 && unclipped >= 30, "{clipped} {unclipped}");
    worst
}

#[test]
fn twenty_steps_are_pytorchs_in_f64() {
    let worst = worst::<f64>();
    println!("Adam, f64 against PyTorch: worst relative error {worst:.2e}");
    assert!(worst < F64, "{worst:.2e}");
}

#[test]
fn twenty_steps_are_pytorchs_in_f32() {
    let worst = worst::<f32>();
    println!("Adam, f32 against PyTorch in f64: worst relative error {worst:.2e}");
    assert!(worst < F32, "{worst:.2e}");
}

#[test]
fn resuming_from_stored_moments_is_the_same_to_the_bit() {
    let golden = golden();
    let case = &golden["cases"][0];
    let mut whole = Run::<f32>::new(&golden, case);
    let mut resumed = Run::<f32>::new(&golden, case);
    for index in 0..9 {
        whole.step(&golden, case, index);
    }
    // through the bytes a checkpoint holds
    let stored: HostTensors<f32> = whole
        .adam
        .moments
        .iter()
        .flat_map(|(name, m)| {
            [
                ("mean", &m.mean),
                ("square", &m.square),
                ("largest", &m.largest),
            ]
            .map(|(part, v)| {
                let tensor = HostTensor {
                    shape: vec![v.len()],
                    values: v.clone(),
                };
                (format!("{name}.{part}"), tensor)
            })
        })
        .collect();
    let bytes = nn::named::to_safetensors(&stored, "").unwrap();
    let (stored, _) = nn::named::from_safetensors::<f32>(&bytes).unwrap();
    for (name, m) in &whole.adam.moments {
        let part = |part: &str| stored[&format!("{name}.{part}")].values.clone();
        let moments = nn::Moments {
            step: m.step,
            mean: part("mean"),
            square: part("square"),
            largest: part("largest"),
        };
        resumed.adam.moments.insert(name.clone(), moments);
    }
    for (to, from) in resumed.parameters.iter_mut().zip(&whole.parameters) {
        assert_eq!(to.shape(), from.shape());
        to.copy_from(&from.as_vec());
    }
    for index in 9..20 {
        whole.step(&golden, case, index);
        resumed.step(&golden, case, index);
        assert_eq!(whole.values(), resumed.values());
    }
    assert_eq!(whole.adam, resumed.adam);
}
