//! Tables with dates, numbers and angles that are not what one expects: the right estimate, or a word about it.

use std::fmt::Write as _;
use std::path::Path;
use stories::infer::{CHANNELS, columns, infer, infer_and_hear, observations, refused};
use stories::observations::{FEW, SUN, estimates, table};
use stories::{text, trainer};

#[test]
fn a_date_is_read_refused_with_its_place_or_missing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let sun = observations("sun.json");
    // the cases as they were reported
    let one = observations("local_one.csv");
    let refusal = refused(
        folder,
        &["--input", &one, "--output", "o.csv", "--description", &sun],
    );
    assert!(refusal.contains(r#"local_one.csv, line 5, column "date": "21.06.2020" is not a date, expected YYYY-MM-DD"#), "{refusal}");
    let short = observations("no_leading_zero.csv");
    let found = estimates(folder, &short, &["--description", &sun]);
    assert!(
        found[2].1.iter().all(|flags| *flags != 1.0)
            && found[0].1.iter().all(|lai| lai.is_finite())
    );

    std::fs::write(folder.join("sun.json"), SUN).unwrap();
    let with = |dates: &[&str]| {
        let cell = |row: usize| format!(",\"{}\"", dates[row]);
        std::fs::write(folder.join("x.csv"), table(dates.len(), ",date", cell)).unwrap();
    };
    let described = ["--description", "sun.json"];
    let one_day = [
        "2020-06-21",
        "2020-6-21",
        "2020/06/21",
        "2020.6.21",
        "20200621",
        "2020-06-21T10:00:00Z",
        "2020-06-21 10:00",
        "2020-06-21T12:00+02:00",
        " 2020-06-21 ",
        "2020-06-21T10:00:00.5 UTC",
    ];
    let expected = {
        with(&["2020-06-21"; 10]);
        estimates(folder, "x.csv", &described)
    };
    with(&one_day);
    assert_eq!(estimates(folder, "x.csv", &described), expected);
    // no date is no estimate, and nothing else is
    let missing = [
        "2020-06-21",
        "",
        "NA",
        "n/a",
        "null",
        "None",
        "NaN",
        "NaT",
        "  ",
    ];
    with(&missing);
    let found = estimates(folder, "x.csv", &described);
    let flags: Vec<u8> = found[2].1.iter().map(|v| *v as u8 & 1).collect();
    assert_eq!(flags, [0, 1, 1, 1, 1, 1, 1, 1, 1]);
    let wrong = [
        "21.06.2020",
        "06/21/2020",
        "21-6-2020",
        "20-6-21",
        "2020-13-01",
        "2020-02-30",
        "June 2020",
        "18434",
        "2020",
        "0",
        "2020-06-21T25:00",
        "1850-01-01",
        "x",
        "-",
        "2020-06",
    ];
    let mut tried = one_day.len() + missing.len();
    for text in wrong {
        // behind blank lines, in the last of many rows
        with(&[&["2020-06-21"; 30][..], &[text]].concat());
        let lines = text_with_blank_lines(&folder.join("x.csv"));
        std::fs::write(folder.join("x.csv"), lines).unwrap();
        let refusal = refused(
            folder,
            &[&["--input", "x.csv", "--output", "p.csv"], &described[..]].concat(),
        );
        let place = format!("x.csv, line 34, column \"date\": {text:?} is not a date");
        assert!(refusal.contains(&place), "{refusal}");
        tried += 1;
    }
    println!("{tried} dates");
    assert_eq!(tried, 34);
}

/// Two blank lines behind the header.
fn text_with_blank_lines(path: &Path) -> String {
    text(path).replacen('\n', "\n\n\n", 1)
}

#[test]
fn an_absurd_number_costs_its_own_row_alone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let values = ["--values", "reflectance", "--angle", "tts=40"];
    let found = estimates(folder, &observations("huge_cell.csv"), &values);
    let flags: Vec<u8> = found[2].1.iter().map(|v| *v as u8 & 1).collect();
    assert_eq!(flags, [0, 0, 0, 1, 0, 0]);
    let mut tried = 0;
    for cell in [
        "1e38",
        "-3.4e38",
        "-3.4028234663852886e38",
        "1e300",
        "-1e308",
        "1e15",
        "inf",
    ] {
        for column in 0..=CHANNELS.len() {
            let mut text = table(4, ",sun", |_| ",40".into());
            let mut rows: Vec<Vec<String>> = (text.lines())
                .map(|line| line.split(',').map(str::to_owned).collect())
                .collect();
            rows[2][column] = cell.to_owned();
            text = rows.iter().map(|row| row.join(",") + "\n").collect();
            std::fs::write(folder.join("x.csv"), text).unwrap();
            let found = estimates(
                folder,
                "x.csv",
                &["--values", "reflectance", "--angle", "tts=sun"],
            );
            for (name, values) in &found[..2] {
                let there: Vec<bool> = values.iter().map(|v| v.is_finite()).collect();
                assert_eq!(
                    there,
                    [true, false, true, true],
                    "{cell} in {column}: {name}"
                );
            }
            assert_eq!(found[2].1[1] as u8 & 1, 1, "{cell} in {column}");
            tried += 1;
        }
    }
    println!("{tried} cells");
    assert_eq!(tried, 77);
}

#[test]
fn a_number_for_no_data_is_found_however_it_is_held() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut tried = 0;
    for (nodata, held) in [
        ("-9999.9", "-9999.9"),
        ("-9999.9", "-9999.900390625"),
        ("-3.4028235e38", "-3.4028234663852886e38"),
        ("-3.40282306e38", "-3.4028235e38"),
        ("0.1", "0.1"),
        ("0.1", "0.10000000149011612"),
        ("1e20", "1e20"),
        ("-32768", "-32768"),
    ] {
        let text = table(3, ",sun", |_| ",40".into());
        for column in [0, 9, 10] {
            let mut rows: Vec<Vec<String>> = (text.lines())
                .map(|line| line.split(',').map(str::to_owned).collect())
                .collect();
            rows[2][column] = held.to_owned();
            let text: String = rows.iter().map(|row| row.join(",") + "\n").collect();
            std::fs::write(folder.join("x.csv"), text).unwrap();
            let nodata = format!("--nodata={nodata}");
            let found = estimates(
                folder,
                "x.csv",
                &["--values", "reflectance", "--angle", "tts=sun", &nodata],
            );
            let flags: Vec<u8> = found[2].1.iter().map(|v| *v as u8 & 5).collect();
            assert_eq!(flags, [0, 1, 0], "{nodata} held as {held} in {column}");
            tried += 1;
        }
    }
    println!("{tried} numbers for no data");
    assert_eq!(tried, 24);
}

#[test]
fn angles_are_folded_flagged_and_counted_or_refused_with_the_cause() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let psi = observations("psi_column.csv");
    let values = [
        "--values",
        "reflectance",
        "--angle",
        "tts=tts",
        "--angle",
        "psi=psi",
    ];
    let found = estimates(
        folder,
        &psi,
        &[&values[..], &["--angle", "tto=10"]].concat(),
    );
    let folded = text(Path::new(&psi))
        .replace("190.8", "169.2")
        .replace("-30.0", "30.0");
    std::fs::write(folder.join("folded.csv"), folded).unwrap();
    let expected = estimates(
        folder,
        "folded.csv",
        &[&values[..], &["--angle", "tto=10"]].concat(),
    );
    for ((name, found), (_, expected)) in found.iter().zip(&expected) {
        for (a, b) in found.iter().zip(expected) {
            assert!((a - b).abs() <= 1e-4 * (1.0 + b.abs()), "{name}: {a}, {b}");
        }
    }
    assert!(found[2].1.iter().all(|flags| *flags as u8 & 1 == 0));
    // of a constant
    let spectra = table(2, "", |_| String::new());
    std::fs::write(folder.join("x.csv"), spectra).unwrap();
    let with = |psi: &str| {
        let psi = format!("psi={psi}");
        estimates(
            folder,
            "x.csv",
            &[
                "--values",
                "reflectance",
                "--angle",
                "tts=40",
                "--angle",
                "tto=8",
                "--angle",
                &psi,
            ],
        )
    };
    assert_eq!(with("-30"), with("30"));
    assert_eq!(with("405"), with("45"));

    // some angles beyond the physics are counted
    let low_sun = table(25, ",sun", |row| {
        format!(",{}", if row < 3 { 85 } else { 40 })
    });
    std::fs::write(folder.join("low.csv"), low_sun).unwrap();
    let arguments = [
        "--input",
        "low.csv",
        "--output",
        "low_o.csv",
        "--values",
        "reflectance",
        "--angle",
        "tts=sun",
    ];
    let printed = infer(folder, &[&arguments[..], &FEW].concat());
    assert!(
        printed.contains("angle tts outside 0 to 80 in 12.00 %: no estimate there"),
        "{printed}"
    );
    let flags = columns(&folder.join("low_o.csv"))[2].1.clone();
    assert!(flags[..3].iter().all(|v| *v == 5.0) && flags[3..].iter().all(|v| *v as u8 & 5 == 0));

    for (angle, number, cause) in [
        ("tts", "4000", "hundredths of a degree"),
        ("tts", "0.7", "radians"),
        ("tto", "900", "hundredths of a degree"),
        ("psi", "12000", "hundredths of a degree"),
        ("tts", "-99999", "numbers for no data"),
    ] {
        std::fs::write(
            folder.join("bad.csv"),
            table(5, ",angle", |_| format!(",{number}")),
        )
        .unwrap();
        let angle = format!("{angle}=angle");
        let refusal = refused(
            folder,
            &[
                "--input",
                "bad.csv",
                "--output",
                "p.csv",
                "--values",
                "reflectance",
                "--angle",
                &angle,
            ],
        );
        assert!(
            refusal.contains("bad.csv: ") && refusal.contains(cause),
            "{refusal}"
        );
    }
}

#[test]
fn what_was_not_given_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("x.csv"), table(2, "", |_| String::new())).unwrap();
    let heard = |output: &str, more: &[&str]| {
        let arguments = [
            "--input",
            "x.csv",
            "--output",
            output,
            "--values",
            "reflectance",
        ];
        infer_and_hear(folder, &[&arguments[..], more].concat()).1
    };
    let nothing = heard("a.csv", &[]);
    assert!(
        nothing.contains("sun zenith not given: 30 deg assumed (--angle tts=...)"),
        "{nothing}"
    );
    assert!(
        nothing.contains("view zenith not given: 0 deg assumed (--angle tto=...)"),
        "{nothing}"
    );
    assert!(!nothing.contains("azimuth"), "{nothing}");
    let view = heard("b.csv", &["--angle", "tts=40", "--angle", "tto=8"]);
    assert!(
        view.contains("relative azimuth not given: 0 deg assumed (--angle psi=...)"),
        "{view}"
    );
    assert!(!view.contains("zenith not given"), "{view}");
    let all = heard(
        "c.csv",
        &["--angle", "tts=40", "--angle", "tto=8", "--angle", "psi=20"],
    );
    assert_eq!(all, "");
}

#[test]
fn a_simulation_takes_azimuths_of_any_turn() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut rows = "N,cab,cw,cm,LAI,LAIu,fc,tts,tto,psi\n".to_owned();
    let turns = [30.0, -30.0, 330.0, 390.0, -330.0];
    for psi in turns {
        let _ = writeln!(rows, "1.5,45,0.015,0.008,3,0.5,0.9,40,10,{psi}");
    }
    std::fs::write(folder.join("p.csv"), rows).unwrap();
    let mut simulate = trainer();
    simulate
        .args(["simulate", "--params", "p.csv", "--output", "o.csv"])
        .current_dir(folder);
    let output = simulate.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let found = text(&folder.join("o.csv"));
    let rows: Vec<&str> = found.lines().skip(1).collect();
    assert_eq!(rows, vec![rows[0]; turns.len()]);
}
