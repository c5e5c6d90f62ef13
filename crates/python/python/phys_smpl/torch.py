"""A model as a differentiable function of PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.autograd import forward_ad

from .rtm import Rtm

_ONCE = "the physics has first derivatives alone: its gradient cannot be differentiated again"


class _Physics(torch.autograd.Function):
    """Values and Jacobian out of one sweep; the way back is one product."""

    @staticmethod
    def forward(ctx: Any, params: Any, geometry: Any, rtm: Rtm) -> Any:
        at = None if geometry is None else geometry.detach().cpu().numpy()
        given = params.detach().cpu().numpy()
        if not ctx.needs_input_grad[0]:
            return torch.from_numpy(rtm.forward(given, at)).to(params.device)
        values, jacobian = rtm.forward_with_jacobian(given, at)
        ctx.save_for_backward(params, torch.from_numpy(jacobian).to(params.device))
        return torch.from_numpy(values).to(params.device)

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        params, jacobian = ctx.saved_tensors
        return _WayBack.apply(gradient, params, jacobian), None, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        raise NotImplementedError("the physics has no forward mode; use backward(), or Rtm.forward_with_jacobian")


class _WayBack(torch.autograd.Function):
    """The gradient, which depends on the parameters in a way that nobody has derived.

    It hangs on them all the same: differentiated again it raises. Without that, a penalty on a gradient would be
    trained with zeros for what is missing.
    """

    @staticmethod
    def forward(ctx: Any, gradient: Any, params: Any, jacobian: Any) -> Any:
        return torch.einsum("nd,ndp->np", gradient, jacobian)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        raise NotImplementedError(_ONCE)

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        raise NotImplementedError(_ONCE)


def torch_function(rtm: Rtm) -> Callable[..., Any]:
    """Make a differentiable function of a model.

    Parameters
    ----------
    rtm : Rtm
        The model.

    Returns
    -------
    callable
        ``f(params, geometry=None)``: tensors of shape (n, p) and (n, c) to one of shape (n, d), all float64 or float32.
        Gradients flow to `params` alone, once. Computed on the processor, wherever the tensors lie. What is not there
        raises: second derivatives, gradients with respect to `geometry` (free angles are columns of `params`), forward
        mode, ``torch.func`` (``vmap``, ``jacrev``, ...).
    """

    def physics(params: Any, geometry: Any = None) -> Any:
        for what, given in (("params", params), ("geometry", geometry)):
            if given is None and what == "geometry":
                continue
            if not isinstance(given, torch.Tensor):
                raise TypeError(f"{what} is no tensor: {type(given).__name__}")
            if given.dtype not in (torch.float64, torch.float32):
                raise TypeError(f"{what} is {given.dtype}; allowed: torch.float64 or torch.float32")
            if given.dim() != 2:
                raise ValueError(f"{what} has {given.dim()} dimensions; allowed: 2, a row a sample")
            if given.is_meta:
                raise ValueError(f"{what} is on the device meta, which holds no numbers")
        if geometry is not None:
            if geometry.requires_grad and torch.is_grad_enabled():
                raise NotImplementedError(
                    "geometry requires a gradient, which the physics does not give; "
                    "make its angles free parameters, or detach it"
                )
            if forward_ad.unpack_dual(geometry).tangent is not None:
                raise NotImplementedError("geometry has a tangent; the physics has no forward mode")
        return _Physics.apply(params, geometry, rtm)

    return physics
