//! The sun zenith angle from the date of each row.

mod common;

use common::{layout, message, read};
use data::{BadRow, Date, Overpass, RowRules, Rule, TableLayout, Values};

fn over_austria(time_utc: &str) -> Overpass {
    Overpass {
        latitude: 48.15,
        longitude: 16.1,
        time_utc: time_utc.into(),
    }
}

fn with_sun(time_utc: &str) -> TableLayout {
    TableLayout {
        date: Some("date".into()),
        sun: Some(over_austria(time_utc)),
        ..layout(&["red", "nir"], Values::Reflectance)
    }
}

fn dropping(layout: TableLayout) -> TableLayout {
    let rows = RowRules {
        missing: BadRow::DropRow,
        out_of_range: BadRow::DropRow,
        max_dropped: 1.0,
        ..RowRules::default()
    };
    TableLayout { rows, ..layout }
}

#[test]
fn each_row_has_the_sun_of_its_date_and_the_other_conditions_are_the_default() {
    let text = "red,nir,date\n0.1,0.2,2018.04.08\n0.3,0.4,2018-10-30\n0.5,0.6,2018.04.08\n\
                0.7,0.8, 2018-04-08T08:00 \n";
    let (table, _) = read(text, with_sun("10:00")).unwrap();
    let conditions = table.conditions().unwrap();
    assert_eq!(conditions.names(), ["tts", "tto", "psi"]);
    let overpass = over_austria("10:00").check().unwrap();
    let dates = ["2018-04-08", "2018-10-30", "2018-04-08", "2018-04-08T08:00"];
    let values = conditions.values();
    for (row, date) in values.outer_iter().zip(dates) {
        let zenith = overpass.sun_zenith(Date::parse(date).unwrap()).unwrap();
        assert_eq!(row.to_vec(), [zenith, 0.0, 0.0]);
    }
    // spring, autumn, and an earlier hour of spring
    assert!((41.0..43.0).contains(&values[[0, 0]]), "{values}");
    assert!((61.0..63.5).contains(&values[[1, 0]]), "{values}");
    assert!(values[[3, 0]] > values[[0, 0]] + 10.0, "{values}");
    // the date stays the label it is
    let date = table.labels().date.as_ref().unwrap();
    assert_eq!(date.get(0), Some("2018.04.08"));
}

#[test]
fn the_other_angles_may_have_columns() {
    let mut layout = with_sun("10:00");
    layout.conditions.insert("psi".into(), "azimuth".into());
    layout.truth.insert("a".into(), "a".into());
    let text = "red,nir,a,azimuth,date\n0.1,0.2,0.7,120,2018.04.08\n";
    let (table, _) = read(text, layout).unwrap();
    let conditions = table.conditions().unwrap().values().to_owned();
    assert!((41.0..43.0).contains(&conditions[[0, 0]]));
    assert_eq!((conditions[[0, 1]], conditions[[0, 2]]), (0.0, 120.0));
    assert_eq!(table.truth().unwrap().values()[[0, 0]], 0.7);
}

#[test]
fn a_date_that_cannot_be_read_is_refused() {
    for layout in [with_sun("10:00"), dropping(with_sun("10:00"))] {
        assert_eq!(
            message(
                "red,nir,date\n0.1,0.2,2018.04.08\n0.1,0.2,08.04.2018\n",
                layout
            ),
            format!(
                "table.csv, line 3, column \"date\": \"08.04.2018\" is not a date, expected {}",
                Date::FORMS
            )
        );
    }
    assert_eq!(
        message("red,nir\n0.1,0.2\n", with_sun("10:00")),
        "table.csv: no column \"date\" (declared in date); the columns are [\"red\", \"nir\"]"
    );
    // without a sun any text is a date
    let mut without = with_sun("10:00");
    without.sun = None;
    assert!(read("red,nir,date\n0.1,0.2,in spring\n", without).is_ok());
}

#[test]
fn a_missing_date_is_a_missing_value() {
    assert_eq!(
        message("red,nir,date\n0.1,0.2,\n", with_sun("10:00")),
        "table.csv, line 2, column \"date\": the cell is empty, expected a date; `missing: drop_row` leaves such \
         rows out"
    );
    let text = "red,nir,date\n0.1,0.2,2018.04.08\n0.1,0.2,\n0.1,0.2,NaT\n0.1,0.2,null\n";
    let (table, report) = read(text, dropping(with_sun("10:00"))).unwrap();
    assert_eq!(table.values().nrows(), 1);
    assert_eq!(report.dropped_by(Rule::Missing), 3);
    assert_eq!(
        report.dropped[1].reason.to_string(),
        "column \"date\": the cell is \"NaT\""
    );
}

#[test]
fn a_sun_too_low_for_the_physics_is_out_of_range() {
    let text = "red,nir,date\n0.1,0.2,2018.04.08\n0.1,0.2,2018-04-08 00:00:00\n";
    assert_eq!(
        message(text, with_sun("10:00")),
        "table.csv, line 3, column \"date\": with \"2018-04-08 00:00:00\" the sun is 123.07 degrees from the \
         vertical, outside the allowed range 0 to 80; are latitude and longitude (north and east positive) and \
         the time (UTC) those of the row?"
    );
    let (table, report) = read(text, dropping(with_sun("10:00"))).unwrap();
    assert_eq!(table.values().nrows(), 1);
    assert_eq!(report.dropped_by(Rule::OutOfRange), 1);
    assert_eq!(
        report.dropped[0].reason.to_string(),
        "column \"date\": the sun is 123.07 degrees from the vertical, outside 0 to 80"
    );
}

/// Small angles in a column look like radians; computed ones are degrees whatever they are.
#[test]
fn a_sun_overhead_is_not_taken_for_radians() {
    let layout = TableLayout {
        sun: Some(Overpass {
            latitude: 23.4,
            longitude: 0.0,
            time_utc: "12:02".into(),
        }),
        ..with_sun("10:00")
    };
    let (table, _) = read("red,nir,date\n0.1,0.2,2018-06-21\n", layout).unwrap();
    let zenith = table.conditions().unwrap().values()[[0, 0]];
    assert!(zenith < 1.0, "{zenith}");
}
