"""Closed meshes of simple solids, and rotations: what made-up shapes are put together from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

Array = npt.NDArray[np.float64]
Point = tuple[float, float, float]


@dataclass(frozen=True)
class Solid:
    """A closed mesh, and the part that it is.

    Shape: vertices (V, 3), faces (F, 3).
    """

    part: str
    vertices: Array
    faces: npt.NDArray[np.int64]


def prism(part: str, low: Point, high: Point, radii: tuple[float, float], sides: int = 12) -> Solid:
    """Return a straight tube from one point to another, with a radius at either end.

    One radius may be 0: a cone.

    Raises:
        ValueError: the ends are one point, or fewer than three sides.
    """
    start, end = np.array(low, np.float64), np.array(high, np.float64)
    axis = end - start
    length = np.linalg.norm(axis)
    if length == 0 or sides < 3:
        raise ValueError(f"prism: expected a length and 3 sides, got {length} and {sides}")
    axis /= length
    across = np.eye(3)[np.abs(axis).argmin()]
    first = np.cross(axis, across)
    first /= np.linalg.norm(first)
    second = np.cross(axis, first)
    angles = 2 * math.pi * (np.arange(sides) + 0.5) / sides
    ring = np.cos(angles)[:, None] * first + np.sin(angles)[:, None] * second
    vertices = np.concatenate([start + radii[0] * ring, end + radii[1] * ring, [start], [end]])
    k, after = np.arange(sides), (np.arange(sides) + 1) % sides
    bottom, top = np.full(sides, 2 * sides), np.full(sides, 2 * sides + 1)
    faces = np.concatenate([
        np.stack([k, after, k + sides], 1),
        np.stack([after, after + sides, k + sides], 1),
        np.stack([bottom, after, k], 1),
        np.stack([top, k + sides, after + sides], 1),
    ])  # fmt: skip
    return Solid(part, vertices, faces)


def block(part: str, middle: Point, size: Point) -> Solid:
    """Return a box with its sides along the axes."""
    # a tube of four sides whose inscribed square has the side 1
    tube = prism(part, (0, 0, -0.5), (0, 0, 0.5), (math.sqrt(0.5),) * 2, sides=4)
    return Solid(part, tube.vertices * np.array(size) + np.array(middle), tube.faces)


def ball(part: str, middle: Point, radii: Point, rings: int = 8) -> Solid:
    """Return an ellipsoid with its axes along the axes."""
    tilt = math.pi * np.arange(1, rings) / rings
    turn = 2 * math.pi * np.arange(2 * rings) / (2 * rings)
    grid = np.stack([
        np.outer(np.sin(tilt), np.cos(turn)),
        np.outer(np.sin(tilt), np.sin(turn)),
        np.outer(np.cos(tilt), np.ones_like(turn)),
    ], -1).reshape(-1, 3)  # fmt: skip
    around = 2 * rings
    north, south = len(grid), len(grid) + 1
    k, after = np.arange(around), (np.arange(around) + 1) % around
    faces = [np.stack([np.full(around, north), k, after], 1)]
    for ring in range(rings - 2):
        a, b = ring * around + k, ring * around + after
        faces += [np.stack([a, a + around, b], 1), np.stack([b, a + around, b + around], 1)]
    last = (rings - 2) * around
    faces.append(np.stack([np.full(around, south), last + after, last + k], 1))
    vertices = np.concatenate([grid, [[0, 0, 1.0]], [[0, 0, -1.0]]])
    return Solid(part, vertices * np.array(radii) + np.array(middle), np.concatenate(faces))


def turn(degrees: float, axis: tuple[float, ...]) -> torch.Tensor:
    """Return the rotation by an angle around an axis: Rodrigues' formula.

    Shape: (3, 3).

    Raises:
        ValueError: the axis has no direction.
    """
    length = math.sqrt(sum(a * a for a in axis))
    if not length > 0:
        raise ValueError(f"axis: expected a direction, got {axis}")
    x, y, z = (a / length for a in axis)
    cross = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=torch.float32)
    angle = math.radians(degrees)
    return torch.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross
