//! A correction within a few learned directions.

use super::ResidualOutput;
use crate::architecture::{Architecture, SEASON};
use dfdx::prelude::{HasShape, PutTape, Tensor, TryAdd, TryMatMul, TryMul, WithEmptyTape};
use nn::named::{Named, join};
use nn::{Activation, Backend, Matrix, Mlp, NnError, Scalar, Tape, from_rows};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// τ and r of a low-rank residual, which a schedule moves during training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResidualScale {
    /// Temperature τ > 0 of the coefficients: the larger, the smaller they are.
    pub tau: f64,
    /// What δ is multiplied with.
    pub r: f64,
}

impl Default for ResidualScale {
    fn default() -> Self {
        Self { tau: 1.0, r: 1.0 }
    }
}

/// δ = (c ⊙ s) Bᵀ with c = tanh((W [z_aux, x_P] + b)/τ): k coefficients of k directions, which are the columns of B.
///
/// One that sees the time of year t (sin and cos of one and of two turns a year) has c = tanh((W [z_aux, x_P, t] + b)/τ).
#[derive(Clone, Debug)]
pub struct LowRankResidual<E: Scalar, D: Backend<E>> {
    coefficients: Mlp<E, D>,
    /// s, 1 × k.
    sizes: Matrix<E, D>,
    /// Bᵀ, k × d.
    directions: Matrix<E, D>,
    /// The part of Wᵀ for the time of year, 4 × k.
    season: Option<Matrix<E, D>>,
}

impl<E: Scalar, D: Backend<E>> LowRankResidual<E, D> {
    /// Draws fresh weights: s = 1, and orthonormal directions (as far as rank ≤ channels allows).
    ///
    /// # Errors
    /// The device refuses.
    pub fn new(
        device: &D,
        a: &Architecture,
        rank: usize,
        sees_season: bool,
        rng: &mut impl Rng,
    ) -> Result<Self, NnError> {
        let inputs = a.dim_z_aux + a.channels;
        let directions = orthonormal(rank, a.channels, rng);
        let coefficients = Mlp::new(device, &[inputs, rank], Activation::Identity, rng)?;
        // last, so that the others are the same with and without it
        let season = sees_season.then(|| {
            let bound = 1.0 / (inputs as f64).sqrt();
            let weights = (0..SEASON * rank).map(|_| rng.gen_range(-bound..=bound));
            from_rows(device, SEASON, rank, weights.collect::<Vec<_>>())
        });
        Ok(Self {
            coefficients,
            sizes: from_rows(device, 1, rank, std::iter::repeat_n(1.0, rank))?,
            directions: from_rows(device, rank, a.channels, directions.concat())?,
            season: season.transpose()?,
        })
    }

    /// * `z_aux`: n × a; `x_p`: n × d
    /// * `season`: n × 4, where the residual sees it
    ///
    /// # Errors
    /// A matrix has the wrong width or is missing, or the device refuses.
    pub fn forward<T: Tape<E, D>>(
        &self,
        z_aux: Matrix<E, D, T>,
        x_p: Matrix<E, D, T>,
        season: Option<Matrix<E, D>>,
        tau: f64,
    ) -> Result<ResidualOutput<E, D, T>, NnError> {
        let n = x_p.shape().0;
        let ones = from_rows(x_p.device(), n, 1, std::iter::repeat_n(1.0, n))?;
        let linear = self.coefficients.forward_pair(z_aux, x_p)?;
        let seen = self.season.as_ref().map(|weights| {
            let width = season.as_ref().map_or(0, |season| season.shape().1);
            let season = season.filter(|_| width == SEASON);
            season
                .map(|season| (season, weights))
                .ok_or(NnError::Width {
                    layer: "residual.season".into(),
                    expected: SEASON,
                    found: width,
                })
        });
        let seen = seen.transpose()?;
        (|| {
            let linear = match seen {
                Some((season, weights)) => season
                    .put_tape(T::default())
                    .try_matmul(weights.clone())?
                    .try_add(linear)?,
                None => linear,
            };
            let coefficients = linear
                .try_mul(E::of(1.0 / tau))
                .and_then(Tensor::try_tanh)?;
            let sizes = ones.put_tape(T::default()).try_matmul(self.sizes.clone())?;
            let shown = coefficients.with_empty_tape();
            let delta = coefficients
                .try_mul(sizes)?
                .try_matmul(self.directions.clone())?;
            Ok(ResidualOutput {
                delta,
                gate: None,
                coefficients: Some(shown),
            })
        })()
        .map_err(|e: D::Err| NnError::device(&e))
    }

    /// Bᵀ, k × d, on a tape of its own.
    pub fn directions<T: Tape<E, D>>(&self) -> Matrix<E, D, T> {
        self.directions.clone().put_tape(T::default())
    }
}

impl<E: Scalar, D: Backend<E>> Named<E, D> for LowRankResidual<E, D> {
    fn visit<'a>(&'a self, prefix: &str, f: &mut dyn FnMut(String, &'a Matrix<E, D>)) {
        self.coefficients.visit(&join(prefix, "coefficients"), f);
        f(join(prefix, "sizes"), &self.sizes);
        f(join(prefix, "directions"), &self.directions);
        if let Some(season) = &self.season {
            f(join(prefix, "season"), season);
        }
    }
    fn visit_mut<'a>(&'a mut self, prefix: &str, f: &mut dyn FnMut(String, &'a mut Matrix<E, D>)) {
        self.coefficients
            .visit_mut(&join(prefix, "coefficients"), f);
        f(join(prefix, "sizes"), &mut self.sizes);
        f(join(prefix, "directions"), &mut self.directions);
        if let Some(season) = &mut self.season {
            f(join(prefix, "season"), season);
        }
    }
}

/// `count` rows of `length` numbers: normal draws, each made orthogonal to those before it (Gram and Schmidt, twice
/// for the rounding) and of length 1. Beyond `length` rows they repeat nothing but cannot be orthogonal.
fn orthonormal(count: usize, length: usize, rng: &mut impl Rng) -> Vec<Vec<f64>> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut rows: Vec<Vec<f64>> = vec![];
    for index in 0..count {
        let mut row: Vec<f64> = (0..length).map(|_| StandardNormal.sample(rng)).collect();
        if index < length {
            for _ in 0..2 {
                for other in &rows {
                    let along = dot(&row, other);
                    row.iter_mut().zip(other).for_each(|(x, o)| *x -= along * o);
                }
            }
        }
        let size = dot(&row, &row).sqrt();
        for x in &mut row {
            *x /= size;
        }
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn directions_start_orthonormal() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(4);
        for (count, length) in [(1, 1), (2, 11), (11, 11)] {
            let rows = orthonormal(count, length, &mut rng);
            for (i, a) in rows.iter().enumerate() {
                for (j, b) in rows.iter().enumerate() {
                    let dot: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                    assert!((dot - f64::from(u8::from(i == j))).abs() < 1e-14);
                }
            }
        }
    }
}
