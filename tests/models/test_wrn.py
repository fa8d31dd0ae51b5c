import copy
import functools

import pytest
import torch
from peer_helpers import assert_equals_peer
from torch import nn
from torch.nn import functional as F

from cnnhistory import create_model, registry
from cnnhistory.accounting import count_multiply_adds, count_parameters, summarize
from cnnhistory.models.wrn import WideBlock, WideResNet

on_meta = functools.cache(registry.on_meta)


@pytest.mark.parametrize(
    ("depth", "widen", "classes", "parameters"),
    [
        (28, 10, 10, 36_479_194),
        (28, 10, 100, 36_536_884),
        (16, 8, 10, 10_961_370),
        (40, 4, 10, 8_949_210),
        (22, 8, 10, 17_158_106),
        (40, 1, 10, 563_930),
    ],
)
def test_parameters(depth, widen, classes, parameters):
    with torch.device("meta"):
        assert count_parameters(WideResNet(depth, widen, classes)) == parameters


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("wrn_28_10", 36_479_194), ("wrn_16_8", 10_961_370), ("wrn_40_4", 8_949_210)],
)
def test_the_names_give_depth_and_width(name, parameters):
    net = on_meta(name)
    assert count_parameters(net) == parameters
    depth, widen = (int(n) for n in name.split("_")[1:])
    weighted = [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    # convolutions with the three projections; the linear layer is not counted
    assert len(weighted) - 1 == depth
    assert net.fc.in_features == 64 * widen


def test_wrn_50_2():
    net = on_meta("wrn_50_2")
    assert count_parameters(net) == 68_883_240
    later = on_meta("wrn_50_2", stride_in_3x3=True)
    assert count_parameters(later) == 68_883_240
    assert count_multiply_adds(later, (3, 224, 224)) > count_multiply_adds(net, (3, 224, 224))


def test_stages():
    rows = summarize(on_meta("wrn_28_10"), (3, 32, 32)).view(depth=2)
    shapes = [row.output_shape for row in rows if row.name.startswith("blocks.")]
    assert shapes == [(160, 32, 32)] * 4 + [(320, 16, 16)] * 4 + [(640, 8, 8)] * 4


@pytest.mark.parametrize(("maps", "stride"), [(4, 1), (6, 1), (6, 2), (4, 2)])
def test_a_block_written_out(maps, stride):
    torch.manual_seed(0)
    block = WideBlock(4, maps, stride).double().train()
    x = torch.randn(3, 4, 6, 6, dtype=torch.double)
    kept = x.clone()

    def norm_relu(x):
        mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), correction=0, keepdim=True)
        return ((x - mean) / (var + 1e-5).sqrt()).clamp(min=0)

    first = norm_relu(x)
    out = F.conv2d(first, block.conv1.weight, stride=stride, padding=1)
    out = F.conv2d(norm_relu(out), block.conv2.weight, padding=1)
    # the projection reads what is behind the first ReLU, not the input
    fits = maps == 4 and stride == 1
    shortcut = x if fits else F.conv2d(first, block.project.weight, stride=stride)
    torch.testing.assert_close(block(x), out + shortcut)
    assert torch.equal(x, kept)


def test_dropout_is_between_the_two_convolutions():
    torch.manual_seed(0)
    block = WideBlock(4, 4, dropout=0.5).train()
    seen = []
    block.dropout.register_forward_hook(lambda layer, args, out: seen.append((args[0], out)))
    block(torch.randn(2, 4, 5, 5))
    ((before, after),) = seen
    assert before.min() == 0
    assert (after == 0).sum() > (before == 0).sum()


def test_width_scales_all_maps():
    half, whole = (WideResNet(10, 2, width=width) for width in (0.5, 1))
    for narrow, wide in zip(half.modules(), whole.modules(), strict=True):
        if isinstance(narrow, nn.Conv2d):
            assert 2 * narrow.out_channels == wide.out_channels


def test_depth_must_fit():
    for depth in (4, 20, 29):
        with pytest.raises(ValueError, match="depth: expected 6n"):
            create_model("wrn_28_10", depth=depth)


@pytest.mark.peer
@pytest.mark.parametrize("library", ["torchvision", "timm"])
def test_wrn_50_2_equals_the_peer_weight_for_weight(library):
    if library == "torchvision":
        peer = pytest.importorskip("torchvision").models.wide_resnet50_2()
    else:
        peer = pytest.importorskip("timm").create_model("wide_resnet50_2")
    ours = copy.deepcopy(on_meta("wrn_50_2", stride_in_3x3=True))
    x = torch.randn(4, 3, 32, 32, dtype=torch.double, generator=torch.Generator().manual_seed(1))
    assert_equals_peer(ours, peer, x)
