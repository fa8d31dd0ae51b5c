"""What acts on the fluid: hot smoke that rises, whirls that are kept up, viscosity."""

from __future__ import annotations

import torch
from torch import Tensor

from cnnhistory._util.checks import check_finite
from cnnhistory._util.lookup import expected
from cnnhistory.graphics.fluid.geometry import Geometry
from cnnhistory.graphics.fluid.grid import Velocity, at_cells, close_walls


def buoyancy(velocity: Velocity, smoke: Tensor, geometry: Geometry, strength: float) -> Velocity:
    """Push smoke upwards, against axis 0: `u_0 -= strength · smoke`, at each open face.

    Shape: smoke (B, *sizes).

    Units: strength is the speed that smoke of density 1 gains in the step.

    Raises:
        ValueError: `strength` is not a finite number.

    Source: fedkiw2001visual.
    """
    check_finite("strength", strength)
    return _add(velocity, (-strength * smoke, *[None] * (geometry.axes - 1)), geometry)


def vorticity(velocity: Velocity) -> Tensor:
    """Return the curl of the velocity in the middle of the cells.

    Shape: (B, 1, *sizes) on a plane, `∂u_1/∂x_0 - ∂u_0/∂x_1`; (B, 3, *sizes) in space.
    """
    u = at_cells(velocity)
    axes = u.shape[1]

    def slope(component: int, axis: int) -> Tensor:
        return _central(u[:, component], axis + 1)

    pairs = [(0, 1)] if axes == 2 else [(1, 2), (2, 0), (0, 1)]
    return torch.stack([slope(second, first) - slope(first, second) for first, second in pairs], 1)


def confine_vorticity(velocity: Velocity, geometry: Geometry, strength: float) -> Velocity:
    """Turn whirls faster that were blurred: `u += strength · (N × ω)`, `N = ∇|ω| / |∇|ω||`.

    Units: strength is the step of time times a speed for each unit of vorticity.

    Raises:
        ValueError: `strength` is not a finite number.

    Source: fedkiw2001visual.
    """
    check_finite("strength", strength)
    curl = vorticity(velocity) * geometry.fluid[:, None]
    size = curl.norm(dim=1)
    toward = torch.stack([_central(size, axis + 1) for axis in range(geometry.axes)], 1)
    toward = toward / (toward.norm(dim=1, keepdim=True) + 1e-12)
    if geometry.axes == 2:
        force = torch.stack([toward[:, 1] * curl[:, 0], -toward[:, 0] * curl[:, 0]], 1)
    else:
        force = torch.linalg.cross(toward, curl, dim=1)
    return _add(velocity, tuple((strength * force).unbind(1)), geometry)


def diffuse(velocity: Velocity, geometry: Geometry, amount: float) -> Velocity:
    """Let each component even out among its neighbors: `u += amount · ∇²u`, by as many steps as
    are stable.

    Walls and obstacles are slippery: a component does not change across a wall that it runs along.

    Units: amount is viscosity times time, in squares of cells.

    Raises:
        ValueError: `amount` is negative or not finite.
    """
    check_finite("amount", amount)
    if amount < 0:
        raise expected("amount", "at least 0", amount)
    steps = max(1, -int(-amount * 4 * geometry.axes // 1))
    for _ in range(steps if amount > 0 else 0):
        velocity = tuple(
            (u + amount / steps * _laplacian(u, *_beside(geometry, axis))) * geometry.open[axis]
            for axis, u in enumerate(velocity)
        )
    return velocity


def _laplacian(u: Tensor, *weights: Tensor) -> Tensor:
    total = torch.zeros_like(u)
    for axis, weight in enumerate(weights):
        dim, inner = axis + 1, u.shape[axis + 1] - 1
        flow = u.diff(dim=dim) * weight
        total.narrow(dim, 0, inner).add_(flow)
        total.narrow(dim, 1, inner).sub_(flow)
    return total


def _beside(geometry: Geometry, axis: int) -> tuple[Tensor, ...]:
    """Return for each axis which faces that cut `axis` and are neighbors feel each other.

    A face between two solid cells, or outside of the box, is none: walls are slippery.
    """

    def weights() -> tuple[Tensor, ...]:
        dim = axis + 1
        fluid = torch.nn.functional.pad(
            geometry.fluid,
            [1 if n == axis else 0 for n in reversed(range(geometry.axes)) for _ in "lr"],
        )
        size = fluid.shape[dim] - 1
        some = torch.maximum(fluid.narrow(dim, 0, size), fluid.narrow(dim, 1, size))
        found = []
        for other in range(geometry.axes):
            inner = some.shape[other + 1] - 1
            found.append(some.narrow(other + 1, 0, inner) * some.narrow(other + 1, 1, inner))
        return tuple(found)

    kept: tuple[Tensor, ...] = geometry.kept(f"beside {axis}", weights)
    return kept


def _add(velocity: Velocity, in_cells: tuple[Tensor | None, ...], geometry: Geometry) -> Velocity:
    """Add to each component the mean of two cells."""
    changed = []
    for axis, (u, force) in enumerate(zip(velocity, in_cells, strict=True)):
        if force is None:
            changed.append(u)
            continue
        dim, inner = axis + 1, geometry.sizes[axis] - 1
        both = (force.narrow(dim, 0, inner) + force.narrow(dim, 1, inner)) / 2
        wall = torch.zeros_like(both.narrow(dim, 0, 1))
        changed.append(u + torch.cat([wall, both, wall], dim))
    return close_walls(tuple(changed), geometry)


def _central(field: Tensor, dim: int) -> Tensor:
    """Return central differences, at the border those to the inner neighbor."""
    return torch.gradient(field, dim=dim)[0]
