//! The losses once more, written from the specification in plain loops without any tape: what the model's
//! losses must equal, and what differences of its gradients are taken of.

use super::toy::{self, toy};
use super::{Batch, Variant};
use losses::Weights;
use nn::Activation;
use nn::named::HostTensors;
use std::cell::Cell;

type Rows = Vec<Vec<f64>>;

/// What the residual network sees without gradient: kept while parameters move.
#[derive(Clone)]
pub struct Frozen {
    z_phy: Rows,
    x_p: Rows,
}

pub struct Reference<'a> {
    pub tensors: &'a HostTensors<f64>,
    pub activation: Activation,
    pub variant: Variant,
    pub detach_x_p: bool,
    /// Smallest distance of a pre-activation from 0.
    pub margin: Cell<f64>,
}

fn rows(values: &[f64], n: usize) -> Rows {
    if values.is_empty() {
        return vec![vec![]; n];
    }
    values
        .chunks_exact(values.len() / n)
        .map(<[f64]>::to_vec)
        .collect()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn map(rows: &Rows, f: impl Fn(f64) -> f64) -> Rows {
    rows.iter()
        .map(|row| row.iter().map(|v| f(*v)).collect())
        .collect()
}

fn zip(a: &Rows, b: &Rows, f: impl Fn(f64, f64) -> f64) -> Rows {
    let row = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| f(*a, *b)).collect();
    a.iter().zip(b).map(row).collect()
}

fn join(a: &Rows, b: &Rows) -> Rows {
    a.iter()
        .zip(b)
        .map(|(a, b)| [a.clone(), b.clone()].concat())
        .collect()
}

/// Mean over rows of the sum over columns.
fn row_sums(rows: &Rows) -> f64 {
    rows.iter().flatten().sum::<f64>() / rows.len() as f64
}

impl Reference<'_> {
    fn mlp(&self, prefix: &str, x: &Rows) -> Rows {
        let tensor = |name: &str| self.tensors.get(&format!("{prefix}.{name}"));
        let slope = tensor("slope").map_or(f64::NAN, |t| t.values[0]);
        let mut x = x.clone();
        for i in 0.. {
            let (Some(w), Some(b)) = (tensor(&format!("{i}.weight")), tensor(&format!("{i}.bias")))
            else {
                assert!(i > 0, "no layers named {prefix}");
                return x;
            };
            let inputs = w.shape[1];
            let last = tensor(&format!("{}.weight", i + 1)).is_none();
            for row in &mut x {
                assert_eq!(row.len(), inputs, "{prefix}.{i}");
                *row = w
                    .values
                    .chunks_exact(inputs)
                    .zip(&b.values)
                    .map(|(w, b)| {
                        let sum = b + w.iter().zip(row.iter()).map(|(w, x)| w * x).sum::<f64>();
                        if last { sum } else { self.activate(sum, slope) }
                    })
                    .collect();
            }
        }
        unreachable!()
    }

    fn activate(&self, x: f64, slope: f64) -> f64 {
        self.margin.set(self.margin.get().min(x.abs()));
        match self.activation {
            Activation::Elu if x < 0.0 => x.exp() - 1.0,
            Activation::Relu if x < 0.0 => 0.0,
            Activation::LeakyRelu if x < 0.0 => 0.01 * x,
            Activation::Prelu if x < 0.0 => slope * x,
            Activation::Softplus => (1.0 + x.exp()).ln(),
            Activation::Tanh => x.tanh(),
            Activation::Sigmoid => sigmoid(x),
            _ => x,
        }
    }

    /// What the encoder reads: x and, where its first layer is that wide, the condition between the ends of its range.
    fn seen(&self, x: &Rows, condition: &[f64]) -> Rows {
        let width = self.tensors["encoder.features.0.weight"].shape[1];
        if width == toy::CHANNELS {
            return x.clone();
        }
        let (min, max) = toy::CONDITION;
        let scaled = |c: &f64| vec![(c - min) / (max - min) * 2.0 - 1.0];
        join(x, &condition.iter().map(scaled).collect())
    }

    /// mean, clamped log-variance and draw of one block.
    fn latent(&self, block: &str, features: &Rows, noise: &[f64]) -> [Rows; 3] {
        let mean = self.mlp(&format!("encoder.{block}_mean"), features);
        let lnvar = self.mlp(&format!("encoder.{block}_lnvar"), features);
        let lnvar = map(&lnvar, |v| v.clamp(-9.0, 5.0));
        let sd = map(&lnvar, |v| (0.5 * v).exp());
        let noise = rows(noise, features.len());
        let draw = zip(&mean, &zip(&sd, &noise, |s, e| s * e), |m, s| m + s);
        [mean, lnvar, draw]
    }

    fn physics(z: &Rows, condition: &[f64]) -> Rows {
        let row = |(z, c): (&Vec<f64>, &f64)| {
            let mut p = [0.0; 3];
            for k in 0..3 {
                let (min, max) = toy::RANGES[k];
                p[k] = z[k] * (max - min) + min;
            }
            let (y, _) = toy(p, *c);
            (0..4)
                .map(|j| (y[j] - toy::MEAN[j]) / toy::SCALE[j])
                .collect()
        };
        z.iter().zip(condition).map(row).collect()
    }

    /// Stage B, with what the residual network sees without gradient from `frozen`.
    pub fn train(&self, batch: &Batch, w: &Weights, frozen: Option<&Frozen>) -> (f64, Frozen) {
        let x = rows(&batch.x, batch.n);
        let features = self.mlp("encoder.features", &self.seen(&x, &batch.condition));
        let kl = |[mean, lnvar, _]: &[Rows; 3]| {
            row_sums(&zip(mean, lnvar, |m, v| 0.5 * (v.exp() - 1.0 - v + m * m)))
        };
        let rec = |x_pb: &Rows| row_sums(&zip(x_pb, &x, |a, b| (a - b) * (a - b)));
        let nothing = Frozen {
            z_phy: vec![],
            x_p: vec![],
        };
        if self.variant == Variant::A {
            let aux = self.latent("z_aux", &features, &batch.noise_aux);
            let x_pb = self.mlp("decoder", &aux[2]);
            return (rec(&x_pb) + w.beta * kl(&aux), nothing);
        }
        let phy = self.latent("u_phy", &features, &batch.noise_phy);
        let z_phy = map(&phy[2], sigmoid);
        let x_p = Self::physics(&z_phy, &batch.condition);
        if self.variant == Variant::B {
            return (rec(&x_p) + w.beta * kl(&phy), nothing);
        }
        let aux = self.latent("z_aux", &features, &batch.noise_aux);
        let now = Frozen {
            z_phy,
            x_p: x_p.clone(),
        };
        let seen = frozen.unwrap_or(&now);
        let context = self.mlp("residual.context", &join(&seen.z_phy, &aux[2]));
        let h = join(if self.detach_x_p { &seen.x_p } else { &x_p }, &context);
        let delta = self.mlp("residual.delta", &h);
        let gate = map(&self.mlp("residual.gate", &h), sigmoid);
        let x_pb = zip(&x_p, &zip(&gate, &delta, |g, d| g * d), |x, c| x + c);
        let mean_gate = row_sums(&gate) / gate[0].len() as f64;
        let total = rec(&x_pb)
            + w.beta * (kl(&phy) + kl(&aux))
            + w.gate * mean_gate
            + w.residual * row_sums(&map(&delta, |d| d * d));
        (total, now)
    }

    /// Stage A.
    pub fn pretrain(&self, batch: &Batch, w: &Weights) -> f64 {
        let z = rows(&batch.z, batch.n);
        let x = Self::physics(&z, &batch.condition);
        let features = self.mlp("encoder.features", &self.seen(&x, &batch.condition));
        let u = self.mlp("encoder.u_phy_mean", &features);
        let target = map(&z, |z| (z / (1.0 - z)).ln());
        w.data_aug * row_sums(&zip(&u, &target, |u, t| (u - t) * (u - t)))
    }
}
