//! rasterio (GDAL) writes a scene, `trainer infer` makes traits of it, rasterio and `rio_cogeo` read them.

use std::path::Path;
use stories::infer::infer;
use stories::python::{python, script};

const PACKAGES: &[&str] = &["rasterio", "numpy", "rio-cogeo"];

/// A scene of ten named bands with gaps, and its pixels as a table.
const WRITE: &str = r#"
import sys, numpy as np, rasterio
from rasterio.transform import from_origin
scene, table = sys.argv[1:3]
names = ["B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"]
forest = np.array([0.02, 0.04, 0.025, 0.07, 0.2, 0.26, 0.28, 0.3, 0.14, 0.07])
height, width = 540, 580
rng = np.random.default_rng(1)
bright = rng.uniform(0.6, 1.4, (height, width))
data = 1000 + 1e4 * forest[:, None, None] * bright * rng.uniform(0.9, 1.1, (10, height, width))
data = data.round().astype("uint16")
data[:, rng.random((height, width)) > 0.03] = 0
data[3, 5:9, :] = 0
data[:, :, 7] = 65535
profile = dict(driver="GTiff", width=width, height=height, count=10, dtype="uint16", crs="EPSG:32633",
               transform=from_origin(399960, 5400000, 20, 20), tiled=True, blockxsize=128, blockysize=128,
               compress="deflate", predictor=2, nodata=0)
with rasterio.open(scene, "w", **profile) as out:
    out.write(data)
    out.descriptions = names
np.savetxt(table, data.reshape(10, -1).T, fmt="%d", delimiter=",", header=",".join(names), comments="")
"#;

/// Compares, and prints what is asked for, one thing to a line.
const READ: &str = r#"
import sys, warnings, numpy as np, rasterio
from rio_cogeo.cogeo import cog_validate
traits, table = sys.argv[1:3]
valid, errors, notes = cog_validate(traits, strict=True)
print(valid, errors, notes)
with rasterio.open(traits) as file:
    print(file.crs.to_epsg(), list(file.transform)[:6])
    print(file.dtypes[0], np.isnan(file.nodata), file.overviews(1), file.block_shapes[0])
    print(*(f"{name}:{unit}" for name, unit in zip(file.descriptions, file.units)))
    tags = file.tags()
    print(tags["model"], tags["inputs"], tags["refinement"], len(tags["weights_sha256"]), tags["about_CCC"])
    found, names = file.read(), file.descriptions
with open(table) as lines:
    header = next(lines).strip().split(",")
expected = np.genfromtxt(table, delimiter=",", skip_header=1, dtype="float32", filling_values=np.nan).T
assert list(names) == header, header
expected = expected.reshape(found.shape)
print((~np.isnan(found[0])).sum() > 5000, np.isnan(found[0, 5:9]).all(), np.isnan(found[0, :, 7]).all(),
      np.array_equal(found, expected, equal_nan=True))
of = lambda name: found[header.index(name)]
product = np.float32(0.01) * of("cab") * of("LAI") * of("fc")
print(np.nanmax(np.abs(of("CCC") / product - 1)) < 1e-6, np.nanmin(of("LAI_95") - of("LAI_05")) > 0)
with rasterio.open(traits, OVERVIEW_LEVEL=0) as file:
    half = file.read(header.index("LAI") + 1)
lai = of("LAI")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    mean = np.nanmean(np.stack([lai[i::2, j::2] for i in (0, 1) for j in (0, 1)]), axis=0)
print(half.shape, np.allclose(half, mean, rtol=1e-5, equal_nan=True))
"#;

#[test]
fn rasterio_writes_what_is_read_and_reads_what_is_written() {
    let Some(python) = python(PACKAGES) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let at = |name: &str| folder.join(name);
    script(&python, WRITE, &[&*at("scene.tif"), &*at("pixels.csv")]);
    for (input, output) in [("scene.tif", "traits.tif"), ("pixels.csv", "traits.csv")] {
        let files = ["--input", input, "--output", output];
        let values = ["--values", "sentinel2_l2a", "--angle", "tts=35"];
        infer(folder, &[&files[..], &values].concat());
    }
    let paths: [&Path; 2] = [&at("traits.tif"), &at("traits.csv")];
    insta::assert_snapshot!(script(&python, READ, &paths), @"");
}
