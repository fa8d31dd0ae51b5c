"""Carrying things along with the flow.

`semi_lagrangian` asks for each place where its fluid was a step ago, and reads the value there: it
is stable for any step, and blurs. `maccormack` goes there and back, and takes off half of what was
lost on the way. `conservative` moves what is in a cell through its faces, so that nothing of it is
gained or lost.

Source: stam1999stable, Section 2.2; selle2008unconditionally (MacCormack); bridson2015fluid,
Chapter 3.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import ceil

import torch
from torch import Tensor
from torch.nn import functional as F

from cnnhistory._util.checks import check_finite
from cnnhistory._util.lookup import check_one_of
from cnnhistory.graphics.fluid.geometry import Geometry
from cnnhistory.graphics.fluid.grid import Velocity, at_cells, at_faces, check_cells, check_velocity

SCHEMES = ("semi_lagrangian", "maccormack", "conservative")

Look = Callable[[Tensor], Tensor]
Origin = Callable[[float], Tensor]  # from a step to where the fluid was before it


def places(sizes: tuple[int, ...], like: Tensor) -> Tensor:
    """Return the index of every cell, axis by axis.

    Shape: (1, axes, *sizes).
    """
    axes = [torch.arange(size, dtype=like.dtype, device=like.device) for size in sizes]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"))[None]


def corners(field: Tensor, place: Tensor) -> tuple[Tensor, Tensor]:
    """Return the values of a field at the corners around each place, and their weights.

    Places outside are moved to the border.

    Shape: field (B, *sizes), place (B, axes, *out); both results (2^axes, B, *out).
    """
    sizes = field.shape[1:]
    flat = field.flatten(1)
    low: list[Tensor] = []
    share: list[Tensor] = []
    for axis, size in enumerate(sizes):
        index = place[:, axis].clamp(0, size - 1)
        floor = index.detach().floor().clamp(max=max(size - 2, 0))
        low.append(floor.long())
        share.append(index - floor)
    values, weights = [], []
    for corner in product((0, 1), repeat=len(sizes)):
        number = torch.zeros_like(low[0])
        weight = torch.ones_like(share[0])
        for axis, up in enumerate(corner):
            number = number * sizes[axis] + (low[axis] + up).clamp(max=sizes[axis] - 1)
            weight = weight * (share[axis] if up else 1 - share[axis])
        values.append(flat.gather(1, number.flatten(1)).view(number.shape))
        weights.append(weight)
    return torch.stack(values), torch.stack(weights)


def interpolate(field: Tensor, place: Tensor) -> Tensor:
    """Return a field between its points, linear along each axis.

    Shape: field (B, *sizes), place (B, axes, *out) in indices; (B, *out).

    >>> field = torch.tensor([[[0.0, 1.0], [2.0, 3.0]]])
    >>> interpolate(field, torch.tensor([[[0.5], [0.25]]])[..., None])[0].tolist()
    [[1.25]]
    """
    sizes = field.shape[1:]
    # from -1 to 1, and the last axis first
    scaled = [2 / max(size - 1, 1) * place[:, axis] - 1 for axis, size in enumerate(sizes)]
    grid = torch.stack(scaled[::-1], -1).flatten(1, -2)  # (B, places, axes)
    grid = grid.view(len(grid), *[1] * (len(sizes) - 1), *grid.shape[1:])
    found = F.grid_sample(field[:, None], grid, padding_mode="border", align_corners=True)
    return found.view(place.shape[:1] + place.shape[2:])


def came_from(velocity: Velocity, start: Tensor, there: Tensor, dt: float) -> Tensor:
    """Return where the fluid of each place was `dt` ago, by the midpoint rule.

    Shape: start and there, the velocity at start, (B, axes, *out), in indices of cells; the same.
    """
    middle = start - dt / 2 * there
    found = []
    for axis, u in enumerate(velocity):
        on_faces = middle.clone()  # a face stands half a cell before the middle of its cell
        on_faces[:, axis] += 0.5
        found.append(interpolate(u, on_faces))
    return start - dt * torch.stack(found, 1)


def advect(
    field: Tensor, velocity: Velocity, geometry: Geometry, dt: float, scheme: str = "maccormack"
) -> Tensor:
    """Carry something that stands in the cells, such as smoke, along with the flow.

    Shape: (B, *sizes); the same, zero in solid cells.

    Units: `dt` in the time in which speed 1 crosses a cell.

    Raises:
        ValueError: `scheme` is not one of `SCHEMES`, `dt` is not a positive number, or the field
            or the velocity does not fit the boxes or is not finite.
    """
    check_one_of("scheme", scheme, SCHEMES)
    check_finite("dt", dt, positive=True)
    check_cells("field", field, geometry)
    check_velocity(velocity, geometry)
    if scheme == "conservative":
        return _conservative(field, velocity, geometry, dt)
    start, there = places(geometry.sizes, field), at_cells(velocity)
    filled = into_solid(field, geometry)
    carried = _carry(
        filled,
        lambda step: came_from(velocity, start, there, step),
        dt,
        lambda after: into_solid(after * geometry.fluid, geometry),
        scheme,
    )
    return carried * geometry.fluid


def advect_velocity(
    velocity: Velocity, geometry: Geometry, dt: float, scheme: str = "maccormack"
) -> Velocity:
    """Carry the velocity along with itself, each component on its own faces.

    Units: `dt` in the time in which speed 1 crosses a cell.

    Raises:
        ValueError: `scheme` is not "semi_lagrangian" or "maccormack", `dt` is not a positive
            number, or the velocity does not fit the boxes or is not finite.
    """
    check_one_of("scheme", scheme, SCHEMES[:2])
    check_finite("dt", dt, positive=True)
    check_velocity(velocity, geometry)
    found = []
    for axis, u in enumerate(velocity):
        start = places(tuple(u.shape[1:]), u)
        start[:, axis] -= 0.5  # from indices of faces to indices of cells
        there = at_faces(velocity, axis)
        origin = _on_faces(velocity, start, there, axis)
        found.append(_carry(u, origin, dt, lambda after: after, scheme) * geometry.open[axis])
    return tuple(found)


def _on_faces(velocity: Velocity, start: Tensor, there: Tensor, axis: int) -> Origin:
    """Return `came_from` in indices of the faces of an axis."""

    def origin(step: float) -> Tensor:
        place = came_from(velocity, start, there, step)
        place[:, axis] += 0.5
        return place

    return origin


def into_solid(field: Tensor, geometry: Geometry, cells: int = 2) -> Tensor:
    """Continue a field some cells into the obstacles, by the mean of the neighbors with a value.

    Shape: (B, *sizes); the same.
    """
    if not bool(geometry.solid.any()):
        return field
    known = geometry.fluid
    for _ in range(cells):
        total, count = torch.zeros_like(field), torch.zeros_like(known)
        for dim in range(1, field.dim()):
            inner = field.shape[dim] - 1
            for here, other in ((0, 1), (1, 0)):
                mask = known.narrow(dim, other, inner)
                total.narrow(dim, here, inner).add_(field.narrow(dim, other, inner) * mask)
                count.narrow(dim, here, inner).add_(mask)
        new = (1 - known) * (count > 0)
        field = field * known + new * total / count.clamp(min=1)
        known = known + new
    return field


def _carry(field: Tensor, origin: Origin, dt: float, between: Look, scheme: str) -> Tensor:
    """Read a field where its fluid came from; with MacCormack, corrected and kept in bounds."""
    back = origin(dt)
    if scheme == "semi_lagrangian":
        return interpolate(field, back)
    values, weights = corners(field, back)
    once = (values * weights).sum(0)
    returned = interpolate(between(once), origin(-dt))
    corrected = once + (field - returned) / 2
    return corrected.clamp(values.amin(0), values.amax(0))


def _conservative(field: Tensor, velocity: Velocity, geometry: Geometry, dt: float) -> Tensor:
    """Move what is in the cells through their faces, in as many equal steps as it takes.

    What goes through a face is its velocity times the value on the side that it comes from, plus
    half of that side's slope, which is zero at extremes and walls (van Leer's limiter).
    """
    fastest = sum(float(u.abs().max()) for u in velocity)
    steps = max(1, ceil(2 * dt * fastest))  # at most half of a cell leaves it in a step
    part = dt / steps
    for _ in range(steps):
        change = torch.zeros_like(field)
        for axis, u in enumerate(velocity):
            dim, inner = axis + 1, geometry.sizes[axis] - 1
            speed = u.narrow(dim, 1, inner)
            slope = _slope(field, geometry, axis) * (1 - (part * at_most(u, dim)).clamp(max=1)) / 2
            from_low = field.narrow(dim, 0, inner) + slope.narrow(dim, 0, inner)
            from_high = field.narrow(dim, 1, inner) - slope.narrow(dim, 1, inner)
            flow = speed * torch.where(speed > 0, from_low, from_high)
            change.narrow(dim, 0, inner).sub_(flow)
            change.narrow(dim, 1, inner).add_(flow)
        field = field + part * change
    return field


def at_most(u: Tensor, dim: int) -> Tensor:
    """Return the larger speed of the two faces of each cell along one dimension."""
    size = u.shape[dim] - 1
    return torch.maximum(u.narrow(dim, 0, size).abs(), u.narrow(dim, 1, size).abs())


def _slope(field: Tensor, geometry: Geometry, axis: int) -> Tensor:
    dim, inner = axis + 1, geometry.sizes[axis] - 1
    steps = field.diff(dim=dim) * geometry.open[axis].narrow(dim, 1, inner)
    wall = torch.zeros_like(steps.narrow(dim, 0, 1))
    low, high = torch.cat([wall, steps], dim), torch.cat([steps, wall], dim)
    same = low * high
    return torch.where(same > 0, 2 * same / (low + high + (same <= 0)), torch.zeros_like(same))
