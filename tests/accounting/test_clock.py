import pytest
import torch
from torch import nn

import cnnhistory
from cnnhistory.accounting import clock
from cnnhistory.accounting.clock import (
    forward_seconds,
    layer_seconds,
    training_seconds,
    with_zeros,
)


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


def test_training_is_timed_forward_and_backward(monkeypatch):
    network = nn.Sequential(nn.Linear(2, 2), Slow([0.5, 3.0, 2.0, 4.0]))
    network[0].weight.register_hook(lambda _: setattr(network[1], "now", network[1].now + 10))
    monkeypatch.setattr(clock.time, "process_time", lambda: network[1].now)
    assert training_seconds(network, (2,), batch=5, repeat=3) == 12.0
    assert network[1].seen == [((5, 2), True, True)] * 4
    assert network[0].weight.grad is None


def test_each_layer_on_its_own(monkeypatch):
    network = nn.Sequential(Slow([9.0, 1.0, 2.0]), nn.Sequential(Slow([8.0, 5.0, 4.0])))
    monkeypatch.setattr(clock.time, "process_time", lambda: network[0].now + network[1][0].now)
    assert layer_seconds(network, (3,), repeat=2) == {"0": 1.0, "1.0": 4.0}
    assert not any(layer._forward_hooks for layer in network.modules())
    assert network.training


@pytest.mark.parametrize("measure", [forward_seconds, training_seconds, layer_seconds])
def test_numbers_below_one_are_refused(measure):
    with pytest.raises(ValueError, match="repeat: expected at least 1, got 0"):
        measure(nn.Identity(), (1,), repeat=0)
    with pytest.raises(ValueError, match="batch: expected at least 1, got 0"):
        measure(nn.Identity(), (1,), batch=0)


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
