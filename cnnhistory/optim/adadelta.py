"""AdaDelta: steps in the parameters' own unit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from cnnhistory._util.lookup import expected
from cnnhistory.optim.rule import UpdateRule


class AdaDelta(UpdateRule):
    """Scale the gradient by the ratio of how far steps went to how large gradients were.

    r <- rho r + (1 - rho) g^2, d = sqrt(q + eps) / sqrt(r + eps) g, q <- rho q + (1 - rho) d^2,
    then w <- w - eta d; r and q start at 0. The paper has no eta: it is 1.

    Where g = 0, w stays and r and q are multiplied by rho. So a sparse gradient, of the rows of a
    table that a batch read, changes these rows only: what r and q of a row missed since it was
    last read, rho to the power of the steps in between, is made up for when it is read again.
    That is the same rule, but for rounding, at the cost of the rows that are read.

    Units: d has the unit of w, whatever the unit of the loss is; `rho` from 0 to below 1.

    Raises:
        ValueError: a setting is negative or no number, or `rho` not below 1; a parameter has a
            dense gradient after a sparse one.

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
        if g.is_sparse:
            self._update_rows(w, g.coalesce(), state, group)
            return
        if "step" in state:
            raise expected("gradient", "a sparse one, as before", "a dense one")
        w.add_(adadelta_step(state["r"], state["q"], g, group), alpha=-group["lr"])

    def _update_rows(
        self, w: Tensor, g: Tensor, state: dict[str, Tensor], group: dict[str, Any]
    ) -> None:
        rows, values = g.indices()[0], g.values()
        if "step" not in state:
            state["step"] = torch.zeros((), dtype=torch.int64)
            state["last"] = torch.zeros(len(w), dtype=torch.int64, device=w.device)
        state["step"] += 1
        step = int(state["step"])
        missed = (step - 1 - state["last"][rows]).to(w.dtype)
        faded = (group["rho"] ** missed).view(-1, *[1] * (w.dim() - 1))
        r, q = state["r"][rows] * faded, state["q"][rows] * faded
        w.index_add_(0, rows, adadelta_step(r, q, values, group), alpha=-group["lr"])
        state["r"][rows], state["q"][rows], state["last"][rows] = r, q, step


def adadelta_step(r: Tensor, q: Tensor, g: Tensor, group: dict[str, Any]) -> Tensor:
    """Return the step d of AdaDelta before its rate, after changing both averages in place.

    r <- rho r + (1 - rho) g^2, d = g sqrt(q + eps) / sqrt(r + eps), q <- rho q + (1 - rho) d^2.

    Shape: `r`, `q` and `g` the same, and the result; `group` has rho and eps.

    Source: zeiler2012adadelta, Algorithm 1.
    """
    rho, eps = group["rho"], group["eps"]
    r.mul_(rho).addcmul_(g, g, value=1 - rho)
    d = q.add(eps).sqrt_().div_(r.add(eps).sqrt_()).mul_(g)
    q.mul_(rho).addcmul_(d, d, value=1 - rho)
    return d
