import pytest
import torch
from torch import nn

from cnnhistory.nn.activation import ELU, PReLU, ReLU, ScaledTanh, Sigmoid
from cnnhistory.nn.init import gains, he_normal_, lecun_uniform_, normal_


def test_range_is_two_point_four_over_fan_in():
    torch.manual_seed(0)
    for layer, fan_in in ((nn.Conv2d(4, 50, 5), 100), (nn.Linear(60, 80), 60)):
        lecun_uniform_(layer)
        bound = 2.4 / fan_in
        assert 0.95 * bound < layer.weight.abs().max() <= bound
        assert layer.bias.abs().max() <= bound


def test_normal_weights_and_constant_biases():
    torch.manual_seed(0)
    for layer in (nn.Conv2d(8, 40, 5), nn.Linear(90, 90)):
        normal_(layer, 0.01, bias=1.0)
        assert abs(layer.weight.std() / 0.01 - 1) < 0.03
        assert layer.weight.mean().abs() < 5e-4
        assert set(layer.bias.tolist()) == {1.0}
    normal_(nn.Linear(3, 3, bias=False), 0.01)


def test_weights_of_variance_two_over_fan_in():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(4, 90, 5), nn.BatchNorm2d(90), nn.Linear(60, 80, bias=False))
    he_normal_(network)
    for layer, fan_in in ((network[0], 100), (network[2], 60)):
        assert float(layer.weight.detach().var()) == pytest.approx(2 / fan_in, rel=0.06)
    assert network[0].bias.abs().sum() == 0
    assert torch.equal(network[1].weight, torch.ones(90))


def test_gains_of_what_is_straight_on_both_sides():
    """Half of the squares is multiplied by a^2, so it is 2 / (1 + a^2) (he2015delving, 2.2)."""
    for a in (0.0, 0.25, 1.0):
        wanted = (2 / (1 + a**2)) ** 0.5
        assert gains(PReLU(start=a).double()) == pytest.approx((wanted, wanted), rel=1e-6)
    assert gains(ReLU()) == pytest.approx((2**0.5, 2**0.5), rel=1e-6)


@pytest.mark.parametrize("activation", [Sigmoid(), torch.tanh, ScaledTanh(), ELU()])
def test_gains_are_those_of_random_numbers(activation):
    torch.manual_seed(0)
    z = torch.randn(400_000, dtype=torch.double, requires_grad=True)
    value = activation(z)
    (slope,) = torch.autograd.grad(value.sum(), z)
    wanted = [float(v.detach().square().mean()) ** -0.5 for v in (value, slope)]
    assert gains(activation) == pytest.approx(wanted, rel=0.01)


def test_gains_want_no_gradients_switched_on():
    with torch.no_grad():
        assert gains(torch.tanh).forward == pytest.approx(1.5925, abs=1e-3)
