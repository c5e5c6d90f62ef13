//! Any bytes as the two npy files of mean and scale.
#![no_main]

use data::Standardization;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let half = bytes.len() / 2;
    for (mean, scale) in [(bytes, bytes), (&bytes[..half], &bytes[half..])] {
        let mean = fuzz::file("mean.npy", mean);
        let scale = fuzz::file("scale.npy", scale);
        if let Ok(both) = Standardization::load(&mean, &scale, 2) {
            assert!(both.mean().iter().chain(both.scale()).all(|x| x.is_finite()));
        }
    }
});
