import copy
import functools

import pytest
import torch
from peer_helpers import assert_equals_peer
from torch.nn import functional as F

from cnnhistory import create_model, registry
from cnnhistory.accounting import count_multiply_adds, count_parameters, summarize
from cnnhistory.models.mobilenet_v1 import SeparableBlock

on_meta = functools.cache(registry.on_meta)


@pytest.mark.parametrize(
    ("name", "width", "parameters", "multiply_adds"),
    [
        ("mobilenet_v1", 1.0, 4_231_976, 568_740_352),
        # Table 6 rounds to tenths of a million: 2.6, 1.3 and 0.5
        ("mobilenet_v1", 0.75, 2_585_560, 325_400_448),
        ("mobilenet_v1", 0.5, 1_331_592, 149_497_088),
        ("mobilenet_v1", 0.25, 470_072, 41_030_272),
        ("mobilenet_v1_full", 1.0, 29_294_088, 4_867_293_184),
    ],
)
def test_counts(name, width, parameters, multiply_adds):
    net = on_meta(name, width=width)
    assert count_parameters(net) == parameters
    assert count_multiply_adds(net, (3, 224, 224)) == multiply_adds


@pytest.mark.parametrize(("side", "millions"), [(224, 569), (192, 418), (160, 290), (128, 186)])
def test_the_resolution_multiplier(side, millions):
    # Table 7, which cuts or rounds
    found = count_multiply_adds(on_meta("mobilenet_v1"), (3, side, side)) / 1e6
    assert found == pytest.approx(millions, abs=1)


def test_stages_have_the_sizes_of_table_1():
    rows = summarize(on_meta("mobilenet_v1"), (3, 224, 224)).view(depth=2)
    shapes = [row.output_shape for row in rows if row.name.startswith("blocks.")]
    sides = [112, 56, 56, 28, 28, 14, 14, 14, 14, 14, 14, 7, 7]
    maps = [64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024]
    assert shapes == [(m, s, s) for m, s in zip(maps, sides, strict=True)]


def test_a_separable_block_costs_one_nth_and_one_ninth():
    block = SeparableBlock(64, 128).to("meta")
    full = 9 * 64 * 128 * 14 * 14
    assert count_multiply_adds(block, (64, 14, 14)) == full / 128 + full / 9


def test_a_block_written_out():
    torch.manual_seed(0)
    block = SeparableBlock(3, 5, stride=2).double().eval()
    x = torch.randn(2, 3, 7, 7, dtype=torch.double)
    per_map = [
        F.conv2d(x[:, m : m + 1], block.depthwise.conv.weight[m : m + 1], stride=2, padding=1)
        for m in range(3)
    ]
    scale = (1 + 1e-5) ** -0.5
    h = (torch.cat(per_map, 1) * scale).clamp(min=0)
    mixed = torch.einsum("nchw,oc->nohw", h, block.pointwise.conv.weight[:, :, 0, 0])
    torch.testing.assert_close(block(x), (mixed * scale).clamp(min=0))


@pytest.mark.peer
def test_equals_timm_weight_for_weight():
    peer = pytest.importorskip("timm").create_model("mobilenetv1_100")
    # timm's activation is ReLU6
    for name, module in list(peer.named_modules()):
        if isinstance(module, torch.nn.ReLU6):
            peer.set_submodule(name, torch.nn.ReLU())
    ours = copy.deepcopy(on_meta("mobilenet_v1"))
    x = torch.randn(4, 3, 64, 64, dtype=torch.double, generator=torch.Generator().manual_seed(1))
    assert_equals_peer(ours, peer, x)


def test_dropout_is_in_front_of_the_linear_layer():
    torch.manual_seed(0)
    net = create_model("mobilenet_v1", width=1 / 8, dropout=0.5).train()
    x = torch.rand(4, 3, 32, 32)
    assert not torch.equal(net(x), net(x))


def test_fewer_halvings_leave_out_the_first():
    net = create_model("mobilenet_v1", width=1 / 8, halvings=3).eval()
    rows = {row.name: row for row in summarize(net, (3, 32, 32)).view(depth=2)}
    sides = [rows[f"blocks.{n}"].output_shape[1] for n in range(13)]
    assert sides == [32, 32, 32, 16, 16, 8, 8, 8, 8, 8, 8, 4, 4]
    with pytest.raises(ValueError, match="halvings: expected an integer from 0 to 5, got 6"):
        create_model("mobilenet_v1_full", halvings=6)
