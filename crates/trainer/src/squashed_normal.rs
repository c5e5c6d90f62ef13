//! Mean and standard deviation of a normal variable that went through the sigmoid.

use latent::sigmoid;

/// z = sigmoid(u) of a normal u: points and weights of the trapezoidal rule for the standard normal distribution.
///
/// For a function without a singularity within a of the real axis its error falls as exp(−2πa/h) with the step h
/// (Trefethen and Weideman 2014, doi:10.1137/130932132, theorem 5.1); sigmoid(m + s·t) has poles at a = π/s. The
/// encoder's s is at most 12.2 (`latent::LNVAR_MAX`): with h = 0.1 the error is below 1e-6 there, and rounding below
/// s = 5. Gauss–Hermite rules need hundreds of nodes for it, the delta method fails from s ≈ 0.5 on.
pub(crate) struct SquashedNormal(Vec<(f64, f64)>);

impl Default for SquashedNormal {
    fn default() -> Self {
        // beyond 8.5 the weight is below the rounding of 1
        let points = (-85..=85).map(|i| f64::from(i) * 0.1);
        let mut all: Vec<(f64, f64)> = points.map(|t| (t, (-0.5 * t * t).exp())).collect();
        let sum: f64 = all.iter().map(|(_, weight)| weight).sum();
        for (_, weight) in &mut all {
            *weight /= sum;
        }
        Self(all)
    }
}

impl SquashedNormal {
    /// Mean and standard deviation of sigmoid(u), u ~ N(m, s²). The latter is z(1 − z)·s where s is small, √(q(1 − q)) with
    /// q = P(u > 0) where it is large.
    pub(crate) fn moments(&self, m: f64, s: f64) -> (f64, f64) {
        let middle = sigmoid(m);
        let (mut mean, mut squares) = (0.0, 0.0);
        for (t, weight) in &self.0 {
            let away = sigmoid(m + s * t) - middle;
            mean += weight * away;
            squares += weight * away * away;
        }
        let sd = (squares - mean * mean).max(0.0).sqrt();
        (middle + mean, sd)
    }
}

/// The same by a table, for millions of pixels: bilinear in |m| and s.
///
/// The mean is within 2e-4, the standard deviation within 2e-4 and 1.5 % of its value for |m| ≤ 12 (tested); beyond, where z is
/// 6e-6 from an end, both are those at 12.
pub(crate) struct SquashedTable {
    /// Moments over rows of |m| and columns of s.
    moments: Vec<[f32; 2]>,
}

/// Points of the table to a unit of m and of s.
const STEPS_M: usize = 16;
const STEPS_S: usize = 16;
/// Largest |m| and s of the table; `latent::LNVAR_MAX` allows no larger s.
const LARGEST_M: usize = 12;
const LARGEST_S: usize = 13;
const COLUMNS: usize = LARGEST_S * STEPS_S + 1;

impl Default for SquashedTable {
    fn default() -> Self {
        let exact = SquashedNormal::default();
        let at = |i: usize, steps: usize| i as f64 / steps as f64;
        let rows = 0..=LARGEST_M * STEPS_M;
        let pairs = rows.flat_map(|i| (0..COLUMNS).map(move |j| (i, j)));
        let moments = pairs.map(|(i, j)| {
            let (mean, sd) = exact.moments(at(i, STEPS_M), at(j, STEPS_S));
            [mean as f32, sd as f32]
        });
        Self {
            moments: moments.collect(),
        }
    }
}

impl SquashedTable {
    /// Mean and standard deviation of sigmoid(u), u ~ N(m, s²); NaN of NaN.
    pub(crate) fn moments(&self, m: f32, s: f32) -> (f32, f32) {
        if m.is_nan() || s.is_nan() {
            return (f32::NAN, f32::NAN);
        }
        let place = |v: f32, steps: usize, largest: usize| {
            let v = v.clamp(0.0, largest as f32) * steps as f32;
            let cell = (v as usize).min(largest * steps - 1);
            (cell, v - cell as f32)
        };
        let (i, x) = place(m.abs(), STEPS_M, LARGEST_M);
        let (j, y) = place(s, STEPS_S, LARGEST_S);
        let [a, b] = [i, i + 1].map(|i| {
            let at = i * COLUMNS + j;
            let [low, high] = [self.moments[at], self.moments[at + 1]];
            [0, 1].map(|k| low[k] + y * (high[k] - low[k]))
        });
        let [mean, sd] = [0, 1].map(|k| a[k] + x * (b[k] - a[k]));
        (if m < 0.0 { 1.0 - mean } else { mean }, sd)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::StandardNormal;

    fn sd(normal: &SquashedNormal, m: f64, s: f64) -> f64 {
        normal.moments(m, s).1
    }

    /// Four standard errors of a standard deviation of 400,000 draws: that of a normal variable is 1/√(2n), and
    /// distributions between two ends have lighter tails.
    const FOUR_STANDARD_ERRORS: f64 = 4.0 * 0.0012;

    #[test]
    fn the_standard_deviation_is_that_of_draws() {
        let normal = SquashedNormal::default();
        for (seed, (m, s)) in [
            (0.0, 0.3),
            (2.0, 0.05),
            (-1.5, 1.0),
            (3.0, 2.5),
            (-4.0, 6.0),
            (1.0, 12.0),
        ]
        .into_iter()
        .enumerate()
        {
            let mut rng = ChaCha8Rng::seed_from_u64(seed as u64);
            let n = 400_000;
            let draws: Vec<f64> = (0..n)
                .map(|_| sigmoid(m + s * rng.sample::<f64, _>(StandardNormal)))
                .collect();
            let mean = draws.iter().sum::<f64>() / n as f64;
            let drawn = (draws.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
            let found = sd(&normal, m, s);
            assert!(
                (found / drawn - 1.0).abs() < FOUR_STANDARD_ERRORS,
                "m {m}, s {s}: {found}, drawn {drawn}"
            );
        }
    }

    #[test]
    fn the_standard_deviation_has_its_limits() {
        let normal = SquashedNormal::default();
        assert_eq!(sd(&normal, 0.7, 0.0), 0.0);
        // the delta method; what it leaves out is of the order s³
        let z: f64 = sigmoid(1.2);
        let s = 1e-3;
        let found = sd(&normal, 1.2, s);
        assert!((found / (z * (1.0 - z) * s) - 1.0).abs() < 1e-6, "{found}");
        // nearly a coin: z(1 − z) has the integral 1 over u, so its mean is φ(0)/s but for a share of π²/6s²
        let coin = (0.25 - 0.398_942_28 / 12.2_f64).sqrt();
        assert!((sd(&normal, 0.0, 12.2) - coin).abs() < 1e-3);
        assert!((sd(&normal, -2.0, 3.0) - sd(&normal, 2.0, 3.0)).abs() < 1e-15);
        // a step a hundred times finer changes nothing, up to the largest s of an encoder
        for s in [0.5, 5.0, 12.2] {
            let points = (-8500..=8500).map(|i| f64::from(i) * 0.001);
            let weights: Vec<(f64, f64)> = points.map(|t| (t, (-0.5 * t * t).exp())).collect();
            let sum: f64 = weights.iter().map(|(_, w)| w).sum();
            let fine = SquashedNormal(weights.iter().map(|(t, w)| (*t, w / sum)).collect());
            let (coarse, fine) = (sd(&normal, 1.0, s), sd(&fine, 1.0, s));
            assert!((coarse - fine).abs() < 1e-6, "s {s}: {coarse} {fine}");
        }
    }

    #[test]
    fn the_table_is_as_near_as_it_says() {
        let (exact, table) = (SquashedNormal::default(), SquashedTable::default());
        let mut worst = [0.0_f64; 3];
        for i in -1199..1199 {
            for s in [0.0111, 0.03, 0.1, 0.21, 0.46, 0.97, 1.9, 3.3, 7.7, 12.18] {
                let m = f64::from(i) * 0.01;
                let (mean, sd) = exact.moments(m, s);
                let (found, found_sd) = table.moments(m as f32, s as f32);
                let (found, found_sd) = (f64::from(found), f64::from(found_sd));
                worst[0] = worst[0].max((mean - found).abs());
                worst[1] = worst[1].max((sd - found_sd).abs());
                worst[2] = worst[2].max((found_sd / sd - 1.0).abs());
            }
        }
        println!(
            "figure: squashed table, mean {:.1e}, sd {:.1e}, {:.1e} of it",
            worst[0], worst[1], worst[2]
        );
        assert!(
            worst[0] < 2e-4 && worst[1] < 2e-4 && worst[2] < 0.015,
            "{worst:?}"
        );
        assert!(table.moments(f32::NAN, 1.0).1.is_nan() && table.moments(1.0, f32::NAN).0.is_nan());
        assert_eq!(table.moments(0.0, 0.0), (0.5, 0.0));
    }
}
