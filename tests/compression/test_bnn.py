import pytest
import torch
from torch import nn

import cnnhistory
from cnnhistory.accounting import count_parameters
from cnnhistory.compression.bnn import BNN, LAYOUTS
from cnnhistory.nn.binary import BinaryConv2d, BinaryLinear, Sign
from cnnhistory.registry import on_meta

BINARY = (BinaryConv2d, BinaryLinear)


def test_the_layers_of_the_paper():
    """2 x 128C3 - MP2 - 2 x 256C3 - MP2 - 2 x 512C3 - MP2 - 2 x 1024FC - 10."""
    net = on_meta("bnn_cifar")
    shapes = [tuple(m.weight.shape) for m in net.modules() if isinstance(m, BINARY)]
    assert shapes == [
        (128, 3, 3, 3), (128, 128, 3, 3),
        (256, 128, 3, 3), (256, 256, 3, 3),
        (512, 256, 3, 3), (512, 512, 3, 3),
        (1024, 512 * 4 * 4), (1024, 1024), (10, 1024),
    ]  # fmt: skip
    mlp = on_meta("bnn_mlp")
    shapes = [tuple(m.weight.shape) for m in mlp.modules() if isinstance(m, BINARY)]
    assert shapes == [(4096, 784), (4096, 4096), (4096, 4096), (10, 4096)]


def test_numbers_in_the_docstring():
    net = on_meta("bnn_cifar")
    layers = [m for m in net.modules() if isinstance(m, BINARY)]
    weights = sum(m.weight.numel() for m in layers)
    sides = [32, 32, 16, 16, 8, 8, 1, 1, 1]
    work = sum(m.weight.numel() * side**2 for m, side in zip(layers, sides, strict=True))
    assert f"{weights:,} weights, {work:,} multiply-adds" in " ".join(BNN.__doc__.split())
    # 32 times fewer bytes than as float32; what is left real are normalizations
    assert count_parameters(net) - weights == 2 * (2 * (128 + 256 + 512) + 2 * 1024 + 10)


def test_the_order_in_a_block():
    names = [name for name, _ in on_meta("bnn_digits").layers.named_children()]
    assert names == [
        "conv1", "pool1", "norm1", "act1", "conv2", "pool2", "norm2", "act2",
        "flatten", "fc3", "norm3", "act3", "fc4", "norm4",
    ]  # fmt: skip


def test_every_signal_between_layers_is_a_sign():
    torch.manual_seed(0)
    net = cnnhistory.create_model("bnn_digits")
    seen = []
    for module in net.modules():
        if isinstance(module, BINARY):
            module.register_forward_pre_hook(lambda m, x: seen.append(x[0].unique().tolist()))
    net(torch.rand(4, 1, 28, 28))
    assert [values == [-1, 1] for values in seen] == [False, True, True, True]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_counterpart_has_the_same_sizes(layout):
    net, real = (BNN(layout, width=1 / 8, float_counterpart=real) for real in (False, True))
    shapes = [[tuple(p.shape) for p in network.parameters()] for network in (net, real)]
    assert shapes[0] == shapes[1]
    assert not any(isinstance(m, (*BINARY, Sign)) for m in real.modules())
    assert not any(isinstance(m, nn.ReLU) for m in net.modules())


def test_learns_and_stays_within_its_bounds():
    torch.manual_seed(0)
    x = torch.randn(60, 1, 8, 8)
    target = torch.arange(60) % 3
    x[torch.arange(60), 0, 2 * target] += 2.0
    net = BNN("digits", num_classes=3, in_channels=1, image_size=8, width=1 / 4)
    optimizer = torch.optim.Adam(net.parameters(), 0.01)
    for _ in range(40):
        optimizer.zero_grad()
        net.criterion(net(x), target).backward()
        optimizer.step()
        net.constrain()
    layers = [m for m in net.modules() if isinstance(m, BINARY)]
    reach = [float(m.weight.detach().abs().max()) / m.bound for m in layers]
    # some have reached the bound, which is there for them
    assert max(reach) == pytest.approx(1)
    assert (net.eval()(x).argmax(1) == target).float().mean() > 0.9


def test_bad_settings_are_refused():
    with pytest.raises(ValueError, match="layout: expected one of cifar, mlp, digits"):
        BNN("imagenet")
    with pytest.raises(ValueError, match="image_size: expected a multiple of 8, got 30"):
        BNN("cifar", image_size=30)
    with pytest.raises(ValueError, match=r"expected a batch of images of shape \(N, 1, 28, 28\)"):
        cnnhistory.create_model("bnn_digits")(torch.zeros(1, 1, 32, 32))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_real_weights_are_clipped_at_the_bound_they_are_drawn_from(layout):
    """H = sqrt(1.5 / (fan in + fan out)), not 1: far fewer steps away from the other sign."""
    net = BNN(layout, width=1 / 8)
    layers = [m for m in net.modules() if isinstance(m, BINARY)]
    with torch.no_grad():
        for layer in layers:
            layer.weight.fill_(7.0)
            layer.weight[0] = -7.0
    net.constrain()
    for layer in layers:
        out, into, *window = layer.weight.shape
        half = (1.5 / ((into + out) * (window[0] * window[1] if window else 1))) ** 0.5
        assert half < 0.5
        assert layer.weight.unique().tolist() == pytest.approx([-half, half])
