import math

import pytest
import torch

from cnnhistory.nn.activation import ScaledTanh


def test_plus_and_minus_one_are_fixed_points():
    x = torch.tensor([-1.0, 0.0, 1.0])
    torch.testing.assert_close(ScaledTanh()(x), x, atol=1e-4, rtol=0)


def test_literal_and_limit():
    f = ScaledTanh()
    assert float(f(torch.tensor(2.0))) == pytest.approx(1.7159 * math.tanh(4 / 3), abs=1e-6)
    assert float(f(torch.tensor(100.0))) == pytest.approx(1.7159)


def test_gradient_at_zero_is_amplitude_times_slope():
    x = torch.zeros(1, requires_grad=True)
    ScaledTanh()(x).sum().backward()
    assert float(x.grad) == pytest.approx(1.7159 * 2 / 3)


def test_curvature_is_largest_near_one():
    x = torch.linspace(0, 3, 301, dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(ScaledTanh()(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    assert float(x[second.abs().argmax()].detach()) == pytest.approx(1.0, abs=0.03)
