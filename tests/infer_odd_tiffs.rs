//! TIFFs as other programs write them: packed numbers, masks, pages, places beside the file. Each becomes the map
//! that the same numbers give as plain GeoTIFF.

use raster::GeoReference;
use std::path::Path;
use stories::infer::{CHANNELS, command, infer};
use stories::scene::Read;
use stories::tiny_tiff::{Image, Value, tiff};
use stories::{beside, printed, workspace};

/// Columns and rows.
const SIZE: (usize, usize) = (16, 16);
const HOW: [&str; 8] = [
    "--values",
    "sentinel2_l2a",
    "--angle",
    "tts=40",
    "--write",
    "median,sd,flags",
    "--parameters",
    "LAI,cab",
];

/// Digital numbers of a forest: rows x columns x channels.
fn numbers() -> Vec<u64> {
    let forest = [0.02, 0.04, 0.025, 0.07, 0.2, 0.26, 0.28, 0.3, 0.14, 0.07];
    let pixels = 0..SIZE.0 * SIZE.1;
    let number = |pixel: usize, channel: usize| {
        let brightness = 0.7 + 0.6 * (pixel as f64 * 0.618_034).fract();
        (1000.0 + 1e4 * forest[channel] * brightness).round() as u64
    };
    pixels
        .flat_map(|pixel| (0..10).map(move |channel| number(pixel, channel)))
        .collect()
}

fn names() -> Value {
    let items = CHANNELS.iter().enumerate().map(|(at, channel)| {
        format!("<Item name=\"DESCRIPTION\" sample=\"{at}\" role=\"description\">{channel}</Item>")
    });
    let items: Vec<String> = items.collect();
    Value::Text(format!("<GDALMetadata>{}</GDALMetadata>", items.concat()))
}

fn image(bits: usize) -> Image {
    Image::new(SIZE, 10, bits, numbers()).with(42112, names())
}

fn placed(image: Image) -> Image {
    image
        .with(33550, Value::Doubles(vec![20.0, 20.0, 0.0]))
        .with(
            33922,
            Value::Doubles(vec![0.0, 0.0, 0.0, 600_000.0, 5_340_000.0, 0.0]),
        )
        .with(
            34735,
            Value::Shorts(vec![
                1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633,
            ]),
        )
}

/// Infers from a file; the map and what was said on standard error.
fn map(folder: &Path, input: &str, more: &[&str]) -> (Read, String) {
    let output = folder.join("traits.tif");
    let files = ["--input", input, "--output", "traits.tif", "--overwrite"];
    let done = command(folder, &[&files, &HOW[..], more].concat())
        .output()
        .unwrap();
    let (_, stderr) = printed(&done);
    assert!(done.status.success(), "{input}: {stderr}");
    (Read::of(&output), stderr)
}

fn assert_same(found: &Read, expected: &Read, what: &str) {
    assert_eq!(found.bands.len(), expected.bands.len());
    for (found, expected) in found.bands.iter().zip(&expected.bands) {
        let same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        assert!(found.iter().zip(expected).all(same), "{what}");
    }
}

fn save(path: &Path, images: &[Image]) {
    std::fs::write(path, tiff(images, false, false)).unwrap();
}

#[test]
fn packed_numbers_give_the_same_map() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save(&folder.join("whole.tif"), &[image(16)]);
    let (whole, said) = map(folder, "whole.tif", &[]);
    assert!(!said.contains("gdal"), "{said}");
    assert!(whole.bands[0].iter().all(|lai| lai.is_finite()));
    for bits in [13, 14, 15, 17, 24, 31] {
        save(&folder.join("packed.tif"), &[image(bits)]);
        assert_same(
            &map(folder, "packed.tif", &[]).0,
            &whole,
            &format!("{bits} bits"),
        );
    }
}

#[test]
fn masked_pixels_have_flag_1() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save(&folder.join("whole.tif"), &[placed(image(16))]);
    let (whole, _) = map(folder, "whole.tif", &[]);
    let valid = |one: u64| {
        (0..256)
            .map(|at| if at < 5 * 16 { 0 } else { one })
            .collect()
    };
    let inside = Image::new(SIZE, 1, 1, valid(1)).with(254, Value::Longs(vec![4]));
    save(&folder.join("inside.tif"), &[placed(image(16)), inside]);
    save(&folder.join("beside.tif"), &[placed(image(16))]);
    save(
        &folder.join("beside.tif.msk"),
        &[Image::new(SIZE, 1, 8, valid(255))],
    );
    let mut with_alpha = placed(image(16));
    let numbers = std::mem::take(&mut with_alpha.numbers);
    with_alpha.bands = 11;
    with_alpha.numbers = numbers
        .chunks(10)
        .enumerate()
        .flat_map(|(at, pixel)| [pixel, &[if at < 5 * 16 { 0 } else { 255 }]].concat())
        .collect();
    save(
        &folder.join("alpha.tif"),
        &[with_alpha.with(338, Value::Shorts(vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 2]))],
    );
    for name in ["inside.tif", "beside.tif", "alpha.tif"] {
        let (found, said) = map(folder, name, &[]);
        assert!(!said.contains("gdal"), "{said}");
        let flags = found.bands.len() - 1;
        for (at, (band, whole)) in found.bands.iter().zip(&whole.bands).enumerate() {
            for (pixel, (found, whole)) in band.iter().zip(whole).enumerate() {
                match (pixel < 5 * 16, at == flags) {
                    (true, true) => assert_eq!(*found, 1.0, "{name}: {pixel}"),
                    (true, false) => assert!(found.is_nan(), "{name}: {pixel}"),
                    (false, _) => assert_eq!(found.to_bits(), whole.to_bits(), "{name}: {pixel}"),
                }
            }
        }
    }
}

#[test]
fn pages_are_bands() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save(&folder.join("whole.tif"), &[image(16)]);
    let (whole, _) = map(folder, "whole.tif", &[]);
    let all = numbers();
    let page = |band: usize| {
        let own = all.iter().skip(band).step_by(10).copied().collect();
        Image::new(SIZE, 1, 16, own)
    };
    let pages: Vec<_> = (0..10).map(page).collect();
    save(&folder.join("pages.tif"), &pages);
    let chosen: Vec<String> = (1..)
        .zip(CHANNELS)
        .map(|(at, name)| format!("{name}={at}"))
        .collect();
    let chosen: Vec<&str> = chosen.iter().flat_map(|it| ["--band", it]).collect();
    assert_same(
        &map(folder, "pages.tif", &chosen).0,
        &whole,
        "pages by number",
    );
    let named = pages.into_iter().zip(CHANNELS);
    let named: Vec<_> = named
        .map(|(page, name)| page.with(285, Value::Text(name.to_owned())))
        .collect();
    save(&folder.join("named.tif"), &named);
    assert_same(&map(folder, "named.tif", &[]).0, &whole, "pages by name");
}

#[test]
fn the_map_lies_where_the_files_beside_say() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    let place = |name: &str| {
        let (found, said) = map(folder, name, &[]);
        let place = found.file.georeference().cloned();
        (place, said)
    };
    let affine = [600_000.0, 20.0, 0.0, 5_340_000.0, 0.0, -20.0];
    let right = |place: Option<GeoReference>| {
        let place = place.unwrap();
        assert_eq!((place.affine(), place.epsg()), (affine, Some(32633)));
    };
    save(&folder.join("world.tif"), &[image(16)]);
    write("world.tfw", "20\n0\n0\n-20\n600010\n5339990\n");
    write(
        "world.prj",
        "PROJCS[\"WGS_1984_UTM_Zone_33N\",GEOGCS[\"GCS_WGS_1984\"]]",
    );
    right(place("world.tif").0);
    save(&folder.join("pam.tif"), &[image(16)]);
    write(
        "pam.tif.aux.xml",
        "<PAMDataset><SRS>EPSG:32633</SRS><GeoTransform>600000,20,0,5340000,0,-20</GeoTransform></PAMDataset>",
    );
    right(place("pam.tif").0);
    let float_scale = placed(image(16)).with(33550, Value::Floats(vec![20.0, 20.0, 0.0]));
    save(&folder.join("float_scale.tif"), &[float_scale]);
    right(place("float_scale.tif").0);

    let mut points = placed(image(16));
    points.tags.retain(|(tag, _)| *tag != 33550);
    save(&folder.join("points.tif"), &[points]);
    let (nowhere, said) = place("points.tif");
    assert_eq!(nowhere, None);
    assert!(said.contains("gdalwarp points.tif PLACED.tif"), "{said}");
    save(&folder.join("plain.tif"), &[image(16)]);
    write("plain.tfw", "20\n0\n");
    let (nowhere, said) = place("plain.tif");
    assert_eq!(nowhere, None);
    assert!(
        said.contains("plain.tfw is no world file: 2 numbers") && said.contains("gdal_translate"),
        "{said}"
    );
}

/// Files that were read wrongly once, each with the map of the plain file.
#[test]
fn the_cases_beside_the_project_give_what_they_should() {
    let Some(cases) = beside("cases/infer") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut files = 0;
    for case in [
        "01_nbits15",
        "03_internal_mask",
        "06_georeference_beside",
        "10_multipage",
        "15_odd_tiff_minor",
    ] {
        for entry in std::fs::read_dir(cases.join(case)).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
            files += 1;
        }
    }
    assert!(files > 20, "{files} files");
    let sample = workspace().join("samples/forest.tif");
    // columns and rows 40 to 72
    let bbox = ["--bbox", "600800,5338560,601440,5339200"];
    let (whole, _) = map(folder, &sample.to_string_lossy(), &bbox);
    assert_eq!((whole.file.width(), whole.file.height()), (32, 32));

    let (packed, said) = map(folder, "scene_nbits15.tif", &[]);
    assert!(!said.contains("gdal"), "{said}");
    assert_same(&packed, &whole, "scene_nbits15.tif");
    let mut bands: Vec<String> = vec![];
    for name in CHANNELS {
        bands.extend([
            "--input".to_owned(),
            format!("T33UXP_20230101T100319_{name}_20m.tif"),
        ]);
    }
    let bands: Vec<&str> = bands.iter().map(String::as_str).collect();
    let output = ["--output", "bands.tif"];
    infer(folder, &[&bands[..], &output, &HOW[..]].concat());
    assert_same(
        &Read::of(&folder.join("bands.tif")),
        &whole,
        "one file to a band",
    );

    let (masked, _) = map(folder, "internal_mask.tif", &[]);
    let flags = masked.bands.last().unwrap();
    assert!(masked.bands[0][..8 * 32].iter().all(|lai| lai.is_nan()));
    assert!(flags[..8 * 32].iter().all(|flag| *flag == 1.0));
    for (masked, whole) in masked.bands.iter().zip(&whole.bands) {
        assert_eq!(masked[8 * 32..], whole[8 * 32..]);
    }
    let by_number: Vec<String> = (1..)
        .zip(CHANNELS)
        .map(|(at, name)| format!("{name}={at}"))
        .collect();
    let by_number: Vec<&str> = by_number.iter().flat_map(|it| ["--band", it]).collect();
    for name in ["world.tif", "pam.tif", "float_scale.tif"] {
        let (found, said) = map(folder, name, &by_number);
        assert!(!said.contains("gdal"), "{said}");
        assert_same(&found, &whole, name);
        let place = found.file.georeference().unwrap();
        let affine = [600_000.0, 20.0, 0.0, 5_340_000.0, 0.0, -20.0];
        assert_eq!(
            (place.affine(), place.epsg()),
            (affine, Some(32633)),
            "{name}"
        );
    }
    let (found, said) = map(folder, "scale_no_tiepoint.tif", &by_number);
    let place = found.file.georeference().unwrap();
    assert_eq!(
        (place.affine(), place.epsg()),
        ([0.0, 20.0, 0.0, 0.0, 0.0, -20.0], Some(32633))
    );
    assert!(said.contains("not where they begin"), "{said}");
    assert_same(
        &map(folder, "ten_pages.tif", &by_number).0,
        &whole,
        "ten_pages.tif",
    );
}
