"""Where the fluid is: a box with closed walls, and solid cells in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from scipy.ndimage import distance_transform_cdt, label
from torch import Tensor

from cnnhistory._util.lookup import expected


class Geometry:
    """The solid cells of some boxes, and what follows from them.

    The walls of the box are closed. A face between two cells is open, 1, if both hold fluid, and
    closed, 0, otherwise. All fluid of a box has to hang together: the pressure of a cell that is
    cut off would be left open by the equations.

    Args:
        solid: which cells are solid.
        dtype: of the masks, and so of the simulation.

    Shape: solid (B, *sizes), two or three sizes, the first one vertical, from top to bottom;
        `fluid` (B, *sizes); `open`, for each axis, (B, *sizes) with one face more along that axis;
        `count` (B, *sizes), the open faces around each cell.

    Raises:
        ValueError: `solid` is no tensor of truth values with two or three sizes of at least two
            cells, a box has no fluid, or some of it is cut off.

    >>> solid = torch.zeros(1, 2, 3, dtype=torch.bool)
    >>> solid[0, 0, 2] = True
    >>> Geometry(solid).count[0].tolist()
    [[2.0, 2.0, 0.0], [2.0, 3.0, 1.0]]
    """

    def __init__(self, solid: Tensor, dtype: torch.dtype = torch.float32) -> None:
        if solid.dtype != torch.bool or solid.dim() not in (3, 4) or min(solid.shape[1:]) < 2:
            found = f"{solid.dtype} {tuple(solid.shape)}"
            raise expected("solid", "bool (boxes, rows, columns) or one size more", found)
        _check_connected(solid)
        self.solid = solid
        self.dtype = dtype
        self.fluid = (~solid).to(dtype)
        self.open = tuple(self._open(axis) for axis in range(self.axes))
        self.count = sum(
            (
                faces.narrow(axis + 1, 0, size) + faces.narrow(axis + 1, 1, size)
                for axis, (faces, size) in enumerate(zip(self.open, self.sizes, strict=True))
            ),
            torch.zeros_like(self.fluid),
        )
        self._kept: dict[str, Any] = {}

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many cells a box has along each axis."""
        return tuple(self.solid.shape[1:])

    @property
    def axes(self) -> int:
        """Two or three."""
        return self.solid.dim() - 1

    @property
    def cells(self) -> Tensor:
        """How many cells of each box hold fluid; shape (B,)."""
        return self.fluid.flatten(1).sum(1)

    def __len__(self) -> int:
        return len(self.solid)

    def __getitem__(self, boxes: slice | list[int]) -> Geometry:
        return Geometry(self.solid[boxes], self.dtype)

    def to(self, device: str | torch.device) -> Geometry:
        """Return the same on another device."""
        return Geometry(self.solid.to(device), self.dtype)

    def kept(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what was made under a name before, such as a factorization, or make it."""
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]

    def _open(self, axis: int) -> Tensor:
        size = self.sizes[axis]
        dim = axis + 1
        inner = self.fluid.narrow(dim, 0, size - 1) * self.fluid.narrow(dim, 1, size - 1)
        wall = torch.zeros_like(self.fluid.narrow(dim, 0, 1))
        return torch.cat([wall, inner, wall], dim)


def empty_box(*sizes: int, boxes: int = 1, dtype: torch.dtype = torch.float32) -> Geometry:
    """Return boxes without obstacles.

    >>> empty_box(4, 6).cells.tolist()
    [24.0]
    """
    return Geometry(torch.zeros(boxes, *sizes, dtype=torch.bool), dtype)


def fill_enclosed(solid: Tensor) -> Tensor:
    """Make all fluid solid but the largest connected region of each box.

    Shape: (B, *sizes), truth values; the same.

    >>> solid = torch.tensor([[[0, 1, 0, 0], [1, 1, 0, 0]]], dtype=torch.bool)
    >>> fill_enclosed(solid).int().tolist()
    [[[1, 1, 0, 0], [1, 1, 0, 0]]]
    """
    filled = solid.clone()
    for box in range(len(solid)):
        regions, count = label(~solid[box].cpu().numpy())
        if count > 1:
            regions = torch.from_numpy(regions).to(solid.device)
            sizes = torch.bincount(regions.flatten(), minlength=count + 1)[1:]
            filled[box] = regions != sizes.argmax() + 1
    return filled


def distance_to_solid(geometry: Geometry) -> Tensor:
    """Return how many steps each cell is from the nearest solid cell or wall.

    A step is to one of the cells that share a face; solid cells have 0, those beside them 1.

    Shape: (B, *sizes).

    >>> distance_to_solid(empty_box(3, 4))[0].int().tolist()
    [[1, 1, 1, 1], [1, 2, 2, 1], [1, 1, 1, 1]]
    """

    def steps() -> Tensor:
        walled = torch.nn.functional.pad(~geometry.solid, (1, 1) * geometry.axes)
        inner = (slice(1, -1),) * geometry.axes
        found = [
            torch.from_numpy(distance_transform_cdt(box.cpu().numpy(), "taxicab")[inner])
            for box in walled
        ]
        return torch.stack(found).to(geometry.solid.device, geometry.dtype)

    distance: Tensor = geometry.kept("distance", steps)
    return distance


def _check_connected(solid: Tensor) -> None:
    for box, cells in enumerate(solid.cpu().numpy()):
        regions, count = label(~cells)
        if count == 0:
            raise expected("solid", "some fluid in every box", f"none in box {box}")
        if count > 1:
            smallest = torch.bincount(torch.from_numpy(regions).flatten())[1:].argmin().item() + 1
            cell = tuple(int(place[0]) for place in (regions == smallest).nonzero())
            found = f"{count} regions in box {box}: {cell} is cut off (`fill_enclosed` fills it)"
            raise expected("solid", "fluid that hangs together", found)
