"""RMSProp: a step size for each parameter, from its recent gradients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from cnnhistory.optim.rule import UpdateRule


class RMSProp(UpdateRule):
    """Divide by the root of a running average of squared gradients.

    r <- rho r + (1 - rho) g^2, d = g / (sqrt(r) + eps), v <- mu v + d, then w <- w - eta v; r and v
    start at 0. What AdaGrad sums up for ever is forgotten here at the rate rho, so that steps do
    not die. With `eps_inside` d = g / sqrt(r + eps), as in TensorFlow, with which Inception-v3 was
    trained (eps = 1).

    Units: `lr` is eta, `rho` and `momentum` (mu) from 0 to below 1; `eps` has the unit of g, with
    `eps_inside` that of g^2.

    Raises:
        ValueError: a setting is negative or no number, or `rho` or `momentum` not below 1.

    Source: tieleman2012lecture; the momentum: szegedy2016rethinking, Section 8.
    """

    below_1 = ("rho", "momentum")

    def __init__(
        self,
        parameters: Iterable[Any],
        lr: float = 0.001,
        rho: float = 0.9,
        eps: float = 1e-8,
        momentum: float = 0.0,
        eps_inside: bool = False,
    ) -> None:
        super().__init__(parameters, lr=lr, rho=rho, eps=eps, momentum=momentum)
        self.eps_inside = eps_inside

    def starting_state(self, parameter: Tensor) -> dict[str, Tensor]:
        """Return an average and a velocity of 0."""
        return {"r": torch.zeros_like(parameter), "v": torch.zeros_like(parameter)}

    def update(self, w: Tensor, g: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> None:
        """Change a parameter in place, and what is remembered of it."""
        r, v, rho, eps = state["r"], state["v"], group["rho"], group["eps"]
        r.mul_(rho).addcmul_(g, g, value=1 - rho)
        size = (r + eps).sqrt_() if self.eps_inside else r.sqrt().add_(eps)
        if group["momentum"] == 0:
            w.addcdiv_(g, size, value=-group["lr"])
        else:
            v.mul_(group["momentum"]).addcdiv_(g, size)
            w.add_(v, alpha=-group["lr"])
