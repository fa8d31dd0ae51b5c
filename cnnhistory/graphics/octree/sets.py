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

# Changes after which a shape stands as its like do: degrees around the vertical to either side,
# the share by which each axis shrinks at most, the shift along each axis at most, in halves of the
# box. Half of the shapes are mirrored, left and right exchanged: along the second axis.
TURN, SHRINK, SHIFT = 10.0, 0.2, 0.04
MIRROR = torch.diag(torch.tensor([1.0, -1.0, 1.0]))


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


def poses_to_vote() -> tuple[Tensor, ...]:
    """Return the twelve turns around the vertical; twelve of (3, 3)."""
    return tuple(turn(360 / POSES * pose, UP) for pose in range(POSES))


def views_to_vote() -> tuple[Tensor, ...]:
    """Return a shape as it is, turned a little to either side, and all three mirrored.

    Shape: six of (3, 3).
    """
    sides = [turn(degrees, UP) for degrees in (0.0, -0.7 * TURN, 0.7 * TURN)]
    return (*sides, *(side @ MIRROR for side in sides))


class Moved:
    """Clouds by number, each multiplied by the same matrix."""

    def __init__(self, clouds: Clouds, matrix: Tensor) -> None:
        self.clouds, self.matrix = clouds, matrix
        self.same = torch.equal(matrix, torch.eye(3))

    def __len__(self) -> int:
        return len(self.clouds)

    def __getitem__(self, index: int) -> PointCloud:
        cloud = self.clouds[index]
        return cloud if self.same else cloud.transformed(self.matrix)


class ShapeSet:
    """Shapes as batches of (octree, targets).

    The targets are the classes of the shapes, or, with `parts`, the part that each occupied octant
    of the last depth belongs to, in the order of the octants. `views` are the ways in which a
    network sees each shape where it votes, by default the twelve poses.

    Shape: labels (N,), views (3, 3).

    Raises:
        ValueError: another number of labels than of clouds.
    """

    def __init__(
        self,
        clouds: Clouds,
        labels: Tensor,
        depth: int,
        parts: bool = False,
        views: Sequence[Tensor] | None = None,
    ) -> None:
        if len(clouds) != len(labels):
            raise ValueError(f"labels: expected {len(clouds)}, one a shape, got {len(labels)}")
        self.clouds, self.labels, self.depth, self.parts = clouds, labels, depth, parts
        self.views = poses_to_vote() if views is None else tuple(views)

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
        super().__init__(shapes.clouds, shapes.labels, shapes.depth, shapes.parts, shapes.views)
        self.sampler = sampler

    def __getitems__(self, indices: Sequence[int]) -> tuple[Octree, Tensor]:
        """A batch of turned shapes."""
        random = np.random.default_rng([self.sampler.seed, self.sampler.epoch, POSES])
        poses = random.integers(POSES, size=len(self))[np.asarray(indices)].tolist()
        octree = OctreesOf(self.clouds, self.depth).batch(indices, poses)
        return self._with_targets(octree, indices)


def slight_changes(random: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
    """Draw matrices and shifts that leave a shape standing as it does: see `TURN`.

    Shape: (count, 3, 3), (count, 3).
    """
    angles = np.radians(random.uniform(-TURN, TURN, count))
    sizes = 1 - random.uniform(0, SHRINK, (count, 3))
    sizes[:, 1] *= random.choice([-1, 1], count)
    matrices = np.zeros((count, 3, 3))
    matrices[:, 0, 0] = matrices[:, 1, 1] = np.cos(angles)
    matrices[:, 1, 0] = np.sin(angles)
    matrices[:, 0, 1] = -np.sin(angles)
    matrices[:, 2, 2] = 1
    matrices *= sizes[:, None]
    shifts = random.uniform(-SHIFT, SHIFT, (count, 3))
    return torch.from_numpy(matrices).float(), torch.from_numpy(shifts).float()


class ChangedShapes(TurnedShapes):
    """Training shapes, each changed a little, in another way in each epoch.

    They must leave room: no farther than 0.8 from the middle along any axis. The changes follow
    from the sampler's seed and epoch.
    """

    def __getitems__(self, indices: Sequence[int]) -> tuple[Octree, Tensor]:
        """A batch of changed shapes."""
        random = np.random.default_rng([self.sampler.seed, self.sampler.epoch, POSES])
        matrices, shifts = slight_changes(random, len(self))
        clouds = [
            self.clouds[index].transformed(matrices[index], shifts[index]) for index in indices
        ]
        return self._with_targets(build_octree(clouds, self.depth), indices)
