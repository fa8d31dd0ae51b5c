"""Labeled point clouds in memory, handed out as batches of octrees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from cnnhistory.data.tensors import ShuffledSampler
from cnnhistory.graphics.octree.points import PointCloud
from cnnhistory.graphics.octree.solids import turn
from cnnhistory.graphics.octree.tree import Octree, build_octree

POSES = 12  # turns by 30 degrees around the vertical
UP = (0.0, 0.0, 1.0)

# wang2017ocnn, Section 5.1: each shape in 12 poses around its upright axis


class Clouds(Protocol):
    """Point clouds by number."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> PointCloud: ...


class OctreesOf:
    """Point clouds as an input that is split into batches: each batch is one octree.

    `pose` turns every cloud by that many times 30 degrees around the vertical.
    """

    def __init__(self, clouds: Clouds, depth: int, pose: int = 0) -> None:
        self.clouds, self.depth, self.pose = clouds, depth, pose

    def __len__(self) -> int:
        return len(self.clouds)

    def batch(self, indices: Sequence[int], poses: Sequence[int] | None = None) -> Octree:
        """Return the octree of some of the clouds, in these poses."""
        turned = [self.pose] * len(indices) if poses is None else poses
        clouds = [
            in_pose(self.clouds[index], pose) for index, pose in zip(indices, turned, strict=True)
        ]
        return build_octree(clouds, self.depth)

    def split(self, size: int) -> Iterator[Octree]:
        """Yield all clouds in batches."""
        for part in torch.arange(len(self)).split(size):
            yield self.batch(part.tolist())


def in_pose(cloud: PointCloud, pose: int) -> PointCloud:
    """Return a cloud turned by `pose` times 30 degrees around the vertical."""
    return cloud if pose % POSES == 0 else cloud.transformed(turn(360 / POSES * pose, UP))


class ShapeSet:
    """Shapes as batches of (octree, targets).

    The targets are the classes of the shapes, or, with `parts`, the part that each occupied octant
    of the last depth belongs to, in the order of the octants.

    Shape: labels (N,).

    Raises:
        ValueError: another number of labels than of clouds.
    """

    def __init__(self, clouds: Clouds, labels: Tensor, depth: int, parts: bool = False) -> None:
        if len(clouds) != len(labels):
            raise ValueError(f"labels: expected {len(clouds)}, one a shape, got {len(labels)}")
        self.clouds, self.labels, self.depth, self.parts = clouds, labels, depth, parts

    @property
    def images(self) -> OctreesOf:
        """The inputs, under the name that evaluation looks for."""
        return OctreesOf(self.clouds, self.depth)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitems__(self, indices: Sequence[int]) -> tuple[Octree, Tensor]:
        """A batch in one read: DataLoader calls this where it is defined."""
        return self._with_targets(OctreesOf(self.clouds, self.depth).batch(indices), indices)

    def _with_targets(self, octree: Octree, indices: Sequence[int]) -> tuple[Octree, Tensor]:
        if not self.parts:
            return octree, self.labels[torch.as_tensor(indices)]
        assert octree.labels is not None, "clouds without labels have no parts"
        return octree, octree.labels[octree.labels >= 0]


class TurnedShapes(ShapeSet):
    """Training shapes, each in a random one of the twelve poses, another one in each epoch.

    The poses follow from the sampler's seed and epoch.
    """

    def __init__(self, shapes: ShapeSet, sampler: ShuffledSampler) -> None:
        super().__init__(shapes.clouds, shapes.labels, shapes.depth, shapes.parts)
        self.sampler = sampler

    def __getitems__(self, indices: Sequence[int]) -> tuple[Octree, Tensor]:
        """A batch of turned shapes."""
        random = np.random.default_rng([self.sampler.seed, self.sampler.epoch, POSES])
        poses = random.integers(POSES, size=len(self))[np.asarray(indices)].tolist()
        octree = OctreesOf(self.clouds, self.depth).batch(indices, poses)
        return self._with_targets(octree, indices)
