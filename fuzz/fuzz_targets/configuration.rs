//! Any text as a configuration: it is checked or refused with exit code 2.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trainer::assemble::check;
use trainer::config::{ConfigSource, Overrides, load};

fuzz_target!(|bytes: &[u8]| {
    let path = fuzz::file("config.json", bytes);
    if let Err(error) = load(&ConfigSource::File(path), &Overrides::default())
        .map_err(Into::into)
        .and_then(|loaded| check(&loaded))
    {
        assert_eq!(error.exit_code(), 2, "{error}");
    }
});
