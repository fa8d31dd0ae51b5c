"""Surfaces on which update rules can be watched: bowls with known rates, a valley, a saddle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import NamedTuple

import torch
from torch import Tensor
from torch.optim import Optimizer

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import check_one_of, expected


class Tuned(NamedTuple):
    """Settings of a rule for a bowl, and the factor by which they shrink the distance in a step."""

    lr: float
    momentum: float
    factor: float


@dataclass(frozen=True)
class Bowl:
    """f(w) = 1/2 sum_i c_i w_i^2: a bowl with its minimum at 0.

    The condition number kappa = L / m, with the largest and the smallest of the curvatures c, says
    how much longer it is than wide, squared.

    Shape: w (n,) to a single number, n the number of `curvatures`.

    Raises:
        ValueError: no curvature, or one that is not positive.

    >>> bowl = Bowl((1.0, 100.0))
    >>> bowl.condition, bowl(torch.tensor([2.0, 1.0])).item()
    (100.0, 52.0)
    """

    curvatures: tuple[float, ...]

    def __post_init__(self) -> None:
        good = [isfinite(c) and c > 0 for c in self.curvatures]
        if not good or not all(good):
            raise expected("curvatures", "positive numbers, at least one", self.curvatures)

    @property
    def condition(self) -> float:
        """The condition number."""
        return max(self.curvatures) / min(self.curvatures)

    def __call__(self, w: Tensor) -> Tensor:
        """Return the height."""
        return (torch.tensor(self.curvatures, dtype=w.dtype) * w.square()).sum() / 2

    def tuned(self, rule: str) -> Tuned:
        """Return settings that are known to be good for "SGD", "NAG" or "Momentum".

        A step multiplies the part of w along a direction of curvature c by a matrix of which the
        largest eigenvalue is, for the worst c,

            SGD: 1 - 1 / kappa, with lr 1 / L
            NAG: 1 - 1 / sqrt(kappa), with lr 1 / L, momentum (s - 1) / (s + 1)
            Momentum: (s - 1) / (s + 1), with lr 4 / (sqrt(L) + sqrt(m))^2, its square as momentum

        where s = sqrt(kappa). With both momenta the two eigenvalues are equal, so the distance
        falls like t factor^t.

        Raises:
            ValueError: another rule.

        Source: polyak1964some; nesterov1983method.

        >>> Bowl((1.0, 100.0)).tuned("NAG").factor
        0.9
        """
        check_one_of("rule", rule, ("SGD", "NAG", "Momentum"))
        largest, root = max(self.curvatures), sqrt(self.condition)
        between = (root - 1) / (root + 1)
        if rule == "SGD":
            return Tuned(1 / largest, 0.0, 1 - 1 / self.condition)
        if rule == "NAG":
            return Tuned(1 / largest, between, 1 - 1 / root)
        return Tuned(4 / largest / (1 + 1 / root) ** 2, between**2, between)


def rosenbrock(w: Tensor) -> Tensor:
    """Return (1 - x)^2 + 100 (y - x^2)^2: a curved valley, flat along its floor; minimum at (1, 1).

    Shape: w (2,) to a single number.

    Source: rosenbrock1960automatic.

    >>> rosenbrock(torch.tensor([-1.0, 2.0])).item()
    104.0
    """
    x, y = w
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def saddle(w: Tensor) -> Tensor:
    """Return x^2 / 2 + y^4 / 4 - y^2 / 2: flat at (0, 0), with minima at (0, 1) and (0, -1).

    Shape: w (2,) to a single number.

    >>> saddle(torch.tensor([2.0, 1.0])).item()
    1.75
    """
    x, y = w
    return x**2 / 2 + y**4 / 4 - y**2 / 2


def descend(
    surface: Callable[[Tensor], Tensor],
    rule: Callable[[list[Tensor]], Optimizer],
    start: Sequence[float],
    steps: int,
) -> Tensor:
    """Return the places that a rule goes through, in double precision.

    From the step on at which the gradient is not finite, the places are NaN: the rule diverged.

    Shape: `start` (n,) to (steps + 1, n), the start first.

    Raises:
        ValueError: `steps` is no whole number of at least 1, or the start is not finite.

    >>> from cnnhistory.optim.sgd import SGD
    >>> descend(Bowl((1.0, 10.0)), lambda p: SGD(p, lr=0.05), (1.0, 1.0), 1)[-1].tolist()
    [0.95, 0.5]
    """
    check_counts(steps=steps)
    if not start or not all(map(isfinite, start)):
        raise expected("start", "finite numbers", start)
    w = torch.tensor(start, dtype=torch.double, requires_grad=True)
    path = torch.full((steps + 1, len(start)), torch.nan, dtype=torch.double)
    path[0] = w.detach()
    optimizer = rule([w])
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        surface(w).backward()
        if w.grad is None or not w.grad.isfinite().all():
            break
        optimizer.step()
        path[step] = w.detach()
    return path
