"""Multigrid: what is slow on a fine grid is done on coarser ones.

A few sweeps of Jacobi's iteration even out what changes from cell to cell; the rest is smooth, and
is solved for on a grid with cells of twice the width, in the same way, down to a few cells. One
such cycle is a good preconditioner for conjugate gradients.

Source: mcadams2010parallel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from cnnhistory.graphics.fluid.geometry import Geometry

COARSEST = 64  # cells, for which the matrix is inverted
DAMPING = 0.8  # of a sweep, with which waves from cell to cell die out fast
SWEEPS = 2  # before and after the coarser grid: the same, so that the whole stays symmetric


@dataclass(frozen=True)
class Level:
    """One grid: the weights of its inner faces, axis by axis, and one over their sums.

    Shape: weights (B, *sizes) with one face fewer along the axis, share (B, *sizes).
    """

    weights: tuple[Tensor, ...]
    share: Tensor

    def apply(self, x: Tensor) -> Tensor:
        """Return `A x`, the sum of `w (x_i - x_j)` over the faces of each cell."""
        total = torch.zeros_like(x)
        for axis, weight in enumerate(self.weights):
            dim = axis + 1
            flow = x.diff(dim=dim) * weight
            total.narrow(dim, 0, weight.shape[dim]).sub_(flow)
            total.narrow(dim, 1, weight.shape[dim]).add_(flow)
        return total


def multigrid(geometry: Geometry) -> Callable[[Tensor], Tensor]:
    """Return one symmetric V-cycle for these boxes, as a function of the right side."""
    weights = tuple(
        faces.narrow(axis + 1, 1, geometry.sizes[axis] - 1)
        for axis, faces in enumerate(geometry.open)
    )
    levels = [_level(weights)]
    while levels[-1].share[0].numel() > COARSEST:
        levels.append(_level(_coarser(levels[-1].weights)))
    last = levels.pop()
    inverse = _inverse(last)

    def cycle(right: Tensor, depth: int) -> Tensor:
        if depth == len(levels):
            return (inverse @ right.flatten(1)[..., None])[..., 0].view_as(right)
        level = levels[depth]
        step = DAMPING * level.share
        x = step * right
        for _ in range(SWEEPS - 1):
            x = x + step * (right - level.apply(x))
        coarse = cycle(_sums(right - level.apply(x)), depth + 1)
        x = x + _copies(coarse, right.shape) * (level.share > 0)
        for _ in range(SWEEPS):
            x = x + step * (right - level.apply(x))
        return x

    return lambda right: cycle(right, 0)


def _level(weights: tuple[Tensor, ...]) -> Level:
    sizes = list(weights[0].shape)
    sizes[1] += 1
    total = weights[0].new_zeros(sizes)
    for axis, weight in enumerate(weights):
        total.narrow(axis + 1, 0, weight.shape[axis + 1]).add_(weight)
        total.narrow(axis + 1, 1, weight.shape[axis + 1]).add_(weight)
    return Level(weights, torch.where(total > 0, 1 / total, torch.zeros_like(total)))


def _coarser(weights: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Return the weights between blocks of two cells a side: half the sum of those across.

    Half, since the middles of the blocks are twice as far apart.
    """
    found = []
    for axis, weight in enumerate(weights):
        dim = axis + 1
        across = weight.narrow(dim, 1, weight.shape[dim] - 1) if weight.shape[dim] > 1 else weight
        number = torch.arange(0, across.shape[dim] if weight.shape[dim] > 1 else 0, 2)
        across = across.index_select(dim, number.to(weight.device))
        for other in range(1, weight.dim()):
            if other != dim:
                across = _pair_sums(across, other)
        found.append(across / 2)
    return tuple(found)


def _pair_sums(x: Tensor, dim: int) -> Tensor:
    if x.shape[dim] % 2:
        x = torch.cat([x, torch.zeros_like(x.narrow(dim, 0, 1))], dim)
    return x.unflatten(dim, (-1, 2)).sum(dim + 1)


def _sums(x: Tensor) -> Tensor:
    for dim in range(1, x.dim()):
        x = _pair_sums(x, dim)
    return x


def _copies(x: Tensor, shape: torch.Size) -> Tensor:
    for dim in range(1, x.dim()):
        x = x.repeat_interleave(2, dim).narrow(dim, 0, shape[dim])
    return x


def _inverse(level: Level) -> Tensor:
    """Return the pseudoinverse of the coarsest matrix; shape (B, cells, cells)."""
    boxes, *sizes = level.share.shape
    cells = level.share[0].numel()
    units = torch.eye(cells, dtype=level.share.dtype, device=level.share.device)
    columns = [level.apply(unit.view(1, *sizes).expand(boxes, *sizes)).flatten(1) for unit in units]
    return torch.linalg.pinv(torch.stack(columns, 2).double(), hermitian=True).to(units.dtype)
