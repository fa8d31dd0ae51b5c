"""Stochastic gradient descent, from one example or the mean over a batch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import Tensor

from cnnhistory.optim.rule import UpdateRule


class SGD(UpdateRule):
    """Go against the gradient: w <- w - eta g.

    Whether g is the gradient of one example (online) or of the mean over a batch is decided by
    whoever computes it.

    Units: `lr` is eta; w and eta g have the same unit.

    Raises:
        ValueError: `lr` is negative or no number.

    Source: robbins1951stochastic; lecun1998efficient, Section 4.1.
    """

    def __init__(self, parameters: Iterable[Any], lr: float = 0.01) -> None:
        super().__init__(parameters, lr=lr)

    def update(self, w: Tensor, g: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> None:
        """Change a parameter in place."""
        w.add_(g, alpha=-group["lr"])
