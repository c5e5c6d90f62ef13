"""The model as a function of PyTorch."""

import numpy as np
import phys_smpl
import pytest

torch = pytest.importorskip("torch", reason="skipped: torch is not installed")

LOW = np.array([1.0, 10.0, 0.01, 0.1])
HIGH = np.array([3.0, 80.0, 5.0, 1.0])


@pytest.fixture(scope="module")
def physics():
    return phys_smpl.torch_function(phys_smpl.Rtm(free=["N", "cab", "LAI", "fc"]))


def test_gradients_are_those_of_differences(physics):
    rng = np.random.default_rng(3)
    z = torch.tensor(0.1 + 0.8 * rng.random((6, 4)), requires_grad=True)
    low, width = torch.tensor(LOW), torch.tensor(HIGH - LOW)
    assert torch.autograd.gradcheck(lambda z: physics(low + width * z), (z,))


def test_a_fit_through_the_physics(physics):
    """Adam finds the parameters that a spectrum was made with."""
    low, width = torch.tensor(LOW), torch.tensor(HIGH - LOW)
    truth = torch.tensor([[0.4, 0.5, 0.3, 0.7]], dtype=torch.float64)
    seen = physics(low + width * truth)
    u = torch.zeros((1, 4), dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([u], lr=0.05)
    losses = []
    for _ in range(400):
        adam.zero_grad()
        loss = ((physics(low + width * torch.sigmoid(u)) - seen) ** 2).sum()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    assert losses[-1] < 1e-4 * losses[0], (losses[0], losses[-1])


def test_values_without_gradients_and_in_float32(physics):
    params = torch.tensor((LOW + HIGH) / 2, dtype=torch.float32)[None]
    values = physics(params)
    assert values.dtype == torch.float32 and not values.requires_grad
