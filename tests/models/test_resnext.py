import copy
import functools

import pytest
import torch
from peer_helpers import assert_equals_peer
from torch import nn
from torch.nn import functional as F

from cnnhistory import create_model, registry
from cnnhistory.accounting import count_multiply_adds, count_parameters
from cnnhistory.nn.residual import Bottleneck

on_meta = functools.cache(registry.on_meta)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("resnext50_32x4d", 25_028_904),
        ("resnext101_32x4d", 44_177_704),
        ("resnext101_64x4d", 83_455_272),
        ("resnext101_32x8d", 88_791_336),
        ("resnext101_32x48d", 828_411_176),
        ("resnext29_8x64d", 34_426_698),
        ("resnext29_16x64d", 68_155_210),
    ],
)
def test_parameters(name, parameters):
    assert count_parameters(on_meta(name)) == parameters


def test_multiply_adds():
    # Table 1 and mahajan2018exploring, Table 1: 4.2 and 153 thousand million
    for name, billions in (("resnext50_32x4d", 4.2), ("resnext101_32x48d", 153)):
        found = count_multiply_adds(on_meta(name), (3, 224, 224)) / 1e9
        assert found == pytest.approx(billions, rel=0.01)


@pytest.mark.parametrize("name", ["resnext50_32x4d", "resnext101_64x4d"])
def test_stages_of_table_1(name):
    net = on_meta(name)
    cardinality, width = (int(n) for n in name.partition("_")[2].removesuffix("d").split("x"))
    for key, block in net.blocks.named_children():
        stage = int(key.removeprefix("conv")[0])
        assert block.conv2.groups == cardinality
        assert block.conv2.out_channels == cardinality * width * 2 ** (stage - 2)
        assert block.out_channels == 256 * 2 ** (stage - 2)


def test_a_block_is_a_sum_of_narrow_paths():
    """Split, transform, merge (Figure 3(a)) gives what the grouped convolution gives (3(c))."""
    torch.manual_seed(0)
    block = Bottleneck(16, 4, 1, "B", inner=6, groups=3).double().eval()
    for module in block.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_var.uniform_(0.5, 2)
            module.running_mean.normal_()
    x = torch.randn(2, 16, 5, 5, dtype=torch.double)

    def norm(y, bn, own):
        return F.batch_norm(y, bn.running_mean[own], bn.running_var[own], bn.weight[own],
                            bn.bias[own])  # fmt: skip

    total = 0
    for path in range(3):
        own = slice(2 * path, 2 * path + 2)
        y = norm(F.conv2d(x, block.conv1.weight[own]), block.bn1, own).clamp(min=0)
        y = norm(F.conv2d(y, block.conv2.weight[own], padding=1), block.bn2, own).clamp(min=0)
        total = total + F.conv2d(y, block.conv3.weight[:, own])
    torch.testing.assert_close(block.bn3(total), block.branch(x))


def test_groups_must_share_the_maps():
    with pytest.raises(ValueError, match="groups: expected a divisor of the 6 inner maps"):
        Bottleneck(16, 4, 1, "B", inner=6, groups=4)


def test_depth_must_fit():
    with pytest.raises(ValueError, match="depth: expected 9n"):
        create_model("resnext29_8x64d", depth=28)


def test_networks_for_cifar_of_a_quarter_of_the_width():
    """Table 2's divisions of a block, and their maps at a quarter of the width."""
    for cardinality, base_width, inner in ((1, 64, 16), (2, 40, 20), (4, 24, 24), (32, 4, 32)):
        settings = {"cardinality": cardinality, "base_width": base_width, "depth": 11}
        net = create_model("resnext29_8x64d", width=0.25, **settings)
        assert net.stem.conv1.out_channels == 16
        for factor, block in zip((1, 2, 4), net.blocks, strict=True):
            assert block.out_channels == 64 * factor
            assert block.conv2.out_channels == inner * factor
            assert block.conv2.groups == cardinality


@pytest.mark.peer
@pytest.mark.parametrize("library", ["torchvision", "timm"])
def test_equals_the_peer_weight_for_weight(library):
    if library == "torchvision":
        peer = pytest.importorskip("torchvision").models.resnext50_32x4d()
    else:
        peer = pytest.importorskip("timm").create_model("resnext50_32x4d")
    ours = copy.deepcopy(on_meta("resnext50_32x4d"))
    x = torch.randn(4, 3, 32, 32, dtype=torch.double, generator=torch.Generator().manual_seed(1))
    assert_equals_peer(ours, peer, x)
