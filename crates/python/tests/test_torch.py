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


def at(*rows, **options):
    return torch.tensor(rows, dtype=torch.float64, **options)


def test_second_derivatives_raise_and_are_never_zero(physics):
    params = at([1.5, 40.0, 3.0, 0.8], requires_grad=True)
    (gradient,) = torch.autograd.grad(physics(params).sum(), params, create_graph=True)
    assert gradient.requires_grad
    penalty = (gradient**2).sum() + (params**2).sum()
    with pytest.raises(NotImplementedError, match="first derivatives alone"):
        penalty.backward()
    for of in (torch.autograd.functional.hessian, lambda f, at: torch.autograd.functional.jvp(f, at, torch.ones_like(at))):
        with pytest.raises((NotImplementedError, RuntimeError)):
            of(lambda z: physics(z).sum(), params.detach())
    # one derivative, with and without a graph of it, is the Jacobian's
    _, jacobian = phys_smpl.Rtm(free=["N", "cab", "LAI", "fc"]).forward_with_jacobian(params.detach().numpy())
    assert np.allclose(gradient.detach().numpy(), jacobian.sum(1), rtol=1e-12, atol=0)
    whole = torch.autograd.functional.jacobian(physics, params.detach())
    assert np.allclose(whole[0, :, 0].numpy(), jacobian[0], rtol=1e-12, atol=0)


def test_what_is_not_differentiated_raises(physics):
    params, angles = at([1.5, 40.0, 3.0, 0.8]), at([30.0, 5.0, 60.0])
    with pytest.raises(NotImplementedError, match="geometry requires a gradient"):
        physics(params, angles.clone().requires_grad_())
    with torch.no_grad():
        assert physics(params, angles.clone().requires_grad_()).shape == (1, 13)
    for wrong in (
        lambda: torch.func.jvp(physics, (params,), (torch.ones_like(params),)),
        lambda: torch.func.jacfwd(physics)(params),
        lambda: torch.func.jacrev(physics)(params),
        lambda: torch.func.vmap(physics)(params[None]),
        lambda: torch.func.hessian(lambda z: physics(z).sum())(params),
    ):
        with pytest.raises((NotImplementedError, RuntimeError)):
            wrong()
    with torch.autograd.forward_ad.dual_level():
        for dual in ((True, False), (False, True)):
            given = [
                torch.autograd.forward_ad.make_dual(it, torch.ones_like(it)) if is_dual else it
                for it, is_dual in zip((params, angles), dual)
            ]
            with pytest.raises((NotImplementedError, RuntimeError)):
                physics(*given)


def test_tensors_that_it_cannot_take(physics):
    for wrong, kind, words in (
        (at([1.5, 40.0, 3.0, 0.8]).to("meta"), ValueError, "meta"),
        (at([1.5, 40.0, 3.0, 0.8]).to(torch.int64), TypeError, "params is torch.int64"),
        (at([1.5, 40.0, 3.0, 0.8]).to(torch.complex64), TypeError, "params is torch.complex64"),
        (at([1.5, 40.0, 3.0, 0.8])[0], ValueError, "params has 1 dimensions"),
        (np.zeros((1, 4)), TypeError, "params is no tensor"),
        (at([1.5, 40.0, 3.0]), ValueError, "params has 3 columns; allowed: 4"),
    ):
        with pytest.raises(kind, match=words):
            physics(wrong)
    with pytest.raises(ValueError, match="geometry has 2 rows"):
        physics(at([1.5, 40.0, 3.0, 0.8]), torch.zeros((2, 3)))


def test_tensors_of_any_layout(physics):
    params = at(*[[1.5, 40.0, 3.0, 0.8], [1.6, 30.0, 2.0, 0.5], [1.7, 20.0, 1.0, 0.4]])
    expected = physics(params)
    wide = torch.zeros((6, 8), dtype=torch.float64)
    wide[::2, ::2] = params
    for same in (params.T.contiguous().T, wide[::2, ::2], params.flip(0).flip(0), params.clone().requires_grad_().detach()):
        assert torch.equal(physics(same), expected)
    assert torch.equal(physics(params[:1].expand(3, 4)), expected[:1].expand(3, 13))
