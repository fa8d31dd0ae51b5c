"""Recipes of optimizers that are written out in `cnnhistory.optim`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from torch import nn
from torch.optim import Optimizer

from cnnhistory._util.lookup import expected
from cnnhistory.optim import adadelta
from cnnhistory.training.recipes import OptimizerRecipe


@dataclass(frozen=True)
class AdaDelta(OptimizerRecipe):
    """AdaDelta [zeiler2012adadelta], which takes sparse gradients of word vectors too.

    Raises:
        ValueError: a setting is negative or no number, or `rho` not below 1.

    >>> AdaDelta()
    AdaDelta(lr=1.0, rho=0.95, eps=1e-06)
    """

    lr: float = 1.0
    rho: float = 0.95
    eps: float = 1e-6

    def __post_init__(self) -> None:
        for name, below in (("lr", float("inf")), ("rho", 1.0), ("eps", float("inf"))):
            if not 0 <= getattr(self, name) < below:
                raise expected(name, f"at least 0 and below {below}", getattr(self, name))

    def __call__(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """Return the optimizer."""
        return adadelta.AdaDelta(parameters, self.lr, self.rho, self.eps)
