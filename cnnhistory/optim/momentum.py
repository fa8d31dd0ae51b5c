"""Gradient descent with momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from cnnhistory.optim.rule import UpdateRule


class Momentum(UpdateRule):
    """Go on in the direction of the last steps: v <- mu v - eta g, then w <- w + v; v starts at 0.

    Units: `lr` is eta, `momentum` is mu, from 0 to below 1.

    Raises:
        ValueError: `lr` is negative or no number, or `momentum` not at least 0 and below 1.

    Source: polyak1964some; in this form sutskever2013importance, equations (1) and (2).

    Deviations: torch keeps -v / eta. Both are the same as long as eta is; after a change of eta,
    torch rescales the steps already made, and this does not.
    """

    below_1 = ("momentum",)

    def __init__(self, parameters: Iterable[Any], lr: float = 0.01, momentum: float = 0.9) -> None:
        super().__init__(parameters, lr=lr, momentum=momentum)

    def starting_state(self, parameter: Tensor) -> dict[str, Tensor]:
        """Return a velocity of 0."""
        return {"v": torch.zeros_like(parameter)}

    def update(self, w: Tensor, g: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> None:
        """Change a parameter in place, and its velocity."""
        v = state["v"]
        v.mul_(group["momentum"]).sub_(g, alpha=group["lr"])
        w.add_(v)
