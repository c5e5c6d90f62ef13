//! How the synthetic spectra of Stage A are made and what is learned from them.

use data::{BandNoise, draw_unit_parameters, draw_unit_parameters_of_the_prior};
use ndarray::{Array2, ArrayView2, Axis, Slice};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::TAU;
use std::ops::Range;

/// Choices of Stage A; the default is the plain one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StageA {
    /// Whether the variances learn too: a likelihood of logit z in the place of its squared error.
    pub likelihood: bool,
    /// Whether logit z is drawn from N(0, 1), the prior, in the place of z from U(0, 1).
    pub normal: bool,
    /// Standard deviation of noise on each standardised channel.
    pub noise: f64,
    /// Noise on each channel that grows with the signal, in its unit.
    pub band_noise: Option<BandNoise>,
    /// Standard deviation of the height of a wave over the channels that is added to each spectrum.
    pub model_error: f64,
}

/// Fewest and most waves over the channels.
const WAVES: (f64, f64) = (0.3, 1.5);

impl StageA {
    /// n × p unit parameters as Stage A draws them.
    pub fn draw(&self, n: usize, p: usize, rng: &mut impl Rng) -> Array2<f64> {
        if self.normal {
            draw_unit_parameters_of_the_prior(n, p, rng)
        } else {
            draw_unit_parameters(n, p, rng)
        }
    }

    /// Whether spectra stay as the physics makes them.
    pub fn is_exact(&self) -> bool {
        self.noise == 0.0 && self.model_error == 0.0 && self.band_noise.is_none()
    }

    /// What is drawn to disturb n spectra of d channels; nothing is drawn where spectra stay exact.
    pub fn disturbance(&self, n: usize, d: usize, rng: &mut impl Rng) -> Disturbance {
        let mut added = Array2::zeros((n, d));
        if self.noise != 0.0 || self.model_error != 0.0 {
            self.disturb(&mut added, rng);
        }
        let band_noise = self.band_noise.map(|noise| {
            let normal = Array2::from_shape_simple_fn((n, d), || StandardNormal.sample(rng));
            (noise, normal)
        });
        Disturbance { added, band_noise }
    }

    /// Standard deviation of the independent noise on each channel of standardised spectra (n × d), standardised: that
    /// of `noise` and `band_noise` together, a signal y being x·scale + mean. Of a wave it knows nothing.
    pub fn noise_std(&self, x: ArrayView2<f64>, mean: &[f64], scale: &[f64]) -> Array2<f64> {
        let mut sigma = x.to_owned();
        for mut row in sigma.rows_mut() {
            for ((v, mean), scale) in row.iter_mut().zip(mean).zip(scale) {
                let of_band = self
                    .band_noise
                    .map_or(0.0, |noise| noise.std(*v * scale + mean));
                *v = self.noise.hypot(of_band / scale);
            }
        }
        sigma
    }

    /// Adds wave and noise to standardised spectra, n × d.
    pub fn disturb(&self, spectra: &mut Array2<f64>, rng: &mut impl Rng) {
        let d = spectra.ncols();
        for mut row in spectra.rows_mut() {
            let height: f64 = StandardNormal.sample(rng);
            let (waves, phase) = (rng.gen_range(WAVES.0..WAVES.1), rng.gen_range(0.0..TAU));
            for (channel, x) in row.iter_mut().enumerate() {
                let place = channel as f64 / d.max(2).saturating_sub(1) as f64;
                let noise: f64 = StandardNormal.sample(rng);
                *x += self.model_error * height * (TAU * waves * place + phase).sin()
                    + self.noise * noise;
            }
        }
    }
}

/// What disturbs the spectra of a batch.
#[derive(Clone, Debug)]
pub struct Disturbance {
    /// Added as it is, n × d, standardised.
    added: Array2<f64>,
    /// Normal numbers, n × d, and the noise that they are scaled to.
    band_noise: Option<(BandNoise, Array2<f64>)>,
}

impl Disturbance {
    /// Disturbs standardised spectra, those of some rows of the batch: x + added + ε σ(y)/scale with y = x·scale + mean.
    pub fn apply(
        &self,
        rows: &Range<usize>,
        spectra: &mut Array2<f64>,
        (mean, scale): (&[f64], &[f64]),
    ) {
        let part = |all: ArrayView2<'_, f64>| {
            all.slice_axis(Axis(0), Slice::from(rows.clone()))
                .to_owned()
        };
        let mut added = part(self.added.view());
        if let Some((noise, normal)) = &self.band_noise {
            let normal = part(normal.view());
            for ((mut added, spectrum), normal) in
                (added.rows_mut().into_iter().zip(spectra.rows())).zip(normal.rows())
            {
                let channels = (mean.iter().zip(scale)).zip(spectrum).zip(normal);
                for (added, (((mean, scale), x), epsilon)) in added.iter_mut().zip(channels) {
                    *added += epsilon * noise.std(x * scale + mean) / scale;
                }
            }
        }
        *spectra += &added;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    /// A reflectance of 0.3 with mean 0.1 and scale 0.2 is x = 1 and has σ = 0.01 + 0.03; standardised 0.2.
    #[test]
    fn noise_that_grows_with_the_signal() {
        let stage_a = StageA {
            band_noise: Some(BandNoise {
                absolute: 0.01,
                relative: 0.1,
            }),
            ..StageA::default()
        };
        let (mean, scale) = ([0.1, 0.1], [0.2, 0.1]);
        let n = 40_000;
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let disturbance = stage_a.disturbance(n, 2, &mut rng);
        // the second channel is at 0: σ = 0.01, standardised 0.1
        let clean = Array2::from_shape_fn((n, 2), |(_, k)| [1.0, -1.0][k]);
        let mut x = clean.clone();
        disturbance.apply(&(0..n), &mut x, (&mean, &scale));
        let spread = (&x - &clean).std_axis(Axis(0), 0.0);
        // the standard error of a standard deviation of 40,000 draws is 0.35 % of it
        for (spread, expected) in spread.iter().zip([0.2, 0.1]) {
            assert!(
                (spread / expected - 1.0).abs() < 0.015,
                "{spread} {expected}"
            );
        }
        let sigma = stage_a.noise_std(clean.view(), &mean, &scale);
        assert!((sigma[[0, 0]] - 0.2).abs() < 1e-15 && (sigma[[7, 1]] - 0.1).abs() < 1e-15);
        let both = StageA {
            noise: 0.15,
            ..stage_a
        };
        let sigma = both.noise_std(clean.view(), &mean, &scale);
        assert!((sigma[[0, 0]] - 0.25).abs() < 1e-15);
        // some of the rows get what they get among all
        let mut some = clean.slice_axis(Axis(0), Slice::from(5..9)).to_owned();
        disturbance.apply(&(5..9), &mut some, (&mean, &scale));
        assert_eq!(some, x.slice_axis(Axis(0), Slice::from(5..9)));
    }

    #[test]
    fn noise_and_waves_have_the_spread_they_are_said_to_have() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let spread = |stage_a: StageA, rng: &mut _| {
            let mut x = Array2::zeros((20_000, 11));
            stage_a.disturb(&mut x, rng);
            x.std(0.0)
        };
        let noise = StageA {
            noise: 0.05,
            ..StageA::default()
        };
        assert!((spread(noise, &mut rng) - 0.05).abs() < 5e-4);
        let waves = StageA {
            model_error: 0.1,
            ..StageA::default()
        };
        // a sine of random phase has half the variance of its height
        assert!((spread(waves, &mut rng) - 0.1 / 2_f64.sqrt()).abs() < 2e-3);
        let band_noise = StageA {
            band_noise: Some(BandNoise {
                absolute: 0.01,
                relative: 0.1,
            }),
            ..StageA::default()
        };
        assert!(!band_noise.is_exact());
        assert!(StageA::default().is_exact() && !noise.is_exact() && !waves.is_exact());
    }
}
