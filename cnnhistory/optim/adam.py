"""Adam: momentum, and a step size for each parameter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from cnnhistory.optim.rule import UpdateRule


class Adam(UpdateRule):
    """Divide a running average of gradients by the root of one of their squares.

    m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g^2, then
    w <- w - eta (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps) in step t = 1, 2, ...; m and v
    start at 0, for which the denominators make up.

    Units: `lr` is eta, `beta1` and `beta2` from 0 to below 1; `eps` has the unit of g.

    Raises:
        ValueError: a setting is negative or no number, or a beta not below 1.

    Source: kingma2015adam, Algorithm 1.
    """

    below_1 = ("beta1", "beta2")

    def __init__(
        self,
        parameters: Iterable[Any],
        lr: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
    ) -> None:
        super().__init__(parameters, lr=lr, beta1=beta1, beta2=beta2, eps=eps)

    def starting_state(self, parameter: Tensor) -> dict[str, Tensor]:
        """Return averages of 0, and that no step was made."""
        zeros = torch.zeros_like
        return {"m": zeros(parameter), "v": zeros(parameter), "t": torch.zeros(())}

    def update(self, w: Tensor, g: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> None:
        """Change a parameter in place, and both averages."""
        m, v, b1, b2 = state["m"], state["v"], group["beta1"], group["beta2"]
        state["t"] += 1
        t = float(state["t"])
        m.lerp_(g, 1 - b1)
        v.mul_(b2).addcmul_(g, g, value=1 - b2)
        size = (v.sqrt() / (1 - b2**t) ** 0.5).add_(group["eps"])
        w.addcdiv_(m, size, value=-group["lr"] / (1 - b1**t))
