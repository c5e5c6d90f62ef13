"""Observations that are not what they are given as: refused or doubted by the rule of `trainer infer`, in words of Python."""

import re
import warnings
from pathlib import Path

import numpy as np
import phys_smpl
import pytest

RUN = Path(__file__).resolve().parents[3] / "models" / "s2_midlatitude"
NEW, OLD = (1e-4, -1000.0), (1e-4, 0.0)


@pytest.fixture(scope="module")
def model():
    return phys_smpl.Model.load(RUN, write=["median", "flags"], parameters=["LAI"])


@pytest.fixture(scope="module")
def forests(model):
    """Reflectance of 144 forests."""
    rng = np.random.default_rng(9)
    rtm = phys_smpl.Rtm(free=["cab", "LAI", "fc"], bands=model.channels)
    return rtm.forward(np.array([20, 0.5, 0.3]) + np.array([50, 4.0, 0.6]) * rng.random((144, 3)))


def with_fill(x):
    x = x.copy()
    x[: len(x) // 2 + 1] = -9999
    return x


# what is made of reflectance, how it is given, and what is raised or warned of
WRONG = {
    "digital numbers": (lambda x: np.round(x * 1e4), {}, r"Sentinel-2 digital numbers.*digital_numbers=\(scale, offset\)"),
    "with an offset": (lambda x: np.round(x * 1e4 + 1000), {}, r"Sentinel-2 digital numbers.*\(1e-4, -1000\)"),
    "percent": (lambda x: x * 100, {}, r"percent.*digital_numbers=\(0.01, 0\)"),
    "reflectance": (lambda x: x, {"digital_numbers": NEW}, "given as digital numbers looks like reflectance.*leave digital_numbers out"),
    "reflectance, no offset": (lambda x: x, {"digital_numbers": OLD}, "looks like reflectance"),
    "another scale": (lambda x: np.round(x * 1e4), {"digital_numbers": (1e-2, 0.0)}, "numbers of another scale"),
    "scaled twice": (lambda x: x * 1e-4, {}, "scaled once more"),
    "no data": (with_fill, {}, "number for no data.*nodata=-9999"),
}
DOUBTFUL = {
    "offset left out": (lambda x: np.round(x * 1e4 + 1000), {"digital_numbers": OLD}, r"digital_numbers=\(1e-4, -1000\) takes it off"),
    "offset twice": (lambda x: np.round(x * 4e3), {"digital_numbers": NEW}, r"digital_numbers=\(1e-4, 0\) takes off none"),
}
RIGHT = {
    "reflectance": (lambda x: x, {}),
    "digital numbers": (lambda x: np.round(x * 1e4 + 1000), {"digital_numbers": NEW}),
    "digital numbers, no offset": (lambda x: np.round(x * 1e4), {"digital_numbers": OLD}),
    "own scale": (lambda x: x, {"digital_numbers": (1.0, 0.0)}),
    "percent": (lambda x: x * 100, {"digital_numbers": (0.01, 0.0)}),
    "no data": (with_fill, {"nodata": -9999}),
    "beyond a swath": (np.ones_like, {"digital_numbers": NEW}),
    "beyond a swath, no offset": (np.ones_like, {"digital_numbers": OLD}),
    "zeros": (np.zeros_like, {}),
}


def given(x):
    """The same numbers in every type that holds them, and in three orders."""
    for kind in ("f4", "f8", ">f4", "i2", "i4", "u2"):
        if np.dtype(kind).kind == "f" or (x.min() >= np.iinfo(kind).min and (x == np.round(x)).all()):
            for order in (np.ascontiguousarray, np.asfortranarray, lambda a: a[::-1][::-1]):
                yield order(x.astype(kind))


def calls(model, x, options):
    """Each way to ask: as it lies, masked in part, as a cube, and as a cube in chunks."""
    for array in given(x):
        yield lambda array=array: model.infer(array, **options)
        yield lambda array=array: model.infer(array, mask=np.arange(len(array)) % 3 == 0, **options)
    xr = pytest.importorskip("xarray", reason="skipped: xarray is not installed")
    pytest.importorskip("dask", reason="skipped: dask is not installed")
    cube = xr.DataArray(x.reshape(12, 12, -1), dims=("y", "x", "band"), coords={"band": model.channels})
    for chunks in (None, {"y": 12, "x": 6}, {"y": 6, "x": 12, "band": 1}):
        cut = cube if chunks is None else cube.chunk(chunks)
        yield lambda cut=cut: phys_smpl.xarray.infer_dataset(cut, model, **options).compute(scheduler="synchronous")


def is_of_python(text):
    return not re.search(r"declare|values:|sentinel2|GeoTIFF", text)


@pytest.mark.parametrize("name", WRONG)
def test_contradictions_are_refused(model, forests, name):
    make, options, words = WRONG[name]
    tried = 0
    for call in calls(model, make(forests), options):
        with pytest.raises(ValueError, match=words) as error:
            call()
        assert is_of_python(str(error.value)), str(error.value)
        tried += 1
    print(f"{tried} calls")
    assert tried >= 21


@pytest.mark.parametrize("name", DOUBTFUL)
def test_doubts_are_said_where_the_call_is(model, forests, name):
    make, options, words = DOUBTFUL[name]
    tried = 0
    for call in calls(model, make(forests), options):
        with pytest.warns(UserWarning, match=words) as said:
            call()
        assert all(is_of_python(str(one.message)) for one in said)
        tried += 1
    print(f"{tried} calls")
    with pytest.warns(UserWarning) as said:
        model.infer(make(forests), **options)
    assert Path(said[0].filename) == Path(__file__)


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_taken_without_a_word(model, forests, name):
    make, options = RIGHT[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        for call in calls(model, make(forests), options):
            call()


def test_a_single_spectrum_is_judged(model, forests):
    with pytest.raises(ValueError, match="digital numbers"):
        model.infer(np.round(forests[0] * 1e4 + 1000))
    with pytest.raises(ValueError, match="digital numbers"):
        model.infer(np.full((1, 10), 2000))


def test_angles_that_are_no_degrees(model, forests):
    n = len(forests)
    sun = np.linspace(30, 50, n)
    for wrong, words in ((np.radians(sun), "looks like radians"), (sun * 100, "hundredths of a degree.*convert them to degrees")):
        for angles in ({"tts": wrong}, np.column_stack([wrong, np.zeros(n), np.zeros(n)])):
            with pytest.raises(ValueError, match=words) as error:
                model.infer(forests, angles)
            assert is_of_python(str(error.value)), str(error.value)
    # a number for all is what its user says
    assert np.isfinite(model.infer(forests, {"tts": 1.0})["LAI"]).all()


def test_the_edge_of_a_swath_in_a_chunk_of_its_own(model):
    """Digital numbers of the sample are 1 along its edge."""
    pytest.importorskip("rioxarray", reason="skipped: rioxarray is not installed")
    import rioxarray

    raster = rioxarray.open_rasterio(RUN.parents[1] / "samples" / "forest.tif")
    raster = raster.assign_coords(band=list(raster.attrs["long_name"])).isel(x=slice(60), y=slice(80))
    options = {"digital_numbers": NEW, "angles": {"tts": 40.0}}
    whole = phys_smpl.xarray.infer_dataset(raster, model, **options)
    edge = raster.isel(x=slice(7), y=slice(20)).sel(band=model.channels)
    assert (edge == 1).all()
    for size in (7, 20):
        cut = phys_smpl.xarray.infer_dataset(raster.chunk({"x": size, "y": 40}), model, **options).compute(scheduler="synchronous")
        assert all(cut[name].values.tobytes() == own.values.tobytes() for name, own in whole.items()), size
