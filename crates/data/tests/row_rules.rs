//! Rows that are left out by rule, and how much of a table may be held.

mod common;

use common::{layout, message, read};
use data::{BadRow, DataError, Duplicates, ReadReport, RowRules, Rule, TableLayout, Values};
use proptest::prelude::*;
use std::fmt::Write;

fn two(rows: RowRules) -> TableLayout {
    TableLayout {
        rows,
        ..layout(&["red", "nir"], Values::Reflectance)
    }
}

/// Everything that can be left out is.
const DROPPING: RowRules = RowRules {
    missing: BadRow::DropRow,
    out_of_range: BadRow::DropRow,
    duplicates: Duplicates::DropRow,
    max_dropped: 1.0,
    max_bytes: RowRules::MAX_BYTES,
};

/// n good rows, all different.
fn good(n: usize) -> String {
    (0..n).fold("red,nir\n".to_owned(), |mut text, i| {
        writeln!(text, "{},0.4", 0.01 + i as f64 * 1e-5).unwrap();
        text
    })
}

#[test]
fn each_rule_names_its_rows() {
    let mut layout = two(DROPPING);
    layout.conditions.insert("tts".into(), "sun".into());
    layout.sample_id = Some("id".into());
    let text = "id,red,nir,sun\n\
                a,0.1,0.3,30\n\
                b,,0.3,30\n\
                c,0.1,1.7,30\n\
                d,0.1,0.3,99\n\
                \n\
                a,0.10,0.3,30.0\n\
                e,0.1,0.3,30\n\
                a,0.1,0.3,31\n";
    let (table, report) = read(text, layout).unwrap();
    assert!(
        table
            .labels()
            .sample_id
            .as_ref()
            .unwrap()
            .iter()
            .eq(["a", "e", "a"])
    );
    assert_eq!(
        table.conditions().unwrap().values().column(0).to_vec(),
        [30.0, 30.0, 31.0]
    );
    let dropped: Vec<_> = (report.dropped.iter())
        .map(|row| (row.line, row.reason.rule(), row.reason.to_string()))
        .collect();
    let expected = [
        (3, Rule::Missing, "column \"red\": the cell is empty"),
        (
            4,
            Rule::OutOfRange,
            "column \"nir\": 1.7 is outside -0.1 to 1.6",
        ),
        (5, Rule::OutOfRange, "column \"sun\": 99 is outside 0 to 80"),
        (7, Rule::Duplicate, "the same as line 2"),
    ];
    assert_eq!(
        dropped,
        expected.map(|(line, rule, why)| (line, rule, why.to_owned()))
    );
    assert_eq!(Rule::ALL.map(|rule| report.dropped_by(rule)), [1, 2, 1]);
    let text = report.to_string();
    assert!(
        text.contains("3 rows, 4 dropped (1 missing, 2 out_of_range, 1 duplicate): line 3 ("),
        "{text}"
    );
    let csv = ReadReport::dropped_rows_as_csv([&report]);
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(
        rows.headers().unwrap(),
        &["file", "line", "rule", "reason"][..]
    );
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 4);
    assert!(rows[0][0].ends_with("table.csv"));
    assert_eq!(
        rows[3].iter().skip(1).collect::<Vec<_>>(),
        ["7", "duplicate", "the same as line 2"]
    );
}

#[test]
fn what_is_not_left_out_is_an_error_or_kept() {
    let text = "red,nir\n0.1,0.3\n0.2,0.3\n\n0.1,0.3\n";
    let (table, report) = read(text, two(RowRules::default())).unwrap();
    assert_eq!((table.values().nrows(), report.dropped.len()), (3, 0));
    let duplicates = Duplicates::Error;
    assert_eq!(
        message(
            text,
            two(RowRules {
                duplicates,
                ..RowRules::default()
            })
        ),
        "table.csv, line 5: the same as line 2; `duplicates: drop_row` leaves such rows out, \
         `duplicates: keep` takes them"
    );
}

#[test]
fn a_wrong_unit_is_named_although_its_rows_could_be_left_out() {
    let digital = good(50).replace("0.", "1");
    assert!(message(digital, two(DROPPING)).contains("these look like Sentinel-2 digital numbers"));
}

#[test]
fn more_than_the_declared_share_is_an_error() {
    let text = good(95) + &",0.1\n".repeat(5);
    let rules = |max_dropped| RowRules {
        max_dropped,
        ..DROPPING
    };
    assert_eq!(read(&text, two(rules(0.05))).unwrap().1.dropped.len(), 5);
    let error = read(&text, two(rules(0.049))).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains(
            "95 rows, 5 dropped (5 missing): line 97 (column \"red\": the cell is empty); line 98"
        ) && text.ends_with("; that is 5.000 % of its rows, allowed is max_dropped = 0.049"),
        "{text}"
    );
    // the rows are all there for whoever asks
    let DataError::TooManyDropped { report, .. } = error else {
        panic!("{text}")
    };
    assert_eq!(report.dropped.len(), 5);
    for share in [-0.1, 1.1, f64::NAN] {
        let refused = two(rules(share)).check(&[], &[]).unwrap_err().to_string();
        assert!(
            refused.ends_with("is not allowed: a share from 0 to 1"),
            "{refused}"
        );
    }
}

#[test]
fn a_table_larger_than_allowed_is_not_read_on() {
    let max_bytes = 100_000;
    let rules = RowRules {
        max_bytes,
        ..RowRules::default()
    };
    // 16 bytes a row, looked at every 1,024 rows
    assert!(read(good(6_000), two(rules)).is_ok());
    let error = read(good(50_000), two(rules)).unwrap_err();
    let DataError::TooMuchMemory { rows, bytes, .. } = error else {
        panic!("{error}")
    };
    assert_eq!((rows, bytes), (7168, 7168 * 16));
    // rows that are left out are held too, by their lines and reasons
    let left_out = "red,nir\n".to_owned() + &",0.1\n".repeat(50_000);
    let rules = RowRules {
        missing: BadRow::DropRow,
        ..rules
    };
    assert!(matches!(
        read(left_out, two(rules)),
        Err(DataError::TooMuchMemory { .. })
    ));
}

/// A number of many digits is infinite: what is kept of it is short.
#[test]
fn no_more_of_a_cell_is_kept_than_is_shown() {
    let digits = "9".repeat(500);
    let (_, report) = read(format!("red,nir\n0.1,0.2\n{digits},0.1\n"), two(DROPPING)).unwrap();
    let expected = format!("column \"red\": the cell is \"{}…\"", "9".repeat(40));
    assert_eq!(report.dropped[0].reason.to_string(), expected);
    let letters = "ä".repeat(500);
    let message = message(format!("red,nir\n{letters},0.1\n"), two(DROPPING));
    assert!(message.len() < 250, "{message}");
}

#[test]
fn a_quotation_mark_left_open_does_not_swallow_the_file() {
    let text = good(10) + "\"0.1,0.2\n" + &good(200_000);
    assert_eq!(
        message(text, two(RowRules::default())),
        "table.csv, line 12: the row is longer than 1048576 bytes; is a quotation mark left open?"
    );
}

proptest! {
    /// Against a search of every row through all earlier ones.
    #[test]
    fn duplicates_are_the_rows_that_were_there_before(cells in proptest::collection::vec((0..3_u8, 0..3_u8, 0..2_u8), 1..60)) {
        let mut layout = two(DROPPING);
        layout.class = Some("class".into());
        let mut text = "red,nir,class\n".to_owned();
        for (red, nir, class) in &cells {
            writeln!(text, "0.{red},0.{nir},{class}").unwrap();
        }
        let (table, report) = read(text, layout).unwrap();
        let mut expected = vec![];
        for (i, cell) in cells.iter().enumerate() {
            if let Some(first) = cells[..i].iter().position(|earlier| earlier == cell) {
                expected.push((i as u64 + 2, format!("the same as line {}", first + 2)));
            }
        }
        let found: Vec<_> = report.dropped.iter().map(|row| (row.line, row.reason.to_string())).collect();
        prop_assert_eq!(table.values().nrows(), cells.len() - expected.len());
        prop_assert_eq!(found, expected);
    }
}
