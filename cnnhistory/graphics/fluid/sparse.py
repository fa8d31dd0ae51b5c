"""The pressure equation as a sparse matrix, and its factorizations by SciPy's compiled routines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.sparse import csc_array, csr_array, diags_array
from scipy.sparse.linalg import splu
from torch import Tensor

from cnnhistory.graphics.fluid.geometry import Geometry
from cnnhistory.graphics.fluid.grid import check_cells
from cnnhistory.graphics.fluid.pressure import centered

TUNED = 0.97  # share of the left-out entries that goes to the diagonal
SAFE = 0.25  # a pivot below this share of the diagonal is replaced by the diagonal


def pressure_matrix(geometry: Geometry, box: int = 0) -> csr_array:
    """Return `-∇·∇` of one box over its fluid cells, in the order of their indices.

    It is symmetric: n_i on the diagonal, -1 for each open face.

    Shape: (cells, cells).

    >>> solid = torch.tensor([[[False, False], [False, True]]])
    >>> pressure_matrix(Geometry(solid)).toarray().astype(int).tolist()
    [[2, -1, -1], [-1, 1, 0], [-1, 0, 1]]
    """
    fluid = ~geometry.solid[box].cpu().numpy()
    number = np.full(fluid.shape, -1)
    number[fluid] = np.arange(fluid.sum())
    rows, columns = [], []
    for axis, size in enumerate(fluid.shape):
        low = number.take(range(size - 1), axis).ravel()
        high = number.take(range(1, size), axis).ravel()
        both = (low >= 0) & (high >= 0)
        rows += [low[both], high[both]]
        columns += [high[both], low[both]]
    row, column = np.concatenate(rows), np.concatenate(columns)
    count = int(fluid.sum())
    links = csr_array((np.ones(len(row)), (row, column)), shape=(count, count))
    return csr_array(diags_array(links.sum(axis=1)) - links)


def incomplete_cholesky(geometry: Geometry) -> Callable[[Tensor], Tensor]:
    """Return the solution with the modified incomplete Cholesky factor, `L Lᵀ ≈ A`, as a function.

    L has entries only where A has some; what a complete factor would have elsewhere is put on the
    diagonal, nearly all of it. Each entry of the diagonal needs those of the cells before it along
    each axis, so that a whole diagonal front of cells, whose indices have the same sum, is computed
    at once.

    Source: bridson2015fluid, Chapter 5.
    """
    return _boxwise(geometry, lambda box: _Triangular(geometry, box))


@dataclass(frozen=True)
class Factorized:
    """The exact answer by a sparse factorization, which is kept with the geometry.

    The first call for a geometry is slow; further ones only substitute, forward and back.
    """

    def __call__(self, divergence: Tensor, geometry: Geometry) -> Tensor:
        """Solve box by box."""
        check_cells("divergence", divergence, geometry)

        def make() -> Callable[[Tensor], Tensor]:
            return _boxwise(geometry, lambda box: _Complete(geometry, box))

        solve = geometry.kept("factorized", make)
        return centered(-solve(centered(divergence, geometry)), geometry)


class _Complete:
    """All factors of the matrix of one box, in which one cell is held at pressure zero."""

    def __init__(self, geometry: Geometry, box: int) -> None:
        matrix = pressure_matrix(geometry, box).tolil()
        matrix[0, 0] += 1
        self.factors = splu(csc_array(matrix), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0,
                            options={"SymmetricMode": True})  # fmt: skip

    def solve(self, right: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return the solution."""
        return self.factors.solve(right)


class _Triangular:
    """The incomplete factor of one box; SuperLU substitutes, and finds nothing to factorize."""

    def __init__(self, geometry: Geometry, box: int) -> None:
        fluid = ~geometry.solid[box].cpu().numpy()
        reciprocal = _pivots(fluid)
        number = np.full(fluid.shape, -1)
        number[fluid] = np.arange(fluid.sum())
        count = int(fluid.sum())
        rows, columns, values = [np.arange(count)], [np.arange(count)], [1 / reciprocal[fluid]]
        for axis, size in enumerate(fluid.shape):
            low = number.take(range(size - 1), axis).ravel()
            high = number.take(range(1, size), axis).ravel()
            both = (low >= 0) & (high >= 0)
            rows.append(high[both])
            columns.append(low[both])
            values.append(-reciprocal.take(range(size - 1), axis).ravel()[both])
        entries = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
        lower = csc_array(entries, shape=(count, count))
        self.factor = splu(lower, permc_spec="NATURAL", diag_pivot_thresh=0.0)

    def solve(self, right: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return `(L Lᵀ)⁻¹ right`."""
        return self.factor.solve(self.factor.solve(right), trans="T")


def _pivots(fluid: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return one over the diagonal of L for each cell, zero for solid ones.

    `e_i = n_i - Σ_a [r_b² + τ r_b² · (open faces of b along the other axes, upwards)]`, over the
    cells b before i along each axis a, with r = 1 / √e.
    """
    shape = fluid.shape
    padded = np.pad(fluid.astype(float), 1)
    inner = (slice(1, -1),) * len(shape)

    def shifted(field: np.ndarray[Any, Any], axis: int, by: int) -> np.ndarray[Any, Any]:
        """Return for each cell what its neighbor has."""
        return np.roll(field, -by, axis)[inner]

    after = [fluid * shifted(padded, axis, 1) for axis in range(len(shape))]
    before = [fluid * shifted(padded, axis, -1) for axis in range(len(shape))]
    count = sum(after) + sum(before)
    front = np.indices(shape).sum(0)
    squares = np.pad(np.zeros(shape), 1)  # r², in a border of zeros
    upward = [np.pad(sum(after) - after[axis], 1) for axis in range(len(shape))]
    for step in range(int(front.max()) + 1):
        cells = np.nonzero((front == step) & fluid)
        pivot = count[cells]
        for axis in range(len(shape)):
            one_before = tuple(c + 1 - (a == axis) for a, c in enumerate(cells))
            square = squares[one_before] * before[axis][cells]
            pivot = pivot - square * (1 + TUNED * upward[axis][one_before])
        pivot = np.where(pivot < SAFE * count[cells], count[cells], pivot)
        squares[tuple(c + 1 for c in cells)] = 1 / pivot
    return np.sqrt(squares[inner])


def _boxwise(geometry: Geometry, make: Callable[[int], Any]) -> Callable[[Tensor], Tensor]:
    """Return a function that solves for the fluid cells of each box."""
    solvers = [make(box) for box in range(len(geometry))]
    masks = [~cells.cpu().numpy() for cells in geometry.solid]

    def solve(right: Tensor) -> Tensor:
        found = np.zeros(right.shape)
        values = right.detach().cpu().numpy().astype(np.float64)
        for box, (solver, mask) in enumerate(zip(solvers, masks, strict=True)):
            found[box][mask] = solver.solve(values[box][mask])
        return torch.from_numpy(found).to(right.device, right.dtype)

    return solve
