//! Any bytes as a state of a run.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trainer::checkpoint;

fuzz_target!(|bytes: &[u8]| {
    let path = fuzz::file("last.safetensors", bytes);
    if let Err(error) = checkpoint::load::<f32>(&path) {
        assert_eq!(error.exit_code(), 2, "{error}");
    }
});
