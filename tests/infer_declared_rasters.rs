//! Rasters that are not what they are declared as, bands as programs name them, and jobs that fail.

use stories::infer::{CHANNELS, infer_and_hear, observations, refused};
use stories::observations::{FEW, dn, flags, map, metres, same};
use stories::scene::write;

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
        // beside how far it is
        let said_of_input = heard.lines().filter(|line| !line.contains(" of 1 blocks"));
        let heard: Vec<&str> = said_of_input.collect();
        let heard = heard.join("\n");
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
