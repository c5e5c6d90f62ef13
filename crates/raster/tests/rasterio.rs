//! What rasterio (GDAL) writes is read, and what is written here rasterio reads and `rio_cogeo` validates.

mod common;

use common::{block, expected, python::python, python::script, same, spec, whole, write_rest};
use raster::{
    BandChoice, CogCompression, CogNumber, CogWriter, RasterError, RasterFile, Stack, Window,
};
use std::fmt::Write as _;
use std::path::Path;

const PACKAGES: &[&str] = &["rasterio", "numpy", "rio-cogeo"];

/// Writes files in all layouts and prints a line for each: name, bands, height, width; `name.raw` holds
/// what rasterio reads, as f32 with NaN for missing.
const WRITE_ALL: &str = r#"
import itertools, sys, warnings
import numpy as np, rasterio
from rasterio.transform import from_origin
warnings.simplefilter("ignore")
folder = sys.argv[1]
rng = np.random.default_rng(1)
height, width, bands = 75, 83, 3
kinds = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"]
codings = [("none", 1), ("deflate", 1), ("deflate", 2), ("deflate", 3), ("lzw", 1), ("lzw", 2), ("lzw", 3),
           ("zstd", 1), ("zstd", 2), ("zstd", 3), ("packbits", 1)]
def write(name, data, **more):
    profile = dict(driver="GTiff", width=data.shape[2], height=data.shape[1], count=data.shape[0], dtype=data.dtype,
                   crs="EPSG:32633", transform=from_origin(399960, 5400000, 20, 20), nodata=7)
    profile.update(more)
    path = f"{folder}/{name}.tif"
    with rasterio.open(path, "w", **profile) as out:
        out.write(data)
        for band in range(data.shape[0]):
            out.set_band_description(band + 1, f"B{band + 1}")
    with rasterio.open(path) as file:
        back = file.read(masked=True).astype("float32").filled(np.nan)
    back.astype("<f4").tofile(f"{folder}/{name}.raw")
    print(name, *data.shape)
number = 0
for kind, (coding, predictor), tiled, interleave in itertools.product(kinds, codings, [False, True], ["band", "pixel"]):
    floating = kind.startswith("float")
    if predictor == 3 and not floating:
        continue
    data = rng.integers(0, 120, (bands, height, width)).astype(kind)
    if floating:
        data = data + rng.random(data.shape).astype(kind)
        data[:, 3, 5] = np.nan
        data[:, 4, 5] = 7
    more = dict(interleave=interleave, tiled=tiled)
    if coding != "none":
        more["compress"] = coding
    if predictor != 1:
        more["predictor"] = predictor
    if tiled:
        more.update(blockxsize=32, blockysize=16)
    else:
        more.update(blockysize=[1, 7, 75][number % 3])
    if number % 4 == 0:
        more["BIGTIFF"] = "YES"
    if number % 3 == 0:
        more["ENDIANNESS"] = "BIG"
    if number % 5 == 0:
        more["sparse_ok"] = True
        data[:, :64, :64] = 7
    number += 1
    write(f"{kind}_{coding}_{predictor}_{'tiles' if tiled else 'strips'}_{interleave}", data, **more)
"#;

/// As `WRITE_ALL`, every number of bits that GDAL packs, and half floats.
const WRITE_PACKED: &str = r#"
depths = [("uint8", bits) for bits in range(1, 8)] + [("uint16", bits) for bits in range(9, 16)]
depths += [("uint32", bits) for bits in range(17, 32)] + [("float32", 16)]
codings = [("none", 1), ("deflate", 1), ("lzw", 1), ("zstd", 1), ("packbits", 1)]
for (kind, bits), (coding, predictor), tiled, interleave in itertools.product(
        depths, codings + [("deflate", 2), ("lzw", 3), ("deflate", 3)], [False, True], ["band", "pixel"]):
    floating = kind.startswith("float")
    if predictor > 1 and not floating:
        continue
    data = rng.integers(0, 2 ** min(bits, 24) if not floating else 2000, (bands, height, width)).astype(kind)
    if floating:
        data = (data * 0.25 - 100).astype("float16").astype(kind)
    more = dict(interleave=interleave, tiled=tiled, nbits=bits, nodata=None if number % 2 else 1)
    if coding != "none":
        more["compress"] = coding
    if predictor != 1:
        more["predictor"] = predictor
    if tiled:
        more.update(blockxsize=32, blockysize=16)
    else:
        more.update(blockysize=[1, 7, 75][number % 3])
    if number % 4 == 0:
        more["BIGTIFF"] = "YES"
    if (number // 3) % 2 == 0:
        more["ENDIANNESS"] = "BIG"
    number += 1
    write(f"{kind}_{bits}_{coding}_{predictor}_{'tiles' if tiled else 'strips'}_{interleave}", data, **more)
"#;

#[test]
fn all_layouts_of_rasterio_are_read() {
    let Some(python) = python(PACKAGES) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let write = format!("{WRITE_ALL}{WRITE_PACKED}");
    let printed = script(python, &write, &[folder.path()]);
    let mut files = 0;
    for line in printed.lines() {
        let words: Vec<_> = line.split(' ').collect();
        let [bands, height, width] = [1, 2, 3].map(|at| words[at].parse::<usize>().unwrap());
        let path = folder.path().join(format!("{}.tif", words[0]));
        let expected = floats(&path.with_extension("raw"));
        let choices: Vec<_> = (1..=bands)
            .map(|band| BandChoice::new(format!("b{band}")))
            .collect();
        let stack = Stack::open(&[path], &choices, None).unwrap();
        assert_eq!((stack.width(), stack.height()), (width, height));
        assert_eq!(stack.affine(), common::AFFINE);
        assert_eq!(stack.georeference().unwrap().epsg(), Some(32633));
        let mut reader = stack.reader().unwrap();
        // once in whole, once in windows that cut strips and tiles
        let windows = (0..height).step_by(20).flat_map(|row| {
            (0..width)
                .step_by(30)
                .map(move |col| Window::new(col, row, 30.min(width - col), 20.min(height - row)))
        });
        for window in [stack.window()].into_iter().chain(windows) {
            let mut out = vec![-1.0; bands * window.pixels()];
            reader.read(window, &mut out).unwrap();
            for (at, found) in out.into_iter().enumerate() {
                let (band, pixel) = (at / window.pixels(), at % window.pixels());
                let (row, col) = (
                    window.row + pixel / window.width,
                    window.col + pixel % window.width,
                );
                let expected = expected[(band * height + row) * width + col];
                assert!(
                    same(found, expected),
                    "{line}: {found} != {expected} at {band},{row},{col}"
                );
            }
        }
        files += 1;
    }
    println!("{files} files");
    assert!(files > 800, "{files} files");
}

fn floats(path: &Path) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap();
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect()
}

/// Prints everything that is asked for, one thing to a line.
const DESCRIBE: &str = r#"
import sys, rasterio, numpy as np
from rio_cogeo.cogeo import cog_validate
path = sys.argv[1]
print(cog_validate(path, strict=True))
with rasterio.open(path) as file:
    print(file.crs.to_epsg(), list(file.transform)[:6])
    print(file.descriptions, file.units, file.nodata, file.dtypes)
    print(file.tags().get("MODEL"), file.tags().get("TIFFTAG_SOFTWARE"), file.tags().get("TIFFTAG_IMAGEDESCRIPTION"))
    print(file.overviews(1), file.block_shapes[0], file.interleaving.value)
    file.read(masked=True).astype("<f4").filled(np.nan).tofile(sys.argv[2])
"#;

#[test]
fn rasterio_reads_what_is_written_and_rio_cogeo_finds_it_valid() {
    let Some(python) = python(PACKAGES) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for compression in [CogCompression::None, CogCompression::Deflate { level: 6 }] {
        for (number, bands) in [
            (CogNumber::F32, 3),
            (CogNumber::U16, 3),
            (CogNumber::F32, 1),
        ] {
            let path = folder
                .path()
                .join(format!("{compression:?}{number:?}{bands}.tif"));
            let mut spec = spec(1100, 700, bands, 256);
            (spec.compression, spec.number) = (compression, number);
            if number == CogNumber::U16 {
                spec.nodata = Some(0.0);
            }
            spec.bands[0].unit = Some("µg cm-2".to_owned());
            spec.metadata = vec![("MODEL".to_owned(), "a <b> & \"c\"".to_owned())];
            spec.software = Some("raster".to_owned());
            spec.description = Some("traits".to_owned());
            let writer = CogWriter::create(&path, spec.clone()).unwrap();
            write_rest(&writer);
            writer.finish().unwrap();

            let raw = path.with_extension("raw");
            let printed = script(python, DESCRIBE, &[&path, &raw]);
            let (names, units, kind, nodata) = match (number, bands) {
                (CogNumber::U16, _) => {
                    ("'B1', 'B2', 'B3'", "'µg cm-2', None, None", "uint16", "0.0")
                }
                (_, 1) => ("'B1',", "'µg cm-2',", "float32", "nan"),
                _ => (
                    "'B1', 'B2', 'B3'",
                    "'µg cm-2', None, None",
                    "float32",
                    "nan",
                ),
            };
            let kinds = if bands == 1 {
                format!("'{kind}',")
            } else {
                vec![format!("'{kind}'"); 3].join(", ")
            };
            let mut wanted = String::new();
            writeln!(wanted, "(True, [], [])").unwrap();
            writeln!(wanted, "32633 [20.0, 0.0, 399960.0, 0.0, -20.0, 5400000.0]").unwrap();
            writeln!(wanted, "({names}) ({units}) {nodata} ({kinds})").unwrap();
            writeln!(wanted, "a <b> & \"c\" raster traits").unwrap();

            writeln!(wanted, "[2, 4, 8] (256, 256) BAND").unwrap();
            assert_eq!(printed.to_lowercase(), wanted.to_lowercase());
            for (at, found) in floats(&raw).into_iter().enumerate() {
                let (band, pixel) = (at / (1100 * 700), at % (1100 * 700));
                assert!(same(found, expected(band, pixel / 1100, pixel % 1100)));
            }
            assert_eq!(whole(&path, bands).bands()[0].name, "B1");
            assert_eq!(block(&spec, 0, 0).len(), bands * 256 * 256);
        }
    }
}

/// Files that are refused, one for each reason, and a point-registered one.
const STRANGE: &str = r#"
import sys, numpy as np, rasterio
from rasterio.transform import from_origin
folder = sys.argv[1]
def write(name, kind, **more):
    data = np.arange(3 * 64 * 64).reshape(3, 64, 64).astype(kind)
    with rasterio.open(f"{folder}/{name}.tif", "w", driver="GTiff", width=64, height=64, count=3, dtype=kind,
                       crs="EPSG:32633", transform=from_origin(399960, 5400000, 20, 20), **more) as out:
        out.write(data)
write("jpeg", "uint8", compress="jpeg")
write("complex", "complex64")
write("u64", "uint64")
with rasterio.open(f"{folder}/point.tif", "w", driver="GTiff", width=4, height=4, count=1, dtype="uint8",
                   crs="EPSG:4326", transform=from_origin(10, 50, 0.5, 0.25)) as out:
    out.update_tags(AREA_OR_POINT="Point")
    out.scales, out.offsets = [0.0001], [-0.1]
"#;

#[test]
fn strange_files_are_refused_by_what_they_are() {
    let Some(python) = python(PACKAGES) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    script(python, STRANGE, &[folder.path()]);
    for (name, words) in [
        (
            "jpeg",
            "compression 7 (JPEG) is not supported, allowed: none, deflate",
        ),
        (
            "complex",
            "sample type format 6 of 64 bits is not supported, allowed: unsigned of 1 to 32 bits",
        ),
        ("u64", "sample type unsigned of 64 bits is not supported"),
    ] {
        let path = folder.path().join(format!("{name}.tif"));
        let error = RasterFile::open(path).unwrap_err();
        assert!(matches!(error, RasterError::Unsupported { .. }));
        let error = error.to_string();
        assert!(error.contains(words) && error.contains(name), "{error}");
    }
    let point = RasterFile::open(folder.path().join("point.tif")).unwrap();
    let reference = point.georeference().unwrap();
    assert!(reference.is_point());
    assert_eq!(reference.affine(), [10.0, 0.5, 0.0, 50.0, 0.0, -0.25]);
    assert_eq!(reference.epsg(), Some(4326));
    assert_eq!(
        (point.bands()[0].scale, point.bands()[0].offset),
        (0.0001, -0.1)
    );
}
