"""A small network for digits with each of five poolings: what the chapter on pooling compares.

Each run is made once in a process, however often it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from cnnhistory._util.lookup import check_one_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from cnnhistory.data.digits import DigitsDataModule
    from cnnhistory.data.tensors import LabeledImages

# The classes of `nn.pool`.
POOLINGS = {
    "maximum": "MaxPool2d",
    "average": "AvgPool2d",
    "Lp": "LPPool2d",
    "mixed": "MixedPool2d",
    "stochastic": "StochasticPool2d",
}
RATES = (0.005, 0.01, 0.02)
EPOCHS, BATCH = 6, 50
TUNING_SEED = 100


@cache
def digits() -> DigitsDataModule:
    """Return 1,000 digits for training, 2,500 for validation, 1,000 for tests, of 16x16 pixels."""
    from cnnhistory.data.digits import DigitsDataModule

    return DigitsDataModule(
        scale="small", size=12, pad_to=16, val_size=2500, train_size=1000, batch_size=BATCH
    )


def layer(pooling: str) -> Callable[[int], nn.Module]:
    """Return the class of a pooling, by its name here.

    Raises:
        ValueError: there is no such pooling.
    """
    from cnnhistory.nn import pool

    check_one_of("pooling", pooling, POOLINGS)
    kind: Callable[[int], nn.Module] = getattr(pool, POOLINGS[pooling])
    return kind


def small_network(pool: Callable[[int], nn.Module]) -> nn.Sequential:
    """Return a network of two convolutions, each with a ReLU and a pooling of 2x2 behind it.

    1@16x16 -> 8@16x16 -> 8@8x8 -> 16@8x8 -> 16@4x4 -> 10 scores.
    """
    from torch import nn

    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), pool(2)),
        *(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), pool(2)),
        *(nn.Flatten(), nn.Linear(16 * 4 * 4, 10)),
    )


@cache
def trained(pooling: str, rate: float, seed: int, epochs: int = EPOCHS) -> nn.Module:
    """Train the network with Adam, whose rate rises over a fifth of the steps and falls to 0.

    A seed gives the same first weights and batches to all poolings.

    Raises:
        ValueError: there is no such pooling.
    """
    import torch

    from cnnhistory.training.loop import Training, train

    kind = layer(pooling)
    torch.manual_seed(seed)
    data, settings = digits().train_set, Training(epochs, rate, batch_size=BATCH)
    return train(small_network(kind), data.images, data.labels, settings, seed)


@cache
def best_rate(pooling: str) -> float:
    """Return the rate with the fewest errors on the validation digits, from a seed of its own."""
    held_out = digits().val_set
    assert held_out is not None
    return min(RATES, key=lambda rate: error(trained(pooling, rate, TUNING_SEED), held_out))


def answers(network: nn.Module, images: Tensor) -> Tensor:
    """Return the class with the highest score for each image."""
    import torch

    with torch.no_grad():
        return network(images).argmax(1)


def error(network: nn.Module, part: LabeledImages) -> float:
    """Return the share of wrong answers."""
    return float((answers(network, part.images) != part.labels).float().mean())


def moved(images: Tensor, pixels: int) -> Iterator[Tensor]:
    """Yield the images moved by whole pixels to the right, the left, downwards and upwards."""
    from cnnhistory.data.distort import shift

    for right, down in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        yield shift(images, pixels * right, pixels * down)


def consistency(network: nn.Module, images: Tensor, pixels: int) -> float:
    """Return the share of answers that stay the same when an image moves, over four directions.

    Source: zhang2019making, Section 4.1, in our own form: it compares two random shifts.
    """
    import torch

    there = answers(network, images)
    same = [answers(network, copy) == there for copy in moved(images, pixels)]
    return float(torch.cat(same).float().mean())
