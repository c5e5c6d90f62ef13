//! Tables whose numbers cannot be what was declared.

mod common;

use common::{layout, message, read};
use data::{TableLayout, Values};
use std::fmt::Write;

fn with(column: (&str, &str)) -> TableLayout {
    let mut layout = layout(&["red", "nir"], Values::Reflectance);
    layout.conditions.insert(column.0.into(), column.1.into());
    layout
}

/// A table of n rows; the cells are f(row, column).
fn table_of(n: usize, f: impl Fn(usize, usize) -> f64) -> String {
    let mut text = "red,nir\n".to_string();
    for row in 0..n {
        writeln!(text, "{},{}", f(row, 0), f(row, 1)).unwrap();
    }
    text
}

#[test]
fn angles_outside_the_range_of_the_model_and_radians_are_refused() {
    assert_eq!(
        message(
            "red,nir,sun\n0.1,0.2,35\n0.1,0.2,80.5\n",
            with(("tts", "sun"))
        ),
        "table.csv, line 3, column \"sun\": tts = 80.5 deg (cell 80.5) is outside the allowed range 0 to 80"
    );
    assert!(message("red,nir,sun\n0.1,0.2,-3\n", with(("tto", "sun"))).contains("tto = -3 deg"));
    assert!(
        message(
            "red,nir,sun\n0.1,0.2,0.61\n0.1,0.2,0.7\n",
            with(("tts", "sun"))
        )
        .contains("look like radians")
    );
    // a view from straight above is no radian
    assert!(
        read(
            "red,nir,view\n0.1,0.2,0\n0.1,0.2,1.2\n",
            with(("tto", "view"))
        )
        .is_ok()
    );
    assert!(
        message("red,nir\n0.1,0.2\n", with(("tts", "sun")))
            .contains("no column \"sun\" (declared in conditions)")
    );
}

#[test]
fn numbers_that_contradict_the_declaration_are_refused_when_there_is_no_doubt() {
    let reflectance = table_of(40, |row, column| {
        0.02 + 0.2 * column as f64 + 0.002 * row as f64
    });
    let digital = table_of(40, |row, column| {
        200.0 + 2000.0 * column as f64 + 20.0 * row as f64
    });
    let percent = table_of(40, |row, column| {
        2.0 + 20.0 * column as f64 + 0.2 * row as f64
    });
    let metres = table_of(40, |row, column| {
        0.001 * (row as f64 - 20.0) + 0.002 * column as f64
    });
    let standardized = table_of(
        40,
        |row, column| if (row + column) % 2 == 0 { 1.0 } else { -1.0 },
    );
    let values = |values| layout(&["red", "nir"], values);
    let dn = Values::DigitalNumbers {
        scale: 1e-4,
        offset: 0.0,
    };
    for (text, declared, likely) in [
        (
            &reflectance,
            Values::Standardized,
            "these look like reflectance: declare values: reflectance",
        ),
        (
            &digital,
            Values::Standardized,
            "these look like digital numbers or raw measurements",
        ),
        (
            &reflectance,
            dn,
            "these look like reflectance: declare values: reflectance",
        ),
        (
            &reflectance,
            Values::Percent,
            "these look like reflectance: declare values: reflectance",
        ),
        (
            &digital,
            Values::Percent,
            "these look like Sentinel-2 digital numbers",
        ),
        (
            &digital,
            Values::Reflectance,
            "these look like Sentinel-2 digital numbers",
        ),
        (
            &percent,
            Values::Reflectance,
            "these look like percent: declare values: percent",
        ),
        (
            &metres,
            Values::DisplacementMm,
            "these look like metres: convert them to mm",
        ),
        (
            &standardized,
            Values::DisplacementMm,
            "these look like standardized values: declare values: standardized",
        ),
    ] {
        let message = message(text, values(declared));
        assert!(message.contains(likely), "{declared:?}: {message}");
    }
    let millimetres = table_of(40, |row, column| 1.01 * (row as f64 - 19.5) + column as f64);
    for (text, declared) in [
        (&millimetres, Values::DisplacementMm),
        (&standardized, Values::Standardized),
        (&reflectance, Values::Reflectance),
        (&digital, dn),
        (&percent, Values::Percent),
    ] {
        assert!(read(text, values(declared)).is_ok(), "{declared:?}");
    }
    // in doubt it is accepted: few rows, or one channel with the spread of standardised values
    let few = table_of(20, |row, column| {
        0.02 + 0.2 * column as f64 + 0.002 * row as f64
    });
    assert!(read(few, values(Values::Standardized)).is_ok());
    let spread = table_of(
        40,
        |row, column| if column == 0 { 0.5 } else { (row % 2) as f64 },
    );
    assert!(read(spread, values(Values::Standardized)).is_ok());
}
