import copy
import functools

import pytest
import torch
from peer_helpers import assert_equals_peer

from cnnhistory import registry
from cnnhistory.accounting import count_multiply_adds, count_parameters, summarize
from cnnhistory.models.mobilenet_v2 import InvertedResidual, divisible

on_meta = functools.cache(registry.on_meta)


def test_counts():
    net = on_meta("mobilenet_v2")
    assert count_parameters(net) == 3_504_872
    assert count_multiply_adds(net, (3, 224, 224)) == 300_774_272


def test_stages_have_the_sizes_of_table_2():
    rows = summarize(on_meta("mobilenet_v2"), (3, 224, 224)).view(depth=2)
    shapes = [row.output_shape for row in rows if row.name.startswith("blocks.")]
    table = [
        (16, 112, 1), (24, 56, 2), (32, 28, 3), (64, 14, 4), (96, 14, 3), (160, 7, 3), (320, 7, 1)
    ]  # fmt: skip
    assert shapes == [(maps, side, side) for maps, side, count in table for _ in range(count)]


def test_numbers_of_maps_are_multiples_of_eight():
    assert [divisible(16 * w) for w in (0.35, 0.5, 0.75, 1.0, 1.4)] == [8, 8, 16, 16, 24]
    # 11 would lose more than a tenth as 8
    assert divisible(11.2) == 16


def test_only_blocks_that_keep_their_shape_add_their_input():
    x = torch.randn(2, 8, 6, 6)
    for block, adds in (
        (InvertedResidual(8, 8), True),
        (InvertedResidual(8, 8, stride=2), False),
        (InvertedResidual(8, 16), False),
    ):
        block.eval()
        branch = block.branch(x)
        torch.testing.assert_close(block(x), branch + x if adds else branch)


def test_the_last_projection_is_linear():
    torch.manual_seed(0)
    block = InvertedResidual(8, 16).train()
    out = block(torch.randn(16, 8, 6, 6))
    assert (out < 0).float().mean() > 0.3


def test_a_bottleneck_that_is_not_linear():
    torch.manual_seed(0)
    linear, other = InvertedResidual(8, 8), InvertedResidual(8, 8, linear=False)
    other.load_state_dict(linear.state_dict())
    x = torch.randn(16, 8, 6, 6)
    branch = linear.train().branch(x)
    torch.testing.assert_close(other.train()(x), x + branch.clamp(0, 6))
    net = registry.on_meta("mobilenet_v2", width=0.25, linear=False)
    assert not any(block.adds and len(block.branch.project) < 3 for block in net.blocks)
    assert count_parameters(net) == count_parameters(on_meta("mobilenet_v2", width=0.25))


def test_fewer_halvings_leave_out_the_first():
    rows = summarize(on_meta("mobilenet_v2", width=0.25, halvings=4), (3, 24, 24)).view(depth=2)
    sides = [row.output_shape[1] for row in rows if row.name.startswith("blocks.")]
    assert sides == [24] + 2 * [12] + 3 * [6] + 7 * [3] + 4 * [2]


@pytest.mark.peer
@pytest.mark.parametrize("width", [1.0, 0.35, 1.4])
def test_equals_torchvision_weight_for_weight(width):
    peer = pytest.importorskip("torchvision").models.mobilenet_v2(width_mult=width)
    ours = copy.deepcopy(on_meta("mobilenet_v2", width=width))
    x = torch.randn(4, 3, 64, 64, dtype=torch.double, generator=torch.Generator().manual_seed(1))
    assert_equals_peer(ours, peer, x)
