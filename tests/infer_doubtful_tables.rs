//! Tables with dates, numbers, angles and names that are not what one expects: the right estimate, or a word about it.

use std::fmt::Write as _;
use std::path::Path;
use stories::infer::{CHANNELS, columns, infer, infer_and_hear, observations, refused};
use stories::text;

const FOREST: [f64; 10] = [0.02, 0.04, 0.025, 0.07, 0.2, 0.26, 0.28, 0.3, 0.14, 0.07];
const FEW: [&str; 4] = ["--write", "median,flags", "--parameters", "LAI,cab"];

/// Rows of a forest, each a little brighter than the one before, with further columns.
fn table(rows: usize, header: &str, more: impl Fn(usize) -> String) -> String {
    let mut text = format!("{}{header}\n", CHANNELS.join(","));
    for row in 0..rows {
        let bright = 1.0 + 0.001 * row as f64;
        let cells = FOREST.map(|r| format!("{:.5}", r * bright));
        let _ = writeln!(text, "{}{}", cells.join(","), more(row));
    }
    text
}

fn estimates(folder: &Path, input: &str, more: &[&str]) -> Vec<(String, Vec<f64>)> {
    let files = ["--input", input, "--output", "o.csv", "--overwrite"];
    infer(folder, &[&files, &FEW[..], more].concat());
    columns(&folder.join("o.csv"))
}

const SUN: &str = r#"{"values": "reflectance", "sun": {"latitude": 48.15, "longitude": 16.1, "time_utc": "10:00"}, "date": "date"}"#;

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
fn numbers_that_are_not_what_is_declared_are_refused_or_doubted() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // (reflectance → number) of what a file may hold, as what it is declared, and what is said
    let scaled = |of: &dyn Fn(f64) -> f64| {
        let mut text = CHANNELS.join(",") + "\n";
        for row in 0..50 {
            let cells = FOREST.map(|r| of(r * (1.0 + 0.004 * f64::from(row))).to_string());
            text += &(cells.join(",") + "\n");
        }
        std::fs::write(folder.join("x.csv"), text).unwrap();
    };
    let dn = |r: f64| (1e4 * r + 1000.0).round();
    let old = |r: f64| (1e4 * r).round();
    let mut tried = 0;
    for (of, values, said) in [
        (
            &dn as &dyn Fn(f64) -> f64,
            "reflectance",
            "Sentinel-2 digital numbers: declare values: sentinel2_l2a",
        ),
        (
            &dn,
            "percent",
            "Sentinel-2 digital numbers: declare values: sentinel2_l2a",
        ),
        (
            &|r| r,
            "percent",
            "these look like reflectance: declare values: reflectance; say --values reflectance",
        ),
        (
            &|r| r,
            "sentinel2_l2a",
            "these look like reflectance: declare values: reflectance; say --values reflectance",
        ),
        (
            &|r| r,
            "sentinel2_l2a_before_0400",
            "these look like reflectance",
        ),
        (&|r| r, "standardized", "these look like reflectance"),
        (
            &|r| 100.0 * r,
            "reflectance",
            "these look like percent: declare values: percent; say --values percent",
        ),
        (
            &|r| 1e-4 * r,
            "reflectance",
            "takes the numbers as they are stored; say \
            --values digital_numbers --digital-numbers 1,0",
        ),
        (
            &|r| 1e6 * r,
            "sentinel2_l2a_before_0400",
            "numbers of another scale",
        ),
        (
            &|_| -9999.0,
            "reflectance",
            "a number for no data: declare nodata: -9999; say --nodata -9999",
        ),
    ] {
        scaled(of);
        let refusal = refused(
            folder,
            &["--input", "x.csv", "--output", "o.csv", "--values", values],
        );
        assert!(
            refusal.contains("x.csv: ") && refusal.contains(said),
            "{values}: {refusal}"
        );
        tried += 1;
    }
    for (of, values, said) in [
        (
            &dn as &dyn Fn(f64) -> f64,
            "sentinel2_l2a_before_0400",
            "is the offset of -1000 (Sentinel-2, baseline 04.00 and later) missing? \
            values: sentinel2_l2a takes it off",
        ),
        (&|r| r + 0.1, "reflectance", "missing?"),
        (
            &old,
            "sentinel2_l2a",
            "taken off twice? values: sentinel2_l2a_before_0400 takes off none",
        ),
        (&|r| r - 0.1, "reflectance", "taken off twice?"),
        (&dn, "sentinel2_l2a", ""),
        (&old, "sentinel2_l2a_before_0400", ""),
        (&|r| r, "reflectance", ""),
        (&|r| 100.0 * r, "percent", ""),
    ] {
        scaled(of);
        let arguments = [
            "--input",
            "x.csv",
            "--output",
            "o.csv",
            "--overwrite",
            "--values",
            values,
        ];
        let angles = ["--angle", "tts=40", "--angle", "tto=0"];
        let (_, heard) = infer_and_hear(folder, &[&arguments[..], &angles, &FEW].concat());
        assert!(
            heard.contains(said) && heard.is_empty() == said.is_empty(),
            "{values}: {heard}"
        );
        tried += 1;
    }
    println!("{tried} declarations");
    assert_eq!(tried, 18);
}

#[test]
fn digital_numbers_of_ones_own_and_what_to_type_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut text = CHANNELS.join(",") + "\n";
    for row in 1..40 {
        let cells = FOREST.map(|r| (1000.0 * r * (1.0 + 0.001 * f64::from(row))).to_string());
        text += &(cells.join(",") + "\n");
    }
    std::fs::write(folder.join("x.csv"), text).unwrap();
    let refusal = refused(
        folder,
        &[
            "--input",
            "x.csv",
            "--output",
            "o.csv",
            "--values",
            "digital_numbers",
        ],
    );
    insta::assert_snapshot!(refusal, @r#"error: values digital_numbers is not allowed: with scale and offset of reflectance = (number + offset) * scale: --digital-numbers 0.0001,-1000, or in the file of --description {"values": "digital_numbers", "digital_numbers": {"scale": 0.0001, "offset": -1000}}; Sentinel-2's own are --values sentinel2_l2a and sentinel2_l2a_before_0400"#);
    let own = r#"{"values": "digital_numbers", "digital_numbers": {"scale": 0.001, "offset": 0}}"#;
    std::fs::write(folder.join("own.json"), own).unwrap();
    let described = estimates(folder, "x.csv", &["--description", "own.json"]);
    let typed = estimates(
        folder,
        "x.csv",
        &[
            "--values",
            "digital_numbers",
            "--digital-numbers",
            "0.001,0",
        ],
    );
    let both = estimates(
        folder,
        "x.csv",
        &["--description", "own.json", "--values", "digital_numbers"],
    );
    assert_eq!(described, typed);
    assert_eq!(described, both);
    let refusal = refused(
        folder,
        &[
            "--input",
            "x.csv",
            "--output",
            "p.csv",
            "--values",
            "reflectance",
            "--digital-numbers",
            "1,0",
        ],
    );
    assert!(
        refusal.contains("only values digital_numbers have a scale"),
        "{refusal}"
    );
}

#[test]
fn columns_are_found_as_programs_name_them_and_kept_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let own = table(3, "", |_| String::new());
    std::fs::write(folder.join("x.csv"), &own).unwrap();
    let values = ["--values", "reflectance", "--angle", "tts=40"];
    let expected = estimates(folder, "x.csv", &values);
    let mut tried = 0;
    for header in [
        "B2,B3,B4,B5,B6,B7,B8,B8A,B11,B12",
        "b02,b03,b04,b05,b06,b07,b08,b8a,b11,b12",
        "B02_20m,B03_20m,B04_20m,B05_20m,B06_20m,B07_20m,B08_20m,B8A_20m,B11_20m,B12_20m",
        "B02.jp2,B03.jp2,B04.jp2,B05.jp2,B06.jp2,B07.jp2,B08.jp2,B8A.jp2,B11.jp2,B12.jp2",
        "blue,green,red,rededge1,rededge2,rededge3,nir,nir08,swir16,swir22",
        "Blue,Green,Red,Red_Edge1,Red_Edge2,Red_Edge3,NIR_Broad,NIR_Narrow,SWIR1,SWIR2",
    ] {
        std::fs::write(
            folder.join("y.csv"),
            own.replacen(&CHANNELS.join(","), header, 1),
        )
        .unwrap();
        assert_eq!(estimates(folder, "y.csv", &values), expected, "{header}");
        tried += 1;
    }
    println!("{tried} headers");
    for (from, to, said) in [
        (
            "B02",
            "indigo",
            r#"no column "B02"; the columns are ["indigo", "#,
        ),
        (
            "B02,B03",
            "B02_10m,B02_20m",
            r#"the column "B02" could be any of ["B02_10m", "B02_20m"]"#,
        ),
    ] {
        std::fs::write(folder.join("y.csv"), own.replacen(from, to, 1)).unwrap();
        let refusal = refused(
            folder,
            &[&["--input", "y.csv", "--output", "p.csv"], &values[..]].concat(),
        );
        assert!(refusal.contains(said), "{refusal}");
        assert!(
            refusal.trim_end().ends_with("; say --band B02=NAME"),
            "{refusal}"
        );
    }
    // a label that is carried twice over is there once
    let labelled = table(2, ",plot,LAI", |row| format!(",p{row},3"));
    std::fs::write(folder.join("z.csv"), labelled).unwrap();
    let kept = r#"{"values": "reflectance", "keep": ["plot"]}"#;
    std::fs::write(folder.join("kept.json"), kept).unwrap();
    let arguments = [
        "--input",
        "z.csv",
        "--output",
        "o.csv",
        "--overwrite",
        "--description",
        "kept.json",
    ];
    infer(
        folder,
        &[&arguments[..], &FEW, &["--keep", "plot", "--keep", "plot"]].concat(),
    );
    assert!(text(&folder.join("o.csv")).starts_with("plot,LAI,cab,flags\np0,"));
    let refusal = refused(
        folder,
        &[
            "--input",
            "z.csv",
            "--output",
            "p.csv",
            "--values",
            "reflectance",
            "--keep",
            "LAI",
        ],
    );
    assert!(
        refusal.contains("keep LAI is not allowed: a column of another name"),
        "{refusal}"
    );
}

#[test]
fn a_table_that_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(
        folder.join("x.csv"),
        table(3, ",date,word", |_| ",21.06.2020,a".into()),
    )
    .unwrap();
    std::fs::write(
        folder.join("ragged.csv"),
        table(3, "", |row| ",9".repeat(row)),
    )
    .unwrap();
    std::fs::write(folder.join("sun.json"), SUN).unwrap();
    std::fs::write(folder.join("broken.json"), "{").unwrap();
    std::fs::create_dir(folder.join("folder.csv")).unwrap();
    let good = ["--values", "reflectance"];
    let mut tried = 0;
    for (input, output, more) in [
        ("x.csv", "o.csv", &["--values", "toa"][..]),
        ("x.csv", "o.csv", &["--description", "sun.json"]),
        ("x.csv", "o.csv", &["--description", "broken.json"]),
        ("x.csv", "o.csv", &["--description", "absent.json"]),
        (
            "x.csv",
            "o.csv",
            &["--values", "reflectance", "--angle", "tts=95"],
        ),
        (
            "x.csv",
            "o.csv",
            &["--values", "reflectance", "--angle", "tts=absent"],
        ),
        (
            "x.csv",
            "o.csv",
            &["--values", "reflectance", "--angle", "tts=word"],
        ),
        (
            "x.csv",
            "o.csv",
            &[
                "--values",
                "reflectance",
                "--mask",
                "absent",
                "--mask-keep",
                "4",
            ],
        ),
        (
            "x.csv",
            "o.csv",
            &["--values", "reflectance", "--keep", "absent"],
        ),
        (
            "x.csv",
            "o.csv",
            &["--values", "reflectance", "--band", "B02=absent"],
        ),
        (
            "x.csv",
            "o.csv",
            &["--values", "percent", "--parameters", "none"],
        ),
        ("x.csv", "absent/o.csv", &good),
        (
            "x.csv",
            "folder.csv",
            &["--values", "reflectance", "--overwrite"],
        ),
        (
            "x.csv",
            "o.npy",
            &["--values", "reflectance", "--keep", "word"],
        ),
        ("ragged.csv", "o.csv", &good),
        ("absent.csv", "o.csv", &good),
    ] {
        refused_or_usage(
            folder,
            &[&["--input", input, "--output", output], more].concat(),
        );
        tried += 1;
    }
    println!("{tried} failures");
    assert_eq!(tried, 16);
}

/// A refusal of the program or of its arguments: exit code 2 and nothing new in the folder.
fn refused_or_usage(folder: &Path, arguments: &[&str]) {
    let message = refused(folder, arguments);
    assert!(message.starts_with("error: "), "{message}");
}
