import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from octree_helpers import full, sphere, spheres

from cnnhistory.graphics.octree.keys import cells_of, morton
from cnnhistory.graphics.octree.neighbors import places, steps
from cnnhistory.graphics.octree.points import PointCloud
from cnnhistory.graphics.octree.tree import build_octree


def three_points():
    """Points in the cells (0, 0, 0), (0, 0, 1) and (7, 7, 7) of 8 a side."""
    points = torch.tensor([[-0.9, -0.9, -0.9], [-0.9, -0.9, -0.7], [0.9, 0.9, 0.9]])
    return PointCloud(points, torch.eye(3))


def test_three_points_octant_by_octant():
    tree = build_octree(three_points(), depth=3, full_depth=1)
    assert tree.depth == 3
    assert [keys.tolist() for keys in tree.keys] == [
        [0],
        [0, 1, 2, 3, 4, 5, 6, 7],
        [0, 1, 2, 3, 4, 5, 6, 7, 56, 57, 58, 59, 60, 61, 62, 63],
        [0, 1, 2, 3, 4, 5, 6, 7, 504, 505, 506, 507, 508, 509, 510, 511],
    ]
    assert [children.tolist() for children in tree.children] == [
        [0],
        [0, -1, -1, -1, -1, -1, -1, 8],
        [0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 8],
    ]
    assert [tree.divided(d).tolist() for d in range(3)] == [[0], [0, 7], [0, 15]]
    assert [tree.parents(d).tolist() for d in (1, 2, 3)] == [
        [0] * 8, [0] * 8 + [7] * 8, [0] * 8 + [15] * 8,
    ]  # fmt: skip
    assert tree.counts.tolist() == [1, 1] + [0] * 13 + [1]
    assert tree.octant_of.tolist() == [0, 1, 15]
    signal = torch.zeros(16, 3)
    signal[0, 0] = signal[1, 1] = signal[15, 2] = 1
    assert torch.equal(tree.signal, signal)
    assert tree.occupied(2).nonzero()[:, 0].tolist() == [0, 15]
    assert tree.occupied(1).nonzero()[:, 0].tolist() == [0, 7]


def test_three_points_with_the_first_two_depths_full():
    tree = build_octree(three_points(), depth=3)
    assert [tree.size(d) for d in range(4)] == [1, 8, 64, 16]
    assert tree.keys[2].tolist() == list(range(64))
    assert tree.divided(2).tolist() == [0, 63]
    assert tree.children[1].tolist() == list(range(0, 64, 8))
    assert tree.occupied(1).tolist() == [True] + [False] * 6 + [True]


def test_neighbors_of_three_points_written_out():
    tree = build_octree(three_points(), depth=3, full_depth=1)
    # octant 0 is the cell (0, 0, 0): eight of its 27 are in the cube, all of them its siblings
    there = {13: 0, 14: 1, 16: 2, 17: 3, 22: 4, 23: 5, 25: 6, 26: 7}
    assert tree.neighbors(3)[0].tolist() == [there.get(k, 16) for k in range(27)]
    # octant 7 is the cell (1, 1, 1), in the corner of its family that touches no other family
    there = {0: 0, 1: 1, 3: 2, 4: 3, 9: 4, 10: 5, 12: 6, 13: 7}
    assert tree.neighbors(3)[7].tolist() == [there.get(k, 16) for k in range(27)]
    # at depth 1 all eight are there and are each other's neighbors
    assert (tree.neighbors(1) < 8).sum(1).tolist() == [8] * 8


def test_a_batch_has_the_octants_of_each_shape():
    clouds = [three_points(), PointCloud(-three_points().positions, torch.eye(3))]
    both, one, two = build_octree(clouds, 4), *(build_octree(cloud, 4) for cloud in clouds)
    for d in range(5):
        first, second = one.size(d), two.size(d)
        shape = both.shape_of(d)
        assert shape.tolist() == [0] * first + [1] * second
        assert torch.equal(both.keys[d] - (shape << 3 * d), torch.cat([one.keys[d], two.keys[d]]))
        table = torch.cat([
            torch.where(one.neighbors(d) == first, first + second, one.neighbors(d)),
            two.neighbors(d) + first,
        ])  # fmt: skip
        assert torch.equal(both.neighbors(d), table)
    assert torch.equal(both.signal, torch.cat([one.signal, two.signal]))


def checked_neighbors(tree, depth):
    """Return the table of neighbors by looking every cell up in a dictionary."""
    cells, shapes = tree.cells(depth).tolist(), tree.shape_of(depth).tolist()
    where = {(s, *cell): i for i, (s, cell) in enumerate(zip(shapes, cells, strict=True))}
    return [
        [
            where.get((s, x + i, y + j, z + k), len(cells))
            for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)
        ]
        for s, (x, y, z) in zip(shapes, cells, strict=True)
    ]  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(st.tuples(*[st.floats(-1, 1)] * 3), min_size=1, max_size=6), min_size=1,
             max_size=3),
    st.integers(1, 4), st.integers(0, 4),
)  # fmt: skip
def test_tables_are_consistent(rows, depth, full_depth):
    clouds = [PointCloud(torch.tensor(row), torch.tensor(row)) for row in rows]
    tree = build_octree(clouds, depth, min(full_depth, depth))
    for d in range(depth + 1):
        assert (tree.keys[d].diff() > 0).all()
        assert tree.neighbors(d).tolist() == checked_neighbors(tree, d)
        table, n = tree.neighbors(d).long(), tree.size(d)
        i, k = (table < n).nonzero().unbind(1)
        assert torch.equal(table[table[i, k], 26 - k], i)  # there and back
        if d < depth:
            inside = tree.divided(d)
            children = tree.children[d][inside, None] + torch.arange(8)
            assert children.flatten().tolist() == list(range(tree.size(d + 1)))
            assert torch.equal(tree.keys[d + 1] >> 3, tree.keys[d][tree.parents(d + 1)])
        else:
            assert int(tree.counts.sum()) == sum(map(len, rows))
    points = torch.cat([cloud.positions for cloud in clouds]).double()
    cells = tree.cells(depth)[tree.octant_of]
    low = cells / 2 ** (depth - 1) - 1
    assert ((points >= low - 1e-6) & (points <= low + 2 / 2**depth + 1e-6)).all()


def test_the_signal_is_the_mean_of_the_normals():
    points = torch.tensor([[0.1, 0.1, 0.1], [0.2, 0.1, 0.1], [-0.5, 0.1, 0.1]])
    tree = build_octree(PointCloud(points, torch.eye(3)), 1)
    assert tree.signal[7].tolist() == [0.5, 0.5, 0]
    assert tree.signal[3].tolist() == [0, 0, 1]
    assert tree.signal.abs().sum() == 2


def test_labels_are_the_most_frequent_ones():
    points = torch.tensor([[0.1, 0.1, 0.1]] * 3 + [[-0.5, -0.5, -0.5]] * 2)
    labels = torch.tensor([4, 2, 4, 3, 1])  # of two equally frequent the smaller
    tree = build_octree(PointCloud(points, torch.zeros(5, 3), labels), 1)
    assert tree.labels.tolist() == [1, -1, -1, -1, -1, -1, -1, 4]


def test_points_on_the_far_side_are_in_the_last_cell():
    tree = build_octree(PointCloud(torch.ones(1, 3), torch.ones(1, 3)), 10)
    assert tree.octant_of.item() == tree.size(10) - 1
    assert tree.keys[10][-1].item() == 8**10 - 1 == morton(torch.tensor([1023] * 3), 10).item()


def test_a_full_octree_is_a_grid():
    tree = full(3)
    assert [tree.size(d) for d in range(4)] == [2 * 8**d for d in range(4)]
    assert torch.equal(tree.cells(3)[:512], cells_of(torch.arange(512), 3))
    inner = ((tree.cells(3) > 0) & (tree.cells(3) < 7)).all(1)
    assert (tree.neighbors(3)[inner] < 1024).all()


def test_octants_of_a_surface_grow_by_four_from_depth_to_depth():
    tree = build_octree(sphere(200_000), 6)
    ratios = [tree.size(d + 1) / tree.size(d) for d in (3, 4, 5)]
    assert all(3.5 < ratio < 4.8 for ratio in ratios)


@pytest.mark.parametrize("place", [1.001, -1.5, 1e9])
def test_points_outside_the_box_are_refused(place):
    points = torch.tensor([[0.0, 0, 0], [0, place, 0]])
    with pytest.raises(ValueError, match=r"clouds: expected points from -1 to 1, got \[0"):
        build_octree(PointCloud(points, points * 0), 3)


def test_wrong_settings_are_refused():
    cloud = three_points()
    for depth in (0, 11, -1, 2.5, math.nan):
        with pytest.raises(ValueError, match="depth: expected an integer from 1 to 10, got"):
            build_octree(cloud, depth)
    for depth in (-1, 4, 0.5):
        with pytest.raises(ValueError, match="full_depth: expected an integer from 0 to 3, got"):
            build_octree(cloud, 3, depth)
    with pytest.raises(ValueError, match="clouds: expected at least one, got 0"):
        build_octree([], 3)
    labeled = PointCloud(cloud.positions, cloud.normals, torch.zeros(3).long())
    with pytest.raises(ValueError, match="clouds: expected labels for all or for none"):
        build_octree([cloud, labeled], 3)
    tree = build_octree(cloud, 3)
    for wrong in (
        lambda: tree.size(4),
        lambda: tree.neighbors(-1),
        lambda: tree.divided(3),
        lambda: tree.parents(0),
        lambda: tree.cells(7),
        lambda: tree.occupied(5),
    ):
        with pytest.raises(ValueError, match="depth: expected an integer from"):
            wrong()


def test_an_octree_moves_to_a_device_with_its_tables():
    tree = spheres(3)
    table = tree.neighbors(3)
    assert tree.to("cpu") is tree
    moved = tree.to("meta")
    assert moved.device.type == "meta"
    assert moved.neighbors(3).shape == table.shape
    assert moved.neighbors(3).device.type == "meta"
    assert len(moved) == 2


def test_places_around_siblings():
    up, which = places(torch.device("cpu"))
    # at the offset (-1, -1, -1): child 7 of the parent's neighbor there
    assert (up[0].item(), which[0].item()) == (0, 7)
    assert (up[63].item(), which[63].item()) == (26, 0)
    own = steps(torch.device("cpu"))[:, 13]
    assert own.tolist() == [21, 22, 25, 26, 37, 38, 41, 42]
    assert (up[own] == 13).all()
    assert which[own].tolist() == list(range(8))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an accelerator")
def test_an_octree_built_on_an_accelerator_is_the_same():
    here, there = (build_octree(sphere(500).to(device), 5) for device in ("cpu", "cuda"))
    for d in range(6):
        assert torch.equal(here.neighbors(d), there.neighbors(d).cpu())
