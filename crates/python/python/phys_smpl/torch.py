"""A model as a differentiable function of PyTorch."""

from __future__ import annotations

import torch
from torch.autograd.function import once_differentiable

from ._native import Rtm


class _Physics(torch.autograd.Function):
    """Values and Jacobian out of one sweep; the way back is one product."""

    @staticmethod
    def forward(ctx, params, geometry, rtm):
        at = None if geometry is None else geometry.detach().cpu().numpy()
        given = params.detach().cpu().numpy()
        if not ctx.needs_input_grad[0]:
            return torch.from_numpy(rtm.forward(given, at)).to(params.device)
        values, jacobian = rtm.forward_with_jacobian(given, at)
        ctx.save_for_backward(torch.from_numpy(jacobian).to(params.device))
        return torch.from_numpy(values).to(params.device)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        (jacobian,) = ctx.saved_tensors
        return torch.einsum("nd,ndp->np", gradient, jacobian), None, None


def torch_function(rtm: Rtm):
    """Make a differentiable function of a model.

    Parameters
    ----------
    rtm : Rtm
        The model.

    Returns
    -------
    callable
        ``f(params, geometry=None)``: tensors of shape (n, p) and (n, c) to one of shape (n, d), all float64 or float32.
        Gradients flow to `params` alone, once (there are no second derivatives). Computed on the processor.
    """

    def physics(params, geometry=None):
        return _Physics.apply(params, geometry, rtm)

    return physics
