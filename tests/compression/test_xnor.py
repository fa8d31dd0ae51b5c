import pytest
import torch
from torch import nn

import cnnhistory
from cnnhistory.compression.xnor import LAYOUTS, XNORNet
from cnnhistory.nn.binary import BinaryConv2d, BinaryLinear, ScaledSignConv2d, Sign


def names(network):
    return [name for name, _ in network.layers.named_children()]


def test_the_order_in_a_block():
    """Normalization, sign, convolution, pooling; the first and the last layer are real."""
    net = XNORNet("digits", in_channels=1, image_size=28, input_scale=False)
    assert names(net) == [
        "conv1", "norm1", "act1", "pool1",
        "norm2", "sign2", "conv2", "pool2",
        "norm3", "sign3", "conv3",
        "norm4", "act4", "flatten", "fc4",
    ]  # fmt: skip
    assert type(net.layers.conv1) is nn.Conv2d
    assert type(net.layers.fc4) is nn.Linear
    with_scale = XNORNet("digits", in_channels=1, image_size=28)
    assert names(with_scale) == [n for n in names(net) if not n.startswith("sign")]
    assert type(with_scale.layers.conv2) is ScaledSignConv2d


def test_the_order_of_the_other_forms():
    for form, layer in (("bwn", BinaryConv2d), ("float", nn.Conv2d)):
        net = XNORNet("digits", form, in_channels=1, image_size=28)
        assert names(net) == [
            "conv1", "norm1", "act1", "pool1",
            "conv2", "norm2", "act2", "pool2",
            "conv3", "norm3", "act3", "flatten", "fc4",
        ]  # fmt: skip
        assert type(net.layers.conv2) is type(net.layers.conv3) is layer
        assert type(net.layers.conv1) is nn.Conv2d
        assert not any(isinstance(m, Sign) for m in net.modules())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_all_forms_have_the_weights_of_the_float_counterpart(layout):
    def shapes(network):
        kinds = (nn.Conv2d, nn.Linear, BinaryConv2d)
        return [tuple(m.weight.shape) for m in network.modules() if isinstance(m, kinds)]

    with torch.device("meta"):
        found = [shapes(XNORNet(layout, form)) for form in ("float", "bwn", "xnor")]
    assert found[0] == found[1] == found[2]


def test_the_layers_are_those_of_bnn():
    """Dense layers as convolutions; the sizes come from courbariaux2016binarized."""
    with torch.device("meta"):
        net = cnnhistory.create_model("xnor_cifar", input_scale=False)
        bnn = cnnhistory.create_model("bnn_cifar")
    kinds = (nn.Conv2d, nn.Linear, BinaryConv2d, BinaryLinear)
    sizes = [[m.weight.numel() for m in n.modules() if isinstance(m, kinds)] for n in (net, bnn)]
    assert sizes[0] == sizes[1]


def test_binary_layers_get_signs_and_a_maximum_comes_after_the_sums():
    torch.manual_seed(0)
    net = cnnhistory.create_model("xnor_digits", input_scale=False)
    seen = []
    for module in net.modules():
        if isinstance(module, BinaryConv2d):
            module.register_forward_pre_hook(lambda m, x: seen.append(x[0].unique().tolist()))
    net(torch.rand(4, 1, 28, 28))
    assert seen == [[-1, 1]] * 2


def test_a_maximum_of_signs_is_nearly_always_one():
    """Why the paper pools before the sign: of random signs 15 of 16 windows have a +1."""
    torch.manual_seed(0)
    signs = torch.randn(4, 8, 32, 32).sign()
    share = (nn.MaxPool2d(2)(signs) == 1).float().mean()
    assert float(share) == pytest.approx(15 / 16, abs=0.01)


@pytest.mark.parametrize("form", ["xnor", "bwn", "float"])
def test_learns(form):
    torch.manual_seed(0)
    x = torch.randn(60, 1, 8, 8)
    target = torch.arange(60) % 3
    x[torch.arange(60), 0, 2 * target] += 2.0
    net = XNORNet("digits", form, 3, in_channels=1, image_size=8, width=1 / 4)
    optimizer = torch.optim.Adam(net.parameters(), 0.01)
    for _ in range(40):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), target).backward()
        optimizer.step()
        net.constrain()
    assert (net.eval()(x).argmax(1) == target).float().mean() > 0.9


def test_bad_settings_are_refused():
    with pytest.raises(ValueError, match="form: expected one of xnor, bwn, float, got 'bnn'"):
        XNORNet("cifar", "bnn")
    with pytest.raises(ValueError, match="layout: expected one of cifar, digits, got 'mlp'"):
        XNORNet("mlp")
    with pytest.raises(ValueError, match="image_size: expected a multiple of 8, got 20"):
        XNORNet("cifar", image_size=20)
    with pytest.raises(ValueError, match="gradient: expected one of paper, exact"):
        XNORNet("cifar", width=1 / 16, gradient="none")(torch.zeros(1, 3, 32, 32))
