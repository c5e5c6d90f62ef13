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
      np.allclose(found, expected, rtol=1e-5, atol=1e-6, equal_nan=True))
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
    insta::assert_snapshot!(script(&python, READ, &paths), @r#"
    True [] []
    32633 [20.0, 0.0, 399960.0, 0.0, -20.0, 5400000.0]
    float32 True [2] (512, 512)
    N:None cab:ug/cm2 car:ug/cm2 anth:ug/cm2 cbrown:None cw:cm cm:g/cm2 LAI:m2/m2 LAIu:m2/m2 fc:None psoil:None ALA:deg N_sd:None cab_sd:ug/cm2 car_sd:ug/cm2 anth_sd:ug/cm2 cbrown_sd:None cw_sd:cm cm_sd:g/cm2 LAI_sd:m2/m2 LAIu_sd:m2/m2 fc_sd:None psoil_sd:None ALA_sd:deg N_05:None N_95:None cab_05:ug/cm2 cab_95:ug/cm2 car_05:ug/cm2 car_95:ug/cm2 anth_05:ug/cm2 anth_95:ug/cm2 cbrown_05:None cbrown_95:None cw_05:cm cw_95:cm cm_05:g/cm2 cm_95:g/cm2 LAI_05:m2/m2 LAI_95:m2/m2 LAIu_05:m2/m2 LAIu_95:m2/m2 fc_05:None fc_95:None psoil_05:None psoil_95:None ALA_05:deg ALA_95:deg LAI_canopy:m2/m2 LAI_canopy_sd:m2/m2 CCC:g/m2 CCC_sd:g/m2 CWC:g/m2 CWC_sd:g/m2 error_physics:reflectance flags:None
    rtm_s2_midlatitude scene.tif none 64 canopy chlorophyll content, cab LAI fc, at the posterior medians
    True True True True
    True True
    (270, 290) True
    "#);
}
