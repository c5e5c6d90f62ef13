"""Maps: the same numbers as `Model.infer`, with and without Dask, through files, and when a worker dies."""

import os
import signal
from pathlib import Path

import numpy as np
import phys_smpl
import pytest

xr = pytest.importorskip("xarray", reason="skipped: xarray is not installed")
dask = pytest.importorskip("dask", reason="skipped: dask is not installed")

from phys_smpl.xarray import infer_dataset, to_geotiff  # noqa: E402

RUN = Path(__file__).resolve().parents[3] / "models" / "s2_midlatitude"
DATES, ROWS, COLUMNS = 2, 40, 50


@pytest.fixture(scope="module")
def model():
    return phys_smpl.Model.load(RUN, write=["median", "sd", "flags"], parameters=["LAI", "cab"])


@pytest.fixture(scope="module")
def cube(model):
    """time × band × y × x, forests with a gap."""
    rng = np.random.default_rng(8)
    n = DATES * ROWS * COLUMNS
    rtm = phys_smpl.Rtm(free=["cab", "LAI", "fc"], bands=model.channels, precision="single")
    x = rtm.forward(np.array([20, 0.5, 0.3]) + np.array([50, 4.0, 0.6]) * rng.random((n, 3))).astype(np.float32)
    x[11] = np.nan
    values = x.reshape(DATES, ROWS, COLUMNS, -1).transpose(0, 3, 1, 2).copy()
    place = {"y": 5e6 - 10.0 * np.arange(ROWS), "x": 6e5 + 10.0 * np.arange(COLUMNS)}
    labels = {"band": model.channels, "time": np.array(["2024-06-01", "2024-07-01"], "M8[ns]")}
    return xr.DataArray(values, dims=("time", "band", "y", "x"), coords={**labels, **place}, name="reflectance")


def expected(model, cube, tts):
    pixels = cube.transpose("time", "y", "x", "band").values.reshape(-1, len(model.channels))
    return model.infer(pixels, {"tts": np.repeat(np.asarray(tts, np.float32), ROWS * COLUMNS)})


def same(found, values):
    return all(found[name].transpose("time", "y", "x").values.tobytes() == own.tobytes() for name, own in values.items())


def test_a_cube_is_its_pixels(model, cube):
    sun = xr.DataArray(np.array([30.0, 40.0], np.float32), dims="time", coords={"time": cube.time})
    found = infer_dataset(cube, model, angles={"tts": sun})
    assert same(found, expected(model, cube, [30, 40]))
    assert found["LAI"].dtype == np.float32 and found["flags"].dtype == np.uint8
    assert found["LAI"].attrs["units"] == "m2/m2"
    assert len(found["flags"].attrs["flag_meanings"].split()) == len(found["flags"].attrs["flag_masks"])
    assert int(np.isnan(found["LAI"]).sum()) == 1
    assert found.x.identical(cube.x) and found.time.identical(cube.time)


@pytest.mark.parametrize("chunks", [{"y": 16, "x": 16}, {"band": 1, "y": 40, "x": 13}, {"time": 1, "band": 3}])
def test_chunks_change_nothing(model, cube, chunks):
    found = infer_dataset(cube.chunk(chunks), model, angles={"tts": 35.0})
    assert found["LAI"].chunks is not None
    assert same(found.compute(scheduler="threads"), expected(model, cube, [35, 35]))


def test_a_variable_a_band_and_angles_among_them(model, cube):
    ds = cube.to_dataset("band").assign(sun=cube.isel(band=0, drop=True) * 0 + 33)
    ds = ds.rename(B8A="nir").chunk({"y": 20})
    ds["sun"] = ds.sun.fillna(33)
    found = infer_dataset(ds, model, bands={"B8A": "nir"}, angles={"tts": "sun"})
    assert same(found, expected(model, cube, [33, 33]))


def test_positions_and_a_mask(model, cube):
    turned = cube.isel(band=slice(None, None, -1)).drop_vars("band")
    bands = {name: len(model.channels) - 1 - at for at, name in enumerate(model.channels)}
    mask = xr.DataArray(np.arange(COLUMNS) < 10, dims="x", coords={"x": cube.x})
    found = infer_dataset(turned, model, bands=bands, mask=mask, angles={"tts": 35.0})
    assert np.isnan(found["LAI"].isel(x=slice(10))).all()
    full = infer_dataset(cube, model, angles={"tts": 35.0}).isel(x=slice(10, None))
    assert found["LAI"].isel(x=slice(10, None)).values.tobytes() == full["LAI"].values.tobytes()


def test_through_zarr_and_geotiff(model, cube, tmp_path):
    pytest.importorskip("zarr", reason="skipped: zarr is not installed")
    rasterio = pytest.importorskip("rasterio", reason="skipped: rasterio is not installed")
    cube.chunk({"y": 16, "x": 16}).to_dataset().to_zarr(tmp_path / "cube.zarr")
    opened = xr.open_zarr(tmp_path / "cube.zarr").reflectance
    lazy = infer_dataset(opened, model, angles={"tts": 35.0})
    lazy.to_zarr(tmp_path / "traits.zarr")
    values = expected(model, cube, [35, 35])
    assert same(xr.open_zarr(tmp_path / "traits.zarr", mask_and_scale=False), values)
    first = infer_dataset(opened, model, angles={"tts": 35.0}).isel(time=0, drop=True)
    import rioxarray  # noqa: F401

    to_geotiff(first.rio.write_crs("EPSG:32633"), tmp_path / "traits.tif")
    with rasterio.open(tmp_path / "traits.tif") as file:
        assert file.descriptions == tuple(values)
        assert file.crs.to_epsg() == 32633
        assert (file.transform.a, file.transform.e) == (10.0, -10.0)
        for number, (name, own) in enumerate(values.items(), 1):
            one = own[: ROWS * COLUMNS].reshape(ROWS, COLUMNS).astype(np.float32)
            assert file.read(number).tobytes() == one.tobytes(), name


def test_a_worker_that_dies(model, cube):
    """Two processes, one of them killed while it computes: the others' answer."""
    distributed = pytest.importorskip("dask.distributed", reason="skipped: distributed is not installed")
    many = xr.concat([cube] * 12, "time").chunk({"time": 1, "y": 20})
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with distributed.Client(cluster) as client:
            pids = client.run(os.getpid)
            future = client.compute(infer_dataset(many, model, angles={"tts": 35.0}))
            os.kill(sorted(pids.values())[0], signal.SIGKILL)
            found = future.result(timeout=120)
            assert sorted(client.run(os.getpid).values()) != sorted(pids.values())
    values = expected(model, cube, [35, 35])
    for k in range(12):
        assert same(found.isel(time=slice(2 * k, 2 * k + 2)), values)


def test_what_is_not_there(model, cube):
    with pytest.raises(ValueError, match="band B02 missing; the bands are B03"):
        infer_dataset(cube.isel(band=slice(1, None)), model)
    with pytest.raises(ValueError, match="no dimension 'bands'"):
        infer_dataset(cube, model, band_dim="bands")
    with pytest.raises(ValueError, match="B99"):
        infer_dataset(cube, model, bands={"B99": "B02"})
    with pytest.raises(ValueError, match="sun.*tts"):
        infer_dataset(cube, model, angles={"sun": 30})
    with pytest.raises(ValueError, match="no variable"):
        infer_dataset(cube, model, angles={"tts": "sun"})
    with pytest.raises(ValueError, match="tts is 91"):
        infer_dataset(cube, model, angles={"tts": 91})
    with pytest.raises(ValueError, match="time"):
        to_geotiff(infer_dataset(cube, model), "nowhere.tif")


def rioxarrays_cube(model):
    """A raster as rioxarray opens it: labels from 1, names among the attributes, its CRS in a coordinate."""
    pytest.importorskip("rioxarray", reason="skipped: rioxarray is not installed")
    import rioxarray

    return rioxarray.open_rasterio(RUN.parents[1] / "samples" / "forest.tif").isel(x=slice(20), y=slice(15))


SCALED = {"digital_numbers": (1e-4, -1000.0), "angles": {"tts": 40.0}}


@pytest.mark.parametrize("chunks", [None, {"x": 1}])
def test_one_column(chunks):
    one = phys_smpl.Model.load(RUN, write=["median"], parameters=["LAI"])
    cube = xr.DataArray(np.full((10, 4, 3), 0.2, np.float32), dims=("band", "y", "x"), coords={"band": one.channels})
    found = infer_dataset(cube if chunks is None else cube.chunk(chunks), one, angles={"tts": 35.0}).compute()
    assert list(found.data_vars) == ["LAI"]
    assert found["LAI"].dtype == np.float32 and found["LAI"].shape == (4, 3)
    assert (found["LAI"].values == one.infer(np.full((1, 10), 0.2), {"tts": 35.0})["LAI"]).all()


def test_the_crs_stays(model, tmp_path):
    raster = rioxarrays_cube(model)
    rasterio = pytest.importorskip("rasterio", reason="skipped: rasterio is not installed")
    named = raster.assign_coords(band=list(raster.attrs["long_name"]))
    many = named.to_dataset("band")
    other = named.rename(spatial_ref="crs")
    other.encoding["grid_mapping"] = "crs"
    beside = many.reset_coords("spatial_ref")
    for layer in beside.data_vars.values():
        layer.attrs["grid_mapping"] = "spatial_ref"
    for number, ds in enumerate((named, many, other, beside, named.chunk({"x": 7}))):
        found = infer_dataset(ds, model, **SCALED)
        assert raster.rio.crs.to_epsg() == 32633 and found.rio.crs.to_epsg() == 32633, number
        assert found.rio.transform() == raster.rio.transform()
        to_geotiff(found, tmp_path / f"{number}.tif")
        with rasterio.open(tmp_path / f"{number}.tif") as file:
            assert file.crs.to_epsg() == 32633 and file.transform == raster.rio.transform()


def test_attributes_stay_but_those_about_the_numbers(model, cube):
    cube = cube.assign_attrs(title="a forest", scale_factor=1.0, long_name="reflectance", units="1")
    cube.x.attrs, cube.time.attrs = {"units": "m", "axis": "X"}, {"long_name": "overpass"}
    found = infer_dataset(cube, model)
    assert found.attrs == {"title": "a forest", "phys_smpl_model": model.digest}
    assert found.x.attrs == {"units": "m", "axis": "X"} and found.time.attrs == {"long_name": "overpass"}
    assert infer_dataset(cube.to_dataset("band").assign_attrs(source="s2"), model).attrs["source"] == "s2"


def test_a_number_is_a_label_where_there_are_labels(model):
    raster = rioxarrays_cube(model)
    names = list(raster.attrs["long_name"])
    right = infer_dataset(raster.assign_coords(band=names), model, **SCALED)
    assert np.isfinite(right["LAI"]).any()

    def same_map(ds, bands):
        found = infer_dataset(ds, model, bands=bands, **SCALED)
        return all(found[name].values.tobytes() == right[name].values.tobytes() for name in right.data_vars)

    labels = {channel: 1 + names.index(channel) for channel in model.channels}
    turned = raster.isel(band=slice(None, None, -1))
    assert same_map(raster, labels) and same_map(turned, labels)
    assert same_map(raster.assign_coords(band=np.arange(len(names)) * 10.0 + 5), {c: 10 * n - 5 for c, n in labels.items()})
    bare = raster.drop_vars("band")
    assert same_map(bare, {channel: label - 1 for channel, label in labels.items()})
    with pytest.raises(ValueError, match="band 0 missing; the bands are 1, 2"):
        same_map(raster, {channel: label - 1 for channel, label in labels.items()})
    with pytest.raises(ValueError, match=r"assign_coords\(band=list\(ds.attrs\['long_name'\]\)\)"):
        infer_dataset(raster, model)
    with pytest.raises(ValueError, match="band 3 there 2 times"):
        same_map(raster.assign_coords(band=[1, 2, 3, 3, *range(5, len(names) + 1)]), labels)
    with pytest.raises(ValueError, match="-1 is no position"):
        same_map(bare, {**{channel: label - 1 for channel, label in labels.items()}, model.channels[0]: -1})
    with pytest.raises(ValueError, match=f"{len(names)} is no position"):
        same_map(bare, {**{channel: label - 1 for channel, label in labels.items()}, model.channels[0]: len(names)})


def test_attributes_of_scale_and_fill(model, cube):
    """Applied once, whoever says it."""
    right = infer_dataset(cube, model)
    missing = np.isnan(cube.values)
    numbers = np.where(missing, -9999, np.round(np.nan_to_num(cube.values) * 1e4)).astype(np.int16)
    coded = cube.copy(data=numbers).assign_attrs(scale_factor=1e-4, add_offset=0.0, _FillValue=np.int16(-9999))
    decoded = (coded.where(coded != -9999) * 1e-4).assign_attrs()
    decoded.attrs = {}
    expected = infer_dataset(decoded, model)
    assert np.abs((expected["LAI"] - right["LAI"]).values[~np.isnan(right["LAI"].values)]).max() < 0.1

    def is_right(found):
        same = [np.allclose(found[name], expected[name], rtol=1e-4, atol=1e-5, equal_nan=True) for name in ("LAI", "cab")]
        return all(same)

    assert int(np.isnan(expected["LAI"]).sum()) == 1
    assert is_right(infer_dataset(coded, model)) and is_right(infer_dataset(coded.chunk({"y": 9}), model))
    assert is_right(infer_dataset(coded, model, digital_numbers=(1e-4, 0.0)))
    many = coded.to_dataset("band")
    for layer in many.data_vars.values():
        layer.attrs = dict(coded.attrs)
    assert is_right(infer_dataset(many, model)) and is_right(infer_dataset(many, model, digital_numbers=(1e-4, 0.0)))
    shifted = coded.copy(data=np.where(missing, -9999, numbers + 1000).astype(np.int16))
    shifted.attrs = {"scale_factor": 1e-4, "add_offset": -0.1, "missing_value": -9999}
    assert is_right(infer_dataset(shifted, model)) and is_right(infer_dataset(shifted, model, digital_numbers=(1e-4, -1000.0)))
    with pytest.raises(ValueError, match="leave one of them out"):
        infer_dataset(coded, model, digital_numbers=(1e-4, -1000.0))
    read = decoded.copy()
    read.encoding = {"scale_factor": 1e-4, "add_offset": 0.0}
    assert is_right(infer_dataset(read, model))
    with pytest.raises(ValueError, match="leave digital_numbers out"):
        infer_dataset(read, model, digital_numbers=(1e-4, 0.0))
    for wrong in ({"scale_factor": [1e-4, 1e-3]}, {"scales": (1e-4,) * 10}, {"_Unsigned": "true"}, {"scale_factor": np.nan}):
        plain = coded.copy()
        plain.attrs = wrong
        with pytest.raises(ValueError, match="|".join(wrong)):
            infer_dataset(plain, model)


def test_masks_and_angles_that_are_something_else(model, cube):
    with pytest.raises(TypeError, match="mask is uint8; allowed: a DataArray of bool"):
        infer_dataset(cube, model, mask=xr.ones_like(cube.isel(band=0, drop=True)).astype(np.uint8))
    radians = xr.full_like(cube.isel(band=0, drop=True), 0.5).assign_attrs(units="radians")
    with pytest.raises(ValueError, match="tts is in radians; allowed: degrees"):
        infer_dataset(cube, model, angles={"tts": radians})
    with pytest.raises(TypeError, match="tts is an array without"):
        infer_dataset(cube, model, angles={"tts": np.full((2, 40, 50), 30.0)})
    with pytest.raises(ValueError, match="did you mean 'tts'"):
        infer_dataset(cube, model, angles={"ttS": 30.0})
