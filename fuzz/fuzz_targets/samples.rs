//! Any bytes as a table of samples: what is read is finite, as long as it says, and no larger than allowed.
#![no_main]

use data::{BadRow, Duplicates, Overpass, RowRules, TableLayout, Values, read_table};
use libfuzzer_sys::fuzz_target;
use physics::Parameter;

fuzz_target!(|bytes: &[u8]| {
    // the first byte chooses the rules
    let Some((&choice, bytes)) = bytes.split_first() else {
        return;
    };
    let path = fuzz::file("table.csv", bytes);
    let columns = ["B02", "B03"].map(String::from).to_vec();
    let mut layout = TableLayout::new(columns, Values::Reflectance);
    layout.sample_id = (choice & 4 != 0).then(|| "id".into());
    if choice & 16 != 0 {
        layout.date = Some("date".into());
        layout.sun = Some(Overpass {
            latitude: 48.15,
            longitude: 16.1,
            time_utc: "10:00".into(),
        });
    }
    let drop = |yes| if yes { BadRow::DropRow } else { BadRow::Error };
    layout.rows = RowRules {
        missing: drop(choice & 1 != 0),
        out_of_range: drop(choice & 2 != 0),
        duplicates: if choice & 8 != 0 {
            Duplicates::DropRow
        } else {
            Duplicates::Keep
        },
        max_dropped: 0.5,
        max_bytes: 1 << 20,
    };
    let layout = layout
        .check(&[Parameter::Tts.quantity()], &[])
        .expect("the layout is good");
    if let Ok((table, report)) = read_table(&path, &layout) {
        assert_eq!(table.values().nrows(), report.rows);
        assert!(table.values().iter().all(|x| (-0.1..=1.6).contains(x)));
        if let Some(conditions) = table.conditions() {
            let zeniths = conditions.values();
            assert!(zeniths.iter().all(|x| (0.0..=80.0).contains(x)));
        }
        assert!(report.dropped_fraction() <= 0.5);
    }
});
