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

#[test]
fn azimuths_of_any_turn_are_read_and_hundredths_of_degrees_refused() {
    let (table, _) = read(
        "red,nir,azimuth\n0.1,0.2,190.8\n0.1,0.2,-30\n0.1,0.2,90\n0.1,0.2,725\n",
        with(("psi", "azimuth")),
    )
    .unwrap();
    let conditions = table.conditions().unwrap();
    let found = conditions.values().column(2).to_vec();
    assert_eq!(found, [360.0 - 190.8, 30.0, 90.0, 5.0]);
    for (angle, cells) in [
        ("tts", [4000.0, 4100.0]),
        ("tto", [700.0, 810.0]),
        ("psi", [9000.0, 17000.0]),
    ] {
        let text = format!("red,nir,x\n0.1,0.2,{}\n0.1,0.2,{}\n", cells[0], cells[1]);
        let message = message(&text, with((angle, "x")));
        assert!(
            message.contains("these look like hundredths of a degree"),
            "{message}"
        );
    }
}

#[test]
fn a_table_of_fill_numbers_and_one_that_was_scaled_twice_are_refused() {
    let values = |values| layout(&["red", "nir"], values);
    let filled = table_of(40, |row, _| if row < 25 { -9999.0 } else { 0.2 });
    let filled = message(&filled, values(Values::Reflectance));
    assert!(
        filled
            .contains("half of all values or more are -9999; these look like a number for no data"),
        "{filled}"
    );
    let dark = table_of(40, |row, column| {
        1e-5 * (1.0 + row as f64 + 20.0 * column as f64)
    });
    let dark = message(&dark, values(Values::Reflectance));
    assert!(
        dark.contains("reflectance that was scaled once more"),
        "{dark}"
    );
    // deep water is dark, but not in the blue
    let water = table_of(40, |_, column| if column == 0 { 0.03 } else { 0.0002 });
    assert!(read(&water, values(Values::Reflectance)).is_ok());
}
