//! Files of several resolutions as one grid.

mod common;

use common::{AFFINE, expected, same, spec, write};
use raster::{BandChoice, CogCompression, GeoReference, RasterError, Stack, Window};
use std::path::{Path, PathBuf};

/// One band without description worth a name, in pixels of `size` units over `side` units.
fn file(folder: &Path, name: &str, size: usize, side: usize) -> PathBuf {
    let path = folder.join(name);
    let mut spec = spec(side / size, side / size, 1, 16);
    String::new().clone_into(&mut spec.bands[0].description);
    spec.compression = CogCompression::Deflate { level: 1 };
    let reference = GeoReference::projected(32633, AFFINE);
    spec.georeference = Some(reference.with_pixel_size(size as f64, size as f64));
    write(&path, spec);
    path
}

fn sentinel(folder: &Path) -> Vec<PathBuf> {
    vec![
        file(folder, "T33UXP_20200101T100319_B02_10m.tif", 10, 1200),
        file(folder, "T33UXP_20200101T100319_B8A_20m.tif", 20, 1200),
        file(folder, "T33UXP_20200101T100319_B09_60m.tif", 60, 1200),
    ]
}

/// The mean of the valid pixels of a block.
fn mean(row: usize, col: usize, k: usize) -> f32 {
    let pixels = (0..k * k).map(|at| expected(0, row * k + at / k, col * k + at % k));
    let valid: Vec<f32> = pixels.filter(|value| !value.is_nan()).collect();
    valid.iter().sum::<f32>() / valid.len() as f32
}

#[test]
fn finer_pixels_are_averaged_and_coarser_ones_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let files = sentinel(folder.path());
    let bands = [
        BandChoice::new("b8a"),
        BandChoice::new("B02"),
        BandChoice::new("3:1"),
        BandChoice::categorical("1:1"),
    ];
    for (resolution, size) in [(None, 20), (Some(10.0), 10), (Some(60.0), 60)] {
        let stack = Stack::open(&files, &bands, resolution).unwrap();
        assert_eq!((stack.width(), stack.height()), (1200 / size, 1200 / size));
        assert_eq!(stack.affine()[1], size as f64);
        let value = |own: usize, categorical: bool, row: usize, col: usize| {
            if own >= size {
                expected(0, row * size / own, col * size / own)
            } else if categorical {
                let (k, centre) = (size / own, (size / own - 1) / 2);
                expected(0, row * k + centre, col * k + centre)
            } else {
                mean(row, col, size / own)
            }
        };
        let mut reader = stack.reader().unwrap();
        // windows that begin inside coarse pixels and end inside strips of tiles
        let step = 7;
        for row in (0..stack.height()).step_by(step) {
            for col in (0..stack.width()).step_by(step) {
                let (width, height) = (
                    step.min(stack.width() - col),
                    step.min(stack.height() - row),
                );
                let window = Window::new(col, row, width, height);
                let mut out = vec![-1.0; 4 * window.pixels()];
                reader.read(window, &mut out).unwrap();
                for (at, found) in out.into_iter().enumerate() {
                    let (band, pixel) = (at / window.pixels(), at % window.pixels());
                    let (y, x) = (row + pixel / width, col + pixel % width);
                    let own = [20, 10, 60, 10][band];
                    let expected = value(own, band == 3, y, x);
                    assert!(
                        same(found, expected) || (found - expected).abs() <= expected * 1e-6,
                        "{found} != {expected}: band {band} at {y},{x} of {size} units"
                    );
                }
            }
        }
    }
    let fine = Stack::open(&files, &bands[1..2], None).unwrap();
    assert_eq!(fine.affine()[1], 10.0, "only chosen bands decide");
    let coarse = Stack::open(&files, &bands[2..3], None).unwrap();
    assert_eq!(coarse.affine()[1], 60.0);
}

#[test]
fn boxes_become_windows() {
    let folder = tempfile::tempdir().unwrap();
    let files = sentinel(folder.path());
    let stack = Stack::open(&files, &[BandChoice::new("B8A")], None).unwrap();
    let [x, y] = [AFFINE[0], AFFINE[3]];
    let window = |bbox: [f64; 4]| stack.window_of(bbox);
    assert_eq!(
        window([x + 20.0, y - 60.0, x + 60.0, y - 20.0]).unwrap(),
        Window::new(1, 1, 2, 2)
    );
    assert_eq!(
        window([x + 19.0, y - 61.0, x + 60.0, y - 20.0]).unwrap(),
        Window::new(0, 1, 3, 3)
    );
    assert_eq!(
        window([x - 1e6, y - 1e6, x + 1e6, y + 1e6]).unwrap(),
        stack.window()
    );
    let beside = window([x - 100.0, y - 60.0, x, y]).unwrap_err();
    assert!(matches!(beside, RasterError::NoOverlap { .. }));
    assert!(window([x, f64::NAN, x + 1.0, y]).is_err());
    assert!(window([x, y, x - 1.0, y + 1.0]).is_err());
}

#[test]
fn what_does_not_fit_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = sentinel(folder.path());
    let message = |files: &[PathBuf], bands: &[&str], resolution| {
        let bands: Vec<_> = bands.iter().map(|band| BandChoice::new(*band)).collect();
        Stack::open(files, &bands, resolution)
            .unwrap_err()
            .to_string()
    };
    let missing = message(&files, &["B11"], None);
    assert!(
        missing.starts_with("band \"B11\" is in none of the files"),
        "{missing}"
    );
    assert!(
        missing.contains("2:1 of T33UXP_20200101T100319_B8A_20m.tif"),
        "{missing}"
    );
    for number in ["0", "4", "0:1", "4:1", "1:2"] {
        assert!(message(&files, &[number], None).contains("is in none"));
    }
    let twice = message(&files, &["T33UXP"], None);
    assert!(
        twice.contains("more than once: 1:1 (") && twice.contains("3:1 ("),
        "{twice}"
    );
    let resolution = message(&files, &["B8A"], Some(50.0));
    assert!(
        resolution.contains("pixels of 20 units do not fit a grid of 50"),
        "{resolution}"
    );
    assert!(message(&files, &["B8A"], Some(f64::NAN)).contains("resolution = NaN is not allowed"));
    assert!(message(&files, &["B8A"], Some(7.0 * 20.0)).contains("no whole number of pixels"));
    assert_eq!(
        message(&[], &["B8A"], None),
        "files: none given, at least one is needed"
    );

    files.push(file(folder.path(), "other_B11.tif", 20, 1220));
    let extent = message(&files, &["B02", "B11"], None);
    assert!(
        extent.contains("[399960, 5398780, 401180, 5400000]")
            && extent.contains("[399960, 5398800, 401160, 5400000]"),
        "{extent}"
    );
    let mut spec = spec(60, 60, 1, 16);
    spec.georeference = Some(GeoReference::projected(32632, AFFINE));
    let path = folder.path().join("zone32.tif");
    write(&path, spec);
    let crs = message(&[files[1].clone(), path], &["B8A", "B1"], None);
    assert!(
        crs.contains("is in EPSG:32632") && crs.contains("is in EPSG:32633"),
        "{crs}"
    );
}
