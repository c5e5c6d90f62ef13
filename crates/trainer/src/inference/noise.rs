//! How far a spectrum may be off, as declared.

/// σ = absolute + relative · |value| of a channel, in its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BandNoise {
    /// In the unit of the channels.
    pub absolute: f64,
    /// Share of the value.
    pub relative: f64,
}

impl BandNoise {
    /// σ of a channel with this value, in its unit.
    pub fn sigma(self, value: f64) -> f64 {
        self.absolute + self.relative * value.abs()
    }
}

/// The noise of each channel that a refinement weighs errors with.
#[derive(Clone, Debug, PartialEq)]
pub enum Noise {
    /// Declared by the user or by the configuration of the training.
    Declared(BandNoise),
    /// σ of each standardised channel, d: learned, or the same for all.
    Standardized(Vec<f64>),
}

impl Noise {
    /// 1/σ of a standardised channel.
    ///
    /// * `value`: of the channel in its unit; `scale`: units to one of the standardised channel
    pub(super) fn inverse(&self, channel: usize, value: f64, scale: f64) -> f64 {
        match self {
            Self::Declared(noise) => scale / noise.sigma(value),
            Self::Standardized(sigma) => 1.0 / sigma[channel],
        }
    }
}
