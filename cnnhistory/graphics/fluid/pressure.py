"""Solvers of the pressure: from the divergence of each cell to the pressure that takes it away.

The projected velocity `u - ∇p` has no divergence if `∇·∇p = ∇·u`, in the walls' and obstacles'
presence: one linear equation a cell. A solver is called with the divergence and the geometry, and
returns a pressure of mean zero; how much divergence is left says `left`. A divergence of another
shape than the boxes, or that is not finite, is a ValueError.

Source: stam1999stable, Section 2; bridson2015fluid, Chapter 5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from scipy.fft import dctn, idctn
from torch import Tensor

from cnnhistory._util.checks import check_counts, check_finite
from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory.graphics.fluid.geometry import Geometry
from cnnhistory.graphics.fluid.grid import check_cells, negative_laplacian, norm

Operator = Callable[[Tensor], Tensor]


class PressureSolver(Protocol):
    """What turns divergence into pressure."""

    def __call__(self, divergence: Tensor, geometry: Geometry, /) -> Tensor:
        """Return the pressure of each cell, zero in solid ones; shape (B, *sizes)."""
        ...


def left(divergence: Tensor, pressure: Tensor, geometry: Geometry) -> Tensor:
    """Return the share of the divergence that is left: `‖∇·(u - ∇p)‖ / ‖∇·u‖`.

    Shape: (B,).
    """
    residual = divergence + negative_laplacian(pressure, geometry)
    return norm(residual) / norm(divergence).clamp(min=torch.finfo(divergence.dtype).tiny)


def centered(pressure: Tensor, geometry: Geometry) -> Tensor:
    """Make the mean over the fluid of each box zero; the equations leave it open."""
    shape = (-1,) + (1,) * geometry.axes
    inner = pressure * geometry.fluid
    mean = inner.flatten(1).sum(1) / geometry.cells
    return inner - mean.view(shape) * geometry.fluid


@dataclass(frozen=True)
class Jacobi:
    """Jacobi's iteration: each cell takes `p_i = (Σ_j p_j - d_i) / n_i`, all at once.

    The sum goes over the n_i neighbors behind open faces. A sweep carries news by one cell, so that
    wide flows need as many sweeps as the square of the width. Between closed walls a checkerboard
    of errors would change its sign in each sweep and never fade; so the last sweep goes half of the
    way, which is the mean of the last two.

    Raises:
        ValueError: `sweeps` is no whole number of at least 1.

    >>> from cnnhistory.graphics.fluid.geometry import empty_box
    >>> divergence = torch.tensor([[[1.0, 0.0], [0.0, -1.0]]])
    >>> Jacobi(1)(divergence, empty_box(2, 2))[0].tolist()
    [[-0.25, 0.0], [0.0, 0.25]]
    """

    sweeps: int

    def __post_init__(self) -> None:
        check_counts(sweeps=self.sweeps)

    def __call__(self, divergence: Tensor, geometry: Geometry) -> Tensor:
        """Sweep from a pressure of zero."""
        check_cells("divergence", divergence, geometry)
        share = 1 / geometry.count.clamp(min=1)
        pressure = torch.zeros_like(divergence)
        for sweep in range(self.sweeps):
            # A p = n p - Σ p_j, so the formula above is p - (A p + d) / n
            step = share * (negative_laplacian(pressure, geometry) + divergence)
            pressure = pressure - (step if sweep + 1 < self.sweeps else step / 2)
        return centered(pressure, geometry)


def conjugate_gradients(
    operator: Operator, right: Tensor, precondition: Operator, tolerance: float, most: int
) -> tuple[Tensor, int]:
    """Solve `A x = b` for a batch by preconditioned conjugate gradients; return x and the steps.

    It stops when `‖b - A x‖ ≤ tolerance · ‖b‖` in every item of the batch, or after `most` steps.

    Shape: right (B, ...).
    """
    shape = (-1,) + (1,) * (right.dim() - 1)

    def dot(a: Tensor, b: Tensor) -> Tensor:
        return (a * b).flatten(1).sum(1)

    def ratio(a: Tensor, b: Tensor) -> Tensor:
        return torch.where(b != 0, a / b, torch.zeros_like(a)).view(shape)

    x = torch.zeros_like(right)
    goal = tolerance * norm(right)
    rest = right
    direction = z = precondition(rest)
    product = dot(rest, z)
    for step in range(most):
        if bool((norm(rest) <= goal).all()):
            return x, step
        image = operator(direction)
        alpha = ratio(product, dot(direction, image))
        x = x + alpha * direction
        rest = rest - alpha * image
        z = precondition(rest)
        before, product = product, dot(rest, z)
        direction = z + ratio(product, before) * direction
    return x, most


PRECONDITIONERS = ("none", "incomplete_cholesky", "multigrid")


@dataclass(frozen=True)
class ConjugateGradients:
    """Conjugate gradients, plain or with a preconditioner, until little divergence is left.

    Args:
        tolerance: the share of the divergence that may be left.
        preconditioner: one of `PRECONDITIONERS`.
        most: steps after which it gives up and returns what it has.

    Raises:
        ValueError: `tolerance` is not between 0 and 1, another name, or `most` is no count.
    """

    tolerance: float = 1e-4
    preconditioner: str = "incomplete_cholesky"
    most: int = 2000

    def __post_init__(self) -> None:
        check_finite("tolerance", self.tolerance, positive=True)
        if self.tolerance >= 1:
            raise expected("tolerance", "below 1", self.tolerance)
        check_one_of("preconditioner", self.preconditioner, PRECONDITIONERS)
        check_counts(most=self.most)

    def __call__(self, divergence: Tensor, geometry: Geometry) -> Tensor:
        """Solve for all boxes together."""
        return self.solve(divergence, geometry)[0]

    def solve(self, divergence: Tensor, geometry: Geometry) -> tuple[Tensor, int]:
        """Return the pressure and the number of steps."""
        check_cells("divergence", divergence, geometry)
        from cnnhistory.graphics.fluid.multigrid import multigrid
        from cnnhistory.graphics.fluid.sparse import incomplete_cholesky

        def same(rest: Tensor) -> Tensor:
            return rest

        makers = {"incomplete_cholesky": incomplete_cholesky, "multigrid": multigrid}
        name = self.preconditioner
        precondition = (
            geometry.kept(name, lambda: makers[name](geometry)) if name in makers else same
        )
        pressure, steps = conjugate_gradients(
            lambda p: negative_laplacian(p, geometry),
            -_balanced(divergence, geometry),
            precondition,
            self.tolerance,
            self.most,
        )
        return centered(pressure, geometry), steps


@dataclass(frozen=True)
class CosineTransform:
    """The exact answer in a box without obstacles, by the discrete cosine transform.

    `cos(π k (i + ½) / n)` has no slope at the walls, and the operator multiplies it by
    `2 cos(π k / n) - 2`; so the transform of the divergence is divided by the sum of these over the
    axes.
    """

    def __call__(self, divergence: Tensor, geometry: Geometry) -> Tensor:
        """Transform, divide, transform back.

        Raises:
            ValueError: there are obstacles.
        """
        if bool(geometry.solid.any()):
            raise expected("geometry", "no obstacles", f"{int(geometry.solid.sum())} solid cells")
        check_cells("divergence", divergence, geometry)
        dims = tuple(range(1, divergence.dim()))
        values = torch.zeros((), dtype=divergence.dtype)
        for axis, size in enumerate(geometry.sizes):
            k = torch.arange(size, dtype=torch.float64)
            along = (2 * torch.cos(torch.pi * k / size) - 2).to(divergence.dtype)
            values = values + along.view([-1 if n == axis else 1 for n in range(geometry.axes)])
        values.view(-1)[0] = 1  # the constant, which is left open
        spectrum = dctn(divergence.cpu().numpy(), axes=dims) / values.numpy()
        spectrum[(slice(None),) + (0,) * geometry.axes] = 0
        return torch.from_numpy(idctn(spectrum, axes=dims)).to(divergence.device)


def _balanced(divergence: Tensor, geometry: Geometry) -> Tensor:
    """Take out the mean that rounding leaves: between closed walls no pressure takes it away."""
    return centered(divergence, geometry)
