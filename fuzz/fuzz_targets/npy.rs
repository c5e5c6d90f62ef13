//! Any bytes as a NumPy array.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fuzz::read_table("table.npy", bytes));
