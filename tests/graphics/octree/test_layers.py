import pytest
import torch
from octree_helpers import full, spheres
from torch import nn
from torch.nn import functional as F

from cnnhistory.graphics.octree.layers import (
    ConvUnit,
    OctreeBatchNorm,
    OctreeConv,
    OctreeConvTranspose,
    PooledUnit,
)
from cnnhistory.graphics.octree.ops import from_grid, to_grid


def test_a_unit_on_a_full_octree_is_the_dense_unit():
    torch.manual_seed(0)
    tree = full(3)
    unit = PooledUnit(3, 6)
    x = torch.randn(tree.size(3), 3)
    grid = to_grid(x, tree, 3)
    for training in (True, False):
        unit.train(training)
        norm = nn.BatchNorm3d(6).train(training)
        norm.load_state_dict(unit.unit.norm.state_dict())
        pooled, _ = unit(x, tree, 3)
        conv = F.conv3d(grid, unit.unit.conv.dense_weight(), padding=1)
        theirs = F.max_pool3d(norm(conv).relu(), 2)
        torch.testing.assert_close(pooled, from_grid(theirs, tree, 2), atol=1e-5, rtol=1e-5)


def test_layers_with_bias_and_stride():
    tree = spheres(4)
    x = torch.ones(tree.size(4), 2)
    for layer, depth in ((OctreeConv(2, 3), 4), (OctreeConv(2, 3, stride=2), 3)):
        nn.init.zeros_(layer.weight)
        nn.init.constant_(layer.bias, 0.5)
        assert torch.equal(layer(x, tree, 4), torch.full((tree.size(depth), 3), 0.5))
    up = OctreeConvTranspose(2, 3)
    assert up(x[: tree.size(3)], tree, 3).shape == (tree.size(4), 3)
    assert OctreeConv(2, 3, bias=False).bias is None
    assert "stride=2" in repr(OctreeConv(2, 3, stride=2))
    assert "2, 3" in repr(up)


def test_initial_weights_keep_the_size_of_the_signal_where_all_octants_are():
    torch.manual_seed(0)
    tree = full(4, 1)
    inner = ((tree.cells(4) > 0) & (tree.cells(4) < 15)).all(1)
    x = torch.randn(tree.size(4), 16)
    y = OctreeConv(16, 32)(x, tree, 4)[inner]
    assert 1.8 < y.var().item() < 2.2  # relu halves it
    y = OctreeConvTranspose(16, 32)(x[: tree.size(3)], tree, 3)[inner]
    assert 1.7 < y.var().item() < 2.3


def test_every_weight_learns():
    tree = spheres(3)
    unit, up = ConvUnit(3, 4), OctreeConvTranspose(3, 4)
    loss = unit(tree.signal, tree, 3).square().sum()
    loss = loss + up(torch.ones(tree.size(2), 3), tree, 2).square().sum()
    loss.backward()
    for name, parameter in [*unit.named_parameters(), *up.named_parameters()]:
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("wrong", [0, -1, 2.5, True])
def test_wrong_settings_are_refused(wrong):
    for build in (OctreeConv, OctreeConvTranspose, ConvUnit, PooledUnit):
        with pytest.raises(ValueError, match="in_channels: expected"):
            build(wrong, 3)
        with pytest.raises(ValueError, match="out_channels: expected"):
            build(3, wrong)
    with pytest.raises(ValueError, match="stride: expected one of 1, 2"):
        OctreeConv(1, 1, stride=3)


def test_wrong_rows_are_refused():
    with pytest.raises(ValueError, match=r"x: expected \(n, 4\), got \(5, 3\)"):
        OctreeBatchNorm(4)(torch.zeros(5, 3))
