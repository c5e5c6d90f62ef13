"""The binding against Rust itself, and what a user may do wrong."""

import os
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import phys_smpl
import pytest

ROOT = Path(__file__).resolve().parents[3]
LOW = np.array([1.0, 10.0, 0.001, 0.005, 0.01, 0.01, 0.1])
HIGH = np.array([3.0, 80.0, 0.02, 0.05, 5.0, 1.0, 1.0])
FREE = ["N", "cab", "cw", "cm", "LAI", "LAIu", "fc"]


def drawn(n, seed=1):
    rng = np.random.default_rng(seed)
    angles = np.column_stack([rng.uniform(15, 75, n), rng.uniform(0, 12, n), rng.uniform(0, 180, n)])
    return LOW + (HIGH - LOW) * rng.random((n, 7)), angles


@pytest.fixture(scope="module")
def rtm():
    return phys_smpl.Rtm(free=FREE)


@pytest.fixture(scope="module")
def rust(tmp_path_factory):
    """Parameters, geometry, and what Rust makes of them without Python."""
    folder = tmp_path_factory.mktemp("reference")
    params, geometry = drawn(777)
    np.save(folder / "parameters.npy", params)
    np.save(folder / "geometry.npy", geometry)
    command = [os.environ.get("CARGO", "cargo"), "run", "--quiet", "-p", "stories", "--bin", "spectra_for_python", "--"]
    subprocess.run([*command, str(folder)], cwd=ROOT, check=True)
    return params, geometry, np.load(folder / "values.npy"), np.load(folder / "jacobian.npy")


def same_bits(a, b):
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def test_values_and_jacobian_are_those_of_rust_bit_for_bit(rtm, rust):
    params, geometry, values, jacobian = rust
    assert same_bits(rtm.forward(params, geometry), values)
    found, slopes = rtm.forward_with_jacobian(params, geometry)
    assert same_bits(found, values)
    assert same_bits(slopes, jacobian)
    assert np.abs(jacobian).max() > 0


@pytest.mark.parametrize("threads", [1, 3])
def test_the_number_of_threads_changes_nothing(rust, threads):
    params, geometry, values, jacobian = rust
    found, slopes = phys_smpl.Rtm(free=FREE, threads=threads).forward_with_jacobian(params, geometry)
    assert same_bits(found, values) and same_bits(slopes, jacobian)


def test_arrays_in_any_order_of_memory(rtm, rust):
    params, geometry, values, _ = rust
    assert same_bits(rtm.forward(np.asfortranarray(params), np.asfortranarray(geometry)), values)
    assert same_bits(rtm.forward(params[::-1], geometry[::-1]), values[::-1].copy())


def test_float32_is_widened_and_rounded(rtm):
    params, geometry = (a.astype(np.float32) for a in drawn(50))
    wide, slopes = rtm.forward_with_jacobian(params.astype(np.float64), geometry.astype(np.float64))
    found, found_slopes = rtm.forward_with_jacobian(params, geometry)
    assert same_bits(found, wide.astype(np.float32))
    assert same_bits(found_slopes, slopes.astype(np.float32))


def test_single_precision_is_near(rust):
    params, geometry, values, _ = rust
    found = phys_smpl.Rtm(free=FREE, precision="single").forward(params, geometry)
    assert 0 < np.abs(found - values).max() <= 5e-6


def test_the_jacobian_is_the_slope_of_the_values(rtm):
    params, geometry = drawn(20, seed=2)
    _, jacobian = rtm.forward_with_jacobian(params, geometry)
    for k in range(7):
        step = np.zeros(7)
        step[k] = 1e-6 * (HIGH - LOW)[k]
        ends = [rtm.forward(params + by * step, geometry) for by in (1, -1)]
        slope = (ends[0] - ends[1]) / (2 * step[k])
        assert np.abs(slope - jacobian[:, :, k]).max() <= 1e-6 * np.abs(jacobian[:, :, k]).max(), FREE[k]


def test_what_a_model_says_of_itself(rtm):
    assert [name for name, *_ in rtm.parameters] == FREE
    assert [name for name, *_ in rtm.geometry] == ["tts", "tto", "psi"]
    assert rtm.forward(drawn(3)[0]).shape == (3, len(rtm.bands))
    some = phys_smpl.Rtm(free=["cab"], bands=["B04", "B08"], sensor="s2b", fixed={"LAI": 2.0})
    assert some.bands == ["B04", "B08"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"free": ["chlorophyll"]}, ["chlorophyll", "cab"]),
        ({"free": ["cab"], "variant": "inform"}, ["inform", "published"]),
        ({"free": ["cab"], "sensor": "s3"}, ["s3"]),
        ({"free": ["cab"], "leaf": "prospect_6"}, ["prospect_6"]),
        ({"free": ["cab"], "threads": 0}, ["threads"]),
        ({"free": ["cab"], "precision": "half"}, ["half", "double"]),
    ],
)
def test_names_that_are_not_known(arguments, words):
    with pytest.raises(ValueError) as error:
        phys_smpl.Rtm(**arguments)
    for word in words:
        assert word in str(error.value)


def test_arrays_that_do_not_fit(rtm):
    params, geometry = drawn(5)
    with pytest.raises(ValueError, match="2, a row a sample"):
        rtm.forward(params[None])
    with pytest.raises(ValueError, match="params has 6 columns; allowed: 7"):
        rtm.forward(params[:, :6])
    with pytest.raises(ValueError, match="geometry has 3 rows and params 5"):
        rtm.forward(params, geometry[:3])
    params[3, 1] = np.nan
    with pytest.raises(ValueError, match="row 3: cab = NaN"):
        rtm.forward(params)


def test_a_row_far_down_is_named(rtm):
    params, geometry = drawn(70_000)
    params[69_999, 4] = -1
    with pytest.raises(ValueError, match="row 69999: LAI = -1"):
        rtm.forward(params, geometry)


def test_other_threads_run_meanwhile(rtm):
    """A thread of Python counts while Rust computes: the lock is not held."""
    params, geometry = drawn(200_000)
    ticks, stop = [], threading.Event()

    def tick():
        while not stop.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    begin = time.perf_counter()
    rtm.forward(params, geometry)
    end = time.perf_counter()
    stop.set()
    thread.join()
    inside = sum(begin < t < end for t in ticks)
    assert inside > 0.05 * (end - begin) / 0.001, (inside, end - begin)
