"""Forest reflectance (PROSPECT, 4SAIL, INFORM) and its exact Jacobian on NumPy arrays."""

from ._native import Rtm

__all__ = ["Rtm", "torch_function"]


def torch_function(rtm):
    """Make a differentiable PyTorch function of a model; see `phys_smpl.torch.torch_function`.

    PyTorch is imported here, not with the package.
    """
    from .torch import torch_function as make

    return make(rtm)
