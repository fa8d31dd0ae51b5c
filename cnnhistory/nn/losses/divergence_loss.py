"""Divergence of a velocity on a staggered grid, and the loss that wants none, now and later."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import expected

Velocity = Sequence[Tensor]


def divergence(velocity: Velocity) -> Tensor:
    """Return what flows out of each cell of a staggered grid, less what flows in.

    d[y, x] = u[y, x + 1] - u[y, x] + v[y + 1, x] - v[y, x], for cells of width 1. The component
    along x stands on the faces between neighbors in x, of which there is one more than cells; in
    three dimensions w follows.

    Shape: velocity (u, v) or (u, v, w): u (..., D, H, W + 1), v (..., D, H + 1, W),
    w (..., D + 1, H, W), in two dimensions without D; the result (..., D, H, W).

    Units: velocities in cells a step.

    Raises:
        ValueError: the components do not fit one grid.

    Source: tompson2017accelerating; bridson2015fluid for the grid.

    >>> u = torch.tensor([[0.0, 1.0, 0.0]])  # one row of two cells
    >>> v = torch.tensor([[0.0, 0.0], [0.0, 1.0]])
    >>> divergence((u, v)).tolist()
    [[1.0, 0.0]]
    """
    components = len(velocity)
    if not 1 <= components <= 3:
        raise expected("velocity", "one to three components", components)
    found = [part.diff(dim=-1 - axis) for axis, part in enumerate(velocity) if part.dim() > axis]
    if len({part.shape for part in found}) != 1 or len(found) != components or not found[0].numel():
        shapes = [tuple(part.shape) for part in velocity]
        raise ValueError(f"velocity: expected one face more than cells on its axis, got {shapes}")
    return torch.stack(found).sum(0)


class DivergenceLoss(nn.Module):
    """Add the weighted squared divergence of a velocity, and of what becomes of it later.

    E = sum over the steps t in `at` of sum over the cells of w d_t^2, d_t the divergence after t
    more steps. No true pressure or velocity is needed: the loss is 0 for any flow that neither
    appears nor vanishes anywhere. `step` takes a velocity and returns the next; gradients go back
    through it. FluidNet counts the first step and one some steps later, `at=(0, n)`;
    `at=range(n + 1)` counts all. At t = 0 the gradient with respect to u on the face between the
    cells a (left) and b (right) is 2 (w_a d_a - w_b d_b).

    Shape: velocity as in `divergence`, with any batch axes, over which the loss is averaged;
    weight like one grid of cells or like all of them, 1 if there is none: large near walls, 0
    inside of them. The loss is a scalar >= 0.

    Raises:
        ValueError: a number of steps is negative or there is none, a later one is asked for
            without `step`, or the weight does not fit the cells.

    Source: tompson2017accelerating.

    >>> u, v = torch.tensor([[0.0, 1.0, 0.0]]), torch.zeros(2, 2)
    >>> DivergenceLoss()((u, v)).item()
    2.0
    >>> half = lambda velocity: [part / 2 for part in velocity]
    >>> DivergenceLoss(half, at=(0, 1))((u, v)).item()  # 2, and 2 / 4 a step later
    2.5
    """

    def __init__(
        self, step: Callable[[Velocity], Velocity] | None = None, at: Sequence[int] = (0,)
    ) -> None:
        super().__init__()
        if not at:
            raise expected("at", "at least one step", at)
        for number in at:
            check_counts(0, at=number)
        if max(at) and step is None:
            raise expected("step", "a function, since later steps are counted", step)
        self.step, self.at = step, frozenset(at)

    def forward(self, velocity: Velocity, weight: Tensor | None = None) -> Tensor:
        """Return the sum over the steps of the mean over the batch."""
        grid, losses = len(velocity), []
        for number in range(max(self.at) + 1):
            if number and self.step is not None:
                velocity = self.step(velocity)
            if number in self.at:
                squares = divergence(velocity).square()
                if weight is not None:
                    if weight.shape[-grid:] != squares.shape[-grid:]:
                        raise ValueError(
                            f"weight: expected {tuple(squares.shape[-grid:])} cells, "
                            f"got {tuple(weight.shape)}"
                        )
                    squares = weight * squares
                losses.append(squares.flatten(-grid).sum(-1).mean())
        return torch.stack(losses).sum()

    def extra_repr(self) -> str:
        """Show the steps that count."""
        return f"at={sorted(self.at)}"
