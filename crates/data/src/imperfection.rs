//! How simulated samples differ from what the physics says.

use crate::DataError;
use crate::error::require;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Simulated reflectances are not below this.
const FLOOR: f64 = 1e-4;
/// Where the model error's phase starts: the centre of Sentinel-2's B01, in nm.
const FIRST_WAVELENGTH_NM: f64 = 443.0;
/// From there to the centre of B12, in nm.
const WAVELENGTH_SPAN_NM: f64 = 1747.0;
/// Additive part of a displacement's model error, mm.
const DISPLACEMENT_OFFSET_MM: f64 = 2.0;
/// Noise of daily GNSS positions, mm: a few mm along the ground, three times that upwards.
const HORIZONTAL_NOISE_MM: f64 = 2.0;
const VERTICAL_NOISE_MM: f64 = 6.0;

/// What an imperfect physical model would have to explain: the reflectance R of a band observed without
/// noise,
///
/// R·(1 + 0.05·sin(2πs + 0.7)) + 0.01·cos(2πs), s = (λ − 443 nm)/1747 nm.
pub fn model_error(reflectance: f64, wavelength_nm: f64) -> f64 {
    let angle = TAU * (wavelength_nm - FIRST_WAVELENGTH_NM) / WAVELENGTH_SPAN_NM;
    distorted(reflectance, angle, 0.01)
}

/// Standard deviation of the noise on a reflectance: 0.002 + 0.01·R.
pub fn noise_std(reflectance: f64) -> f64 {
    SENSOR_NOISE.std(reflectance)
}

/// Noise whose standard deviation grows with the signal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BandNoise {
    /// Standard deviation where there is no signal, in the unit of the channels, 0 or more.
    pub absolute: f64,
    /// Part of the signal that is added to it, 0 or more.
    pub relative: f64,
}

impl BandNoise {
    /// Standard deviation on a signal: absolute + relative·|signal|.
    pub fn std(self, signal: f64) -> f64 {
        self.absolute + self.relative * signal.abs()
    }
}

/// Of [`noise_std`].
const SENSOR_NOISE: BandNoise = BandNoise {
    absolute: 0.002,
    relative: 0.01,
};

fn distorted(value: f64, angle: f64, offset: f64) -> f64 {
    value * (1.0 + 0.05 * (angle + 0.7).sin()) + offset * angle.cos()
}

/// The model error and the noise of each channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Imperfection(Kind);

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Reflectance {
        wavelengths_nm: Vec<f64>,
        noise: BandNoise,
        /// Whether values are lifted to [`FLOOR`].
        floored: bool,
    },
    /// The phase of the model error and the standard deviation of the noise, mm.
    Displacement(Vec<(f64, f64)>),
}

impl Imperfection {
    /// Of the reflectance of bands at these wavelengths (nm): [`model_error`] and [`noise_std`]; the
    /// sum is not below 1e-4.
    ///
    /// # Errors
    /// A wavelength that is not finite.
    pub fn of_reflectance(wavelengths_nm: &[f64]) -> Result<Self, DataError> {
        for &wavelength in wavelengths_nm {
            require(
                wavelength.is_finite(),
                "wavelength",
                wavelength,
                "a finite number of nm",
            )?;
        }
        Ok(Self(Kind::Reflectance {
            wavelengths_nm: wavelengths_nm.to_vec(),
            noise: SENSOR_NOISE,
            floored: true,
        }))
    }

    /// The same with another noise on reflectances, and none of them lifted: noise stays normal, also where that makes
    /// a dark band negative, as atmospheric correction does too. Displacements keep theirs.
    ///
    /// # Errors
    /// A number that is negative or not finite.
    pub fn with_noise(self, noise: BandNoise) -> Result<Self, DataError> {
        for (name, value) in [("absolute", noise.absolute), ("relative", noise.relative)] {
            require(
                value >= 0.0 && value.is_finite(),
                format!("{name} of the noise"),
                value,
                "a finite number, 0 or more",
            )?;
        }
        Ok(Self(match self.0 {
            Kind::Reflectance { wavelengths_nm, .. } => Kind::Reflectance {
                wavelengths_nm,
                noise,
                floored: false,
            },
            displacement @ Kind::Displacement(_) => displacement,
        }))
    }

    /// Of displacements u in mm: u·(1 + 0.05·sin(2πs + 0.7)) + 2 mm·cos(2πs) with s from 0 at the first
    /// channel to 1 at the last, and noise of 2 mm, or of 6 mm where a channel's name begins with `uz`
    /// (up).
    pub fn of_displacements<S: AsRef<str>>(channels: &[S]) -> Self {
        let last = channels.len().saturating_sub(1).max(1) as f64;
        let channel = |(k, name): (usize, &S)| {
            let noise = if name.as_ref().starts_with("uz") {
                VERTICAL_NOISE_MM
            } else {
                HORIZONTAL_NOISE_MM
            };
            (TAU * k as f64 / last, noise)
        };
        Self(Kind::Displacement(
            channels.iter().enumerate().map(channel).collect(),
        ))
    }

    /// What the numbers below count, and how many channels there are.
    pub(crate) fn size(&self) -> (&'static str, usize) {
        match &self.0 {
            Kind::Reflectance { wavelengths_nm, .. } => {
                ("the number of wavelengths", wavelengths_nm.len())
            }
            Kind::Displacement(channels) => ("the number of channels", channels.len()),
        }
    }

    /// The value that a channel would show without noise.
    pub fn distorted(&self, channel: usize, value: f64) -> f64 {
        match &self.0 {
            Kind::Reflectance { wavelengths_nm, .. } => model_error(value, wavelengths_nm[channel]),
            Kind::Displacement(channels) => {
                distorted(value, channels[channel].0, DISPLACEMENT_OFFSET_MM)
            }
        }
    }

    /// Standard deviation of the noise of a channel where the physics says `value`.
    pub fn noise_std(&self, channel: usize, value: f64) -> f64 {
        match &self.0 {
            Kind::Reflectance { noise, .. } => noise.std(value),
            Kind::Displacement(channels) => channels[channel].1,
        }
    }

    /// An observed value, lifted to the smallest there is.
    pub(crate) fn floored(&self, observed: f64) -> f64 {
        match &self.0 {
            // not `max`, which would hide a NaN of the model
            Kind::Reflectance { floored: true, .. } if observed < FLOOR => FLOOR,
            _ => observed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_noise_is_not_cut_off() {
        let noise = BandNoise {
            absolute: 0.005,
            relative: 0.03,
        };
        let plain = Imperfection::of_reflectance(&[490.0]).unwrap();
        assert_eq!(plain.noise_std(0, 0.4), 0.002 + 0.01 * 0.4);
        assert_eq!(plain.floored(-0.01), 1e-4);
        let other = plain.with_noise(noise).unwrap();
        assert_eq!(other.noise_std(0, 0.4), 0.005 + 0.03 * 0.4);
        assert_eq!(other.floored(-0.01), -0.01);
        let displacement = Imperfection::of_displacements(&["ux_A"]);
        assert_eq!(
            displacement.clone().with_noise(noise).unwrap(),
            displacement
        );
        for wrong in [-1e-9, f64::NAN, f64::INFINITY] {
            let noise = BandNoise {
                relative: wrong,
                ..noise
            };
            let refused = Imperfection::of_reflectance(&[490.0])
                .unwrap()
                .with_noise(noise);
            assert!(refused.unwrap_err().to_string().contains("relative"));
        }
    }

    #[test]
    fn displacements_keep_their_sign_and_have_the_noise_of_their_axis() {
        let channels = ["ux_A", "uy_A", "uz_A"];
        let imperfection = Imperfection::of_displacements(&channels);
        let noise = [0, 1, 2].map(|k| imperfection.noise_std(k, 100.0));
        assert_eq!(noise, [2.0, 2.0, 6.0]);
        // s = 0, 1/2 and 1
        let sine = 0.7_f64.sin();
        for (k, sign) in [(0, 1.0), (1, -1.0), (2, 1.0)] {
            let expected = -50.0 * (1.0 + sign * 0.05 * sine) + sign * 2.0;
            assert!((imperfection.distorted(k, -50.0) - expected).abs() < 1e-12);
        }
        assert_eq!(imperfection.floored(-50.0), -50.0);
        // one channel alone is at s = 0
        assert!(
            Imperfection::of_displacements(&["ux_A"])
                .distorted(0, 1.0)
                .is_finite()
        );
    }
}
