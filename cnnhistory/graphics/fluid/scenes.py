"""Scenes that are made up: obstacles of many forms, flows full of whirls, smoke that rises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi

import torch
from torch import Generator, Tensor

from cnnhistory._util.checks import check_counts, check_finite
from cnnhistory._util.lookup import check_one_of
from cnnhistory.graphics.fluid.geometry import Geometry, fill_enclosed
from cnnhistory.graphics.fluid.grid import Velocity, close_walls
from cnnhistory.graphics.fluid.simulation import State


@dataclass(frozen=True)
class Scene:
    """Boxes with a fluid in them, and where smoke is added in every step.

    Shape: source (B, *sizes).
    """

    geometry: Geometry
    state: State
    source: Tensor


def balls(sizes: tuple[int, ...], generator: Generator) -> Tensor:
    """Return one to four balls; shape `sizes`, truth values."""
    return _union(sizes, generator, lambda grid, radius: grid.square().sum(0) < radius**2)


def blocks(sizes: tuple[int, ...], generator: Generator) -> Tensor:
    """Return one to four turned boxes, some of them flat; shape `sizes`, truth values."""

    def block(grid: Tensor, radius: float) -> Tensor:
        turn = 2 * pi * float(torch.rand((), generator=generator))
        sine, cosine = torch.sin(torch.tensor(turn)), torch.cos(torch.tensor(turn))
        first = cosine * grid[0] + sine * grid[1]
        second = cosine * grid[1] - sine * grid[0]
        flat = 0.25 + 0.75 * float(torch.rand((), generator=generator))
        inside = (first.abs() < radius) & (second.abs() < max(flat * radius, 1.0))
        return inside if len(grid) == 2 else inside & (grid[2].abs() < radius)

    return _union(sizes, generator, block)


def stars(sizes: tuple[int, ...], generator: Generator) -> Tensor:
    """Return one to four stars with three to seven arms; shape `sizes`, truth values."""

    def star(grid: Tensor, radius: float) -> Tensor:
        arms = int(torch.randint(3, 8, (), generator=generator))
        angle = torch.atan2(grid[0], grid[1])
        edge = radius * (0.7 + 0.5 * torch.cos(arms * angle))
        return grid.norm(dim=0) < edge

    return _union(sizes, generator, star)


KINDS: dict[str, Callable[[tuple[int, ...], Generator], Tensor]] = {
    "balls": balls,
    "blocks": blocks,
    "stars": stars,
}


def obstacles(
    boxes: int, sizes: tuple[int, ...], seed: int = 0, kinds: tuple[str, ...] = ("balls", "blocks")
) -> Tensor:
    """Return obstacles for some boxes, each of one of these kinds, without enclosed fluid.

    Shape: (boxes, *sizes), truth values.

    Raises:
        ValueError: another kind, no kind, no box, or a size that is no count.
    """
    check_counts(boxes=boxes)
    for size in sizes:
        check_counts(sizes=size)
    for kind in kinds or ("",):
        check_one_of("kinds", kind, KINDS)
    generator = torch.Generator().manual_seed(seed)
    found = []
    for _ in range(boxes):
        kind = kinds[int(torch.randint(len(kinds), (), generator=generator))]
        found.append(KINDS[kind](sizes, generator))
    return fill_enclosed(torch.stack(found))


def whirls(geometry: Geometry, seed: int = 0, speed: float = 1.0) -> Velocity:
    """Return a flow of whirls of all sizes, the curl of smooth noise, closed at the walls.

    The curl has no divergence; what is cut off at the obstacles gives some.

    Units: `speed` is the root mean square of the velocity at open faces.

    Raises:
        ValueError: `speed` is not finite.
    """
    check_finite("speed", speed)
    generator = torch.Generator().manual_seed(seed)
    boxes, sizes, axes = len(geometry), geometry.sizes, geometry.axes
    if axes == 2:
        # the stream function stands at the corners of cells, its differences on the faces
        potential = _noise(boxes, tuple(size + 1 for size in sizes), generator)
        flow: Velocity = (potential.diff(dim=2), -potential.diff(dim=1))
    else:
        # each component of the vector potential stands on the edges along its axis
        parts = [
            _noise(boxes, tuple(size + (n != axis) for n, size in enumerate(sizes)), generator)
            for axis in range(3)
        ]
        pairs = ((1, 2), (2, 0), (0, 1))
        flow = tuple(parts[b].diff(dim=a + 1) - parts[a].diff(dim=b + 1) for a, b in pairs)
    flow = close_walls(tuple(u.to(geometry.fluid) for u in flow), geometry)
    return scaled(flow, geometry, speed)


def scaled(velocity: Velocity, geometry: Geometry, speed: float) -> Velocity:
    """Return a velocity times a number for each box, so that its root mean square is `speed`."""
    squares = torch.stack([u.square().flatten(1).sum(1) for u in velocity]).sum(0)
    faces = torch.stack([f.flatten(1).sum(1) for f in geometry.open]).sum(0)
    factor = speed / (squares / faces).sqrt().clamp(min=1e-12)
    return tuple(u * factor.view(-1, *[1] * geometry.axes) for u in velocity)


def rising_smoke(geometry: Geometry, seed: int = 0, speed: float = 0.0) -> Scene:
    """Return boxes with a source of smoke near the bottom, and whirls if `speed` is above 0.

    Units: `speed` as for `whirls`.
    """
    generator = torch.Generator().manual_seed(seed)
    grid = _grid(geometry.sizes)
    sources = []
    for _ in range(len(geometry)):
        share = torch.rand(geometry.axes, generator=generator)
        share = torch.cat([0.8 + 0.1 * share[:1], 0.25 + 0.5 * share[1:]])
        sizes = torch.tensor(geometry.sizes)
        middle = (share * sizes).view(-1, *[1] * geometry.axes)
        sources.append((grid - middle).norm(dim=0) < 0.08 * min(geometry.sizes))
    source = torch.stack(sources).to(geometry.fluid) * geometry.fluid
    moving = speed if speed > 0 else 0.0
    flow = whirls(geometry, seed, moving)
    return Scene(geometry, State(flow, torch.zeros_like(source)), source)


def _union(
    sizes: tuple[int, ...], generator: Generator, inside: Callable[[Tensor, float], Tensor]
) -> Tensor:
    """Return one to four solids at random places, of a twelfth to a fifth of the shortest side."""
    solid = torch.zeros(sizes, dtype=torch.bool)
    grid = _grid(sizes)
    for _ in range(int(torch.randint(1, 5, (), generator=generator))):
        middle = torch.rand(len(sizes), generator=generator) * torch.tensor(sizes)
        radius = min(sizes) * (
            1 / 12 + (1 / 5 - 1 / 12) * float(torch.rand((), generator=generator))
        )
        solid |= inside(grid - middle.view(-1, *[1] * len(sizes)), radius)
    return solid


def _grid(sizes: tuple[int, ...]) -> Tensor:
    """Return the middles of the cells; shape (axes, *sizes)."""
    axes = [torch.arange(size) + 0.5 for size in sizes]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"))


def _noise(boxes: int, shape: tuple[int, ...], generator: Generator) -> Tensor:
    """Return noise whose waves are the weaker, the shorter they are; shape (boxes, *shape).

    How much weaker is drawn for each box.
    """
    white = torch.randn(boxes, *shape, generator=generator)
    waves = [torch.fft.fftfreq(size) * min(shape) for size in shape]
    number = torch.stack(torch.meshgrid(*waves, indexing="ij")).norm(dim=0)
    steep = 2 + 1.5 * torch.rand(boxes, generator=generator)
    amplitude = number.clamp(min=1) ** -steep.view(-1, *[1] * len(shape)) * (number >= 1)
    dims = tuple(range(1, len(shape) + 1))
    return torch.fft.ifftn(torch.fft.fftn(white, dim=dims) * amplitude, dim=dims).real
