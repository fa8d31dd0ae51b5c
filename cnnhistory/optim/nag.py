"""Nesterov's accelerated gradient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from cnnhistory.optim.rule import UpdateRule


class NAG(UpdateRule):
    """Take the gradient where momentum is about to carry the parameters.

    v <- mu v - eta grad(w + mu v), then w <- w + v; v starts at 0. A network can only be asked for
    gradients at its own parameters, so these hold u = w + mu v, the point ahead, for which the same
    steps read

        v <- mu v - eta grad(u),  u <- u + mu v - eta grad(u).

    Units: `lr` is eta, `momentum` is mu, from 0 to below 1.

    Raises:
        ValueError: `lr` is negative or no number, or `momentum` not at least 0 and below 1.

    Source: nesterov1983method; sutskever2013importance, equations (3) and (4).

    Deviations: as `Momentum`.
    """

    below_1 = ("momentum",)

    def __init__(self, parameters: Iterable[Any], lr: float = 0.01, momentum: float = 0.9) -> None:
        super().__init__(parameters, lr=lr, momentum=momentum)

    def starting_state(self, parameter: Tensor) -> dict[str, Tensor]:
        """Return a velocity of 0."""
        return {"v": torch.zeros_like(parameter)}

    def update(self, w: Tensor, g: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> None:
        """Change a parameter in place, and its velocity."""
        v, eta, mu = state["v"], group["lr"], group["momentum"]
        v.mul_(mu).sub_(g, alpha=eta)
        w.add_(v, alpha=mu).sub_(g, alpha=eta)
