"""Trained models: against Rust itself, and what a user may do wrong."""

import os
import pickle
import subprocess
from pathlib import Path

import numpy as np
import phys_smpl
import pytest

ROOT = Path(__file__).resolve().parents[3]
RUN = ROOT / "models" / "s2_midlatitude"


def drawn(n, seed=4):
    """Reflectance like that of forests, and angles."""
    rng = np.random.default_rng(seed)
    model = phys_smpl.Model.load(RUN, write=["flags"])
    free = ["N", "cab", "LAI", "fc", "ALA"]
    low, high = np.array([1.2, 20, 0.5, 0.2, 30.0]), np.array([2.5, 70, 4.5, 0.95, 70.0])
    rtm = phys_smpl.Rtm(free=free, bands=model.channels, precision="single")
    angles = np.column_stack([rng.uniform(25, 60, n), rng.uniform(0, 12, n), rng.uniform(0, 180, n)])
    x = rtm.forward(low + (high - low) * rng.random((n, 5)), angles)
    return x.astype(np.float32), angles.astype(np.float32)


@pytest.fixture(scope="module")
def model():
    return phys_smpl.Model.load(RUN)


@pytest.fixture(scope="module")
def rust(tmp_path_factory):
    """Reflectance, angles, and what Rust infers from them without Python."""
    folder = tmp_path_factory.mktemp("estimates")
    x, angles = drawn(10_000)
    x[17, 3] = np.nan
    np.save(folder / "reflectance.npy", x)
    np.save(folder / "angles.npy", angles)
    line = [os.environ.get("CARGO", "cargo"), "run", "--quiet", "-p", "stories", "--bin", "estimates_for_python", "--"]
    subprocess.run([*line, str(RUN), str(folder)], cwd=ROOT, check=True)
    return x, angles, np.load(folder / "estimates.npy")


def same(a, b):
    return a.keys() == b.keys() and all(a[name].tobytes() == b[name].tobytes() for name in a)


@pytest.mark.parametrize("threads", [None, 1, 3])
def test_estimates_are_those_of_rust_bit_for_bit(rust, threads):
    x, angles, expected = rust
    model = phys_smpl.Model.load(RUN, threads=threads)
    found = model.infer(x, angles)
    assert [name for name, *_ in model.columns] == list(found)
    for (name, values), own in zip(found.items(), expected):
        own = own.astype(np.uint8) if name == "flags" else own
        assert values.dtype == own.dtype
        assert values.tobytes() == own.tobytes(), name
    assert np.isfinite(found["LAI"]).sum() == len(x) - 1
    assert found["flags"][17] == 1 and np.isnan(found["LAI"][17])


def test_what_is_inferred_is_near_what_was_there(model):
    rng = np.random.default_rng(1)
    cab, angles = rng.uniform(20, 70, 500), {"tts": 35.0}
    rtm = phys_smpl.Rtm(free=["cab"], bands=model.channels, fixed={"LAI": 3.0}, geometry=["tts"])
    x = rtm.forward(cab[:, None], np.full((500, 1), 35.0))
    found = model.infer(x, angles)
    inside = (found["cab_05"] <= cab) & (cab <= found["cab_95"])
    assert inside.mean() > 0.5
    assert np.corrcoef(found["cab"], cab)[0, 1] > 0.9
    assert (found["cab_05"] < found["cab"]).all() and (found["cab"] < found["cab_95"]).all()
    assert (found["cab_sd"] > 0).all()


def test_any_order_of_memory_and_type_of_number(model, rust):
    x, angles, _ = rust
    expected = model.infer(x, angles)
    assert same(model.infer(np.asfortranarray(x), np.asfortranarray(angles)), expected)
    assert same(model.infer(x.astype(np.float64), angles.astype(np.float64)), expected)
    by_name = {"tts": angles[:, 0], "tto": angles[:, 1], "psi": angles[:, 2]}
    assert same(model.infer(x, by_name), expected)


def test_digital_numbers(model):
    x, angles = drawn(300)
    numbers = np.round(x * 10_000 + 1000).astype(np.uint16)
    numbers[5, 2] = 0
    reflectance = ((numbers.astype(np.float64) - 1000) * 1e-4).astype(np.float32)
    reflectance[5, 2] = np.nan
    expected = model.infer(reflectance, angles)
    for kind in (np.uint16, np.int16, np.float32):
        assert same(model.infer(numbers.astype(kind), angles, digital_numbers=(1e-4, -1000.0)), expected)
    numbers[7, 1] = 9999
    found = model.infer(numbers, angles, digital_numbers=(1e-4, -1000.0), nodata=9999)
    assert found["flags"][7] == 1 and found["flags"][5] == 1 and found["flags"][6] & 1 == 0


def test_a_mask_leaves_out(model):
    x, angles = drawn(100)
    mask = np.arange(100) % 3 == 0
    found, all_of_them = model.infer(x, angles, mask=mask), model.infer(x, angles)
    assert (np.isnan(found["LAI"]) == mask).all()
    assert (found["LAI"][~mask] == all_of_them["LAI"][~mask]).all()


def test_some_columns_and_a_refinement():
    x, angles = drawn(200)
    few = phys_smpl.Model.load(RUN / "config.json", write=["median", "flags"], parameters=["LAI", "cab"])
    assert [name for name, *_ in few.columns] == ["LAI", "cab", "flags"]
    refined = phys_smpl.Model.load(RUN, write=["errors"], refine=3).infer(x, angles)["error_physics"]
    plain = phys_smpl.Model.load(RUN, write=["errors"]).infer(x, angles)["error_physics"]
    assert np.median(refined) < np.median(plain)


def test_a_model_goes_to_another_process(model):
    x, angles = drawn(50)
    sent = pickle.dumps(model.with_threads(1))
    again = pickle.loads(sent)
    assert pickle.loads(sent) is again
    assert again.digest == model.digest
    assert same(again.infer(x, angles), model.infer(x, angles))


def test_what_a_user_may_do_wrong(model, tmp_path):
    x, angles = drawn(10)
    with pytest.raises(OSError, match="no such folder"):
        phys_smpl.Model.load(tmp_path / "nothing")
    with pytest.raises(OSError, match="config.json"):
        phys_smpl.Model.load(tmp_path)
    with pytest.raises(ValueError, match="chlorophyll"):
        phys_smpl.Model.load(RUN, parameters=["chlorophyll"])
    with pytest.raises(ValueError, match="means.*median, sd"):
        phys_smpl.Model.load(RUN, write=["means"])
    with pytest.raises(ValueError, match="9 columns.*B02"):
        model.infer(x[:, :9])
    with pytest.raises(ValueError, match="angles"):
        model.infer(x, angles[:, :2])
    with pytest.raises(ValueError, match="sun.*tts"):
        model.infer(x, {"sun": 30.0})
    with pytest.raises(ValueError, match="tts is 95"):
        model.infer(x, {"tts": 95.0})
    with pytest.raises(ValueError, match="mask"):
        model.infer(x, mask=np.zeros(3, bool))
    with pytest.raises(ValueError, match="scale"):
        model.infer(x, digital_numbers=(0.0, 0.0))
    with pytest.raises(ValueError, match="x has 3 dimensions; allowed: 2"):
        model.infer(x[None])
    with pytest.raises(ValueError, match="unknown parameter 'Cab'.*did you mean 'cab'"):
        phys_smpl.Model.load(RUN, parameters=["Cab"])
    with pytest.raises(ValueError, match="did you mean 'median'"):
        phys_smpl.Model.load(RUN, write=["Median"])
    with pytest.raises(ValueError, match="did you mean 'tts'"):
        model.infer(x, {"TTS": 30.0})


def test_a_relative_azimuth_is_the_same_in_every_turn(model):
    x, _ = drawn(4)
    for psi, same_psi in ((190.8, 169.2), (-30.0, 30.0), (390.0, 30.0)):
        expected = model.infer(x, {"tts": 40.0, "tto": 8.0, "psi": same_psi})
        for given in ({"tts": 40.0, "tto": 8.0, "psi": psi}, np.tile([40.0, 8.0, psi], (4, 1))):
            found = model.infer(x, given)
            assert np.isfinite(found["LAI"]).all()
            assert all(np.allclose(found[name], own, rtol=1e-4, atol=1e-5) for name, own in expected.items())


def test_numbers_that_cannot_be_reflectance(model):
    x, angles = drawn(40)
    with pytest.raises(ValueError, match=r"looks like .*digital numbers.*digital_numbers=\(scale, offset\)"):
        model.infer(np.round(x * 10_000).astype(np.int32), angles)
    beyond = np.array([[30.0, 5.0, 60.0], [85.0, 5.0, 60.0]])
    assert list(model.infer(x[:2], beyond)["flags"] & 5) == [0, 5]
