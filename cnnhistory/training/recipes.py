"""Optimizers and learning-rate schedules as values that can be handed to `fit`.

An optimizer recipe takes the parameters and returns a torch optimizer. A schedule recipe takes
that optimizer and the number of steps of the whole run and returns a torch scheduler, which is
stepped after every batch.
"""

from collections.abc import Callable, Iterable

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

OptimizerRecipe = Callable[[Iterable[nn.Parameter]], Optimizer]
ScheduleRecipe = Callable[[Optimizer, int], LRScheduler]


def adam(lr: float = 2e-3, weight_decay: float = 0.0) -> OptimizerRecipe:
    """Adam [kingma2015adam] with decoupled weight decay; without decay it is Adam itself."""
    # Fused: one call for all parameters. For small networks the others cost as much as a step.
    return lambda parameters: torch.optim.AdamW(
        parameters, lr=lr, weight_decay=weight_decay, fused=True
    )


def sgd(
    lr: float = 0.05, momentum: float = 0.9, weight_decay: float = 0.0, nesterov: bool = False
) -> OptimizerRecipe:
    """Stochastic gradient descent with momentum."""
    return lambda parameters: torch.optim.SGD(
        parameters, lr=lr, momentum=momentum, weight_decay=weight_decay, nesterov=nesterov
    )


def one_cycle(warmup: float = 0.3) -> ScheduleRecipe:
    """Raise the rate to the optimizer's own over the first part of the run, then let it fall.

    Both legs are half cosines, from 1/25 of the rate and down to 1/250,000 of it. The momentum is
    left alone.
    """

    def schedule(optimizer: Optimizer, steps: int) -> LRScheduler:
        rates = [group["lr"] for group in optimizer.param_groups]
        return OneCycleLR(optimizer, rates, steps, pct_start=warmup, cycle_momentum=False)

    return schedule


def constant() -> ScheduleRecipe:
    """Keep the optimizer's rate."""
    return lambda optimizer, steps: LambdaLR(optimizer, lambda step: 1.0)


def steps(at: tuple[float, ...], factor: float = 0.1) -> ScheduleRecipe:
    """Multiply the rate by `factor` at each of the given fractions of the run.

    Raises:
        ValueError: a fraction is not between 0 and 1.
    """
    if any(not 0 < fraction < 1 for fraction in at):
        raise ValueError(f"at: expected fractions between 0 and 1, got {at}")

    def schedule(optimizer: Optimizer, total: int) -> LRScheduler:
        marks = [fraction * total for fraction in at]
        return LambdaLR(optimizer, lambda step: factor ** sum(step >= mark for mark in marks))

    return schedule
