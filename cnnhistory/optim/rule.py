"""What all update rules share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from math import inf
from numbers import Real
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from cnnhistory._util.lookup import expected


class UpdateRule(Optimizer):
    """A torch optimizer of which a rule writes only what it does with one parameter.

    `state` of a parameter begins empty; `starting_state` names what it holds and gives the first
    values. `step` calls `update` for each parameter that has a gradient. One that is NaN would
    make NaN of the parameter, and of all averages for good, so `step` refuses it before it changes
    anything.

    Args:
        parameters: tensors, or groups of them with settings of their own.
        settings: of the rule, the learning rate among them.

    Raises:
        ValueError: a setting is negative or no finite number, or one of `below_1` is not below 1.
    """

    below_1: tuple[str, ...] = ()

    def __init__(
        self, parameters: Iterable[Tensor] | Iterable[dict[str, Any]], **settings: float
    ) -> None:
        super().__init__(parameters, settings)
        for group in self.param_groups:
            for name in settings:
                value = group[name]
                if not (isinstance(value, Real) and 0 <= float(value) < inf):
                    raise expected(name, "a finite number, at least 0", value)
                if name in self.below_1 and not value < 1:
                    raise expected(name, "a number below 1", value)

    def starting_state(self, parameter: Tensor) -> dict[str, Tensor]:
        """Return what the rule remembers of a parameter before the first step: zeros."""
        return {}

    @abstractmethod
    def update(self, w: Tensor, g: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> None:
        """Change a parameter in place, and what is remembered of it."""

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Update every parameter once; return the loss of the closure, if there is one.

        Raises:
            ValueError: a gradient has a NaN; the message says of which parameter.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self._check_gradients()
        for group in self.param_groups:
            for w in group["params"]:
                if w.grad is None:
                    continue
                state = self.state[w]
                if not state:
                    state.update(self.starting_state(w))
                self.update(w, w.grad, state, group)
        return loss

    def _check_gradients(self) -> None:
        for number, group in enumerate(self.param_groups):
            names = group.get("param_names")  # there if the rule was given named_parameters()
            for index, w in enumerate(group["params"]):
                if w.grad is None:
                    continue
                values = w.grad._values() if w.grad.is_sparse else w.grad
                if bool(values.isnan().any()):
                    called = f" ({names[index]})" if names else ""
                    which = f"gradient of parameter {index} in group {number}{called}"
                    raise expected(which, "numbers", float("nan"))
