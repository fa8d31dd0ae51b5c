"""The staggered grid: pressure in the cells, each component of the velocity on its own faces.

A cell is one unit wide. Component a of the velocity stands in the middle of the faces that cut axis
a, so that what flows into a cell is read off its faces without any mean, and the difference of the
pressures of two cells stands where the velocity between them does (the marker-and-cell grid of
Harlow and Welch).

Source: bridson2015fluid, Chapter 2.
"""

from __future__ import annotations

import torch
from torch import Tensor

from cnnhistory._util.lookup import expected
from cnnhistory.graphics.fluid.geometry import Geometry

# One tensor an axis, (B, *sizes) with one face more along that axis.
Velocity = tuple[Tensor, ...]


def still(geometry: Geometry) -> Velocity:
    """Return the velocity of a fluid at rest."""
    return tuple(torch.zeros_like(faces) for faces in geometry.open)


def check_velocity(velocity: Velocity, geometry: Geometry) -> None:
    """Refuse a velocity that does not belong to these boxes.

    Raises:
        ValueError: another number of components, another shape, or a number that is not finite.
    """
    wanted = [tuple(faces.shape) for faces in geometry.open]
    found = [tuple(component.shape) for component in velocity]
    if found != wanted:
        raise expected("velocity", f"components {wanted}", found)
    for axis, component in enumerate(velocity):
        if not bool(component.isfinite().all()):
            raise expected("velocity", "finite numbers", f"others in component {axis}")


def check_cells(name: str, field: Tensor, geometry: Geometry) -> None:
    """Refuse numbers in cells that do not belong to these boxes.

    Raises:
        ValueError: another shape, or a number that is not finite; the message has the name.
    """
    wanted = (len(geometry), *geometry.sizes)
    if tuple(field.shape) != wanted:
        raise expected(name, f"shape {wanted}", tuple(field.shape))
    if not bool(field.isfinite().all()):
        raise expected(name, "finite numbers", "others")


def close_walls(velocity: Velocity, geometry: Geometry) -> Velocity:
    """Let nothing flow through closed faces."""
    return tuple(u * faces for u, faces in zip(velocity, geometry.open, strict=True))


def divergence(velocity: Velocity, geometry: Geometry) -> Tensor:
    """Return what flows out of each cell: `(∇·u)_i = Σ_a u_a(i + ½) - u_a(i - ½)`.

    Shape: (B, *sizes); zero in solid cells.

    >>> from cnnhistory.graphics.fluid.geometry import empty_box
    >>> box = empty_box(2, 2)
    >>> down, right = still(box)
    >>> right[0, 0, 1] = 3.0  # through the face between the two upper cells
    >>> divergence((down, right), box)[0].tolist()
    [[3.0, -3.0], [0.0, 0.0]]
    """
    flows = [u.diff(dim=axis + 1) for axis, u in enumerate(velocity)]
    return sum(flows[1:], flows[0]) * geometry.fluid


def gradient(pressure: Tensor, geometry: Geometry) -> Velocity:
    """Return the differences of pressure at the open faces, zero at the closed ones.

    It is minus the adjoint of `divergence`: `⟨∇·u, p⟩ = -⟨u, ∇p⟩` for u that is zero at closed
    faces.

    Shape: pressure (B, *sizes); components as those of a velocity.
    """
    found = []
    for axis, faces in enumerate(geometry.open):
        dim = axis + 1
        inner = faces.narrow(dim, 1, geometry.sizes[axis] - 1) * pressure.diff(dim=dim)
        wall = torch.zeros_like(inner.narrow(dim, 0, 1))
        found.append(torch.cat([wall, inner, wall], dim))
    return tuple(found)


def negative_laplacian(pressure: Tensor, geometry: Geometry) -> Tensor:
    """Return `A p = -∇·∇p`: the sum of `p_i - p_j` over the open faces between i and j.

    Shape: (B, *sizes).

    >>> from cnnhistory.graphics.fluid.geometry import empty_box
    >>> negative_laplacian(torch.tensor([[[0.0, 0, 0], [0, 1, 0]]]), empty_box(2, 3))[0].tolist()
    [[0.0, -1.0, 0.0], [-1.0, 3.0, -1.0]]
    """
    total = torch.zeros_like(pressure)
    for axis, faces in enumerate(geometry.open):
        dim, inner = axis + 1, geometry.sizes[axis] - 1
        flow = pressure.diff(dim=dim) * faces.narrow(dim, 1, inner)
        total.narrow(dim, 0, inner).sub_(flow)
        total.narrow(dim, 1, inner).add_(flow)
    return total


def subtract_gradient(velocity: Velocity, pressure: Tensor, geometry: Geometry) -> Velocity:
    """Return `u - ∇p`, with nothing through closed faces."""
    steps = gradient(pressure, geometry)
    return tuple(
        u * faces - step for u, faces, step in zip(velocity, geometry.open, steps, strict=True)
    )


def at_cells(velocity: Velocity) -> Tensor:
    """Return the velocity in the middles of the cells, the means of two faces.

    Shape: (B, axes, *sizes).
    """
    return torch.stack([_between(u, axis + 1) for axis, u in enumerate(velocity)], 1)


def at_faces(velocity: Velocity, axis: int) -> Tensor:
    """Return the whole velocity in the middles of the faces that cut an axis.

    The component of that axis is there; of each other one it is the mean of the four faces around.

    Shape: (B, axes, *sizes) with one face more along `axis`.
    """
    found = []
    for other, u in enumerate(velocity):
        if other == axis:
            found.append(u)
            continue
        cells, dim = _between(u, other + 1), axis + 1
        last = cells.shape[dim] - 1
        ends = cells.narrow(dim, 0, 1), cells.narrow(dim, last, 1)
        found.append(torch.cat([ends[0], _between(cells, dim), ends[1]], dim))
    return torch.stack(found, 1)


def energy(velocity: Velocity) -> Tensor:
    """Return half the sum of the squares of all components; shape (B,)."""
    squares = torch.stack([u.square().flatten(1).sum(1) for u in velocity])
    return squares.sum(0) / 2


def norm(field: Tensor) -> Tensor:
    """Return the root of the sum of squares in each box; shape (B,)."""
    return field.flatten(1).norm(dim=1)


def _between(field: Tensor, dim: int) -> Tensor:
    """Return the means of neighbors along one dimension, one fewer than there are values."""
    size = field.shape[dim] - 1
    return (field.narrow(dim, 0, size) + field.narrow(dim, 1, size)) / 2
