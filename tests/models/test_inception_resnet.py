import copy
import functools

import pytest
import torch
from peer_helpers import copy_in_order, settle, without_dropout
from torch import nn

from cnnhistory import registry
from cnnhistory.accounting import count_multiply_adds, count_parameters, summarize
from cnnhistory.nn.branches import Branches, ResidualInception

on_meta = functools.cache(registry.on_meta)


@pytest.mark.parametrize(
    ("name", "settings", "parameters", "multiply_adds"),
    [
        ("inception_resnet_v1", {}, 22_756_328, 6_206_361_696),
        ("inception_resnet_v2", {}, 55_843_464, 13_155_794_016),
        ("inception_resnet_v2", {"released": False}, 32_433_928, 9_257_953_632),
    ],
)
def test_counts(name, settings, parameters, multiply_adds):
    net = on_meta(name, **settings)
    assert count_parameters(net) == parameters
    assert count_multiply_adds(net, (3, 299, 299)) == multiply_adds


@pytest.mark.parametrize(
    ("name", "settings", "maps", "counts"),
    [
        ("inception_resnet_v1", {}, (256, 896, 1792), (5, 10, 5)),
        ("inception_resnet_v2", {"released": False}, (384, 1152, 2144), (5, 10, 5)),
        ("inception_resnet_v2", {}, (320, 1088, 2080), (10, 20, 10)),
    ],
)
def test_stages(name, settings, maps, counts):
    rows = summarize(on_meta(name, **settings), (3, 299, 299)).view(depth=2)
    shapes = {r.name.removeprefix("blocks."): r.output_shape for r in rows}
    for kind, width, side, count in zip("abc", maps, (35, 17, 8), counts, strict=True):
        of_kind = [s for key, s in shapes.items() if key[0] == kind and key[1:].isdigit()]
        assert of_kind == [(width, side, side)] * count


def test_a_block_adds_a_small_part():
    torch.manual_seed(0)
    branches = Branches(a=nn.Conv2d(6, 2, 1), b=nn.Conv2d(6, 3, 1))
    block = ResidualInception(6, branches, 5, scale=0.1)
    x = torch.randn(2, 6, 4, 4)
    inside = torch.cat([branches.branches["a"](x), branches.branches["b"](x)], 1)
    expected = (x + 0.1 * block.expand(inside)).clamp(min=0)
    torch.testing.assert_close(block(x), expected)


@pytest.mark.peer
def test_the_release_equals_timm_weight_for_weight():
    torch.manual_seed(0)
    peer = pytest.importorskip("timm").create_model("inception_resnet_v2").double()
    without_dropout(peer)
    x = torch.randn(3, 3, 96, 96, dtype=torch.double)
    settle(peer, x)
    ours = without_dropout(copy.deepcopy(on_meta("inception_resnet_v2")))
    copy_in_order(peer, ours)
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(x), peer(x), atol=1e-5, rtol=1e-5)


def test_sizes_of_the_small_network():
    net = registry.on_meta("residual_inception")
    x = torch.empty(2, 3, 24, 24, device="meta")
    assert net.features(x).shape == (2, 1024, 3, 3)
    assert [block.scale for block in net.blocks] == [0.1] * 5
    inside = 1024 * 16 + 2 * 16  # a 1x1 with its normalization; there are two
    factored = 2 * (3 * 16 * 16 + 2 * 16)
    assert count_parameters(net.blocks[0]) == 2 * inside + factored + 32 * 1024 + 1024


def test_the_small_network_adds_nothing_with_a_scale_of_0():
    torch.manual_seed(0)
    net = registry.create_model("residual_inception", maps=8, inside=4, scale=0.0)
    x = torch.randn(2, 3, 16, 16)
    torch.testing.assert_close(net.features(x), net.stem(x))
    torch.testing.assert_close(net(x), net.fc(net.stem(x).mean((2, 3))))
