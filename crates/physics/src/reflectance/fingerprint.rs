//! Fingerprints of tables: whether two are the same, without storing both.

use super::tables::SpectralData;
use crate::tables::{Absorber, Band, WAVELENGTHS};

/// FNV-1a with 64 bits over the bits of numbers. It tells tables apart that differ by accident, not by
/// intent.
pub(super) struct Fingerprint(u64);

impl Fingerprint {
    pub fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub fn see(&mut self, values: &[f64]) {
        for byte in values.iter().flat_map(|value| value.to_le_bytes()) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    pub fn text(&self) -> String {
        format!("{:016x}", self.0)
    }
}

/// Of a band's response function.
pub(super) fn fingerprint_of_band(band: &Band) -> String {
    let mut fingerprint = Fingerprint::new();
    for (nm, weight) in band.response() {
        fingerprint.see(&[f64::from(*nm), *weight]);
    }
    fingerprint.text()
}

impl SpectralData {
    /// Of everything a spectrum is made of.
    pub fn fingerprint(&self) -> String {
        let mut fingerprint = Fingerprint::new();
        for place in 0..WAVELENGTHS {
            fingerprint.see(&[self.refractive_index(place)]);
            fingerprint.see(&Absorber::ALL.map(|absorber| self.coefficient(absorber, place)));
        }
        for spectrum in [&self.soil.dry, &self.soil.wet, &self.direct, &self.diffuse] {
            fingerprint.see(spectrum);
        }
        fingerprint.see(self.measured_diffuse_share.as_deref().unwrap_or_default());
        fingerprint.text()
    }
}
