//! All randomness of a run: one independent stream per (seed, purpose, epoch, batch).

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What random numbers are for. The number of a purpose is part of the key: never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u64)]
pub enum Purpose {
    /// Initial weights of the network.
    Initialisation = 1,
    /// Order of the training rows.
    Shuffle = 2,
    /// ε of the latent draw.
    LatentNoise = 3,
    /// Physical parameters of Stage A.
    StageA = 4,
    /// Rows whose conditions Stage A takes.
    StageAConditions = 5,
    /// The built-in synthetic data; the epoch is the split (0 train, 1 valid, 2 test), the batch the row.
    SyntheticData = 6,
    /// Evaluation with drawn instead of mean latents.
    SampledEvaluation = 7,
    /// Baselines a run is compared with.
    Baseline = 8,
    /// Samples on which the inversion of the physics is measured.
    Inversion = 9,
    /// Noise and model error on the spectra of Stage A.
    StageANoise = 10,
    /// Draws of the prior whose moments calibrate a decoder.
    Calibration = 11,
    /// Sun and view of the built-in synthetic data; epoch and batch as for [`Purpose::SyntheticData`].
    SyntheticGeometry = 12,
    /// Simulations that an epoch is judged by.
    SimulatedValidation = 13,
}

/// Sets these keys apart from any other use of the generator.
const DOMAIN: &[u8; 16] = b"data::streams v1";

/// The random stream of a (seed, purpose, epoch, batch); reproducible on every machine.
///
/// | part of ChaCha8 | content |
/// |---|---|
/// | key, bytes 0–7 | seed, little endian |
/// | key, bytes 8–15 | number of the purpose, little endian |
/// | key, bytes 16–31 | `data::streams v1` |
/// | stream id (64 bits) | epoch · 2³² + batch |
/// | block counter (64 bits) | runs within the stream |
///
/// Two different quadruples differ in the key or in the stream id, so no stream ever runs into
/// another one; none depends on how much was drawn from others, on threads, or on a resumed run's
/// past.
///
/// ```
/// use data::{Purpose, stream};
/// use rand::Rng;
/// let noise: f64 = stream(123, Purpose::LatentNoise, 20, 7).sample(rand_distr::StandardNormal);
/// # assert!(noise.is_finite());
/// ```
pub fn stream(seed: u64, purpose: Purpose, epoch: u32, batch: u32) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
    key[16..].copy_from_slice(DOMAIN);
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(u64::from(epoch) << 32 | u64::from(batch));
    rng
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngCore;
    use std::collections::HashSet;

    const ALL: [Purpose; 10] = [
        Purpose::StageANoise,
        Purpose::Initialisation,
        Purpose::Shuffle,
        Purpose::LatentNoise,
        Purpose::StageA,
        Purpose::StageAConditions,
        Purpose::SyntheticData,
        Purpose::SampledEvaluation,
        Purpose::Baseline,
        Purpose::Inversion,
    ];

    #[test]
    fn neighbouring_streams_share_nothing() {
        let mut seen = HashSet::new();
        for seed in [0, 1, 123, u64::MAX] {
            for purpose in ALL {
                for epoch in [0, 1, u32::MAX] {
                    for batch in [0, 1, u32::MAX] {
                        let mut rng = stream(seed, purpose, epoch, batch);
                        for _ in 0..64 {
                            assert!(
                                seen.insert(rng.next_u64()),
                                "{seed} {purpose:?} {epoch} {batch}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_same_key_gives_the_same_stream() {
        let first = stream(7, Purpose::StageA, 3, 4).next_u64();
        assert_eq!(stream(7, Purpose::StageA, 3, 4).next_u64(), first);
    }

    /// Results of old runs can be repeated only while these stay.
    #[test]
    fn the_key_layout_is_frozen() {
        let mut rng = stream(123, Purpose::SyntheticData, 1, 2);
        assert_eq!(
            rng.get_seed()[..16],
            [123, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]
        );
        assert_eq!(&rng.get_seed()[16..], DOMAIN);
        assert_eq!(rng.get_stream(), (1 << 32) + 2);
        assert_eq!(rng.next_u64(), 1421859690912143966);
    }
}
