"""Octrees and their dense counterparts, for the tests of the room."""

import torch
from torch.nn import functional as F

from cnnhistory.graphics.octree.keys import cells_of
from cnnhistory.graphics.octree.points import PointCloud
from cnnhistory.graphics.octree.tree import build_octree


def sphere(count, seed=0, radius=0.9):
    """Return points of a sphere with its normals."""
    normals = torch.randn(count, 3, generator=torch.Generator().manual_seed(seed))
    normals = F.normalize(normals)
    return PointCloud(radius * normals, normals)


def spheres(depth, shapes=2, count=300):
    """Return a batch of octrees of spheres of different sizes."""
    return build_octree([sphere(count, k, 0.9 - 0.3 * k) for k in range(shapes)], depth)


def full(depth, shapes=2):
    """Return octrees with a point in every cell."""
    cells = cells_of(torch.arange(8**depth), depth)
    points = (cells + 0.5) / 2 ** (depth - 1) - 1
    return build_octree([PointCloud(points, points)] * shapes, depth)


def dense(weight):
    """Return weights of an octree convolution in the form of conv3d."""
    return weight.permute(2, 1, 0).unflatten(2, (3, 3, 3))


def dense_transposed(weight):
    """Return weights of a transposed octree convolution in the form of conv_transpose3d."""
    return weight.permute(1, 2, 0).unflatten(2, (3, 3, 3))


def assert_same_with_gradients(ours, theirs, inputs):
    """Compare two results, and the gradients of a random weighting of them."""
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    weighting = torch.randn_like(ours)
    found = torch.autograd.grad((ours * weighting).sum(), inputs)
    wanted = torch.autograd.grad((theirs * weighting).sum(), inputs)
    for mine, other in zip(found, wanted, strict=True):
        assert other.abs().sum() > 0
        torch.testing.assert_close(mine, other, atol=1e-5, rtol=1e-5)
