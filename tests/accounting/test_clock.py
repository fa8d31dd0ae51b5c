import pytest
import torch
from torch import nn

import cnnhistory
from cnnhistory.accounting import clock
from cnnhistory.accounting.clock import forward_seconds, with_zeros


class Slow(nn.Module):
    """Takes as long as it is told, by a clock of its own."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds = iter(seconds)
        self.now = 0.0
        self.seen = []

    def forward(self, x):
        self.now += next(self.seconds)
        self.seen.append((tuple(x.shape), self.training, torch.is_grad_enabled()))
        return x


def test_the_shortest_after_the_first(monkeypatch):
    network = Slow([0.5, 3.0, 2.0, 4.0])
    monkeypatch.setattr(clock.time, "process_time", lambda: network.now)
    assert forward_seconds(network, (3, 8, 8), batch=2, repeat=3) == 2.0
    assert network.seen == [((2, 3, 8, 8), False, False)] * 4
    assert network.training


def test_numbers_below_one_are_refused():
    with pytest.raises(ValueError, match="repeat: expected at least 1, got 0"):
        forward_seconds(nn.Identity(), (1,), repeat=0)
    with pytest.raises(ValueError, match="batch: expected at least 1, got 0"):
        forward_seconds(nn.Identity(), (1,), batch=0)


def test_zeros_for_every_weight():
    with torch.device("meta"):
        network = cnnhistory.create_model("resnet20")
    layout = network.stem.conv1.weight.stride()
    assert with_zeros(network) is network
    for tensor in (*network.parameters(), *network.buffers()):
        assert tensor.device.type == "cpu"
        assert not tensor.any()
    assert network.stem.conv1.weight.stride() == layout  # channels last stays
    assert torch.equal(network.eval()(torch.rand(1, 3, 32, 32)), torch.zeros(1, 10))
