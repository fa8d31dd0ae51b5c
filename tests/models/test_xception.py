import copy
import functools

import pytest
import torch
from peer_helpers import assert_equals_peer
from torch import nn

from cnnhistory import registry
from cnnhistory.accounting import count_multiply_adds, count_parameters, summarize
from cnnhistory.models.xception import SeparableConv, XceptionBlock

on_meta = functools.cache(registry.on_meta)


def test_counts():
    net = on_meta("xception")
    assert count_parameters(net) == 22_855_952
    assert count_multiply_adds(net, (3, 299, 299)) == 8_357_403_496
    separable = [m for m in net.modules() if isinstance(m, SeparableConv)]
    whole = [m for m in net.stem.modules() if isinstance(m, nn.Conv2d)]
    assert len(separable) + len(whole) == 36


def test_stages_of_figure_5():
    rows = summarize(on_meta("xception"), (3, 299, 299)).view(depth=2)
    shapes = [row.output_shape for row in rows if row.name.startswith(("stem", "blocks."))]
    assert shapes == [
        (32, 149, 149), (64, 147, 147), (128, 74, 74), (256, 37, 37), (728, 19, 19),
        *[(728, 19, 19)] * 8, (1024, 10, 10), (1536, 10, 10), (2048, 10, 10),
    ]  # fmt: skip


def test_nothing_is_between_depthwise_and_pointwise():
    torch.manual_seed(0)
    conv = SeparableConv(3, 5).double()
    x = torch.randn(2, 3, 6, 6, dtype=torch.double)
    # one window whose kernels are products: mixing weight times the map's own kernel
    kernel = conv.pointwise.weight[:, :, 0, 0][:, :, None, None] * conv.depthwise.weight[:, 0]
    torch.testing.assert_close(conv(x), nn.functional.conv2d(x, kernel, padding=1))


def test_a_block_leaves_its_input_alone():
    torch.manual_seed(0)
    block = XceptionBlock(4, (4, 4, 4)).eval()
    x = torch.randn(2, 4, 5, 5)
    kept = x.clone()
    torch.testing.assert_close(block(x), block.branch(kept) + kept)
    assert torch.equal(x, kept)


@pytest.mark.peer
def test_equals_timm_weight_for_weight():
    torch.manual_seed(0)
    peer = pytest.importorskip("timm").create_model("legacy_xception")
    x = torch.randn(3, 3, 75, 75, dtype=torch.double)
    # timm lists the shortcut of a block first, as here
    assert_equals_peer(copy.deepcopy(on_meta("xception")), peer, x)
