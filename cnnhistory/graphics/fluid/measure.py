"""What a pressure solver leaves, and how long it takes for that."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import expected
from cnnhistory.graphics.fluid.geometry import Geometry
from cnnhistory.graphics.fluid.grid import close_walls, divergence
from cnnhistory.graphics.fluid.pressure import PressureSolver, left
from cnnhistory.graphics.fluid.scenes import Scene
from cnnhistory.graphics.fluid.simulation import Simulation
from cnnhistory.graphics.fluid.sparse import Factorized
from cnnhistory.graphics.fluid.training import SceneSet


@dataclass(frozen=True)
class Point:
    """One setting of a solver, such as its sweeps.

    Units: `seconds` for all boxes together; `left` the mean share of the divergence.
    """

    amount: int
    seconds: float
    left: float


def seconds_of(
    solver: PressureSolver, source: Tensor, geometry: Geometry, repeat: int = 5
) -> float:
    """Return the shortest time of a solve, after one that is not timed.

    The shortest, since what else runs on the machine only adds to it.

    Raises:
        ValueError: `repeat` is no count.
    """
    check_counts(repeat=repeat)
    taken = []
    for _ in range(repeat + 1):
        start = time.perf_counter()
        solver(source, geometry)
        taken.append(time.perf_counter() - start)
    return min(taken[1:])


def work_curve(
    make: Callable[[int], PressureSolver],
    amounts: Sequence[int],
    source: Tensor,
    geometry: Geometry,
    repeat: int = 5,
) -> list[Point]:
    """Return time and what is left for a family of solvers that do more and more."""
    found = []
    for amount in amounts:
        solver = make(amount)
        share = float(left(source, solver(source, geometry), geometry).mean())
        found.append(Point(amount, seconds_of(solver, source, geometry, repeat), share))
    return found


def rollout_curve(
    make: Callable[[int], PressureSolver], amounts: Sequence[int], scenes: SceneSet
) -> list[Point]:
    """Return time and what is left where every solver moves the scenes itself.

    The time is the median over the steps, so that what is made once for a geometry, in the first
    step, does not count.

    Args:
        make: from an amount to a solver.
        amounts: of sweeps, steps or passes.
        scenes: that are moved, each time from the start.
    """
    found = []
    for amount in amounts:
        timed = _Timed(make(amount))
        share = scenes.left(timed)
        found.append(Point(amount, median(timed.seconds), share))
    return found


class _Timed:
    """A solver that notes the time of each solve."""

    def __init__(self, solver: PressureSolver) -> None:
        self.solver, self.seconds = solver, list[float]()

    def __call__(self, divergence: Tensor, geometry: Geometry) -> Tensor:
        start = time.perf_counter()
        pressure = self.solver(divergence, geometry)
        self.seconds.append(time.perf_counter() - start)
        return pressure


def first_below(points: Sequence[Point], share: float) -> Point | None:
    """Return the cheapest point that leaves no more than a share; None if none does.

    >>> first_below([Point(1, 0.1, 0.5), Point(2, 0.2, 0.1), Point(4, 0.4, 0.05)], 0.2).amount
    2
    """
    enough = [point for point in points if point.left <= share]
    return min(enough, key=lambda point: point.seconds) if enough else None


def most_within(points: Sequence[Point], seconds: float) -> Point:
    """Return the point that leaves the least within a time.

    Raises:
        ValueError: none takes so little.

    >>> most_within([Point(1, 0.1, 0.5), Point(2, 0.2, 0.1)], 0.15).amount
    1
    """
    quick = [point for point in points if point.seconds <= seconds]
    if not quick:
        raise expected("seconds", f"at least {min(p.seconds for p in points):.3g}", seconds)
    return min(quick, key=lambda point: point.left)


def under_way(scene: Scene, steps: int = 4, lift: float = 0.05) -> Tensor:
    """Return the divergence before a projection, some exactly projected steps into a scene.

    Shape: (B, *sizes).
    """
    simulation, state = Simulation(solver=Factorized(), lift=lift), scene.state
    with torch.no_grad():
        for _ in range(steps):
            state = simulation.step(state, scene.geometry, scene.source)
        flow = simulation.unprojected(state, scene.geometry, scene.source).velocity
        return divergence(close_walls(flow, scene.geometry), scene.geometry)


def waves(field: Tensor) -> Tensor:
    """Return the energy of a field by the number of half waves across a box, over the whole.

    The cosine transform of each box is squared and summed over rings of equal length.

    Shape: field (B, n, n); (n,), a mean over the boxes.

    >>> k, x = 3, (torch.arange(8) + 0.5) / 8
    >>> waves(torch.cos(k * torch.pi * x).expand(1, 8, 8)).argmax().item()
    3
    """
    from scipy.fft import dctn

    squares = torch.from_numpy(dctn(field.numpy(), axes=(1, 2), norm="ortho")).square()
    squares = squares / squares.sum((1, 2), keepdim=True)
    size = field.shape[1]
    number = torch.arange(size, dtype=torch.float64)
    ring = (number[:, None] ** 2 + number[None] ** 2).sqrt().round().long().clamp(max=size - 1)
    total = torch.zeros(len(field), size, dtype=squares.dtype)
    total.index_add_(1, ring.flatten(), squares.flatten(1))
    return total.mean(0)
