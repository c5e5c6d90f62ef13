"""What type checkers, `dir` and old systems see of the package."""

import os
import re
import subprocess
import sys
from pathlib import Path

import phys_smpl
import pytest

CRATE = Path(__file__).resolve().parents[1]

# what users write; each reveal_type is answered below
USER = """
import numpy as np
from numpy.typing import NDArray
import phys_smpl

rtm = phys_smpl.Rtm(free=["N", "cab"], sensor="s2b", leaf="prospect_d", fixed={"LAI": 3}, geometry=("tts",), threads=2)
table: NDArray[np.float64] = rtm.forward(np.zeros((2, 2)), [[30.0], [40.0]])
single: NDArray[np.float32] = rtm.forward(np.zeros((2, 2), np.float32))
lists: NDArray[np.float64] = rtm.forward([[1.5, 40.0]])
values, jacobian = rtm.forward_with_jacobian(np.zeros((2, 2)))
names: list[str] = [name for name, unit, low, high, default in rtm.parameters] + rtm.bands
model = phys_smpl.Model.load("run", write=["median"], parameters=("LAI",), refine=3, threads=None).with_threads(1)
found = model.infer(np.zeros((2, 10)), {"tts": 30.0}, mask=[True, False], digital_numbers=(1e-4, -1000.0), nodata=0)
lai: NDArray[np.float32] = found["LAI"]
physics = phys_smpl.torch_function(rtm)
version: str = phys_smpl.__version__
maps = phys_smpl.xarray.infer_dataset
"""


def mypy(*arguments, cwd):
    pytest.importorskip("mypy", reason="skipped: mypy is not installed")
    done = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, cwd=cwd)
    return done.returncode, done.stdout + done.stderr


def test_a_strict_type_checker_accepts_what_users_write(tmp_path):
    (tmp_path / "user.py").write_text(USER)
    code, said = mypy("mypy", "--strict", "user.py", cwd=tmp_path)
    assert code == 0, said
    (tmp_path / "wrong.py").write_text('import phys_smpl\nphys_smpl.Rtm(free=["N"], leaves=1)\nphys_smpl.Rtm().forwards()\n')
    code, said = mypy("mypy", "--strict", "wrong.py", cwd=tmp_path)
    assert code == 1 and "leaves" in said and "free" in said and "forwards" in said, said


def test_stubs_are_those_of_the_compiled_part(tmp_path):
    code, said = mypy("mypy.stubtest", "phys_smpl._native", cwd=tmp_path)
    assert code == 0, said


def test_the_version_is_one():
    written = re.search(r'^version = "(.*)"$', (CRATE / "pyproject.toml").read_text(), re.MULTILINE)
    assert phys_smpl.__version__ == written.group(1)
    from importlib.metadata import version

    assert version("phys_smpl") == phys_smpl.__version__


def test_parts_are_imported_when_they_are_looked_at():
    pytest.importorskip("xarray", reason="skipped: xarray is not installed")
    code = "import phys_smpl, sys; assert 'xarray' not in sys.modules; phys_smpl.xarray.infer_dataset; print('xarray' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
    assert {"xarray", "torch", "Rtm", "__version__"} <= set(dir(phys_smpl))
    with pytest.raises(AttributeError, match="no attribute 'xarrays'"):
        phys_smpl.xarrays


def test_missing_xarray_is_named_with_the_command_that_brings_it():
    code = """
import sys
sys.modules["xarray"] = None
import phys_smpl
try:
    phys_smpl.xarray
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "phys_smpl.xarray needs xarray: pip install 'phys_smpl[maps]'"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="skipped: no system of GNU")
@pytest.mark.skipif("PHYS_SMPL_WITHOUT_ZIG" in os.environ, reason="skipped: the wheel was linked without Zig")
def test_the_compiled_part_runs_on_old_systems():
    """The versions of glibc's functions that it asks for are those of 2014, as the wheel's tag says."""
    compiled = Path(phys_smpl._native.__file__).read_bytes()
    versions = {tuple(map(int, found.split(b"."))) for found in re.findall(rb"GLIBC_(2\.\d+)", compiled)}
    assert versions and max(versions) <= (2, 17), sorted(versions)
    from importlib.metadata import distribution

    tags = re.findall(r"^Tag: (.*)$", distribution("phys_smpl").read_text("WHEEL"), re.MULTILINE)
    assert any("manylinux_2_17" in tag or "manylinux2014" in tag for tag in tags), tags


def test_messages_are_in_words_of_python():
    """No name of a Rust type and no option of a command line in any message that a wrong argument brings out."""
    run = CRATE.parents[1] / "models" / "s2_midlatitude"
    wrong = [None, 1, -1, 2**70, 1.5, "x", b"x", True, [], [1], ["x"], {"x": 1}, {"x": "y"}, object(), float("nan"), 1j]
    options = ["variant", "sensor", "free", "bands", "leaf", "fixed", "geometry", "precision", "threads"]
    calls = [(phys_smpl.Rtm, {"free": ["cab"]}, option) for option in options]
    for option in ("write", "parameters", "refine", "threads"):
        calls.append((lambda **given: phys_smpl.Model.load(run, **given), {}, option))
    rtm, model = phys_smpl.Rtm(free=["cab"]), phys_smpl.Model.load(run, write=["median"], parameters=["LAI"])
    calls += [(rtm.forward, {"params": [[40.0]]}, option) for option in ("params", "geometry")]
    more = ("x", "angles", "mask", "digital_numbers", "nodata")
    calls += [(model.infer, {"x": [[0.2] * 10]}, option) for option in more]
    rust = re.compile(r"--\w|\b(usize|u\d+|i64|f64|Vec|Option|BTreeMap|PyErr|panicked|unwrap|extract)\b|PyString|PyList|Can't")
    tried = 0
    for call, right, option in calls:
        for value in wrong:
            try:
                call(**{**right, option: value})
            except (TypeError, ValueError, OSError) as error:
                assert not rust.search(str(error)), (option, value, str(error))
            tried += 1
    print(f"{tried} calls")
    assert tried == len(calls) * len(wrong)
