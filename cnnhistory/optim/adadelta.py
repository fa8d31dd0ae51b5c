"""AdaDelta: steps in the parameters' own unit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from cnnhistory.optim.rule import UpdateRule


class AdaDelta(UpdateRule):
    """Scale the gradient by the ratio of how far steps went to how large gradients were.

    r <- rho r + (1 - rho) g^2, d = sqrt(q + eps) / sqrt(r + eps) g, q <- rho q + (1 - rho) d^2,
    then w <- w - eta d; r and q start at 0. The paper has no eta: it is 1.

    Units: d has the unit of w, whatever the unit of the loss is; `rho` from 0 to below 1.

    Raises:
        ValueError: a setting is negative or no number, or `rho` not below 1.

    Source: zeiler2012adadelta, Algorithm 1.
    """

    below_1 = ("rho",)

    def __init__(
        self, parameters: Iterable[Any], lr: float = 1.0, rho: float = 0.95, eps: float = 1e-6
    ) -> None:
        super().__init__(parameters, lr=lr, rho=rho, eps=eps)

    def starting_state(self, parameter: Tensor) -> dict[str, Tensor]:
        """Return averages of 0."""
        return {"r": torch.zeros_like(parameter), "q": torch.zeros_like(parameter)}

    def update(self, w: Tensor, g: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> None:
        """Change a parameter in place, and both averages."""
        r, q, rho, eps = state["r"], state["q"], group["rho"], group["eps"]
        r.mul_(rho).addcmul_(g, g, value=1 - rho)
        d = q.add(eps).sqrt_().div_(r.add(eps).sqrt_()).mul_(g)
        q.mul_(rho).addcmul_(d, d, value=1 - rho)
        w.add_(d, alpha=-group["lr"])
