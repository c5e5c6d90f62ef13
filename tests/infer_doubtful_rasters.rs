//! Rasters with missing pixels, numbers, angles and names that are not what one expects: the right map, or a word about it.

use std::path::Path;
use stories::infer::{CHANNELS, infer, infer_and_hear, observations, refused};
use stories::scene::{AFFINE, Read, write, write_floats};
use stories::workspace;

const FOREST: [f64; 10] = [0.02, 0.04, 0.025, 0.07, 0.2, 0.26, 0.28, 0.3, 0.14, 0.07];
const FEW: [&str; 4] = ["--write", "median,flags", "--parameters", "LAI,cab"];

fn map(folder: &Path, inputs: &[&str], more: &[&str]) -> Read {
    let mut arguments = vec!["--output", "o.tif", "--overwrite"];
    for input in inputs {
        arguments.extend(["--input", input]);
    }
    infer(folder, &[&arguments[..], &FEW, more].concat());
    Read::of(&folder.join("o.tif"))
}

fn same(a: &Read, b: &Read) -> bool {
    let pairs = || a.bands.iter().zip(&b.bands);
    let alike = |a: &f32, b: &f32| a == b || (a.is_nan() && b.is_nan());
    a.bands.len() == b.bands.len()
        && pairs().all(|(a, b)| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)))
}

fn flags(of: &Read) -> Vec<u8> {
    of.bands[2].iter().map(|v| *v as u8).collect()
}

/// Pixels of so many metres.
fn metres(size: f64) -> [f64; 6] {
    [AFFINE[0], size, 0.0, AFFINE[3], 0.0, -size]
}

fn dn(channel: usize, row: usize, col: usize) -> f32 {
    (1000.0 + 1e4 * FOREST[channel] * (1.0 + 0.01 * (row + col) as f64)).round() as f32
}

#[test]
fn missing_pixels_are_left_out_before_they_are_averaged() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (fine, coarse) = (observations("dn_10m.tif"), observations("20m.tif"));
    let values = ["--values", "sentinel2_l2a", "--angle", "tts=40"];
    let found = map(folder, &[&fine, &coarse], &values);
    // the other three of four pixels have the number of 20 m, which the sample holds in rows and columns 40 to 71
    let sample = workspace().join("samples/forest.tif");
    let corner = Read::of(&sample);
    let [x0, dx, _, y0, _, dy] = corner.file.georeference().unwrap().affine();
    let bbox = format!(
        "{},{},{},{}",
        x0 + 40.0 * dx,
        y0 + 72.0 * dy,
        x0 + 72.0 * dx,
        y0 + 40.0 * dy
    );
    let expected = map(
        folder,
        &[&sample.display().to_string()],
        &[&values[..], &["--bbox", &bbox]].concat(),
    );
    assert!(same(&found, &expected));
    assert!(same(
        &map(
            folder,
            &[&fine, &coarse],
            &[&values[..], &["--nodata", "0"]].concat()
        ),
        &expected
    ));

    // every factor, every kind of number for no data, channels, angles and masks: the pixel is what its valid ones are
    let mut tried = 0;
    let names: Vec<&str> = CHANNELS
        .into_iter()
        .chain(["sun", "azimuth", "SCL"])
        .collect();
    for factor in [2, 3, 4] {
        for (hole, nodata) in [
            (0.0, None),
            (65535.0, None),
            (f32::NAN, None),
            (f32::INFINITY, None),
            (-9999.9, Some("-9999.9")),
            (f32::MIN, Some("-3.4028235e38")),
            (12345.0, Some("12345")),
        ] {
            let declared: Vec<String> = nodata
                .map(|it| format!("--nodata={it}"))
                .into_iter()
                .collect();
            let declared: Vec<&str> = declared.iter().map(String::as_str).collect();
            let clear = |band: usize, row: usize, col: usize| match band {
                10 => 40.0 + row as f32,
                11 => 20.0 + 10.0 * col as f32,
                12 => 4.0,
                _ => dn(band, row, col),
            };
            // only numbers of channels are missing by their values
            let ends = if nodata.is_some() || !hole.is_finite() {
                12
            } else {
                10
            };
            let holed = |band: usize, row: usize, col: usize| {
                let is_hole = row % factor == 1
                    && col % factor == 0
                    && (row / factor + col / factor).is_multiple_of(2);
                if is_hole && band < ends {
                    hole
                } else {
                    clear(band, row / factor, col / factor)
                }
            };
            write_floats(
                &folder.join("clear.tif"),
                [6, 5],
                metres(20.0),
                &names,
                clear,
            );
            write_floats(
                &folder.join("holed.tif"),
                [6 * factor, 5 * factor],
                metres(20.0 / factor as f64),
                &names,
                holed,
            );
            let asked = [
                "--values",
                "sentinel2_l2a",
                "--angle",
                "tts=sun",
                "--angle",
                "psi=azimuth",
                "--angle",
                "tto=8",
                "--mask",
                "SCL",
                "--mask-keep",
                "scl_land",
                "--resolution",
                "20",
            ];
            let expected = map(folder, &["clear.tif"], &asked);
            let found = map(folder, &["holed.tif"], &[&asked[..], &declared].concat());
            assert!(flags(&expected).iter().all(|flags| flags & 5 == 0));
            assert!(same(&found, &expected), "{hole} of {factor} x {factor}");
            tried += 1;
        }
    }
    println!("{tried} rasters");
    assert_eq!(tried, 21);
}

#[test]
fn azimuths_of_two_turns_are_folded_before_they_are_averaged() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let names: Vec<&str> = CHANNELS.into_iter().chain(["azimuth"]).collect();
    let with = |name: &str, azimuth: &dyn Fn(usize, usize) -> f32| {
        let path = folder.join(name);
        write_floats(
            &path,
            [12, 12],
            metres(10.0),
            &names,
            |band, row, col| match band {
                10 => azimuth(row, col),
                _ => dn(band, row / 2, col / 2),
            },
        );
    };
    // due north and a little to both sides of it: 170 and 190 degrees are one direction, not 180 and not 0
    with("turns.tif", &|row, col| {
        [170.0, 190.0, -170.0, 530.0][row % 2 * 2 + col % 2]
    });
    with("one.tif", &|_, _| 170.0);
    let asked = [
        "--values",
        "sentinel2_l2a",
        "--angle",
        "tts=40",
        "--angle",
        "tto=30",
        "--angle",
        "psi=azimuth",
        "--resolution",
        "20",
    ];
    assert!(same(
        &map(folder, &["turns.tif"], &asked),
        &map(folder, &["one.tif"], &asked)
    ));
}

#[test]
fn an_absurd_pixel_costs_itself_alone_and_a_map_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let names: Vec<&str> = CHANNELS.into_iter().chain(["sun"]).collect();
    let mut tried = 0;
    for value in [1e38, -3.4e38, f32::MIN, 1e20, f32::INFINITY, f32::NAN] {
        for at in [0, 9, 10] {
            write_floats(
                &folder.join("x.tif"),
                [7, 6],
                metres(20.0),
                &names,
                |band, row, col| match band {
                    _ if band == at && (row, col) == (3, 4) => value,
                    10 => 40.0,
                    _ => FOREST[band] as f32,
                },
            );
            let asked = ["--values", "reflectance", "--angle", "tts=sun"];
            let found = flags(&map(folder, &["x.tif"], &asked));
            let left_out: Vec<usize> = (0..42).filter(|&i| found[i] & 1 == 1).collect();
            assert_eq!(left_out, [3 * 7 + 4], "{value} in band {at}");
            tried += 1;
        }
    }
    println!("{tried} rasters");
    assert_eq!(tried, 18);
}

#[test]
fn angles_in_hundredths_are_refused_and_low_suns_counted() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let hundredths = observations("sza_hundredths.tif");
    let refusal = refused(
        folder,
        &[
            "--input",
            &hundredths,
            "--output",
            "o.tif",
            "--values",
            "sentinel2_l2a",
            "--angle",
            "tts=SZA",
        ],
    );
    assert!(
        refusal.contains("sza_hundredths.tif: sun zenith angle tts in degrees declared, but"),
        "{refusal}"
    );
    assert!(
        refusal.contains("these look like hundredths of a degree"),
        "{refusal}"
    );
    let names: Vec<&str> = CHANNELS.into_iter().chain(["sun"]).collect();
    write_floats(
        &folder.join("x.tif"),
        [5, 5],
        metres(20.0),
        &names,
        |band, row, col| match band {
            10 if row == 0 => 85.0,
            10 => 40.0,
            _ => dn(band, row, col),
        },
    );
    let arguments = [
        "--input",
        "x.tif",
        "--output",
        "o.tif",
        "--values",
        "sentinel2_l2a",
        "--angle",
        "tts=sun",
    ];
    let printed = infer(folder, &[&arguments[..], &FEW].concat());
    assert!(
        printed.contains("angle tts outside 0 to 80 in 20.00 %: no estimate there"),
        "{printed}"
    );
    let found = flags(&Read::of(&folder.join("o.tif")));
    assert!(
        found[..5].iter().all(|v| *v == 5) && found[5..].iter().all(|v| v & 5 == 0),
        "{found:?}"
    );
}

#[test]
fn numbers_that_are_not_what_is_declared_are_refused_or_doubted() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (input, values, said) in [
        (
            "dn_0509.tif",
            "reflectance",
            "Sentinel-2 digital numbers: declare values: sentinel2_l2a",
        ),
        (
            "dn_0509.tif",
            "percent",
            "Sentinel-2 digital numbers: declare values: sentinel2_l2a",
        ),
        (
            "reflectance_with_scale_tag.tif",
            "reflectance",
            "takes the numbers as they are stored; say \
            --values digital_numbers --digital-numbers 1,0",
        ),
        (
            "reflectance_with_scale_tag.tif",
            "sentinel2_l2a",
            "reflectance: declare values: reflectance; say --values reflectance",
        ),
    ] {
        let path = observations(input);
        let refusal = refused(
            folder,
            &[
                "--input", &path, "--output", "o.tif", "--values", values, "--angle", "tts=40",
            ],
        );
        assert!(
            refusal.contains(input) && refusal.contains(said),
            "{refusal}"
        );
    }
    for (input, values, said) in [
        (
            "dn_0509.tif",
            "sentinel2_l2a_before_0400",
            "missing? values: sentinel2_l2a takes it off",
        ),
        (
            "harmonised.tif",
            "sentinel2_l2a",
            "taken off twice? values: sentinel2_l2a_before_0400 takes off none",
        ),
        ("dn_0509.tif", "sentinel2_l2a", ""),
        ("harmonised.tif", "sentinel2_l2a_before_0400", ""),
    ] {
        let path = observations(input);
        let arguments = [
            "--input",
            &path,
            "--output",
            "o.tif",
            "--overwrite",
            "--values",
            values,
            "--angle",
            "tts=40",
            "--angle",
            "tto=0",
        ];
        let (_, heard) = infer_and_hear(folder, &[&arguments[..], &FEW].concat());
        let heard = heard.replace(
            "relative azimuth not given: 0 deg assumed (--angle psi=...)\n",
            "",
        );
        assert!(
            heard.contains(said) && heard.is_empty() == said.is_empty(),
            "{input} as {values}: {heard}"
        );
    }
    // what the cure says gives the map of the reflectance
    let own = observations("reflectance_with_scale_tag.tif");
    let cured = map(
        folder,
        &[&own],
        &[
            "--values",
            "digital_numbers",
            "--digital-numbers",
            "1,0",
            "--angle",
            "tts=40",
        ],
    );
    assert!(flags(&cured).iter().any(|flags| flags & 1 == 0));
    // a corner of digital numbers in a wide raster of nothing is looked for and found
    write(
        &folder.join("wide.tif"),
        [1200, 900],
        metres(20.0),
        &CHANNELS,
        |band, row, col| {
            if row > 600 && col > 900 {
                dn(band, row % 9, col % 9) as u16
            } else {
                0
            }
        },
    );
    let refusal = refused(
        folder,
        &[
            "--input",
            "wide.tif",
            "--output",
            "w.tif",
            "--values",
            "reflectance",
            "--angle",
            "tts=40",
        ],
    );
    assert!(refusal.contains("Sentinel-2 digital numbers"), "{refusal}");
}

#[test]
fn an_angle_that_was_not_given_is_said_and_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let scene = observations("dn_0509.tif");
    let arguments = [
        "--input",
        &scene,
        "--output",
        "o.tif",
        "--overwrite",
        "--values",
        "sentinel2_l2a",
    ];
    let (_, heard) = infer_and_hear(folder, &[&arguments[..], &FEW].concat());
    assert!(
        heard.contains("sun zenith not given: 30 deg assumed (--angle tts=...)"),
        "{heard}"
    );
    let angles = |more: &[&str]| {
        infer(folder, &[&arguments[..], &FEW, more].concat());
        Read::of(&folder.join("o.tif"))
            .about("angles")
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        angles(&[]),
        "tts = 30 deg (assumed), tto = 0 deg (assumed), psi = 0 deg (assumed)"
    );
    assert_eq!(
        angles(&["--angle", "tts=65", "--angle", "psi=-30"]),
        "tts = 65 deg, tto = 0 deg (assumed), psi = 30 deg"
    );
}

#[test]
fn bands_are_found_as_programs_name_them() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let values = ["--values", "sentinel2_l2a", "--angle", "tts=40"];
    let expected = map(folder, &[&observations("dn_0509.tif")], &values);
    let mut tried = 0;
    for input in ["gee.tif", "terra.tif", "openeo_tag.tif"] {
        assert!(
            same(&map(folder, &[&observations(input)], &values), &expected),
            "{input}"
        );
        tried += 1;
    }
    let tiles = CHANNELS
        .map(|name| observations(&format!("HLS.S30.T33UXP.2023001T100319.v2.0.{name}.tif")));
    let tiles: Vec<&str> = tiles.iter().map(String::as_str).collect();
    assert!(same(&map(folder, &tiles, &values), &expected), "HLS");
    tried += 1;

    let forest = |band: usize, row: usize, col: usize| dn(band, row, col) as u16;
    write(
        &folder.join("own.tif"),
        [8, 7],
        metres(20.0),
        &CHANNELS,
        forest,
    );
    let expected = map(folder, &["own.tif"], &values);
    for names in [
        "b02 b03 b04 b05 b06 b07 b08 b8a b11 b12",
        "B02.jp2 B03.jp2 B04.jp2 B05.jp2 B06.jp2 B07.jp2 B08.jp2 B8A.jp2 B11.jp2 B12.jp2",
        "blue green red rededge1 rededge2 rededge3 nir nir08 swir16 swir22",
        "SR_B2 SR_B3 SR_B4 SR_B5 SR_B6 SR_B7 SR_B8 SR_B8A SR_B11 SR_B12",
    ] {
        let names: Vec<&str> = names.split(' ').collect();
        write(
            &folder.join("named.tif"),
            [8, 7],
            metres(20.0),
            &names,
            forest,
        );
        assert!(
            same(&map(folder, &["named.tif"], &values), &expected),
            "{names:?}"
        );
        tried += 1;
    }
    println!("{tried} ways of naming");
    assert_eq!(tried, 8);

    for names in [
        "one two three four five six seven eight nine ten",
        "B02_10m B02_20m B04 B05 B06 B07 B08 B8A B11 B12",
        "SR_B2 B12_std B04 B05 B06 B07 B08 B8A B11 B12",
    ] {
        let names: Vec<&str> = names.split(' ').collect();
        write(
            &folder.join("named.tif"),
            [8, 7],
            metres(20.0),
            &names,
            forest,
        );
        let refusal = refused(
            folder,
            &[&["--input", "named.tif", "--output", "p.tif"], &values[..]].concat(),
        );
        let channel = if names[0] == "SR_B2" { "B03" } else { "B02" };
        let ending = format!("; say --band {channel}=NAME or --band {channel}=NUMBER");
        assert!(refusal.trim_end().ends_with(&ending), "{refusal}");
    }
    // and by number
    let by_number: Vec<String> = (1..)
        .zip(CHANNELS)
        .map(|(k, name)| format!("{name}={k}"))
        .collect();
    let mut asked = values.to_vec();
    for pair in &by_number {
        asked.extend(["--band", pair.as_str()]);
    }
    write(
        &folder.join("named.tif"),
        [8, 7],
        metres(20.0),
        &["x"; 10],
        forest,
    );
    assert!(same(&map(folder, &["named.tif"], &asked), &expected));
}

#[test]
fn a_raster_that_fails_before_its_first_block_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let forest = |band: usize, row: usize, col: usize| dn(band, row, col) as u16;
    write(
        &folder.join("x.tif"),
        [40, 40],
        metres(20.0),
        &CHANNELS,
        forest,
    );
    write(
        &folder.join("elsewhere.tif"),
        [7, 9],
        metres(35.0),
        &["SCL"],
        |_, _, _| 4,
    );
    // the pixels end early: the description is whole, the first block is not
    let whole = std::fs::read(folder.join("x.tif")).unwrap();
    std::fs::write(folder.join("cut.tif"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(folder.join("text.tif"), "no raster").unwrap();
    std::fs::create_dir(folder.join("folder.tif")).unwrap();
    std::fs::create_dir(folder.join("taken.tif.part.tiles")).unwrap();
    std::fs::create_dir(folder.join("held.tif.part")).unwrap();
    let good = ["--values", "sentinel2_l2a", "--angle", "tts=40"];
    let mut tried = 0;
    for (inputs, output, more) in [
        (&["x.tif"][..], "o.tif", &["--values", "toa"][..]),
        (&["x.tif"], "o.tif", &["--values", "reflectance"]),
        (&["x.tif"], "o.tif", &["--values", "digital_numbers"]),
        (
            &["x.tif"],
            "o.tif",
            &["--values", "sentinel2_l2a", "--angle", "tts=95"],
        ),
        (
            &["x.tif"],
            "o.tif",
            &["--values", "sentinel2_l2a", "--angle", "tts=absent"],
        ),
        (
            &["x.tif"],
            "o.tif",
            &["--values", "sentinel2_l2a", "--angle", "tts=B02"],
        ),
        (
            &["x.tif"],
            "o.tif",
            &[
                "--values",
                "sentinel2_l2a",
                "--mask",
                "SCL",
                "--mask-keep",
                "4",
            ],
        ),
        (
            &["x.tif"],
            "o.tif",
            &["--values", "sentinel2_l2a", "--band", "B02=99"],
        ),
        (
            &["x.tif"],
            "o.tif",
            &["--values", "sentinel2_l2a", "--bbox", "0,0,1,1"],
        ),
        (
            &["x.tif"],
            "o.tif",
            &["--values", "sentinel2_l2a", "--resolution", "7"],
        ),
        (
            &["x.tif"],
            "o.tif",
            &["--values", "sentinel2_l2a", "--parameters", "lai"],
        ),
        (
            &["x.tif", "elsewhere.tif"],
            "o.tif",
            &[
                "--values",
                "sentinel2_l2a",
                "--mask",
                "SCL",
                "--mask-keep",
                "4",
            ],
        ),
        (&["cut.tif"], "o.tif", &good),
        (
            &["cut.tif"],
            "o.tif",
            &[
                "--values",
                "sentinel2_l2a",
                "--angle",
                "tts=40",
                "--compress",
                "none",
            ],
        ),
        (&["text.tif"], "o.tif", &good),
        (&["absent.tif"], "o.tif", &good),
        (&["x.tif"], "absent/o.tif", &good),
        (
            &["x.tif"],
            "folder.tif",
            &["--values", "sentinel2_l2a", "--overwrite"],
        ),
        (&["x.tif"], "taken.tif", &good),
        (
            &["x.tif"],
            "held.tif",
            &[
                "--values",
                "sentinel2_l2a",
                "--angle",
                "tts=40",
                "--compress",
                "none",
            ],
        ),
        (
            &["x.tif"],
            "x.tif",
            &["--values", "sentinel2_l2a", "--overwrite"],
        ),
    ] {
        let mut arguments = vec!["--output", output];
        for input in inputs {
            arguments.extend(["--input", input]);
        }
        let message = refused(folder, &[&arguments[..], more].concat());
        assert!(
            message.lines().any(|line| line.starts_with("error: ")),
            "{message}"
        );
        tried += 1;
    }
    println!("{tried} failures");
    assert_eq!(tried, 21);
}
