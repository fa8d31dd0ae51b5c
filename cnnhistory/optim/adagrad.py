"""AdaGrad: a step size for each parameter, from all its gradients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from cnnhistory.optim.rule import UpdateRule


class AdaGrad(UpdateRule):
    """Divide by the root of the sum of squared gradients.

    s <- s + g^2, then w <- w - eta g / (sqrt(s) + eps); s starts at 0 and only grows, so that the
    effective rate eta / sqrt(s) only falls.

    Units: `lr` is eta, `eps` has the unit of g.

    Raises:
        ValueError: `lr` or `eps` is negative or no number.

    Source: duchi2011adaptive, Figure 1 (the diagonal form).
    """

    def __init__(self, parameters: Iterable[Any], lr: float = 0.01, eps: float = 1e-10) -> None:
        super().__init__(parameters, lr=lr, eps=eps)

    def starting_state(self, parameter: Tensor) -> dict[str, Tensor]:
        """Return a sum of 0."""
        return {"s": torch.zeros_like(parameter)}

    def update(self, w: Tensor, g: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> None:
        """Change a parameter in place, and its sum of squares."""
        s = state["s"]
        s.addcmul_(g, g)
        w.addcdiv_(g, s.sqrt().add_(group["eps"]), value=-group["lr"])
