"""Optimizers and learning-rate schedules as values that can be handed to a task.

An optimizer recipe is called with the parameters and returns a torch optimizer. A schedule recipe
is called with that optimizer and the number of steps of the whole run and returns a torch
scheduler, which is stepped after every batch. Any function of that form will do; the classes here
also have a printable form and can be named on the command line and in configuration files, by
class and settings.

>>> SGD(lr=0.1, weight_decay=1e-4)
SGD(lr=0.1, momentum=0.9, weight_decay=0.0001, nesterov=False)
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

from cnnhistory._util.lookup import expected


class OptimizerRecipe(ABC):
    """Makes an optimizer for given parameters."""

    @abstractmethod
    def __call__(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """Return the optimizer."""


class ScheduleRecipe(ABC):
    """Makes a learning-rate schedule for a given optimizer and number of steps."""

    @abstractmethod
    def __call__(self, optimizer: Optimizer, total: int) -> LRScheduler:
        """Return the schedule for a run of `total` steps."""


@dataclass(frozen=True)
class Adam(OptimizerRecipe):
    """Adam [kingma2015adam] with decoupled weight decay; without decay it is Adam itself.

    Raises:
        ValueError: the rate or the decay is negative or no number.
    """

    lr: float = 2e-3
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        _check_at_least_0(self, "lr", "weight_decay")

    def __call__(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """Return the optimizer."""
        # Fused: one call for all parameters. For small networks the others cost as much as a step.
        return torch.optim.AdamW(parameters, lr=self.lr, weight_decay=self.weight_decay, fused=True)


@dataclass(frozen=True)
class SGD(OptimizerRecipe):
    """Stochastic gradient descent with momentum.

    Raises:
        ValueError: the rate, the momentum or the decay is negative or no number, or Nesterov's
            form is asked for without momentum.
    """

    lr: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        _check_at_least_0(self, "lr", "momentum", "weight_decay")
        if self.nesterov and self.momentum == 0:
            raise expected("momentum", "more than 0 where nesterov is on", self.momentum)

    def __call__(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """Return the optimizer."""
        return torch.optim.SGD(
            parameters,
            lr=self.lr,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            nesterov=self.nesterov,
        )


@dataclass(frozen=True)
class AdaGrad(OptimizerRecipe):
    """AdaGrad: divide by the root of the sum of all squared gradients [duchi2011adaptive].

    The same to the last bit as `cnnhistory.optim.adagrad.AdaGrad`, which shows how.

    Raises:
        ValueError: the rate is negative or no number.
    """

    lr: float = 0.01

    def __post_init__(self) -> None:
        _check_at_least_0(self, "lr")

    def __call__(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """Return the optimizer."""
        return torch.optim.Adagrad(parameters, lr=self.lr)


@dataclass(frozen=True)
class RMSProp(OptimizerRecipe):
    """RMSProp: divide by the root of a running average of squares [tieleman2012lecture].

    The same to the last bit as `cnnhistory.optim.rmsprop.RMSProp`, which shows how.

    Raises:
        ValueError: the rate, `rho` or the momentum is negative or no number.
    """

    lr: float = 0.001
    rho: float = 0.9
    momentum: float = 0.0

    def __post_init__(self) -> None:
        _check_at_least_0(self, "lr", "rho", "momentum")

    def __call__(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """Return the optimizer."""
        return torch.optim.RMSprop(parameters, lr=self.lr, alpha=self.rho, momentum=self.momentum)


@dataclass(frozen=True)
class OneCycle(ScheduleRecipe):
    """Raise the rate to the optimizer's own over the first part of the run, then let it fall.

    Both legs are half cosines, from 1/25 of the rate and down to 1/250,000 of it. The momentum is
    left alone.

    Units: `warmup` is the rising part, a fraction of all steps.

    Raises:
        ValueError: `warmup` is not between 0 and 1.
    """

    warmup: float = 0.3

    def __post_init__(self) -> None:
        if not 0 <= self.warmup <= 1:
            raise expected("warmup", "a fraction between 0 and 1", self.warmup)

    def __call__(self, optimizer: Optimizer, total: int) -> LRScheduler:
        """Return the schedule for a run of `total` steps."""
        rates = [group["lr"] for group in optimizer.param_groups]
        return OneCycleLR(optimizer, rates, total, pct_start=self.warmup, cycle_momentum=False)


@dataclass(frozen=True)
class Constant(ScheduleRecipe):
    """Keep the optimizer's rate."""

    def __call__(self, optimizer: Optimizer, total: int) -> LRScheduler:
        """Return the schedule for a run of `total` steps."""
        return LambdaLR(optimizer, lambda step: 1.0)


@dataclass(frozen=True)
class Steps(ScheduleRecipe):
    """Multiply the rate by `factor` at each of the given fractions of the run.

    Raises:
        ValueError: a fraction is not between 0 and 1.
    """

    at: tuple[float, ...]
    factor: float = 0.1

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", tuple(self.at))  # a list from a file compares equal too
        if any(not 0 < fraction < 1 for fraction in self.at):
            raise expected("at", "fractions between 0 and 1", self.at)

    def __call__(self, optimizer: Optimizer, total: int) -> LRScheduler:
        """Return the schedule for a run of `total` steps."""
        marks = [fraction * total for fraction in self.at]
        return LambdaLR(optimizer, lambda step: self.factor ** sum(step >= m for m in marks))


def _check_at_least_0(recipe: OptimizerRecipe, *names: str) -> None:
    for name in names:
        if not 0 <= getattr(recipe, name) < float("inf"):
            raise expected(name, "a number of at least 0", getattr(recipe, name))
