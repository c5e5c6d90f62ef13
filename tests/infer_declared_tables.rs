//! Tables that are not what they are declared as, columns as programs name them, and jobs that fail.

use std::path::Path;
use stories::infer::{CHANNELS, infer, infer_and_hear, refused};
use stories::observations::{FEW, FOREST, SUN, estimates, table};
use stories::text;

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
    insta::assert_snapshot!(refusal, @r#"error: digital_numbers not given is not allowed: scale and offset of reflectance = (number + offset) * scale, in a description {"values": "digital_numbers", "digital_numbers": {"scale": 0.0001, "offset": -1000}}; Sentinel-2's own have the values sentinel2_l2a and sentinel2_l2a_before_0400; option --digital-numbers SCALE,OFFSET"#);
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
