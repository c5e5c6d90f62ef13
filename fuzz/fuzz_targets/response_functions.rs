//! Any text as response functions of a sensor.
#![no_main]

use libfuzzer_sys::fuzz_target;
use physics::Sensor;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(sensor) = Sensor::parse("fuzzed", text)
    {
        for band in sensor.bands() {
            let sum: f64 = band.response().iter().map(|(_, weight)| weight).sum();
            assert!((sum - 1.0).abs() < 1e-9, "weights sum to {sum}");
        }
    }
});
