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
    with pytest.raises(ValueError, match="B02 missing"):
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
