//! Rasters in, a GeoTIFF of estimates out: pixel by pixel what a table gives, by parts, by threads, by files.

use std::path::Path;
use stories::infer::{columns, infer, refused, same};
use stories::scene::{AFFINE, Read, Scene, write};

/// Four blocks of the output.
const SCENE: Scene = Scene {
    width: 600,
    height: 530,
    one_of: 43,
};

const CLEAR: [&str; 8] = [
    "--values",
    "sentinel2_l2a",
    "--mask",
    "SCL",
    "--mask-keep",
    "scl_land",
    "--angle",
    "tts=35",
];

fn scene(folder: &Path, output: &str, more: &[&str]) -> Read {
    let files = ["--input", "scene.tif", "--output", output];
    infer(folder, &[&files, &CLEAR[..], more].concat());
    Read::of(&folder.join(output))
}

/// The first of two values that differ; NaN is like NaN.
fn difference(a: &[f32], b: &[f32]) -> Option<usize> {
    assert_eq!(a.len(), b.len());
    let mut pairs = a.iter().zip(b);
    pairs.position(|(a, b)| !same(f64::from(*a), f64::from(*b)))
}

#[test]
fn each_pixel_has_what_a_table_gives() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    SCENE.write(&folder.join("scene.tif"));
    std::fs::write(folder.join("pixels.csv"), SCENE.table()).unwrap();
    let found = scene(folder, "traits.tif", &[]);
    let table = ["--input", "pixels.csv", "--output", "traits.csv"];
    infer(folder, &[&table, &CLEAR[..2], &CLEAR[6..]].concat());

    let file = &found.file;
    assert_eq!((file.width(), file.height()), (SCENE.width, SCENE.height));
    let place = file.georeference().unwrap();
    assert_eq!((place.epsg(), place.affine()), (Some(32633), AFFINE));
    assert!(file.nodata().is_some_and(f64::is_nan));
    assert_eq!(found.about("model"), Some("rtm_s2_midlatitude"));
    assert_eq!(found.about("inputs"), Some("scene.tif"));
    assert_eq!(found.about("weights_sha256").map(str::len), Some(64));
    let how = found.about("input_description").unwrap();
    assert!(how.contains(r#""values":"sentinel2_l2a""#), "{how}");
    let unit = |name: &str| {
        let at = found.names().iter().position(|it| *it == name).unwrap();
        file.bands()[at].unit.as_deref()
    };
    assert_eq!((unit("fc"), unit("CCC_sd")), (None, Some("g/m2")));

    let expected = columns(&folder.join("traits.csv"));
    let names: Vec<&str> = expected.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(found.names(), names);
    let clear = SCENE.clear();
    assert!(clear.len() > 4000);
    for ((name, expected), band) in expected.iter().zip(&found.bands) {
        let mut next = expected.iter();
        for (at, value) in band.iter().enumerate() {
            let (row, col) = (at / SCENE.width, at % SCENE.width);
            let expected = if SCENE.is_clear(row, col) {
                *next.next().unwrap()
            } else if name == "flags" {
                1.0
            } else {
                f64::NAN
            };
            assert!(
                same(f64::from(*value), expected),
                "{name} at {row}, {col}: {value}, the table has {expected}"
            );
        }
        assert_eq!(next.next(), None);
    }
}

#[test]
fn a_part_holds_what_the_whole_does_and_threads_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    SCENE.write(&folder.join("scene.tif"));
    let few = ["--write", "median,sd,flags", "--parameters", "LAI,cab"];
    let whole = scene(folder, "1.tif", &[&few[..], &["--workers", "1"]].concat());
    scene(folder, "2.tif", &[&few[..], &["--workers", "2"]].concat());
    let bytes = |name: &str| std::fs::read(folder.join(name)).unwrap();
    assert!(bytes("1.tif") == bytes("2.tif"), "threads change the file");

    // columns 37 to 560 and rows 100 to 520, with corners inside of pixels
    let bbox = "600745,5309605,611215,5317995";
    let part = scene(folder, "part.tif", &[&few[..], &["--bbox", bbox]].concat());
    assert_eq!((part.file.width(), part.file.height()), (524, 420));
    let place = part.file.georeference().unwrap();
    let corner = [600_740.0, 20.0, 0.0, 5_318_000.0, 0.0, -20.0];
    assert_eq!(place.affine(), corner);
    for (name, (part, whole)) in whole
        .names()
        .iter()
        .zip(part.bands.iter().zip(&whole.bands))
    {
        let cropped: Vec<f32> = (100..520)
            .flat_map(|row| &whole[row * SCENE.width + 37..row * SCENE.width + 561])
            .copied()
            .collect();
        assert!(cropped.iter().any(|v| !v.is_nan()));
        assert_eq!(difference(part, &cropped), None, "{name}");
    }
}

#[test]
fn files_of_10_and_20_metres_are_one_scene() {
    let small = Scene {
        width: 90,
        height: 70,
        one_of: 5,
    };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    small.write(&folder.join("scene.tif"));
    let one = scene(folder, "one.tif", &[]);
    // B02, B03, B04 and B08 in four pixels each whose mean is that of 20 m
    let fine = [0, 1, 2, 6];
    let names = ["B02", "B03", "B04", "B08"];
    let mut half = AFFINE;
    (half[1], half[5]) = (10.0, -10.0);
    write(
        &folder.join("10m.tif"),
        [180, 140],
        half,
        &names,
        |band, row, col| {
            let number = small.number(fine[band], row / 2, col / 2);
            match (number, row % 2, col % 2) {
                (0, _, _) => 0,
                (number, 0, 0) => number + 30,
                (number, _, _) => number - 10,
            }
        },
    );
    let coarse = [3, 4, 5, 7, 8, 9];
    let names = ["B05", "B06", "B07", "B8A", "B11", "B12", "SCL"];
    write(
        &folder.join("20m.tif"),
        [90, 70],
        AFFINE,
        &names,
        |band, row, col| {
            let channel = coarse.get(band);
            channel.map_or_else(
                || small.class(row, col),
                |channel| small.number(*channel, row, col),
            )
        },
    );
    let files = [
        "--input", "10m.tif", "--input", "20m.tif", "--output", "two.tif",
    ];
    infer(folder, &[&files, &CLEAR[..]].concat());
    let two = Read::of(&folder.join("two.tif"));
    assert_eq!(two.file.georeference(), one.file.georeference());
    assert_eq!(two.names(), one.names());
    for (name, (one, two)) in one.names().iter().zip(one.bands.iter().zip(&two.bands)) {
        assert_eq!(difference(one, two), None, "{name}");
    }
}

#[test]
fn what_cannot_be_done_is_refused() {
    let small = Scene {
        width: 20,
        height: 20,
        one_of: 5,
    };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    small.write(&folder.join("scene.tif"));
    std::fs::write(folder.join("there.tif"), "").unwrap();
    let refusal = |output: &str, more: &[&str]| {
        let files = ["--input", "scene.tif", "--output", output];
        refused(folder, &[&files, more].concat())
    };
    let values = &CLEAR[..2];
    insta::assert_snapshot!(refusal("x.tif", &[]), @"error: --values not given is not allowed: standardized, reflectance, percent, digital_numbers, sentinel2_l2a, sentinel2_l2a_before_0400 (this model's own data do not say it)");
    insta::assert_snapshot!(refusal("x.csv", values), @"error: --output x.csv is not allowed: .tif or .tiff, as the input is a raster");
    insta::assert_snapshot!(refusal("there.tif", values), @"error: --output there.tif is not allowed: a file that is not there yet, or --overwrite");
    insta::assert_snapshot!(refusal("x.tif", &[values, &["--band", "B02=blue"]].concat()), @r#"error: band "blue" is in none of the files; there are: 1:1 B02, 1:2 B03, 1:3 B04, 1:4 B05, 1:5 B06, 1:6 B07, 1:7 B08, 1:8 B8A, 1:9 B11, 1:10 B12, 1:11 SCL; say --band B02=NAME or --band B02=NUMBER"#);
    insta::assert_snapshot!(refusal("x.tif", &[values, &["--mask", "SCL"]].concat()), @"error: --mask SCL is not allowed: with --mask-keep, which says what is kept");
    insta::assert_snapshot!(refusal("x.tif", &[values, &["--bbox", "0,0,10,10"]].concat()), @"error: the box [0, 0, 10, 10] does not overlap the raster's extent [600000, 5319600, 600400, 5320000]");
    insta::assert_snapshot!(refusal("x.tif", &[values, &["--keep", "plot"]].concat()), @"error: --keep plot is not allowed: columns of a table, and the input is a raster");
}
