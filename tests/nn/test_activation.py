import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory.nn.activation import ELU, PReLU, ReLU, ScaledTanh, Sigmoid


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


# name -> our function, torch's, and its values and derivatives at -1, 0 and 2 by hand
E1 = math.exp(-1)
S1, S2 = 1 / (1 + math.e), 1 / (1 + math.exp(-2))
KINDS = {
    "sigmoid": (Sigmoid(), torch.sigmoid, (S1, 0.5, S2), (S1 * (1 - S1), 0.25, S2 * (1 - S2))),
    "relu": (ReLU(), torch.relu, (0, 0, 2), (0, 0, 1)),
    "prelu": (PReLU(), lambda x: F.leaky_relu(x, 0.25), (-0.25, 0, 2), (0.25, 0.25, 1)),
    "elu": (ELU(), F.elu, (E1 - 1, 0, 2), (E1, 1, 1)),
    "elu of 2": (ELU(2), lambda x: F.elu(x, 2.0), (2 * E1 - 2, 0, 2), (2 * E1, 2, 1)),
}


def value_and_slope(function, x):
    x = x.detach().requires_grad_()
    y = function(x)
    return y.detach(), torch.autograd.grad(y.sum(), x)[0]


@pytest.mark.parametrize("name", KINDS)
def test_values_and_derivatives_by_hand(name):
    ours, _, values, slopes = KINDS[name]
    y, slope = value_and_slope(ours, torch.tensor([-1.0, 0, 2]))
    assert y.tolist() == pytest.approx(values, abs=1e-6)
    assert slope.tolist() == pytest.approx(slopes, abs=1e-6)


@pytest.mark.parametrize("name", KINDS)
def test_it_is_torchs_with_its_gradient(name):
    ours, theirs, *_ = KINDS[name]
    x = torch.linspace(-9, 9, 1201, dtype=torch.double)
    if isinstance(ours, PReLU):
        ours = PReLU().double()
    torch.testing.assert_close(value_and_slope(ours, x), value_and_slope(theirs, x))


@pytest.mark.parametrize("name", KINDS)
def test_far_out_there_is_no_overflow_and_nan_stays(name):
    ours, theirs, *_ = KINDS[name]
    x = torch.tensor([-1e4, -200.0, 200.0, 1e4])
    torch.testing.assert_close(value_and_slope(ours, x), value_and_slope(theirs, x))
    assert ours(torch.tensor(float("nan"))).isnan()


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (0, 3, 2, 2)])
def test_the_shape_is_kept(name, shape):
    assert KINDS[name][0](torch.zeros(shape)).shape == shape


def test_prelu_learns_a_number_for_each_channel():
    torch.manual_seed(0)
    ours, theirs = PReLU(3, start=0.1), nn.PReLU(3, init=0.1)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(4, 3, 5, 5)
    found = []
    for layer in (ours, theirs):
        y = layer(x)
        (slope,) = torch.autograd.grad((y**2).sum(), layer.weight)
        found.append((y.detach(), slope))
    torch.testing.assert_close(*found)
    # by hand: the derivative by a is the sum of what is negative
    layer = PReLU()
    layer(torch.tensor([-1.0, -2.0, 5.0])).sum().backward()
    assert layer.weight.grad.tolist() == [-3]
    assert repr(PReLU(3)) == "PReLU(3)"
    assert repr(ELU(0.5)) == "ELU(alpha=0.5)"


def test_prelu_leads_from_relu_to_the_identity():
    x = torch.linspace(-3, 3, 61)
    torch.testing.assert_close(PReLU(start=0)(x), ReLU()(x))
    torch.testing.assert_close(PReLU(start=1)(x), x)


def test_the_means_of_elu_are_nearer_to_zero():
    torch.manual_seed(0)
    x = torch.randn(10_000)
    assert abs(ELU()(x).mean()) < 0.5 * ReLU()(x).mean()
