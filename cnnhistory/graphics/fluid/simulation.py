"""One step of a fluid: carry, push, project.

Source: stam1999stable, Section 2; the order of the steps is that of tompson2017accelerating.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from torch import Tensor

from cnnhistory._util.checks import check_finite
from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory.graphics.fluid import advection, forces
from cnnhistory.graphics.fluid.geometry import Geometry
from cnnhistory.graphics.fluid.grid import (
    Velocity,
    check_cells,
    check_velocity,
    close_walls,
    divergence,
    still,
    subtract_gradient,
)
from cnnhistory.graphics.fluid.pressure import ConjugateGradients, PressureSolver

PARTS = ("advection", "forces", "pressure")


@dataclass(frozen=True)
class State:
    """A fluid at one time.

    Shape: velocity, for each axis (B, *sizes) with one face more along it; smoke (B, *sizes).
    """

    velocity: Velocity
    smoke: Tensor

    def detach(self) -> State:
        """Return the same without its history."""
        return State(tuple(u.detach() for u in self.velocity), self.smoke.detach())


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """How a fluid is moved on: the settings of a step.

    Args:
        solver: of the pressure.
        dt: the step.
        scheme: how velocity, and smoke unless `smoke_scheme` is given, are carried along.
        smoke_scheme: how smoke is carried along; "conservative" loses none.
        lift: acceleration upwards of smoke of density 1.
        confinement: strength of vorticity confinement.
        viscosity: of the fluid.

    Units: cells and the time in which speed 1 crosses one.

    Raises:
        ValueError: a setting that is not finite, a step that is not positive, or another scheme.
    """

    solver: PressureSolver = field(default_factory=ConjugateGradients)
    dt: float = 1.0
    scheme: str = "maccormack"
    smoke_scheme: str | None = None
    lift: float = 0.0
    confinement: float = 0.0
    viscosity: float = 0.0

    def __post_init__(self) -> None:
        check_finite("dt", self.dt, positive=True)
        check_one_of("scheme", self.scheme, advection.SCHEMES[:2])
        check_one_of("smoke_scheme", self.smoke_scheme, (None, *advection.SCHEMES))
        for name in ("lift", "confinement", "viscosity"):
            check_finite(name, getattr(self, name))
        if self.viscosity < 0:
            raise expected("viscosity", "at least 0", self.viscosity)

    def step(
        self,
        state: State,
        geometry: Geometry,
        source: Tensor | None = None,
        seconds: dict[str, float] | None = None,
    ) -> State:
        """Move a fluid on by `dt`.

        Args:
            state: the fluid, whose velocity should have been projected.
            geometry: its boxes.
            source: smoke that is added; shape (B, *sizes).
            seconds: to which the time of each of `PARTS` is added.

        Raises:
            ValueError: velocity, smoke or source do not fit the boxes, or are not finite.
        """
        return self.project(self.unprojected(state, geometry, source, seconds), geometry, seconds)

    def unprojected(
        self,
        state: State,
        geometry: Geometry,
        source: Tensor | None = None,
        seconds: dict[str, float] | None = None,
    ) -> State:
        """Do all of a step but the projection."""
        check_cells("smoke", state.smoke, geometry)
        if source is not None:
            check_cells("source", source, geometry)
        clock = _Clock(seconds)
        velocity, smoke = state.velocity, state.smoke
        scheme = self.smoke_scheme or self.scheme
        carried = advection.advect(smoke, velocity, geometry, self.dt, scheme)
        velocity = advection.advect_velocity(velocity, geometry, self.dt, self.scheme)
        clock.add("advection")
        if source is not None:
            carried = carried + source * geometry.fluid
        if self.lift:
            velocity = forces.buoyancy(velocity, carried, geometry, self.dt * self.lift)
        if self.confinement:
            strength = self.dt * self.confinement
            velocity = forces.confine_vorticity(velocity, geometry, strength)
        if self.viscosity:
            velocity = forces.diffuse(velocity, geometry, self.dt * self.viscosity)
        clock.add("forces")
        return State(velocity, carried)

    def project(
        self, state: State, geometry: Geometry, seconds: dict[str, float] | None = None
    ) -> State:
        """Take the divergence out of the velocity, as far as the solver does."""
        clock = _Clock(seconds)
        velocity = project(state.velocity, geometry, self.solver)
        clock.add("pressure")
        return State(velocity, state.smoke)


def project(velocity: Velocity, geometry: Geometry, solver: PressureSolver) -> Velocity:
    """Return `u - ∇p` with the solver's pressure, and nothing through closed faces.

    Raises:
        ValueError: the velocity does not fit the boxes, or is not finite.
    """
    check_velocity(velocity, geometry)
    closed = close_walls(velocity, geometry)
    pressure = solver(divergence(closed, geometry), geometry)
    return subtract_gradient(closed, pressure, geometry)


def at_rest(geometry: Geometry) -> State:
    """Return a fluid at rest, without smoke."""
    velocity = still(geometry)
    return State(velocity, velocity[0].new_zeros(len(geometry), *geometry.sizes))


class _Clock:
    """Adds the time since the last look to the named part."""

    def __init__(self, seconds: dict[str, float] | None) -> None:
        self.seconds = seconds
        self.last = time.perf_counter()

    def add(self, part: str) -> None:
        now = time.perf_counter()
        if self.seconds is not None:
            self.seconds[part] = self.seconds.get(part, 0.0) + now - self.last
        self.last = now
