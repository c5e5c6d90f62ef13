"""The README's Python runs, and says what is missing."""

import re
import sys
from pathlib import Path

import phys_smpl
import pytest

ROOT = Path(__file__).resolve().parents[3]


def test_the_lines_of_the_readme(monkeypatch):
    pytest.importorskip("torch", reason="skipped: torch is not installed")
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    monkeypatch.chdir(ROOT)
    names = {}
    exec(compile(block, "README.md", "exec"), names)
    assert names["bands"].shape == (1, 13)
    assert names["jacobian"].shape == (1, 13, 4)
    assert {"LAI", "LAI_sd", "flags"} <= set(names["traits"])


def test_missing_torch_is_named_with_the_command_that_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "phys_smpl.torch", raising=False)
    with pytest.raises(ImportError, match=r"pip install 'phys_smpl\[torch\]'"):
        phys_smpl.torch_function(phys_smpl.Rtm(free=["N"]))
