//! How the synthetic spectra of Stage A are made and what is learned from them.

use data::{draw_unit_parameters, draw_unit_parameters_of_the_prior};
use ndarray::Array2;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::TAU;

/// Choices of Stage A; the default is the plain one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StageA {
    /// Whether the variances learn too: a likelihood of logit z in the place of its squared error.
    pub likelihood: bool,
    /// Whether logit z is drawn from N(0, 1), the prior, in the place of z from U(0, 1).
    pub normal: bool,
    /// Standard deviation of noise on each standardised channel.
    pub noise: f64,
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
        self.noise == 0.0 && self.model_error == 0.0
    }

    /// What [`StageA::disturb`] adds to n spectra of d channels; zeros, and nothing drawn, where spectra stay exact.
    pub fn disturbance(&self, n: usize, d: usize, rng: &mut impl Rng) -> Array2<f64> {
        let mut disturbance = Array2::zeros((n, d));
        if !self.is_exact() {
            self.disturb(&mut disturbance, rng);
        }
        disturbance
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

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

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
        assert!(StageA::default().is_exact() && !noise.is_exact() && !waves.is_exact());
    }
}
