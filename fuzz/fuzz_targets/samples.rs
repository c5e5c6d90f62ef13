//! Any bytes as a table of samples: what is read is finite and as long as it says.
#![no_main]

use data::{TableLayout, Values, read_table};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = fuzz::file("table.csv", bytes);
    let columns = ["B02", "B03"].map(String::from).to_vec();
    let layout = TableLayout::new(columns, Values::Reflectance);
    let layout = layout.check(&[], &[]).expect("the layout is good");
    if let Ok((table, report)) = read_table(&path, &layout) {
        assert_eq!(table.values().nrows(), report.rows);
        assert!(table.values().iter().all(|x| x.is_finite()));
    }
});
