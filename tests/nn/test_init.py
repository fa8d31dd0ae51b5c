import pytest
import torch
from torch import nn

from cnnhistory.nn.init import he_normal_, lecun_uniform_, normal_


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
