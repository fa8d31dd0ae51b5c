"""Training without labels: what counts is the divergence that is left, now and some steps later.

The scenes are made up, and moved on by the network itself, so that it meets the flows that its own
mistakes lead to. That is why there is no data set to go through, and a loop of its own.

Source: tompson2017accelerating; the loop of its code, google/FluidNet.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_finite, check_share
from cnnhistory.graphics.fluid.geometry import Geometry, distance_to_solid
from cnnhistory.graphics.fluid.grid import close_walls, divergence, norm, subtract_gradient
from cnnhistory.graphics.fluid.network import LearnedSolver
from cnnhistory.graphics.fluid.pressure import PressureSolver, left
from cnnhistory.graphics.fluid.scenes import Scene, obstacles, rising_smoke
from cnnhistory.graphics.fluid.simulation import Simulation, State
from cnnhistory.nn.losses.divergence_loss import DivergenceLoss


@dataclass(frozen=True, kw_only=True)
class FluidTraining:
    """How a pressure network is trained.

    Args:
        iterations: steps of Adam.
        sizes: of a box, in cells.
        boxes: scenes in a batch.
        batches: of scenes that are under way; the batches take turns.
        life: steps after which the scenes of a batch are made anew.
        lr: the largest rate; it rises for a tenth of the iterations and falls to nothing.
        later: after how many more steps the divergence counts again: mostly the first number, with
            probability `seldom` the second.
        near: the weight of a cell is `max(1, near - distance)`, so that of a cell beside a wall or
            an obstacle is near - 1.
        kinds: of obstacles.
        lift: upward acceleration of smoke.

    Raises:
        ValueError: a number is out of its range.
    """

    iterations: int = 1500
    sizes: tuple[int, ...] = (64, 64)
    boxes: int = 8
    batches: int = 8
    life: int = 64
    lr: float = 3e-3
    later: tuple[int, int] = (4, 25)
    seldom: float = 0.1
    near: int = 3
    kinds: tuple[str, ...] = ("balls", "blocks")
    lift: float = 0.05

    def __post_init__(self) -> None:
        check_counts(
            iterations=self.iterations, boxes=self.boxes, batches=self.batches, life=self.life,
            near=self.near,
        )  # fmt: skip
        for size in self.sizes:
            check_counts(sizes=size)
        check_counts(later_mostly=self.later[0], later_seldom=self.later[1])
        check_finite("lr", self.lr, positive=True)
        check_share("seldom", self.seldom)


def wall_weight(geometry: Geometry, near: int = 3) -> Tensor:
    """Return `max(1, near - d)` for cells d steps from the nearest solid one, zero in solid cells.

    Shape: (B, *sizes).

    Source: tompson2017accelerating, for weights that are larger beside walls; their form is ours.

    >>> from cnnhistory.graphics.fluid.geometry import empty_box
    >>> wall_weight(empty_box(3, 5), near=3)[0].int().tolist()
    [[2, 2, 2, 2, 2], [2, 1, 1, 1, 2], [2, 2, 2, 2, 2]]
    """
    return (near - distance_to_solid(geometry)).clamp(min=1) * geometry.fluid


def divergence_norm(network: nn.Module, state: State, geometry: Geometry, near: int = 3) -> Tensor:
    """Return the weighted squared divergence after the network's projection, over that before.

    Each box counts alike, whatever its speed; the mean over the boxes of
    `Σ w (∇·u)² / Σ (∇·u*)²`.
    """
    flow = close_walls(state.velocity, geometry)
    source = divergence(flow, geometry)
    size = norm(source).clamp(min=1e-12).view(-1, *[1] * geometry.axes)
    unit = tuple(u / size for u in flow)
    pressure = network(source / size, geometry)
    projected = subtract_gradient(unit, pressure, geometry)
    # that loss names the components from the last axis on
    loss: Tensor = DivergenceLoss()(projected[::-1], wall_weight(geometry, near))
    return loss


class Pool:
    """Batches of scenes that are under way.

    Every so many steps the scenes of a batch are made anew.
    """

    def __init__(self, settings: FluidTraining, seed: int, device: str = "cpu") -> None:
        self.settings, self.device = settings, device
        self.next_seed = 1_000_000 * (seed + 1)
        self.scenes = [self.new_scene() for _ in range(settings.batches)]
        # not all at the same age, so that they are not all renewed at once
        self.ages = [n * settings.life // settings.batches for n in range(settings.batches)]

    def new_scene(self) -> Scene:
        """Return a batch of scenes like no earlier one."""
        settings, seed = self.settings, self.next_seed
        self.next_seed += 1
        solid = obstacles(settings.boxes, settings.sizes, seed, settings.kinds)
        generator = torch.Generator().manual_seed(seed)
        speed = 0.3 + 1.2 * float(torch.rand((), generator=generator))
        return rising_smoke(Geometry(solid).to(self.device), seed, speed)

    def moved(self, number: int, state: State, steps: int) -> None:
        """Put the scenes of a batch back as they are now, or new ones."""
        self.ages[number] += steps
        scene = self.scenes[number]
        self.scenes[number] = Scene(scene.geometry, state.detach(), scene.source)
        if self.ages[number] >= self.settings.life:
            self.scenes[number], self.ages[number] = self.new_scene(), 0


def train(
    network: nn.Module,
    settings: FluidTraining,
    seed: int = 0,
    test: SceneSet | None = None,
    every: int = 100,
) -> list[dict[str, float]]:
    """Train a pressure network in place, and return what it left on the way.

    Args:
        network: from divergence and geometry to pressure.
        settings: how.
        seed: of the scenes; that of the weights is the caller's.
        test: scenes on which the share that is left is measured.
        every: iterations between two rows of the result.
    """
    generator = torch.Generator().manual_seed(seed)
    device = next(network.parameters()).device
    pool = Pool(settings, seed, str(device))
    optimizer = torch.optim.Adam(network.parameters(), lr=settings.lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.lr, settings.iterations + 1, pct_start=0.1, cycle_momentum=False
    )
    simulation = Simulation(
        solver=LearnedSolver(network), scheme="semi_lagrangian", lift=settings.lift
    )
    # faster on processors
    network.to(
        memory_format=torch.channels_last if len(settings.sizes) == 2 else torch.channels_last_3d
    )
    history, losses = [], []
    for iteration in range(1, settings.iterations + 1):
        number = int(torch.randint(settings.batches, (), generator=generator))
        seldom = float(torch.rand((), generator=generator)) < settings.seldom
        later = settings.later[seldom]
        scene = pool.scenes[number]
        network.train()
        optimizer.zero_grad()
        state = simulation.unprojected(scene.state, scene.geometry, scene.source)
        loss = divergence_norm(network, state, scene.geometry, settings.near)
        loss.backward()
        total = float(loss.detach())
        # the network's own flow some steps later; the gradient goes through the last solve alone
        for _ in range(later):
            state = simulation.project(state, scene.geometry)
            state = simulation.unprojected(state, scene.geometry, scene.source)
        network.train()
        loss = divergence_norm(network, state, scene.geometry, settings.near)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(total + float(loss.detach()))
        pool.moved(number, simulation.project(state, scene.geometry), later + 1)
        if iteration % every == 0 or iteration == settings.iterations:
            row = {"iteration": float(iteration), "loss": sum(losses) / len(losses)}
            if test is not None:
                row["left"] = test.left(LearnedSolver(network))
            history.append(row)
            losses = []
    for parameter in network.parameters():
        parameter.data = parameter.data.contiguous()
    return history


@dataclass(frozen=True)
class SceneSet:
    """Scenes with obstacles of other kinds than those of the training, to measure solvers on.

    Args:
        sizes: of a box.
        boxes: how many.
        steps: of each rollout.
        seed: from which they are made.
        kinds: of obstacles.

    Raises:
        ValueError: `boxes` or `steps` is no count.
    """

    sizes: tuple[int, ...] = (64, 64)
    boxes: int = 8
    steps: int = 24
    seed: int = 7
    kinds: tuple[str, ...] = ("stars",)

    def __post_init__(self) -> None:
        check_counts(boxes=self.boxes, steps=self.steps)

    def scene(self) -> Scene:
        """Return the scenes."""
        solid = obstacles(self.boxes, tuple(self.sizes), self.seed, tuple(self.kinds))
        return rising_smoke(Geometry(solid), self.seed, 0.8)

    def rollout(self, solver: PressureSolver, lift: float = 0.05) -> Tensor:
        """Return the share of the divergence that a solver leaves in each step of its own flow.

        Shape: (steps, boxes).
        """
        shares: list[Tensor] = []

        def watched(source: Tensor, geometry: Geometry) -> Tensor:
            pressure = solver(source, geometry)
            shares.append(left(source, pressure, geometry))
            return pressure

        scene = self.scene()
        simulation, state = Simulation(solver=watched, lift=lift), scene.state
        with torch.no_grad():
            for _ in range(self.steps):
                state = simulation.step(state, scene.geometry, scene.source)
        return torch.stack(shares)

    def left(self, solver: PressureSolver) -> float:
        """Return the mean share that is left, over all steps and boxes."""
        return float(self.rollout(solver).mean())

    def describe(self) -> dict[str, Any]:
        """Return what identifies the scenes: the name, the numbers, a hash of all cells."""
        scene = self.scene()
        digest = hashlib.sha256(scene.geometry.solid.numpy().tobytes())
        digest.update(scene.source.numpy().tobytes())
        sizes = "×".join(map(str, self.sizes))
        return {
            "name": f"{self.boxes} made-up scenes of {sizes} cells with {', '.join(self.kinds)}",
            "test": self.boxes,
            "content_hash": digest.hexdigest(),
        }
