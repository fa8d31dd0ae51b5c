import pytest
import torch
from torch import nn

from cnnhistory.nn.activation import ELU, PReLU, ReLU, ScaledTanh, Sigmoid
from cnnhistory.nn.init import (
    gains,
    he_normal_,
    lecun_uniform_,
    normal_,
    sparse_,
    xavier_normal_,
    xavier_uniform_,
)


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


def test_weights_between_one_over_fan_in_and_one_over_fan_out():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(4, 90, 5), nn.Linear(60, 180, bias=False))
    fans = (100 + 90 * 25, 60 + 180)
    xavier_uniform_(network)
    for layer, fan in zip(network, fans, strict=True):
        bound = (6 / fan) ** 0.5
        assert 0.99 * bound < layer.weight.abs().max() <= bound
    assert network[0].bias.abs().sum() == 0
    xavier_normal_(network)
    for layer, fan in zip(network, fans, strict=True):
        assert float(layer.weight.detach().var()) == pytest.approx(2 / fan, rel=0.06)


def test_xavier_keeps_the_variance_of_a_linear_layer_as_wide_as_its_inputs():
    torch.manual_seed(0)
    layer = nn.Linear(400, 400)
    xavier_uniform_(layer)
    x = torch.randn(500, 400, requires_grad=True)
    y = layer(x)
    (back,) = torch.autograd.grad(y, x, torch.randn_like(y))
    assert float(y.detach().var()) == pytest.approx(1, rel=0.05)
    assert float(back.var()) == pytest.approx(1, rel=0.05)


def test_few_weights_of_a_unit_are_not_0():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(300, 80), nn.Tanh(), nn.Linear(80, 200), nn.Linear(5, 3))
    sparse_(network, bias=0.5)
    for layer, count in ((network[0], 15), (network[2], 15), (network[3], 5)):
        assert set((layer.weight != 0).sum(1).tolist()) == {count}
        assert set(layer.bias.tolist()) == {0.5}
    drawn = torch.cat(
        [layer.weight[layer.weight != 0] for layer in (network[0], network[2])]
    ).detach()
    assert float(drawn.mean().abs()) < 0.05
    assert float(drawn.std()) == pytest.approx(1, rel=0.05)
    used = (network[0].weight != 0).sum(0)  # 1,200 weights over 300 inputs
    assert used.max() < 16
    sparse_(network, inputs=1, std=0.1)
    assert network[0].weight.abs().max() < 0.5


@pytest.mark.parametrize(
    ("name", "value"),
    [("inputs", 0), ("inputs", 1.5), ("std", 0.0), ("std", float("nan")), ("bias", float("inf"))],
)
def test_sparse_settings_are_checked(name, value):
    with pytest.raises(ValueError, match=f"^{name}: expected "):
        sparse_(nn.Linear(3, 3), **{name: value})
