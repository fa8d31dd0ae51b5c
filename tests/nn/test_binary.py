"""Layers of signs: float layers with signs in them, real weights behind."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory.nn.binary import (
    BinaryConv2d,
    BinaryLinear,
    ScaledSignConv2d,
    Sign,
    constrain,
    without_latent_weights,
)
from cnnhistory.nn.sign import filter_scale, signs


def test_sign_draws_in_training_alone():
    x = torch.full((1000,), 0.25)
    assert Sign()(x).unique().tolist() == [1]
    layer = Sign(stochastic=True)
    assert layer(x).unique().tolist() == [-1, 1]
    assert layer.eval()(x).unique().tolist() == [1]
    assert "stochastic" in repr(layer)


def test_bounds_that_are_not_positive_are_refused():
    with pytest.raises(ValueError, match="bound: expected a positive number"):
        BinaryConv2d(1, 1, 1, bound=0.0)


def test_the_convolution_of_xnor_net_is_the_product_of_its_parts():
    torch.manual_seed(0)
    layer = ScaledSignConv2d(5, 4, 3, stride=2, padding=1)
    x = torch.randn(2, 5, 9, 8)
    w = layer.conv.weight.detach()
    k = F.avg_pool2d(x.abs().mean(1, keepdim=True), 3, 2, 1)
    alpha = w.abs().mean((1, 2, 3)).view(1, -1, 1, 1)
    plain = F.conv2d(signs(x), signs(w), stride=2, padding=1)
    torch.testing.assert_close(layer(x), plain * alpha * k)


def test_one_sum_is_estimated_well_on_average():
    """K alpha sign sign is an estimate of the real sum: nearer than 0 is, for random inputs."""
    torch.manual_seed(0)
    layer = ScaledSignConv2d(64, 32, 3)
    with torch.no_grad():
        layer.conv.weight.normal_()
    x = torch.randn(4, 64, 12, 12)
    real = F.conv2d(x, layer.conv.weight)
    correlation = torch.corrcoef(torch.stack([layer(x).flatten(), real.flatten()]))[0, 1]
    # for normal values the signs of both sides keep 2 / pi of the correlation
    assert float(correlation.detach()) == pytest.approx(2 / torch.pi, abs=0.05)


@pytest.mark.parametrize("scale", [False, True])
def test_layers_are_float_layers_of_signs(scale):
    torch.manual_seed(0)
    conv, dense = BinaryConv2d(3, 6, 3, 2, 1, scale=scale), BinaryLinear(7, 5, scale=scale)
    x, v = torch.randn(2, 3, 7, 6), torch.randn(4, 7)
    for layer, got, function in (
        (conv, conv(x), lambda w: F.conv2d(x, w, stride=2, padding=1)),
        (dense, dense(v), lambda w: F.linear(v, w)),
    ):
        w = layer.weight.detach()
        factor = filter_scale(w) if scale else 1.0
        torch.testing.assert_close(got, function(signs(w) * factor))


def test_weights_start_within_glorots_range_and_are_clipped():
    layer = BinaryConv2d(8, 24, 3, bound=None)
    half = (1.5 / (9 * 32)) ** 0.5
    assert layer.bound == half
    assert 0.95 * half < float(layer.weight.detach().abs().max()) <= half
    with torch.no_grad():
        layer.weight[0] = 3.0
        layer.weight[1] = -3.0
        layer.weight[2] = half / 2
    net = nn.Sequential(nn.Sequential(layer), BinaryLinear(2, 2))
    with torch.no_grad():
        net[1].weight.fill_(-7.0)
    constrain(net)
    assert layer.weight[0].unique().tolist() == pytest.approx([half])
    assert layer.weight[1].unique().tolist() == pytest.approx([-half])
    assert layer.weight[2].unique().tolist() == pytest.approx([half / 2])
    assert net[1].weight.unique().tolist() == [-1]


def test_small_steps_add_up_until_a_sign_turns():
    """What the real weights are for."""
    layer = BinaryLinear(1, 1)
    with torch.no_grad():
        layer.weight.fill_(0.25)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    outputs = []
    for _ in range(4):
        y = layer(torch.ones(1, 1))
        outputs.append(float(y.detach()))
        optimizer.zero_grad()
        y.sum().backward()
        optimizer.step()
    assert outputs == [1, 1, 1, -1]


def test_without_latent_weights_a_network_computes_the_same():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3),
        nn.BatchNorm2d(8),
        ScaledSignConv2d(8, 6, 3),
        nn.Flatten(),
        BinaryLinear(6 * 4 * 4, 5),
    ).eval()
    x, before = torch.randn(4, 3, 8, 8), {k: v.clone() for k, v in net.state_dict().items()}
    expected = net(x)
    state = without_latent_weights(net)
    torch.testing.assert_close(net.state_dict(), before, rtol=0, atol=0)
    assert state["2.conv.weight"].abs().flatten(1).std(1).max() < 1e-6
    assert not torch.equal(state["2.conv.weight"], before["2.conv.weight"])
    torch.testing.assert_close(state["0.weight"], before["0.weight"], rtol=0, atol=0)
    net.load_state_dict(state)
    torch.testing.assert_close(net(x), expected)
