//! Tables in, tables of estimates out: the same numbers in every format, and what is refused.

use ndarray::Array2;
use std::fmt::Write as _;
use std::path::Path;
use stories::infer::{CHANNELS, columns, files, infer, refused, same};
use stories::text;
use tabular::{OutputColumn, Wanted};

/// More than a thread takes at once.
const ROWS: usize = 5000;

/// Reflectance of some forest, in the precision that all formats hold.
fn reflectance(row: usize, channel: usize) -> f32 {
    let forest = [
        0.02, 0.04, 0.025, 0.07, 0.2, 0.26, 0.28, 0.3, 0.14, 0.07_f32,
    ];
    let along = |step: f32| (row as f32 * step).fract();
    forest[channel] * (0.6 + 0.8 * along(0.618_034)) * (1.0 + 0.02 * channel as f32 * along(0.37))
}

/// `x.csv`, `x.parquet` and `x.npy` with the same spectra; the first two also carry `kept_plot`.
fn tables(folder: &Path) {
    let mut csv = format!("kept_plot,{}\n", CHANNELS.join(","));
    for row in 0..ROWS {
        let _ = write!(csv, "\"plot, {row}\"");
        for channel in 0..CHANNELS.len() {
            let _ = write!(csv, ",{}", reflectance(row, channel));
        }
        csv.push('\n');
    }
    std::fs::write(folder.join("x.csv"), csv).unwrap();
    let named = CHANNELS.map(|name| OutputColumn {
        name: name.to_owned(),
        unit: String::new(),
        description: String::new(),
    });
    let values = Array2::from_shape_fn((ROWS, CHANNELS.len()), |(row, k)| reflectance(row, k));
    for (name, kept) in [
        ("x.parquet", vec!["kept_plot".to_owned()]),
        ("x.npy", vec![]),
    ] {
        let plots: Vec<String> = (0..ROWS).map(|row| format!("plot, {row}")).collect();
        let plots = vec![plots; kept.len()];
        let mut writer = tabular::create(&folder.join(name), &kept, &named).unwrap();
        writer.append(&plots, values.view()).unwrap();
        writer.finish().unwrap();
    }
    // columns without names, in the order of the model
    std::fs::remove_file(folder.join("x.npy.columns.json")).unwrap();
}

const VALUES: [&str; 4] = ["--values", "reflectance", "--angle", "tts=35"];

fn convert(folder: &Path, input: &str, output: &str, more: &[&str]) -> Vec<(String, Vec<f64>)> {
    let files = ["--input", input, "--output", output];
    let printed = infer(folder, &[&files, &VALUES[..], more].concat());
    let begin = format!("{output}: {ROWS} of {ROWS} with an estimate");
    assert!(printed.starts_with(&begin), "{printed}");
    columns(&folder.join(output))
}

fn kept(path: &Path) -> Vec<String> {
    let wanted = Wanted {
        kept: vec!["kept_plot".into()],
        ..Wanted::default()
    };
    let mut reader = tabular::open(path, &wanted).unwrap();
    let mut all = vec![];
    while let Some(mut block) = reader.next_block(1000).unwrap() {
        all.append(&mut block.kept[0]);
    }
    all
}

#[test]
fn every_format_holds_the_same_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    tables(folder);
    let keep = ["--keep", "kept_plot"];
    let first = convert(folder, "x.csv", "a.csv", &keep);
    assert_eq!(first.len(), 4 * 12 + 6 + 1 + 1);
    for (_, values) in &first {
        assert_eq!(values.len(), ROWS);
        assert!(values.iter().all(|v| v.is_finite()));
    }
    let few = ["--workers", "1"];
    for (input, output, more) in [
        ("x.csv", "b.parquet", &keep[..]),
        ("x.csv", "c.npy", &few),
        ("x.parquet", "d.parquet", &keep),
        ("x.npy", "e.npy", &[]),
        ("x.npy", "f.csv", &[]),
    ] {
        let found = convert(folder, input, output, more);
        for ((name, expected), (of, found)) in first.iter().zip(&found) {
            assert_eq!(name, of, "{output}");
            // a number of f32 has one shortest text: nothing is rounded twice
            let at = (expected.iter().zip(found)).position(|(a, b)| !same(*a, *b));
            assert_eq!(at, None, "{name} of {output}");
        }
        assert_eq!(found.len(), first.len());
    }
    for output in ["a.csv", "b.parquet", "d.parquet"] {
        let plots = kept(&folder.join(output));
        assert_eq!((plots.len(), &*plots[4999]), (ROWS, "plot, 4999"));
    }
    let names = files(folder);
    assert!(
        names.contains(&"e.npy.columns.json".to_owned()),
        "{names:?}"
    );
    assert!(!names.iter().any(|name| name.contains(".part")));
}

#[test]
fn only_what_is_asked_for_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let spectrum = "0.02,0.04,0.025,0.07,0.2,0.26,0.28,0.3,0.14,0.07";
    let missing = "0.02,,0.025,0.07,0.2,0.26,0.28,0.3,0.14,0.07";
    let rows = format!(
        "{},sun,class\n{spectrum},30,4\n{missing},30,4\n{spectrum},,4\n{spectrum},88,4\n{spectrum},60,9\n{spectrum},60,4\n",
        CHANNELS.join(",")
    );
    std::fs::write(folder.join("x.csv"), rows).unwrap();
    let files = ["--input", "x.csv", "--output", "few.csv"];
    let asked = [
        "--values",
        "reflectance",
        "--angle",
        "tts=sun",
        "--mask",
        "class",
        "--mask-keep",
        "4,5",
        "--keep",
        "class",
        "--write",
        "flags,median,interval",
        "--parameters",
        "LAI,cab",
    ];
    let printed = infer(folder, &[&files, &asked[..]].concat());
    let first = printed.lines().next().unwrap_or_default();
    assert!(
        first.starts_with("few.csv: 2 of 6 with an estimate, "),
        "{printed}"
    );
    assert!(
        printed.contains("66.67 %  masked, no estimate"),
        "{printed}"
    );
    let written = text(&folder.join("few.csv"));
    let lines: Vec<&str> = written.lines().collect();
    assert_eq!(lines[0], "class,LAI,cab,LAI_05,LAI_95,cab_05,cab_95,flags");
    assert_eq!(lines.len(), 7);
    for (line, class, flags) in [(2, 4, 1), (3, 4, 1), (4, 4, 5), (5, 9, 1)] {
        assert_eq!(lines[line], format!("{class},,,,,,,{flags}"));
    }
    assert!(
        printed.contains("angle tts outside 0 to 80 in 16.67 %: no estimate there"),
        "{printed}"
    );
    assert_ne!(lines[1], lines[6], "the sun makes no difference");
}

#[test]
fn what_cannot_be_done_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let header = CHANNELS.join(",");
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write("x.csv", &format!("{header}\n{}\n", ["0.1"; 10].join(",")));
    write("none.csv", &format!("{header}\n"));
    write(
        "text.csv",
        &format!("{header}\n{}\n", ["high"; 10].join(",")),
    );
    write("short.csv", "B02,B03\n0.1,0.1\n");
    write("there.csv", "mine");
    let refusal = |input: &str, output: &str, more: &[&str]| {
        let files = ["--input", input, "--output", output];
        refused(folder, &[&files, more].concat())
    };
    let values = &VALUES[..2];
    insta::assert_snapshot!(refusal("x.csv", "y.csv", &[]), @"error: --values not given is not allowed: standardized, reflectance, percent, digital_numbers, sentinel2_l2a, sentinel2_l2a_before_0400 (this model's own data do not say it)");
    insta::assert_snapshot!(refusal("short.csv", "y.csv", values), @r#"error: short.csv: no column "B04"; the columns are ["B02", "B03"]; say --band B04=NAME"#);
    insta::assert_snapshot!(refusal("none.csv", "y.csv", values), @"error: none.csv: it has no rows");
    insta::assert_snapshot!(refusal("text.csv", "y.csv", values), @r#"error: text.csv, line 2, column "B02": "high" is not a number, expected a decimal number such as 0.25 or 1e-3, or an empty cell"#);
    insta::assert_snapshot!(refusal("x.csv", "y.tif", values), @"error: --output y.tif is not allowed: .csv, .parquet or .npy, as the input is a table");
    insta::assert_snapshot!(refusal("x.txt", "y.csv", values), @"error: --input x.txt is not allowed: .tif, .tiff, .csv, .parquet or .npy");
    insta::assert_snapshot!(refusal("x.csv", "x.csv", values), @"error: --output x.csv is not allowed: another file than the input");
    insta::assert_snapshot!(refusal("x.csv", "there.csv", values), @"error: --output there.csv is not allowed: a file that is not there yet, or --overwrite");
    insta::assert_snapshot!(refusal("x.csv", "y.csv", &[values, &["--input", "x.csv"]].concat()), @"error: --input x.csv is not allowed: one table at a time, or several GeoTIFFs");
    insta::assert_snapshot!(refusal("x.csv", "y.csv", &[values, &["--parameters", "lai"]].concat()), @r#"error: --parameters lai is not allowed: ["N", "cab", "car", "anth", "cbrown", "cw", "cm", "LAI", "LAIu", "fc", "psoil", "ALA"]"#);
    insta::assert_snapshot!(refusal("x.csv", "y.csv", &[values, &["--write", "gate"]].concat()), @"error: --write nothing is not allowed: at least one group that this model has");
    insta::assert_snapshot!(refusal("x.csv", "y.npy", &[values, &["--keep", "B02"]].concat()), @r#"error: y.npy: a .npy file holds numbers only, it cannot carry the columns ["B02"]; write .csv or .parquet"#);
    insta::assert_snapshot!(refusal("x.csv", "y.csv", &[values, &["--bbox", "0,0,1,1"]].concat()), @"error: --bbox or --resolution of a table is not allowed: rasters have them");
    assert_eq!(text(&folder.join("there.csv")), "mine");
    infer(
        folder,
        &[
            &["--input", "x.csv", "--output", "there.csv", "--overwrite"],
            values,
        ]
        .concat(),
    );
    assert!(text(&folder.join("there.csv")).starts_with("N,cab,"));
}
