"""A plain training loop that counts steps and looks at the network after each.

Measured with the network of `bn_mlp` on batches of 60 digits, one thread: a step takes 1 ms here
and 5 ms in `cnnhistory.training.fitting.fit`, and what is looked at changes in every step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, count
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts
from cnnhistory.training.recipes import OptimizerRecipe, ScheduleRecipe


def train_steps(
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
    optimizer: OptimizerRecipe,
    steps: int,
    *,
    batch_size: int,
    seed: int = 0,
    loss: Callable[[Any, Tensor], Tensor] = F.cross_entropy,
    schedule: ScheduleRecipe | None = None,
    after_step: Callable[[int, nn.Module], object] | None = None,
) -> nn.Module:
    """Train a network in place for a number of steps, and return it to evaluate.

    The order of the examples follows from `seed`, anew in each epoch; the rest of an epoch that
    does not fill a batch is left out. The rate stays, or follows a `schedule`.
    `loss(outputs, labels)` is the cross-entropy if nothing else is given; if it is a module, its
    parameters learn too. `after_step(step, network)` is called after each step, counted from 1,
    with the network in training mode; it may change the mode.

    Shape: images (N, ...), labels (N,), or (N, ...) as the loss takes them.

    Raises:
        ValueError: a number below 1, or fewer examples than in a batch.
    """
    check_counts(steps=steps, batch_size=batch_size)
    if batch_size > len(labels):
        raise ValueError(f"batch_size: expected at most {len(labels)} examples, got {batch_size}")
    its_own = loss.parameters() if isinstance(loss, nn.Module) else ()
    rule = optimizer(chain(network.parameters(), its_own))
    rate = schedule(rule, steps) if schedule is not None else None
    batches = _batches(len(labels), batch_size, seed)
    for step in range(1, steps + 1):
        batch = next(batches)
        network.train()
        found = loss(network(images[batch]), labels[batch])
        rule.zero_grad()
        found.backward()
        rule.step()
        if rate is not None:
            rate.step()
        if after_step is not None:
            after_step(step, network)
    return network.eval()


def _batches(examples: int, size: int, seed: int) -> Iterator[Tensor]:
    generator = torch.Generator()
    for epoch in count():
        generator.manual_seed(1_000_000 * seed + epoch)
        order = torch.randperm(examples, generator=generator)
        yield from order[: examples // size * size].split(size)
