import torch
from torch import nn

from cnnhistory.nn.init import lecun_uniform_


def test_range_is_two_point_four_over_fan_in():
    torch.manual_seed(0)
    for layer, fan_in in ((nn.Conv2d(4, 50, 5), 100), (nn.Linear(60, 80), 60)):
        lecun_uniform_(layer)
        bound = 2.4 / fan_in
        assert 0.95 * bound < layer.weight.abs().max() <= bound
        assert layer.bias.abs().max() <= bound
