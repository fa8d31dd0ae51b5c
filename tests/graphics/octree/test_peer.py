"""The same octants, tables and results as the authors' later library ocnn."""

import pytest
import torch
from octree_helpers import sphere
from torch.nn import functional as F

from cnnhistory.graphics.octree.ops import (
    octree_conv,
    octree_conv_transpose,
    octree_max_pool,
    octree_max_unpool,
)
from cnnhistory.graphics.octree.tree import build_octree

pytestmark = pytest.mark.peer
ocnn = pytest.importorskip("ocnn")


@pytest.fixture(scope="module")
def pair():
    clouds = [sphere(400), sphere(200, 1, 0.5)]
    points = [ocnn.octree.Points(cloud.positions, cloud.normals) for cloud in clouds]
    peer = ocnn.octree.Octree(5, 2, batch_size=2)
    peer.build_octree(ocnn.octree.merge_points(points))
    peer.construct_all_neigh()
    return build_octree(clouds, 5), peer


def test_octants_children_and_neighbors(pair):
    ours, peer = pair
    for d in range(6):
        shape = ours.shape_of(d)
        assert torch.equal(ours.keys[d] - (shape << 3 * d) + (shape << 48), peer.keys[d])
        if d < 5:
            first = peer.children[d].long()
            assert torch.equal(ours.children[d], torch.where(first < 0, -1, 8 * first))
        if d > 0:
            table = peer.neighs[d].long()
            assert torch.equal(
                ours.neighbors(d).long(), torch.where(table < 0, ours.size(d), table)
            )
    occupied = ours.counts > 0
    assert torch.equal(occupied, peer.nempty_mask(5))
    # ocnn scales the mean normal to length 1
    torch.testing.assert_close(F.normalize(ours.signal[occupied]), peer.normals[5])


def test_operations(pair):
    ours, peer = pair
    torch.manual_seed(0)
    x = torch.randn(ours.size(5), 6)
    y = torch.randn(ours.size(4), 6)
    for stride in (1, 2):
        conv = ocnn.nn.OctreeConv(6, 4, stride=stride)
        mine = octree_conv(x, ours, 5, conv.weights, stride)
        torch.testing.assert_close(mine, conv(x, peer, 5))
    conv = ocnn.nn.OctreeDeconv(6, 4, stride=2)
    theirs = conv(y, peer, 4)  # its weights are those of the convolution back
    torch.testing.assert_close(
        octree_conv_transpose(y, ours, 4, conv.weights.transpose(1, 2)), theirs
    )
    pooled, which = octree_max_pool(x, ours, 5)
    theirs, index = ocnn.nn.octree_max_pool(x, peer, 5, return_indices=True)
    torch.testing.assert_close(pooled, theirs)
    torch.testing.assert_close(
        octree_max_unpool(y, which, ours, 4), ocnn.nn.octree_max_unpool(y, index, peer, 4)
    )
