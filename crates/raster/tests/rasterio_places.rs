//! Every way of saying where a file lies and which of its pixels are valid, against what rasterio (GDAL) answers.
//!
//! A file is read here, and its values and its place are written to another one; rasterio opens both.

mod common;
#[allow(dead_code)] // every test program uses a part of it
#[path = "../../../tests/src/tiny_tiff.rs"]
mod tiny_tiff;

use common::{python::python, python::script, write};
use raster::{BandChoice, CogBand, CogSpec, RasterFile, Stack};
use std::path::{Path, PathBuf};
use tiny_tiff::{Image, Value, tiff};

const PACKAGES: &[&str] = &["rasterio", "numpy", "rio-cogeo"];

const PAM_PLACE: &str = "<GeoTransform>700000,10,0,5200000,0,-10</GeoTransform>";
const PAM_CRS: &str = "<SRS>EPSG:32631</SRS>";

/// The tags of a file's place, in every combination.
fn tags() -> Vec<(String, Vec<(u16, Value)>)> {
    let scales = [
        None,
        Some(Value::Doubles(vec![20.0, 20.0, 0.0])),
        Some(Value::Doubles(vec![20.0, -25.0])),
        Some(Value::Floats(vec![20.0, 25.0, 0.0])),
        Some(Value::Rationals(vec![(41, 2), (20, 1), (0, 1)])),
        Some(Value::Shorts(vec![20, 20, 0])),
        Some(Value::Doubles(vec![0.0, 0.0, 0.0])),
    ];
    let point = [0.0, 0.0, 0.0, 600_000.0, 5_340_000.0, 0.0];
    let inner = [3.0, 2.0, 0.0, 600_000.0, 5_340_000.0, 0.0];
    let other = [8.0, 6.0, 0.0, 600_160.0, 5_339_880.0, 0.0];
    let points = [
        None,
        Some(point.to_vec()),
        Some([inner, other].concat()),
        Some([point, inner, other].concat()),
    ];
    let matrix = |a: [f64; 6]| {
        let rows = [
            [a[1], a[2], 0.0, a[0]],
            [a[4], a[5], 0.0, a[3]],
            [0.0; 4],
            [0.0, 0.0, 0.0, 1.0],
        ];
        Value::Doubles(rows.concat())
    };
    let matrices = [
        None,
        Some(matrix([650_000.0, 20.0, 2.0, 5_000_000.0, 1.0, -20.0])),
        Some(matrix([650_000.0, 30.0, 0.0, 5_000_000.0, 0.0, -30.0])),
    ];
    let keys = [
        None,
        Some(vec![
            1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633,
        ]),
        Some(vec![
            1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 2, 3072, 0, 1, 32633,
        ]),
        Some(vec![
            1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326,
        ]),
    ];
    let mut all = Vec::new();
    for (s, scale) in scales.iter().enumerate() {
        for (p, points) in points.iter().enumerate() {
            for (m, matrix) in matrices.iter().enumerate() {
                // with a scale GDAL does not look at the matrix
                if scale.is_some() && matrix.is_some() && (s == 6 || p == 0) {
                    continue;
                }
                for (k, keys) in keys.iter().enumerate() {
                    let mut tags = Vec::new();
                    tags.extend(scale.clone().map(|scale| (33550, scale)));
                    tags.extend(points.clone().map(|points| (33922, Value::Doubles(points))));
                    tags.extend(matrix.clone().map(|matrix| (34264, matrix)));
                    tags.extend(keys.clone().map(|keys| (34735, Value::Shorts(keys))));
                    all.push((format!("s{s}p{p}m{m}k{k}"), tags));
                }
            }
        }
    }
    all
}

/// Writes the files of a sweep; their names.
fn places(folder: &Path) -> Vec<String> {
    let world = "20\n0\n0\n-20\n650010\n5339990\n";
    let rotated = "20,5\r\n1\r\n2\r\n-20\r\n650010\r\n5339990\r\n";
    let worlds = [
        None,
        Some(("tfw", world)),
        Some(("TIFW", rotated)),
        Some(("wld", world)),
        Some(("tfw", "20\n0\n")),
    ];
    let pams = [
        String::new(),
        PAM_PLACE.to_owned(),
        PAM_CRS.to_owned(),
        format!("{PAM_PLACE}{PAM_CRS}<Metadata><MDI key=\"AREA_OR_POINT\">Point</MDI></Metadata>"),
    ];
    let mut names = Vec::new();
    for (number, (name, tags)) in tags().into_iter().enumerate() {
        // all files beside are looked for in the folder: a small one is quick
        std::fs::create_dir(folder.join(&name)).unwrap();
        for (w, world) in worlds.iter().enumerate() {
            for (p, pam) in pams.iter().enumerate() {
                // a quarter of all: each tag with each world file, each of these with each .aux.xml
                if !(number + w + p).is_multiple_of(4) {
                    continue;
                }
                let ending = ["tif", "TIF", "tiff"][names.len() % 3];
                // a world file of another ending belongs to another name
                if world.is_some_and(|(it, _)| it.eq_ignore_ascii_case("tifw")) && ending == "tiff"
                {
                    continue;
                }
                let stem = format!("{name}/w{w}x{p}");
                let mut image = Image::new((8, 6), 1, 8, (0..48).collect());
                image.tags.clone_from(&tags);
                let bytes = tiff(&[image], names.len() % 2 == 1, names.len() % 5 == 0);
                std::fs::write(folder.join(format!("{stem}.{ending}")), bytes).unwrap();
                if let Some((ending, text)) = world {
                    std::fs::write(folder.join(format!("{stem}.{ending}")), text).unwrap();
                }
                if !pam.is_empty() {
                    let xml = format!("<PAMDataset>{pam}</PAMDataset>");
                    std::fs::write(folder.join(format!("{stem}.{ending}.aux.xml")), xml).unwrap();
                }
                names.push(format!("{stem}.{ending}"));
            }
        }
    }
    names
}

/// Reads a file, and writes its values to `NAME.raw` and its place to `NAME.placed`.
fn pass_on(folder: &Path, name: &str) {
    let path = folder.join(name);
    let file = RasterFile::open(&path).unwrap();
    let mut spec = CogSpec::new(file.width(), file.height(), vec![CogBand::new("x")]);
    spec.tile = 16;
    spec.georeference = file.georeference().cloned();
    write(&folder.join(format!("{name}.placed")), spec);
    let choices: Vec<_> = (1..=file.bands().len())
        .map(|band| BandChoice::new(format!("1:{band}")))
        .collect();
    let stack = Stack::of(vec![file], &choices, None).unwrap();
    let mut out = vec![0.0; choices.len() * stack.window().pixels()];
    stack
        .reader()
        .unwrap()
        .read(stack.window(), &mut out)
        .unwrap();
    let bytes: Vec<u8> = out
        .iter()
        .flat_map(|value: &f32| value.to_le_bytes())
        .collect();
    std::fs::write(folder.join(format!("{name}.raw")), bytes).unwrap();
}

/// Compares what was passed on with the originals; prints how many it compared, and what differs.
const COMPARE: &str = r#"
import os, sys, warnings, numpy as np, rasterio
from rasterio.crs import CRS
warnings.simplefilter("ignore")
folder = sys.argv[1]
compared, wrong = 0, []
names = [os.path.relpath(os.path.join(at, name), folder) for at, _, files in os.walk(folder) for name in files]
for name in sorted(name for name in names if name.endswith(".raw")):
    name = name[:-len(".raw")]
    with rasterio.open(f"{folder}/{name}") as a, rasterio.open(f"{folder}/{name}.placed") as b:
        crs = a.crs
        stem = f"{folder}/{os.path.splitext(name)[0]}"
        if os.path.exists(stem + ".prj"):
            crs = CRS.from_wkt(open(stem + ".prj").read())
        if not np.allclose(list(a.transform), list(b.transform), rtol=1e-12, atol=1e-9):
            wrong.append(f"{name}: {list(a.transform)[:6]} became {list(b.transform)[:6]}")
        # OGC:CRS84 and ESRI's text of EPSG:4326 are the same system by other names
        # and a file with control points has none for rasterio, even where an .aux.xml places it
        same = crs == b.crs or (crs is None and len(a.gcps[0]) > 0) or crs is not None and b.crs is not None and (
            crs.to_proj4() == b.crs.to_proj4() or crs.to_epsg(20) == b.crs.to_epsg() is not None)
        if not same:
            wrong.append(f"{name}: {crs} became {b.crs}")
        found = np.fromfile(f"{folder}/{name}.raw", "<f4").reshape(a.count, a.height, a.width)
        values = a.read()
        missing = a.read_masks() == 0
        for band, nodata in enumerate(a.nodatavals):
            if nodata is not None:
                missing[band] |= np.isnan(values[band]) if np.isnan(nodata) else values[band] == nodata
        expected = values.astype("f4")
        expected[missing] = np.nan
        if not np.array_equal(found, expected, equal_nan=True):
            wrong.append(f"{name}: {(~((found == expected) | (np.isnan(found) & np.isnan(expected)))).sum()} values")
    compared += 1
print(compared)
print("\n".join(wrong[:20]))
"#;

fn compare(python: &Path, folder: &Path) -> usize {
    let printed = script(python, COMPARE, &[folder]);
    let (compared, wrong) = printed.split_once('\n').unwrap();
    assert_eq!(wrong.trim(), "", "{wrong}");
    println!("{compared} files");
    compared.parse().unwrap()
}

#[test]
fn every_place_is_the_one_of_gdal() {
    let Some(python) = python(PACKAGES) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let names = places(folder.path());
    for name in &names {
        pass_on(folder.path(), name);
    }
    assert_eq!(compare(python, folder.path()), names.len());
    assert!(names.len() > 1000, "{} files", names.len());
}

/// Files with coordinate systems in an `.aux.xml` (three dialects of well-known text) and in a `.prj`.
const SYSTEMS: &str = r#"
import sys, warnings, numpy as np, rasterio
from rasterio.crs import CRS
from xml.sax.saxutils import escape
warnings.simplefilter("ignore")
folder = sys.argv[1]
systems = [32633, 32733, 25832, 26918, 3035, 3857, 4326, 4258, 4312, 31287, 31256, 27700, 2154, 2056, 28355, 5070, 3413, 6933]
systems = [CRS.from_epsg(code) for code in systems] + [CRS.from_user_input(text) for text in (
    "+proj=laea +lat_0=10 +lon_0=20 +x_0=5 +datum=WGS84 +no_defs", "+proj=longlat +a=6371000 +b=6371000",
    "+proj=sinu +R=6371007.181 +units=m", "+proj=aea +lat_1=40 +lat_2=50 +lon_0=9 +ellps=GRS80", "ESRI:54009")]
number = 0
def write(stem):
    with rasterio.open(f"{folder}/{stem}.tif", "w", driver="GTiff", width=8, height=6, count=1, dtype="uint8") as out:
        out.write(np.arange(48, dtype="uint8").reshape(1, 6, 8))
    open(f"{folder}/{stem}.tfw", "w").write("20\n0\n0\n-20\n600010\n5339990\n")
for crs in systems:
    for version in ("WKT1_GDAL", "WKT1_ESRI", "WKT2_2019"):
        wkt = crs.to_wkt(version=version)
        write(f"aux{number}")
        open(f"{folder}/aux{number}.tif.aux.xml", "w").write(f"<PAMDataset><SRS>{escape(wkt)}</SRS></PAMDataset>")
        write(f"prj{number}")
        open(f"{folder}/prj{number}.prj", "w").write(wkt)
        print(f"aux{number}.tif prj{number}.tif")
        number += 1
"#;

#[test]
fn coordinate_systems_beside_a_file_are_kept() {
    let Some(python) = python(PACKAGES) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let printed = script(python, SYSTEMS, &[folder.path()]);
    let names: Vec<_> = printed.split_whitespace().collect();
    for name in &names {
        pass_on(folder.path(), name);
    }
    assert_eq!(compare(python, folder.path()), names.len());
    assert!(names.len() > 100, "{} files", names.len());
}

/// Files with masks of every kind.
const MASKS: &str = r#"
import itertools, os, sys, warnings, numpy as np, rasterio
from rasterio.enums import Resampling
warnings.simplefilter("ignore")
folder = sys.argv[1]
rng = np.random.default_rng(1)
height, width = 75, 83
number = 0
def write(kind, mask, bands, coding, tiled, interleave, overviews, nodata):
    global number
    name = f"{number}.tif"
    profile = dict(driver="GTiff", width=width, height=height, count=bands, dtype=kind, interleave=interleave, tiled=tiled,
                   nodata=nodata)
    if coding:
        profile["compress"] = coding
    if tiled:
        profile.update(blockxsize=32, blockysize=16)
    if number % 3 == 0:
        profile["ENDIANNESS"] = "BIG"
    if number % 4 == 0:
        profile["BIGTIFF"] = "YES"
    if mask == "alpha":
        profile["alpha"] = "YES"
        profile["photometric"] = "RGB" if bands == 4 else "MINISBLACK"
    data = rng.integers(1, 120, (bands, height, width)).astype(kind)
    data[:, 5, :9] = 7
    valid = rng.random((height, width)) > 0.3
    valid[:20, :40] = False
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=mask == "inside", GDAL_TIFF_INTERNAL_MASK_TO_8BIT=False):
        if mask == "alpha":
            data[-1] = np.where(valid, 200, 0)
        with rasterio.open(f"{folder}/{name}", "w", **profile) as out:
            out.write(data)
            if mask in ("inside", "beside"):
                out.write_mask(valid)
        if overviews:
            with rasterio.open(f"{folder}/{name}", "r+") as out:
                out.build_overviews([2, 4], Resampling.average)
    if mask == "pam":
        bands = "".join(f'<PAMRasterBand band="{b + 1}"><NoDataValue>{b + 7}</NoDataValue></PAMRasterBand>' for b in range(bands))
        open(f"{folder}/{name}.aux.xml", "w").write(f"<PAMDataset>{bands}</PAMDataset>")
    print(name)
    number += 1
for kind, coding, tiled, interleave, overviews, nodata in itertools.product(
        ["uint8", "uint16", "float32"], [None, "deflate", "lzw"], [False, True], ["band", "pixel"], [False, True], [None, 7]):
    for mask in ("inside", "beside", "pam", "none"):
        write(kind, mask, 3, coding, tiled, interleave, overviews, nodata)
    if kind == "uint8" and nodata is None:
        write(kind, "alpha", 2, coding, tiled, interleave, overviews, nodata)
        write(kind, "alpha", 4, coding, tiled, interleave, overviews, nodata)
"#;

#[test]
fn masks_are_those_of_gdal() {
    let Some(python) = python(PACKAGES) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let printed = script(python, MASKS, &[folder.path()]);
    let names: Vec<_> = printed.split_whitespace().collect();
    for name in &names {
        // an alpha band is no mask where it is read itself: the comparison leaves it out
        pass_on_masked(folder.path(), name);
    }
    assert_eq!(compare(python, folder.path()), names.len());
    assert!(names.len() > 600, "{} files", names.len());
}

/// As [`pass_on`], band by band, so that an alpha band stays a mask of the others.
fn pass_on_masked(folder: &Path, name: &str) {
    pass_on(folder, name);
    let path: PathBuf = folder.join(name);
    let bands = RasterFile::open(&path).unwrap().bands().len();
    let mut bytes = Vec::new();
    for band in 1..=bands {
        let choice = BandChoice::new(format!("1:{band}"));
        let stack = Stack::open(std::slice::from_ref(&path), &[choice], None).unwrap();
        let mut out = vec![0.0; stack.window().pixels()];
        stack
            .reader()
            .unwrap()
            .read(stack.window(), &mut out)
            .unwrap();
        bytes.extend(out.iter().flat_map(|value: &f32| value.to_le_bytes()));
    }
    std::fs::write(folder.join(format!("{name}.raw")), bytes).unwrap();
}
