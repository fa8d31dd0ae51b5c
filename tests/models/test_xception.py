import copy
import functools

import pytest
import torch
from peer_helpers import assert_equals_peer
from torch import nn

from cnnhistory import registry
from cnnhistory.accounting import count_multiply_adds, count_parameters, summarize
from cnnhistory.models.xception import SeparableConv, TowersConv, XceptionBlock, XceptionSteps

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


def test_as_many_towers_as_maps_behind_each_other_are_a_separable_convolution():
    torch.manual_seed(0)
    towers, separable = TowersConv(4, 6, 4, mix_first=False, between=None), SeparableConv(4, 6)
    with torch.no_grad():
        separable.depthwise.weight.copy_(towers.filter.weight)
        separable.pointwise.weight.copy_(towers.mix.weight)
    x = torch.randn(2, 4, 7, 6)
    torch.testing.assert_close(towers(x), separable(x))


@pytest.mark.parametrize("between", ["relu", "elu", None])
@pytest.mark.parametrize("mix_first", [True, False])
def test_towers_written_out(mix_first, between):
    torch.manual_seed(0)
    conv = TowersConv(4, 6, 2, mix_first, between).double()
    x = torch.randn(2, 4, 5, 5, dtype=torch.double)
    f = {"relu": torch.relu, "elu": nn.functional.elu, None: lambda h: h}[between]

    def mix(h):
        return torch.einsum("nihw,oi->nohw", h, conv.mix.weight[:, :, 0, 0])

    def filters(h):
        parts = zip(h.chunk(2, 1), conv.filter.weight.chunk(2), strict=True)
        return torch.cat([nn.functional.conv2d(part, w, padding=1) for part, w in parts], 1)

    torch.testing.assert_close(conv(x), filters(f(mix(x))) if mix_first else mix(f(filters(x))))


@pytest.mark.parametrize(("maps", "towers"), [(6, 1), (6, 3), (6, 6), (6, None)])
def test_weights_of_a_step(maps, towers):
    net = XceptionSteps(maps=maps, towers=towers, mix_first=True)
    convs = [m for m in net.modules() if isinstance(m, TowersConv)]
    assert len(convs) == 12
    assert {count_parameters(conv) for conv in convs} == {maps**2 + 9 * maps**2 // (towers or maps)}


def test_sizes_of_the_steps():
    rows = summarize(XceptionSteps(maps=6), (3, 32, 32)).view(depth=2)
    sides = [row.output_shape[1] for row in rows if row.name.startswith("blocks.")]
    assert sides == [16, 16, 8, 8, 4, 4]


def test_without_shortcuts_nothing_is_added():
    torch.manual_seed(0)
    plain = XceptionBlock(4, (4, 4), halve=True, residual=False)
    x = torch.randn(2, 4, 6, 6)
    assert torch.equal(plain(x), plain.branch(x))
    assert plain.project is None
    fewer = [count_parameters(XceptionSteps(maps=6, residual=added)) for added in (True, False)]
    assert fewer[0] - fewer[1] == 2 * (36 + 12)  # two projections and their normalizations


def test_steps_learn():
    torch.manual_seed(0)
    net = XceptionSteps(num_classes=2, maps=4)
    x, y = torch.randn(8, 3, 12, 12), torch.arange(8) % 2
    optimizer = torch.optim.Adam(net.parameters(), 0.02)
    for _ in range(40):
        loss = nn.functional.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


def test_wrong_towers_are_refused():
    with pytest.raises(ValueError, match="towers: expected a divisor of the 6 maps, got 4"):
        TowersConv(4, 6, 4)
    with pytest.raises(ValueError, match="between: expected"):
        TowersConv(4, 6, 3, between="gelu")


@pytest.mark.peer
def test_equals_timm_weight_for_weight():
    torch.manual_seed(0)
    peer = pytest.importorskip("timm").create_model("legacy_xception")
    x = torch.randn(3, 3, 75, 75, dtype=torch.double)
    # timm lists the shortcut of a block first, as here
    assert_equals_peer(copy.deepcopy(on_meta("xception")), peer, x)
