//! Any text as a file of ranges beside a good configuration.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trainer::assemble::check;
use trainer::config::{ConfigSource, Overrides, load};

const CONFIGURATION: &str = r#"{"name": "x", "physics": {"model": "inform", "ranges": "ranges.json"},
    "data": {"source": "synthetic"}, "phys_vae": {"dim_z_phy": 7}, "trainer": {}}"#;

fuzz_target!(|bytes: &[u8]| {
    fuzz::file("ranges.json", bytes);
    let path = fuzz::file("config.json", CONFIGURATION.as_bytes());
    if let Err(error) = load(&ConfigSource::File(path), &Overrides::default())
        .map_err(Into::into)
        .and_then(|loaded| check(&loaded))
    {
        assert_eq!(error.exit_code(), 2, "{error}");
    }
});
