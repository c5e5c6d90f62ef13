//! Any bytes as a Parquet table: footer, pages, strings.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fuzz::read_table("table.parquet", bytes));
