//! Pages as bands; masks and alpha bands; what is left out is said.

mod common;
#[allow(dead_code)] // every test program uses a part of it
#[path = "../../../tests/src/tiny_tiff.rs"]
mod tiny_tiff;

use common::{same, whole};
use raster::{BandChoice, RasterError, RasterFile, Stack};
use std::path::{Path, PathBuf};
use tiny_tiff::{Coding, Image, Value, tiff};

const SUBFILE: u16 = 254;
const SIZE: (usize, usize) = (6, 4);

fn page(first: u64) -> Image {
    Image::new(SIZE, 1, 16, (first..first + 24).collect())
}

/// Leaves out the pixels whose number is a multiple of `every`.
fn mask(every: usize, bits: usize) -> Image {
    let one = if bits == 1 { 1 } else { 255 };
    let valid = (0..24).map(|at: usize| if at.is_multiple_of(every) { 0 } else { one });
    Image::new(SIZE, 1, bits, valid.collect()).with(SUBFILE, Value::Longs(vec![4]))
}

fn reduced(image: &Image) -> Image {
    let small = Image::new((3, 2), 1, image.bits, image.numbers[..6].to_vec());
    let kind = image.tags.iter().any(|(tag, _)| *tag == SUBFILE);
    small.with(SUBFILE, Value::Longs(vec![if kind { 5 } else { 1 }]))
}

fn save(folder: &Path, name: &str, images: &[Image]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, tiff(images, false, false)).unwrap();
    path
}

fn read(stack: &Stack) -> Vec<f32> {
    let mut out = vec![-1.0; stack.bands().len() * stack.window().pixels()];
    stack
        .reader()
        .unwrap()
        .read(stack.window(), &mut out)
        .unwrap();
    out
}

fn missing(values: &[f32]) -> Vec<usize> {
    (0..values.len())
        .filter(|at| values[*at].is_nan())
        .collect()
}

fn every(every: usize) -> Vec<usize> {
    (0..24).step_by(every).collect()
}

#[test]
fn pages_of_one_size_are_bands() {
    let folder = tempfile::tempdir().unwrap();
    let named = page(200).with(285, Value::Text("nir".to_owned()));
    let described = page(300).with(270, Value::Text("B04".to_owned()));
    let pages = [page(0), reduced(&page(0)), page(100), named, described];
    let path = save(folder.path(), "pages.tif", &pages);
    let file = RasterFile::open(&path).unwrap();
    let names: Vec<_> = file
        .bands()
        .iter()
        .map(|band| band.name.clone().unwrap())
        .collect();
    assert_eq!(names, ["page 1", "page 3", "nir", "B04"]);
    assert_eq!((file.pages(), file.notes()), (4, &[][..]));
    let out = read(&whole(&path, 4));
    for (band, first) in [0, 100, 200, 300].into_iter().enumerate() {
        let expected: Vec<f32> = (first..first + 24).map(|it| it as f32).collect();
        assert_eq!(out[band * 24..][..24], expected);
    }
    let chosen = ["NIR", "2", "page 1"].map(BandChoice::new);
    let stack = Stack::open(&[path], &chosen, None).unwrap();
    let out = read(&stack);
    assert_eq!((out[0], out[24], out[48]), (200.0, 100.0, 0.0));
}

#[test]
fn pages_may_differ_in_all_but_their_size() {
    let folder = tempfile::tempdir().unwrap();
    let two = Image {
        coding: Coding::Deflate,
        planar: true,
        ..Image::new(SIZE, 2, 12, (0..48).collect())
    };
    let floats = Image {
        format: 3,
        chunk: (16, 16),
        ..Image::new(SIZE, 1, 16, vec![0x3c00; 24])
    };
    let nodata = page(0).with(42113, Value::Text("3".to_owned()));
    let path = save(folder.path(), "pages.tif", &[two, floats, nodata, page(0)]);
    let out = read(&whole(&path, 5));
    assert_eq!((out[0], out[24], out[48], out[72]), (0.0, 1.0, 1.0, 0.0));
    assert_eq!(missing(&out), [72 + 3]);
}

#[test]
fn what_is_left_out_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let other_size = Image::new((3, 3), 1, 16, vec![0; 9]);
    let jpeg = page(0).with(259, Value::Shorts(vec![7]));
    let scale = Value::Doubles(vec![20.0, 20.0, 0.0]);
    let placed = |x: f64| {
        let point = vec![0.0, 0.0, 0.0, x, 0.0, 0.0];
        page(0)
            .with(33550, scale.clone())
            .with(33922, Value::Doubles(point))
    };
    let notes = |images: &[Image]| {
        let path = save(folder.path(), "x.tif", images);
        let file = RasterFile::open(path).unwrap();
        (file.bands().len(), file.notes().join("\n"))
    };
    for (images, bands, words) in [
        (vec![page(0), other_size.clone()], 1, "image 2 of "),
        (
            vec![page(0), other_size],
            1,
            "it has 3 x 3 pixels, the first image 6 x 4; gdal_translate GTIFF_DIR:2:",
        ),
        (
            vec![page(0), page(1), jpeg],
            2,
            "compression 7 (JPEG) is not supported",
        ),
        (vec![placed(0.0), placed(20.0)], 1, "it lies elsewhere"),
        (
            vec![page(0), mask(2, 16)],
            1,
            "its numbers are u16, expected 1 to 8 bits",
        ),
        (
            vec![page(0), mask(2, 8).with(259, Value::Shorts(vec![7]))],
            1,
            "mask 2 of ",
        ),
    ] {
        let (found, notes) = notes(&images);
        assert_eq!(found, bands);
        assert!(notes.contains(words) && notes.contains("x.tif"), "{notes}");
    }
    // a chain of directories that is cut, and one that ends in itself
    let bytes = tiff(&[page(0), page(1)], false, false);
    let first_link = bytes.len() - 4 - 2 - 10 * 12;
    for link in [99_999_u32, 8] {
        let mut broken = tiff(&[page(0)], false, false);
        let end = broken.len() - 4;
        let own = u32::from_le_bytes(broken[4..8].try_into().unwrap());
        let link = if link == 8 { own } else { link };
        broken[end..].copy_from_slice(&link.to_le_bytes());
        let path = folder.path().join("x.tif");
        std::fs::write(&path, broken).unwrap();
        let file = RasterFile::open(&path).unwrap();
        assert!(
            file.notes()[0].contains("behind the first 1 cannot be found"),
            "{:?}",
            file.notes()
        );
    }
    assert!(first_link > 0);
}

#[test]
fn masks_inside_are_told_from_those_of_overviews() {
    let folder = tempfile::tempdir().unwrap();
    let mut tried = 0;
    for bits in [1, 8] {
        for coding in [Coding::None, Coding::Deflate, Coding::PackBits] {
            for chunk in [(0, 1), (0, 4), (16, 16)] {
                let own = Image {
                    chunk,
                    coding,
                    ..mask(3, bits)
                };
                for images in [
                    vec![page(0), own.clone()],
                    vec![
                        page(0),
                        own.clone(),
                        reduced(&page(0)),
                        reduced(&mask(2, bits)),
                    ],
                    vec![
                        page(0),
                        reduced(&page(0)),
                        reduced(&mask(2, bits)),
                        own.clone(),
                    ],
                    vec![page(0), own.clone(), mask(2, bits)],
                ] {
                    let path = save(folder.path(), "x.tif", &images);
                    assert_eq!(missing(&read(&whole(&path, 1))), every(3));
                    tried += 1;
                }
            }
        }
    }
    assert_eq!(tried, 2 * 3 * 3 * 4);
}

#[test]
fn masks_of_pages_belong_to_their_pages() {
    let folder = tempfile::tempdir().unwrap();
    let together =
        |a: usize, b: usize| [every(a), every(b).iter().map(|at| at + 24).collect()].concat();
    for (images, expected) in [
        (vec![page(0), page(1), mask(3, 8)], together(3, 3)),
        (vec![page(0), mask(3, 8), page(1)], together(3, 3)),
        (
            vec![page(0), mask(3, 8), page(1), mask(5, 1)],
            together(3, 5),
        ),
        (
            vec![page(0), page(1), mask(3, 8), mask(5, 1)],
            together(3, 5),
        ),
    ] {
        let path = save(folder.path(), "x.tif", &images);
        assert_eq!(missing(&read(&whole(&path, 2))), expected);
    }
}

#[test]
fn a_mask_beside_the_file_leaves_out_pixels() {
    let folder = tempfile::tempdir().unwrap();
    let path = save(folder.path(), "x.tif", &[page(0)]);
    save(folder.path(), "x.tif.msk", &[mask(5, 8)]);
    assert_eq!(missing(&read(&whole(&path, 1))), every(5));
    // both masks count, and so does the number that stands for missing values
    let nodata = page(0).with(42113, Value::Text("1".to_owned()));
    let path = save(folder.path(), "x.tif", &[nodata, mask(3, 1)]);
    let mut all = [every(3), every(5), vec![1]].concat();
    all.sort_unstable();
    all.dedup();
    assert_eq!(missing(&read(&whole(&path, 1))), all);

    save(folder.path(), "x.tif.msk", &[reduced(&mask(5, 8))]);
    let notes = RasterFile::open(&path).unwrap().notes().join("\n");
    assert!(
        notes.contains("it has 3 x 2 pixels, the image 6 x 4"),
        "{notes}"
    );
    std::fs::write(folder.path().join("x.tif.msk"), "nonsense").unwrap();
    let notes = RasterFile::open(&path).unwrap().notes().join("\n");
    assert!(
        notes.contains("the mask beside") && notes.contains("is not read"),
        "{notes}"
    );
    assert_eq!(
        RasterFile::files_beside(&path),
        [folder.path().join("x.tif.msk")]
    );
}

#[test]
fn a_mask_of_each_band_leaves_out_pixels_of_that_band() {
    let folder = tempfile::tempdir().unwrap();
    let path = save(
        folder.path(),
        "x.tif",
        &[Image::new(SIZE, 2, 8, (0..48).collect())],
    );
    let both = (0..24)
        .flat_map(|at: usize| [3, 5].map(|every| if at.is_multiple_of(every) { 0 } else { 255 }));
    save(
        folder.path(),
        "x.tif.msk",
        &[Image::new(SIZE, 2, 8, both.collect())],
    );
    let out = read(&whole(&path, 2));
    assert_eq!(
        (missing(&out[..24]), missing(&out[24..])),
        (every(3), every(5))
    );
}

#[test]
fn an_alpha_band_is_a_mask_unless_it_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    for (bands, bits, kind) in [(2, 8, 1), (4, 8, 2), (5, 16, 2), (11, 16, 1)] {
        let numbers = (0..24 * bands).map(|at| {
            let alpha = at % bands == bands - 1;
            if alpha && (at / bands) % 3 == 0 { 0 } else { 9 }
        });
        for planar in [false, true] {
            let image = Image {
                planar,
                ..Image::new(SIZE, bands, bits, numbers.clone().collect())
            };
            let path = save(
                folder.path(),
                "x.tif",
                &[image.with(338, Value::Shorts(vec![kind]))],
            );
            let open = |choices: &[&str]| {
                let choices: Vec<_> = choices.iter().map(|it| BandChoice::new(*it)).collect();
                Stack::open(std::slice::from_ref(&path), &choices, None).unwrap()
            };
            let stack = open(&["1"]);
            assert_eq!(missing(&read(&stack)), every(3), "{bands} bands");
            assert!(stack.notes().is_empty());
            let stack = open(&["1", &bands.to_string()]);
            assert_eq!(missing(&read(&stack)), []);
            let notes = stack.notes();
            assert_eq!(notes.len(), 1, "{notes:?}");
            assert!(
                notes[0].starts_with(&format!("band {bands} of ")),
                "{notes:?}"
            );
        }
    }
}

#[test]
fn masked_pixels_are_left_out_of_averages_and_repetitions() {
    let folder = tempfile::tempdir().unwrap();
    let placed = |image: Image, size: f64| {
        image
            .with(33550, Value::Doubles(vec![size, size, 0.0]))
            .with(33922, Value::Doubles(vec![0.0, 0.0, 0.0, 0.0, 0.0, 0.0]))
    };
    // 4 x 4 pixels of 10 over 2 x 2 pixels of 20
    let numbers: Vec<u64> = (0..16).collect();
    let valid: Vec<u64> = (0..16).map(|at| u64::from(at != 0 && at % 4 < 2)).collect();
    let fine = placed(Image::new((4, 4), 1, 16, numbers), 10.0);
    let fine_mask = Image::new((4, 4), 1, 1, valid).with(SUBFILE, Value::Longs(vec![4]));
    let coarse = placed(Image::new((2, 2), 1, 16, vec![1, 2, 3, 4]), 20.0);
    let coarse_mask =
        Image::new((2, 2), 1, 1, vec![1, 1, 0, 1]).with(SUBFILE, Value::Longs(vec![4]));
    let files = [
        save(folder.path(), "fine.tif", &[fine, fine_mask]),
        save(folder.path(), "coarse.tif", &[coarse, coarse_mask]),
    ];
    let choices = [BandChoice::new("1:1"), BandChoice::new("2:1")];
    let out = read(&Stack::open(&files, &choices, Some(20.0)).unwrap());
    let nan = f32::NAN;
    let expected = [
        (1.0 + 4.0 + 5.0) / 3.0,
        nan,
        (8.0 + 9.0 + 12.0 + 13.0) / 4.0,
        nan,
        1.0,
        2.0,
        nan,
        4.0,
    ];
    assert!(
        out.iter().zip(expected).all(|(a, b)| same(*a, b)),
        "{out:?}"
    );
    let out = read(&Stack::open(&files, &choices, Some(10.0)).unwrap());
    assert_eq!(missing(&out[..16]), [0, 2, 3, 6, 7, 10, 11, 14, 15]);
    assert_eq!(missing(&out[16..]), [8, 9, 12, 13]);
}

#[test]
fn directories_that_share_their_strips_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let many = |count: usize| {
        let one = Image::new((1, 1000), 1, 1, vec![0; 1000]);
        let image = Image {
            chunk: (0, 1),
            ..one
        };
        let mut images = vec![image; count];
        for image in &mut images[1..] {
            // the places of the first one's strips, again and again
            let places = vec![8, 0, 0, 0];
            image.tags.push((273, Value::Raw(1, 8_000, places.clone())));
            image.tags.push((279, Value::Raw(1, 8_000, places)));
        }
        save(folder.path(), "x.tif", &images)
    };
    assert!(RasterFile::open(many(1)).is_ok());
    let error = RasterFile::open(many(3)).unwrap_err();
    assert!(matches!(error, RasterError::Damaged { .. }), "{error}");
}
