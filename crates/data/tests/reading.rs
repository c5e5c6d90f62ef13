//! What a user's table may look like, and what is said where it may not.

mod common;

use common::{File, check, layout, message, read};
use data::{
    Absence, BadRow, DataError, DroppedRow, Reason, RowRules, TableLayout, ValueSpace, Values,
    read_table,
};
use ndarray::array;
use proptest::prelude::*;
use std::fmt::Write;

fn two() -> TableLayout {
    layout(&["red", "nir"], Values::Reflectance)
}

/// Rows with a missing number are left out, be they ever so many.
fn dropping_missing(layout: TableLayout) -> TableLayout {
    let rows = RowRules {
        missing: BadRow::DropRow,
        max_dropped: 1.0,
        ..layout.rows
    };
    TableLayout { rows, ..layout }
}

#[test]
fn columns_are_found_by_name_and_others_ignored() {
    let mut layout = two();
    layout.class = Some("species".into());
    layout.sample_id = Some("id".into());
    layout.date = Some("when".into());
    layout.conditions.insert("psi".into(), "azimuth".into());
    layout.conditions.insert("tts".into(), "sun".into());
    layout.truth.insert("b".into(), "b measured".into());
    let text = "id,nir,,sun,red,species,azimuth,when,b measured,\n\
                7,0.4,x,35.5,0.05,\"Fagus, old\",120,2018.04.08,3.25,\n\
                8,0.5,,41,-0.01,Quercus,0,2018.04.21,1e0,y\n";
    let (table, report) = read(text, layout).unwrap();
    assert_eq!(table.channels(), ["red", "nir"]);
    assert_eq!(table.values(), array![[0.05, 0.4], [-0.01, 0.5]]);
    assert_eq!(table.space(), ValueSpace::Physical);
    let conditions = table.conditions().unwrap();
    assert_eq!(conditions.names(), ["tts", "tto", "psi"]);
    assert_eq!(
        conditions.values(),
        array![[35.5, 0.0, 120.0], [41.0, 0.0, 0.0]]
    );
    let truth = table.truth().unwrap();
    assert_eq!(
        (truth.names(), truth.values()),
        (&["b".to_string()][..], array![[3.25], [1.0]].view())
    );
    let labels = table.labels();
    for (column, expected) in [
        (&labels.class, ["Fagus, old", "Quercus"]),
        (&labels.sample_id, ["7", "8"]),
        (&labels.date, ["2018.04.08", "2018.04.21"]),
    ] {
        assert!(column.as_ref().unwrap().iter().eq(expected));
    }
    assert_eq!((report.rows, report.dropped.len()), (2, 0));
}

#[test]
fn declared_numbers_become_physical_ones() {
    let dn = |offset| {
        layout(
            &["red", "nir"],
            Values::DigitalNumbers {
                scale: 1e-4,
                offset,
            },
        )
    };
    let near = |text: &str, layout: TableLayout, expected: [f64; 2]| {
        let (table, _) = read(text, layout).unwrap();
        for (value, expected) in table.values().iter().zip(expected) {
            assert!((value - expected).abs() < 1e-15, "{value} {expected}");
        }
    };
    near("red,nir\n300,4000\n", dn(0.0), [0.03, 0.4]);
    near("red,nir\n1300,5000\n", dn(-1000.0), [0.03, 0.4]);
    near(
        "red,nir\n3,40\n",
        layout(&["red", "nir"], Values::Percent),
        [0.03, 0.4],
    );
    near(
        "red,nir\n-3.5,12\n",
        layout(&["red", "nir"], Values::DisplacementMm),
        [-3.5, 12.0],
    );
    let (table, _) = read(
        "red,nir\n-1.5,0.25\n",
        layout(&["red", "nir"], Values::Standardized),
    )
    .unwrap();
    assert_eq!(
        (table.space(), table.values()),
        (ValueSpace::Standardized, array![[-1.5, 0.25]].view())
    );
}

#[test]
fn byte_order_mark_crlf_blank_lines_spaces_and_a_missing_last_line_end_are_fine() {
    let text = "\u{feff}red,nir\r\n 0.1 ,0.2\r\n\r\n0.3,+.4";
    let (table, _) = read(text, two()).unwrap();
    assert_eq!(table.values(), array![[0.1, 0.2], [0.3, 0.4]]);
}

#[test]
fn lines_are_those_of_the_editor() {
    for (text, line) in [
        ("red,nir\n0.1,0.2\n0.1,x\n", 3),
        ("red,nir\r\n0.1,0.2\r\n0.1,x\r\n", 3),
        ("\u{feff}red,nir\r\n\r\n\r\n0.1,x", 4),
        ("red,nir\n\n0.1,0.2\n\n\n0.1,x\n", 6),
        ("\nred,nir\n\"0.1\",0.2\n0.1,x\n", 4),
        ("red,nir,note\n0.1,0.2,\"two\nlines\"\n0.1,x,\n", 4),
    ] {
        let expected = format!(
            "table.csv, line {line}, column \"nir\": \"x\" is not a number, \
             expected a decimal number such as 0.25 or 1e-3"
        );
        assert_eq!(message(text, two()), expected, "{text:?}");
    }
}

#[test]
fn errors_name_file_line_column_value_and_what_is_allowed() {
    let cases = [
        (
            "",
            "table.csv: the file is empty, expected a header line with column names",
        ),
        (
            "\n\n",
            "table.csv: the file is empty, expected a header line with column names",
        ),
        (
            "red,nir\n",
            "table.csv: no rows (0 dropped), expected at least 1",
        ),
        (
            "red,NIR\n0.1,0.2\n",
            "table.csv: no column \"nir\" (declared in columns); the columns are [\"red\", \"NIR\"]",
        ),
        (
            "red,nir,red\n0.1,0.2,0.3\n",
            "table.csv: the column \"red\" occurs 2 times, expected once",
        ),
        (
            "red;nir\n0,1;0,2\n",
            "table.csv, line 1: the columns are separated by ';', expected commas (and decimal points)",
        ),
        (
            "red\tnir\n0.1\t0.2\n",
            "table.csv, line 1: the columns are separated by '\\t', expected commas (and decimal points)",
        ),
        (
            "red,nir\n0.1,0.2\n0.1\n",
            "table.csv, line 3: 1 fields, expected 2 as in the header",
        ),
        (
            "red,nir\n0.1,0.2,0.3\n",
            "table.csv, line 2: 3 fields, expected 2 as in the header",
        ),
        (
            "red,nir\n0.1,\n",
            "table.csv, line 2, column \"nir\": the cell is empty, expected a finite number; \
             `missing: drop_row` leaves such rows out",
        ),
        (
            "red,nir\n-inf,0.1\n",
            "table.csv, line 2, column \"red\": the cell is \"-inf\", expected a finite number; \
             `missing: drop_row` leaves such rows out",
        ),
        (
            "red,nir\n0.1,0.2\n0.1,1.7\n",
            "table.csv, line 3, column \"nir\": reflectance = 1.7 (0–1) (cell 1.7) \
             is outside the allowed range -0.1 to 1.6",
        ),
        (
            "red,nir\n300,4000\n",
            "table.csv: reflectance declared, but half of all values are beyond ±1.6, the largest is 4000; \
             these look like Sentinel-2 digital numbers: declare values: sentinel2_l2a, sentinel2_l2a_before_0400 or digital_numbers",
        ),
        (
            "red,nir\n3.5,40\n",
            "table.csv: reflectance declared, but half of all values are beyond ±1.6, the largest is 40; \
             these look like percent: declare values: percent",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(message(text, two()), expected, "{text:?}");
    }
    assert_eq!(
        message(b"red,nir\n0.1,0.2\n0.1,\xb5\n", two())
            .split(';')
            .next()
            .unwrap(),
        "table.csv, line 3: not UTF-8 text"
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let path = File::new("").path().with_file_name("nowhere.csv");
    let error = read_table(&path, &check(two())).unwrap_err();
    assert!(matches!(error, DataError::Read { .. }));
    assert!(error.to_string().ends_with("nowhere.csv"));
    assert!(read_table(path.parent().unwrap(), &check(two())).is_err());
}

#[test]
fn missing_numbers_are_dropped_and_counted_only_where_declared() {
    let text =
        "red,nir\n0.1,0.2\n,0.2\n0.1,NaN\n\n0.1,n/a\n0.3,0.4\ninf,0.1\n0.1,NULL\nnone,0.1\n-nan,\n";
    let layout = dropping_missing(two());
    let (table, report) = read(text, layout.clone()).unwrap();
    assert_eq!(table.values(), array![[0.1, 0.2], [0.3, 0.4]]);
    assert_eq!(report.rows, 2);
    let lines: Vec<u64> = report.dropped.iter().map(|row| row.line).collect();
    assert_eq!(lines, [3, 4, 6, 8, 9, 10, 11]);
    assert_eq!(
        report.dropped[0],
        DroppedRow {
            line: 3,
            reason: Reason::Missing {
                column: "red".into(),
                absence: Absence::Empty
            }
        }
    );
    let text = report.to_string();
    let text = &text[text.find("table.csv").unwrap()..];
    assert!(
        text.starts_with(
            "table.csv: 2 rows, 7 dropped (7 missing): line 3 (column \"red\": the cell is empty); "
        ),
        "{text}"
    );
    assert!(text.ends_with("; and 2 more"), "{text}");

    // text is never a missing number, also right of one
    assert!(message("red,nir\n,cloud\n", layout.clone()).contains("\"cloud\" is not a number"));
    assert_eq!(
        message("red,nir\n,1\n1,\n", layout),
        "table.csv: no rows (2 dropped), expected at least 1"
    );
}

#[test]
fn no_data_and_saturated_digital_numbers_are_missing() {
    let values = Values::DigitalNumbers {
        scale: 1e-4,
        offset: -1000.0,
    };
    let layout = layout(&["red", "nir"], values);
    let (table, report) = read(
        "red,nir\n1300,4000\n0,4000\n1300,65535\n",
        dropping_missing(layout.clone()),
    )
    .unwrap();
    assert_eq!((table.values().nrows(), report.dropped.len()), (1, 2));
    assert_eq!(
        report.dropped[1].reason.to_string(),
        "column \"nir\": digital number 65535 is saturated"
    );
    assert!(
        message("red,nir\n0,4000\n", layout)
            .contains("column \"red\": digital number 0 is no data")
    );
}

proptest! {
    /// Whatever the file holds: a table or an error, no panic.
    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(bytes, two());
    }

    #[test]
    fn arbitrary_text_after_a_good_header_does_not_panic(text in "[-0-9a,.;\"\r\n eN]{0,120}", drop: bool) {
        let layout = if drop { dropping_missing(two()) } else { two() };
        if let Ok((table, report)) = read(format!("red,nir\n{text}"), layout) {
            prop_assert_eq!(table.values().nrows(), report.rows);
            prop_assert!(table.values().iter().all(|x| (-0.1..=1.6).contains(x)));
        }
    }

    #[test]
    fn every_number_is_read_exactly(numbers in proptest::collection::vec(-0.1_f64..1.6, 2..40)) {
        let mut text = "nir,red\n".to_string();
        for pair in numbers.chunks_exact(2) {
            writeln!(text, "{},{:e}", pair[1], pair[0]).unwrap();
        }
        let (table, _) = read(text, two()).unwrap();
        let expected = &numbers[..numbers.len() / 2 * 2];
        prop_assert!(table.values().iter().eq(expected));
    }
}
