"""Forest reflectance (PROSPECT, 4SAIL, INFORM) with its exact Jacobian, and trained models, on NumPy arrays."""

from ._native import Rtm
from .model import Model

__all__ = ["Model", "Rtm", "torch_function"]


def torch_function(rtm):
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
