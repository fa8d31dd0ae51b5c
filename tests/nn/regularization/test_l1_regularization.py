import numpy as np
import pytest
import torch
from sklearn.linear_model import Lasso

from cnnhistory.nn.regularization.l1_regularization import L1Penalty, shrink_, soft_threshold


def test_penalty_and_gradient_by_hand():
    w = torch.tensor([1.0, -2.0, 0.0], requires_grad=True)
    penalty = L1Penalty(0.5)([w, torch.tensor([[3.0]])])
    assert penalty.item() == 3.0
    penalty.backward()
    assert w.grad.tolist() == [0.5, -0.5, 0.0]


@pytest.mark.parametrize("nonnegative", [False, True])
def test_soft_threshold_minimizes(nonnegative):
    x = torch.tensor([-3.0, -0.5, 0.25, 1.0, 2.5])
    found = soft_threshold(x, 1.0, nonnegative=nonnegative)
    a = torch.linspace(0 if nonnegative else -4, 4, 8001 if not nonnegative else 4001)[:, None]
    best = a[((a - x) ** 2 / 2 + a.abs()).argmin(0), 0]
    torch.testing.assert_close(found, best, atol=1e-3, rtol=0)


def test_nonnegative_threshold_is_a_relu_with_a_bias():
    x = torch.randn(100)
    assert torch.equal(soft_threshold(x, 0.3, nonnegative=True), torch.relu(x - 0.3))
    assert torch.equal(soft_threshold(x, 0.0, nonnegative=True), torch.relu(x))


def test_steps_and_shrinking_find_the_lasso():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 6))
    y = x @ np.array([2.0, 0, 0, -1.0, 0, 0.05]) + 0.1 * rng.normal(size=40)
    lasso = Lasso(alpha=0.2, fit_intercept=False, tol=1e-10).fit(x, y)  # (y - x w)^2 / 2n + a |w|
    inputs, targets = torch.tensor(x), torch.tensor(y)
    w = torch.zeros(6, dtype=torch.double, requires_grad=True)
    for _ in range(2000):
        loss = (inputs @ w - targets).square().mean() / 2
        (grad,) = torch.autograd.grad(loss, w)
        with torch.no_grad():
            w -= 0.1 * grad
        shrink_([w], 0.1 * 0.2)
    np.testing.assert_allclose(w.detach().numpy(), lasso.coef_, atol=1e-6)
    assert (w == 0).sum() == (lasso.coef_ == 0).sum() == 4


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "1", None])
def test_bad_amounts_are_refused_by_name(value):
    with pytest.raises(ValueError, match=r"^strength: expected "):
        L1Penalty(value)
    for call in (
        lambda: soft_threshold(torch.ones(2), value), lambda: shrink_([torch.ones(2)], value)
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"^amount: expected "):
            call()


def test_no_tensor_is_refused():
    with pytest.raises(ValueError, match=r"^tensors: expected at least one"):
        L1Penalty(1.0)([])
