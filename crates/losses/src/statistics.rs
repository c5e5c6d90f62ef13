//! What is monitored: sums over rows on the host, in f64, averaged over rows at the end.

use latent::{kl_from_prior, kl_per_dimension};
use nn::Scalar;
use serde::{Deserialize, Serialize};

/// Row-major values of one batch of n rows; blocks that a variant lacks are empty.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a, E> {
    /// Observation, n × d, standardised.
    pub x: &'a [E],
    /// Reconstruction, n × d, standardised.
    pub x_pb: &'a [E],
    /// The physics' own reconstruction, n × d, standardised.
    pub x_p: &'a [E],
    /// Gate, n × d.
    pub gate: &'a [E],
    /// Correction before the gate, n × d.
    pub delta: &'a [E],
    /// Mean of u_phy, n × p.
    pub u_mean: &'a [E],
    /// Clamped log-variance of u_phy, n × p.
    pub u_lnvar: &'a [E],
    /// Mean and variance of the prior of u_phy, p each, where it is not N(0, I).
    pub prior: Option<(&'a [f64], &'a [f64])>,
    /// Mean of z_aux, n × a.
    pub aux_mean: &'a [E],
    /// Clamped log-variance of z_aux, n × a.
    pub aux_lnvar: &'a [E],
}

/// Sums over rows, to be filled batch by batch; the order of batches is the order of the sums.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    mean: Vec<f64>,
    scale: Vec<f64>,
    rows: usize,
    has_residual: bool,
    /// Whether that residual is without a gate.
    #[serde(default)]
    no_gate: bool,
    rec: f64,
    physics_rec: f64,
    correction: f64,
    delta: f64,
    gate: Vec<f64>,
    relative: f64,
    kl_phy: Vec<f64>,
    kl_aux: Vec<f64>,
    u_sum: Vec<f64>,
    u_square: Vec<f64>,
}

/// Averages over rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Averages {
    /// Rows seen.
    pub rows: usize,
    /// Mean over rows of Σ_d (x_PB − x)².
    pub rec: f64,
    /// Mean over rows of Σ_d (x_P − x)²; `None` without physics.
    pub physics_rec: Option<f64>,
    /// Mean over rows of Σ_d (x_PB − x_P)²; `None` without a residual.
    pub correction: Option<f64>,
    /// Mean over rows of Σ_d δ²; `None` without a residual.
    pub pre_gate: Option<f64>,
    /// Mean gate per channel; empty without one.
    pub gate: Vec<f64>,
    /// Mean over rows of min(1, ‖x_PB − x_P‖₂ / ‖x_P‖₂) in physical units; `None` without a residual.
    pub relative_correction: Option<f64>,
    /// KL per physical dimension, nats.
    pub kl_phy: Vec<f64>,
    /// KL per auxiliary dimension, nats.
    pub kl_aux: Vec<f64>,
    /// Mean of the posterior means of u_phy per dimension.
    pub u_mean: Vec<f64>,
    /// Standard deviation of the posterior means of u_phy per dimension (ddof 0).
    pub u_sd: Vec<f64>,
}

impl Averages {
    /// Plain sum over all dimensions.
    pub fn kl(&self) -> f64 {
        self.kl_phy.iter().chain(&self.kl_aux).sum()
    }
    /// Mean gate over channels, `None` without one.
    pub fn mean_gate(&self) -> Option<f64> {
        (!self.gate.is_empty()).then(|| self.gate.iter().sum::<f64>() / self.gate.len() as f64)
    }
}

impl Statistics {
    /// `mean`, `scale`: standardisation per channel (needed for the relative difference, which is in
    /// physical units); `p`, `a`: numbers of physical and auxiliary dimensions.
    pub fn new(mean: &[f64], scale: &[f64], p: usize, a: usize) -> Self {
        Self {
            mean: mean.to_vec(),
            scale: scale.to_vec(),
            rows: 0,
            has_residual: false,
            no_gate: false,
            rec: 0.0,
            physics_rec: 0.0,
            correction: 0.0,
            delta: 0.0,
            gate: vec![0.0; mean.len()],
            relative: 0.0,
            kl_phy: vec![0.0; p],
            kl_aux: vec![0.0; a],
            u_sum: vec![0.0; p],
            u_square: vec![0.0; p],
        }
    }

    /// Adds a batch.
    pub fn add<E: Scalar>(&mut self, batch: &Batch<E>) {
        let d = self.mean.len();
        self.rows += batch.x.len() / d;
        self.rec += squared_difference(batch.x_pb, batch.x);
        if !batch.x_p.is_empty() {
            self.physics_rec += squared_difference(batch.x_p, batch.x);
        }
        if !batch.delta.is_empty() {
            self.has_residual = true;
            self.no_gate |= batch.gate.is_empty();
            self.correction += squared_difference(batch.x_pb, batch.x_p);
            self.delta += batch.delta.iter().map(|v| v.wide().powi(2)).sum::<f64>();
            for row in batch.gate.chunks_exact(d) {
                for (sum, g) in self.gate.iter_mut().zip(row) {
                    *sum += g.wide();
                }
            }
            for (pb, p) in batch.x_pb.chunks_exact(d).zip(batch.x_p.chunks_exact(d)) {
                let (mut change, mut size) = (0.0, 0.0);
                for i in 0..d {
                    let (pb, p) = (pb[i].wide(), p[i].wide());
                    change += ((pb - p) * self.scale[i]).powi(2);
                    size += (p * self.scale[i] + self.mean[i]).powi(2);
                }
                // 0/0 is no correction of no signal; NaN must stay visible
                self.relative += if change == 0.0 {
                    0.0
                } else {
                    let ratio = (change / size).sqrt();
                    if ratio > 1.0 { 1.0 } else { ratio }
                };
            }
        }
        let (p, a) = (self.kl_phy.len(), self.kl_aux.len());
        let kl_phy = match batch.prior {
            None => kl_per_dimension(batch.u_mean, batch.u_lnvar, p),
            Some((centre, variance)) => {
                let prior = |k: usize| (centre[k], variance[k]);
                kl_from_prior(batch.u_mean, batch.u_lnvar, p, prior)
            }
        };
        let kl_aux = kl_per_dimension(batch.aux_mean, batch.aux_lnvar, a);
        for (sums, more) in [(&mut self.kl_phy, kl_phy), (&mut self.kl_aux, kl_aux)] {
            sums.iter_mut().zip(more).for_each(|(sum, kl)| *sum += kl);
        }
        if p > 0 {
            for row in batch.u_mean.chunks_exact(p) {
                for (i, u) in row.iter().enumerate() {
                    self.u_sum[i] += u.wide();
                    self.u_square[i] += u.wide().powi(2);
                }
            }
        }
    }

    /// Adds what another one of the same blocks has summed.
    pub fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.has_residual |= other.has_residual;
        self.no_gate |= other.no_gate;
        for (sum, more) in [
            (&mut self.rec, other.rec),
            (&mut self.physics_rec, other.physics_rec),
            (&mut self.correction, other.correction),
            (&mut self.delta, other.delta),
            (&mut self.relative, other.relative),
        ] {
            *sum += more;
        }
        for (sums, more) in [
            (&mut self.gate, &other.gate),
            (&mut self.kl_phy, &other.kl_phy),
            (&mut self.kl_aux, &other.kl_aux),
            (&mut self.u_sum, &other.u_sum),
            (&mut self.u_square, &other.u_square),
        ] {
            for (sum, more) in sums.iter_mut().zip(more) {
                *sum += more;
            }
        }
    }

    /// Averages over all rows added.
    pub fn averages(&self) -> Averages {
        let n = self.rows.max(1) as f64;
        let residual = self.has_residual;
        let physics = !self.kl_phy.is_empty();
        let over_rows = |sums: &[f64]| sums.iter().map(|s| s / n).collect::<Vec<_>>();
        let u_mean = over_rows(&self.u_sum);
        let u_sd = over_rows(&self.u_square)
            .iter()
            .zip(&u_mean)
            .map(|(square, mean)| {
                let variance = square - mean * mean;
                // rounding may leave less than 0; `max` would turn NaN into 0
                if variance < 0.0 { 0.0 } else { variance.sqrt() }
            })
            .collect();
        Averages {
            rows: self.rows,
            rec: self.rec / n,
            physics_rec: physics.then_some(self.physics_rec / n),
            correction: residual.then_some(self.correction / n),
            pre_gate: residual.then_some(self.delta / n),
            gate: if residual && !self.no_gate {
                over_rows(&self.gate)
            } else {
                vec![]
            },
            relative_correction: residual.then_some(self.relative / n),
            kl_phy: over_rows(&self.kl_phy),
            kl_aux: over_rows(&self.kl_aux),
            u_mean,
            u_sd,
        }
    }
}

fn squared_difference<E: Scalar>(a: &[E], b: &[E]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a.wide() - b.wide()).powi(2))
        .sum()
}
