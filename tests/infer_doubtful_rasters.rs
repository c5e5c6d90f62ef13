//! Rasters with missing pixels, numbers and angles that are not what one expects: the right map, or a word about it.

use stories::infer::{CHANNELS, infer, infer_and_hear, observations, refused};
use stories::observations::{FEW, FOREST, dn, flags, map, metres, same};
use stories::scene::{Read, write_floats};
use stories::workspace;

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
                    && col.is_multiple_of(factor)
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
