"""Many small auto-encoders trained side by side, each with a start and settings of its own.

A grid of learning rates, momenta and seeds costs one product of stacked matrices a layer instead of
one a network. Measured on one thread with 26 networks of eight layers: 14 ms a step, 0.5 ms a
network; one alone takes 2 ms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts, check_finite, check_share
from cnnhistory._util.lookup import expected


@dataclass(frozen=True)
class Arm:
    """One auto-encoder of a comparison: how its weights start, and how they are trained.

    `start` changes the weights of a network of dense layers in place, like the functions of
    `cnnhistory.nn.init`. `momentum` is the largest that it comes to.

    Raises:
        ValueError: `lr` is not positive, or `momentum` not at least 0 and below 1.
    """

    start: Callable[[nn.Module], object]
    lr: float
    momentum: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_finite("lr", self.lr, positive=True)
        check_share("momentum", self.momentum)


@dataclass(frozen=True)
class Autoencoders:
    """Trained auto-encoders, one for each arm.

    Shape: of K arms, weights (K, inputs, units) and biases (K, 1, units) of each layer.
    """

    weights: list[Tensor]
    biases: list[Tensor]

    def __call__(self, images: Tensor) -> Tensor:
        """Return the logits of the pixels: tanh units, the code in the middle and the end linear.

        Shape: images (N, pixels) to (K, N, pixels).
        """
        values = images.expand(len(self.weights[0]), -1, -1)
        linear = len(self.weights) // 2 - 1, len(self.weights) - 1
        for place, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = torch.baddbmm(bias, values, weight)
            if place not in linear:
                values = values.tanh()
        return values

    @torch.no_grad()
    def errors(self, images: Tensor) -> list[float]:
        """Return for each arm the squared error of an image, summed over pixels; NaN if diverged.

        Shape: images (N, pixels).
        """
        off = self(images).sigmoid() - images
        return off.square().sum(2).mean(1).tolist()


def rising(step: int, most: float, every: int = 250) -> float:
    """Return the momentum of a step, which rises in stairs: 1 - 1 / (2 (t // every + 1)) or `most`.

    The smaller of the two.

    Units: `step` t is counted from 0.

    Raises:
        ValueError: `every` is no whole number of at least 1, or `most` not at least 0 and below 1.

    Source: sutskever2013importance, equation (5): 1 - 2^(-1 - log2(t // 250 + 1)).

    >>> [rising(t, 0.95) for t in (0, 250, 1000, 10_000)]
    [0.5, 0.75, 0.9, 0.95]
    """
    check_counts(every=every)
    check_share("most", most)
    return min(1 - 0.5 / (step // every + 1), most)


def train_autoencoders(
    images: Tensor,
    arms: Sequence[Arm],
    *,
    hidden: Sequence[int],
    steps: int,
    batch_size: int,
    every: int = 250,
    seed: int = 0,
) -> Autoencoders:
    """Train an auto-encoder for each arm, all on the same batches, by the cross-entropy of pixels.

    `hidden` are the widths down to the code; the way back up has the same. The rule is that of
    `cnnhistory.optim.momentum.Momentum`, its momentum that of `rising`. An arm that diverges
    becomes NaN and leaves the others alone.

    Shape: images (N, pixels).

    Units: pixels from 0 to 1.

    Raises:
        ValueError: no arm, no hidden layer, a number that is no whole number of at least 1, or
            fewer images than in a batch.

    Source: sutskever2013importance, Section 3; hinton2006reducing.
    """
    check_counts(steps=steps, batch_size=batch_size, every=every)
    if not arms or not hidden:
        raise expected("arms, hidden", "at least one each", (len(arms), len(hidden)))
    if images.dim() != 2 or len(images) < batch_size:
        raise expected("images", f"(N, pixels) with at least {batch_size}", tuple(images.shape))
    pixels = images.shape[1]
    widths = [pixels, *hidden, *reversed(hidden[:-1]), pixels]
    starts = [_start(arm, widths) for arm in arms]
    weights = [
        torch.stack([layer.weight.T for layer in layers]) for layers in zip(*starts, strict=True)
    ]
    biases = [
        torch.stack([layer.bias[None] for layer in layers]) for layers in zip(*starts, strict=True)
    ]
    networks = Autoencoders(
        *([p.detach().requires_grad_() for p in ps] for ps in (weights, biases))
    )
    parameters = networks.weights + networks.biases
    steps_made = [torch.zeros_like(p) for p in parameters]
    rates = torch.tensor([arm.lr for arm in arms]).view(-1, 1, 1)
    random = torch.Generator().manual_seed(seed)
    for step in range(steps):
        batch = images[torch.randint(len(images), (batch_size,), generator=random)]
        logits = networks(batch)
        wanted = batch.expand_as(logits)
        loss = F.binary_cross_entropy_with_logits(logits, wanted, reduction="sum") / batch_size
        gradients = torch.autograd.grad(loss, parameters)
        momenta = torch.tensor([rising(step, arm.momentum, every) for arm in arms]).view(-1, 1, 1)
        with torch.no_grad():
            for p, v, g in zip(parameters, steps_made, gradients, strict=True):
                v.mul_(momenta).sub_(rates * g)
                p.add_(v)
    return networks


def _start(arm: Arm, widths: Sequence[int]) -> list[nn.Linear]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(arm.seed)
        layers = [nn.Linear(n, m) for n, m in pairwise(widths)]
        arm.start(nn.Sequential(*layers))
    return layers


def best_of(arms: Sequence[Arm], errors: Sequence[float]) -> dict[tuple[object, float], Arm]:
    """Return for each start and momentum the arm with the lowest error; NaN is never the lowest.

    Raises:
        ValueError: not as many errors as arms, or all of one kind are NaN.

    >>> arms = [Arm(print, lr) for lr in (0.1, 0.2, 0.3)]
    >>> best_of(arms, [2.0, 1.0, float("nan")])[print, 0.0].lr
    0.2
    """
    if len(arms) != len(errors):
        raise expected("errors", f"{len(arms)}, one for each arm", len(errors))
    best: dict[tuple[object, float], tuple[float, Arm]] = {}
    for arm, error in zip(arms, errors, strict=True):
        kind = (arm.start, arm.momentum)
        if error == error and (kind not in best or error < best[kind][0]):
            best[kind] = (error, arm)
    if missing := {(arm.start, arm.momentum) for arm in arms} - set(best):
        raise expected("errors", "a number for each start and momentum", f"NaN for {missing}")
    return {kind: arm for kind, (_, arm) in best.items()}


def with_seeds(arm: Arm, seeds: Sequence[int]) -> list[Arm]:
    """Return an arm once for each seed.

    >>> [arm.seed for arm in with_seeds(Arm(print, 0.1), (3, 4))]
    [3, 4]
    """
    return [replace(arm, seed=seed) for seed in seeds]
