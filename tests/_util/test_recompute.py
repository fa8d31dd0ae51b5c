"""Less memory, the same outputs and gradients."""

import pytest
import torch
from torch import nn

from cnnhistory import create_model
from cnnhistory._util.recompute import keep_convolutions

SETTINGS = {
    "xception": {"width": 1 / 32, "dropout": 0.0},
    "nasnet_a_cifar": {"cells": 1, "maps": 4, "drop_path": 0.5},
}


def pair(name):
    """Return a model with and without the keyword, with the same weights, in double precision."""
    torch.manual_seed(0)
    nets = [
        create_model(name, num_classes=4, save_memory=save, **SETTINGS[name]).double().train()
        for save in (False, True)
    ]
    nets[1].load_state_dict(nets[0].state_dict())
    return nets


@pytest.mark.parametrize("name", SETTINGS)
def test_same_outputs_gradients_and_statistics(name):
    nets = pair(name)
    x = torch.randn(3, 3, 33, 33, dtype=torch.double)
    found = []
    for net in nets:
        if hasattr(net, "schedule"):
            net.schedule(1)  # paths are dropped, the same ones in the second computation
        torch.manual_seed(1)
        scores = net(x)
        scores.square().sum().backward()
        found.append((scores.detach(), [p.grad for p in net.parameters()]))
    torch.testing.assert_close(*found)
    torch.testing.assert_close(*(net.state_dict() for net in nets))
    with torch.no_grad():
        torch.manual_seed(1)
        scores = nets[0](x)
        torch.manual_seed(1)
        torch.testing.assert_close(nets[1](x), scores)
    plain, saving = (net.eval()(x) for net in nets)
    torch.testing.assert_close(saving, plain)


def test_what_convolutions_give_is_computed_once():
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 5, 1))
    calls = []
    for layer in layers:
        layer.register_forward_hook(lambda layer, args, out: calls.append(type(layer).__name__))
    seen = []

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            seen.append(func)
            return func(*args, **(kwargs or {}))

    with Watch():
        keep_convolutions(layers, torch.rand(2, 3, 6, 6)).sum().backward()
    assert calls.count("BatchNorm2d") == 2  # the layers run again ...
    assert seen.count(torch.ops.aten.convolution.default) == 2  # ... all but the convolutions
    assert layers[1].num_batches_tracked == 1


def test_without_gradients_it_is_a_plain_call():
    layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    with torch.no_grad():
        assert not keep_convolutions(layers, torch.rand(2, 3, 6, 6)).requires_grad
    assert layers[1].num_batches_tracked == 1
