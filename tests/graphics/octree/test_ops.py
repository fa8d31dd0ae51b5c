"""Every operation is the dense one, on octrees that are full and, where octants are, on others."""

import pytest
import torch
from octree_helpers import (
    assert_same_with_gradients,
    dense,
    dense_transposed,
    full,
    sphere,
    spheres,
)
from torch.nn import functional as F

from cnnhistory.graphics.octree import products
from cnnhistory.graphics.octree.ops import (
    from_grid,
    octree_avg_pool,
    octree_conv,
    octree_conv_transpose,
    octree_max_pool,
    octree_max_unpool,
    octree_upsample,
    to_grid,
)
from cnnhistory.graphics.octree.tree import build_octree

TREES = {"full": lambda: full(3), "sparse": lambda: spheres(4), "one": lambda: spheres(5, 1)}
DEPTHS = [("full", 1), ("full", 2), ("full", 3), ("sparse", 2), ("sparse", 3), ("sparse", 4),
          ("one", 5)]  # fmt: skip


@pytest.fixture(params=DEPTHS, ids=lambda p: f"{p[0]}{p[1]}")
def tree_and_depth(request):
    torch.manual_seed(0)
    name, depth = request.param
    return TREES[name](), depth


@pytest.fixture(params=[None, 1000], ids=["chunks", "small chunks"], autouse=True)
def chunks(request, monkeypatch):
    """Run every test also with chunks of 7 rows or so, the last one smaller."""
    if request.param:
        monkeypatch.setattr(products, "BUFFER", request.param)
        monkeypatch.setattr(products, "FEWEST", 7)


def rows(tree, depth, channels=5):
    return torch.randn(tree.size(depth), channels, dtype=torch.double, requires_grad=True)


def weights(inputs=5, outputs=4):
    return torch.randn(27, inputs, outputs, dtype=torch.double, requires_grad=True)


def with_children(tree, depth):
    return (tree.children[depth] >= 0)[:, None]


@pytest.mark.parametrize("outputs", [4, 9])
def test_convolution(tree_and_depth, outputs):
    tree, depth = tree_and_depth
    x, weight = rows(tree, depth), weights(outputs=outputs)
    ours = octree_conv(x, tree, depth, weight)
    grid = F.conv3d(to_grid(x, tree, depth), dense(weight), padding=1)
    assert_same_with_gradients(ours, from_grid(grid, tree, depth), (x, weight))
    # where only one of the two gradients is asked for, it is found another way
    grid = F.conv3d(to_grid(x, tree, depth), dense(weight), padding=1)
    theirs = from_grid(grid, tree, depth)
    assert_same_with_gradients(octree_conv(x, tree, depth, weight.detach()), theirs, (x,))
    grid = F.conv3d(to_grid(x, tree, depth), dense(weight), padding=1)
    theirs = from_grid(grid, tree, depth)
    assert_same_with_gradients(octree_conv(x.detach(), tree, depth, weight), theirs, (weight,))


def test_convolution_of_stride_2(tree_and_depth):
    tree, depth = tree_and_depth
    x, weight = rows(tree, depth), weights()
    ours = octree_conv(x, tree, depth, weight, stride=2)
    grid = F.conv3d(to_grid(x, tree, depth), dense(weight), stride=2, padding=1)
    theirs = from_grid(grid, tree, depth - 1) * with_children(tree, depth - 1)
    assert_same_with_gradients(ours, theirs, (x, weight))


def test_transposed_convolution(tree_and_depth):
    tree, depth = tree_and_depth
    x, weight = rows(tree, depth - 1), weights()
    ours = octree_conv_transpose(x, tree, depth - 1, weight)
    grid = to_grid(x * with_children(tree, depth - 1), tree, depth - 1)
    grid = F.conv_transpose3d(grid, dense_transposed(weight), stride=2, padding=1, output_padding=1)
    assert_same_with_gradients(ours, from_grid(grid, tree, depth), (x, weight))


def test_the_transposed_convolution_is_the_adjoint(tree_and_depth):
    tree, depth = tree_and_depth
    x, y, weight = rows(tree, depth), rows(tree, depth - 1, 4), weights()
    down = octree_conv(x, tree, depth, weight, stride=2)
    up = octree_conv_transpose(y, tree, depth - 1, weight.transpose(1, 2))
    torch.testing.assert_close((down * y).sum(), (x * up).sum())


def test_pooling_and_unpooling(tree_and_depth):
    tree, depth = tree_and_depth
    x = rows(tree, depth)
    pooled, which = octree_max_pool(x, tree, depth)
    grid, index = F.max_pool3d(to_grid(x, tree, depth), 2, return_indices=True)
    has = with_children(tree, depth - 1)
    assert_same_with_gradients(pooled, from_grid(grid, tree, depth - 1) * has, (x,))

    y = rows(tree, depth - 1)
    ours = octree_max_unpool(y, which, tree, depth - 1)
    grid = F.max_unpool3d(to_grid(y * has, tree, depth - 1), index, 2)
    assert_same_with_gradients(ours, from_grid(grid, tree, depth), (y,))

    mean = octree_avg_pool(x, tree, depth)
    grid = F.avg_pool3d(to_grid(x, tree, depth), 2)
    assert_same_with_gradients(mean, from_grid(grid, tree, depth - 1) * has, (x,))

    near = octree_upsample(y, tree, depth - 1)
    grid = F.interpolate(to_grid(y, tree, depth - 1), scale_factor=2)
    assert_same_with_gradients(near, from_grid(grid, tree, depth), (y,))


def test_gradients_against_differences():
    tree = build_octree(sphere(5), 3)
    x, weight, up = rows(tree, 3, 2), weights(2, 2), rows(tree, 2, 2)
    check = torch.autograd.gradcheck
    assert check(lambda x, w: octree_conv(x, tree, 3, w), (x, weight))
    assert check(lambda x, w: octree_conv(x, tree, 3, w, 2), (x, weight))
    assert check(lambda x, w: octree_conv_transpose(x, tree, 2, w), (up, weight))


def test_a_grid_there_and_back(tree_and_depth):
    tree, depth = tree_and_depth
    x = rows(tree, depth)
    grid = to_grid(x, tree, depth)
    assert torch.equal(from_grid(grid, tree, depth), x)
    torch.testing.assert_close(grid.abs().sum(), x.abs().sum())  # zeros elsewhere
    cell, shape = tree.cells(depth)[-1], tree.shape_of(depth)[-1]
    assert torch.equal(grid[shape, :, cell[0], cell[1], cell[2]], x[-1])


def test_shapes_of_a_batch_do_not_touch_each_other():
    one, two = sphere(200), sphere(100, 1)
    both, alone = build_octree([one, two], 4), build_octree(two, 4)
    x, weight = rows(both, 4), weights()
    mine = both.shape_of(4) == 1
    torch.testing.assert_close(
        octree_conv(x, both, 4, weight)[mine], octree_conv(x[mine], alone, 4, weight)
    )


def test_what_does_not_fit_is_refused():
    tree = spheres(3)
    x, weight = rows(tree, 3), weights()
    _, which = octree_max_pool(x, tree, 3)
    y = rows(tree, 2)
    for call, message in (
        (lambda: octree_conv(x[1:], tree, 3, weight), "x: expected .* octant of depth 3, got"),
        (lambda: octree_conv(x, tree, 2, weight), "x: expected .* octant of depth 2, got"),
        (lambda: octree_conv(x, tree, 4, weight), "depth: expected an integer from 0 to 3"),
        (lambda: octree_conv(x, tree, 3, weight[:8]), r"weight: expected \(27, 5, outputs\), got"),
        (lambda: octree_conv(x, tree, 3, weights(4)), r"weight: expected \(27, 5, outputs\), got"),
        (lambda: octree_conv(x, tree, 3, weight, 3), "stride: expected one of 1, 2, got 3"),
        (lambda: octree_conv(x[:2], tree, 0, weight, 2), "depth: expected an integer from 1"),
        (lambda: octree_conv_transpose(x, tree, 3, weight), "depth: expected .* 0 to 2"),
        (lambda: octree_conv_transpose(y[1:], tree, 2, weight), "x: expected"),
        (lambda: octree_max_pool(x[:2], tree, 0), "depth: expected an integer from 1"),
        (lambda: octree_max_unpool(y, which[1:], tree, 2), "which: expected"),
        (lambda: octree_max_unpool(x, which, tree, 3), "depth: expected"),
        (lambda: octree_avg_pool(x[0], tree, 3), "x: expected"),
        (lambda: octree_upsample(x, tree, 3), "depth: expected"),
        (lambda: to_grid(x.T, tree, 3), "x: expected"),
        (lambda: from_grid(torch.zeros(2, 1, 8, 8, 4), tree, 3), "grid: expected"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an accelerator")
def test_operations_on_an_accelerator_are_the_same():
    tree = spheres(4)
    x, weight = rows(tree, 4), weights()
    here = octree_conv(x, tree, 4, weight, 2)
    there = octree_conv(x.cuda(), tree.to("cuda"), 4, weight.cuda(), 2)
    torch.testing.assert_close(there.cpu(), here)
