"""Forest reflectance (PROSPECT, 4SAIL, INFORM) with its exact Jacobian, and trained models, on NumPy arrays."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ._native import __version__
from .model import Model
from .rtm import Rtm

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    # parts that need packages of their own, imported at their first use
    from . import torch as torch
    from . import xarray as xarray

__all__ = ["Model", "Rtm", "__version__", "torch_function"]

# parts that are imported when they are first looked at, and what brings the packages that they need
_LAZY = {"torch": "torch", "xarray": "maps"}


def torch_function(rtm: Rtm) -> Callable[..., Any]:
    """Make a differentiable PyTorch function of a model; see `phys_smpl.torch.torch_function`.

    PyTorch is imported here, not with the package.
    """
    try:
        from .torch import torch_function as make
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ImportError("torch_function needs PyTorch: pip install 'phys_smpl[torch]'") from error

    return make(rtm)


def __getattr__(name: str) -> ModuleType:
    if name not in _LAZY:
        raise AttributeError(f"module 'phys_smpl' has no attribute {name!r}")
    try:
        return importlib.import_module(f"phys_smpl.{name}")
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ImportError(f"phys_smpl.{name} needs {name}: pip install 'phys_smpl[{_LAZY[name]}]'") from error


def __dir__() -> list[str]:
    return [*globals(), *_LAZY]
