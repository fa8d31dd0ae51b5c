"""The small network of the paper on batch normalization, trained on digits and looked at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn

BATCH = 60  # as in the paper


@dataclass(frozen=True)
class Digits:
    """The digits to train on and to look at afterwards."""

    images: Tensor
    labels: Tensor
    held_out: Tensor
    answers: Tensor


@cache
def digits() -> Digits:
    """Return 3,500 digits, and the 500 of the validation part."""
    from cnnhistory.data.digits import DigitsDataModule

    data = DigitsDataModule(scale="small", pad_to=28)
    train, held = data.train_set, data.val_set
    assert held is not None  # 500 of the digits
    return Digits(train.images, train.labels, held.images, held.labels)


def input_of_last_activation(network: nn.Module) -> str:
    """Return the name of the module that feeds the activation of the last hidden layer."""
    names = [name for name, _ in network.named_modules() if name.startswith("hidden.2.")]
    return names[-2]


def learned(
    steps: int, rate: float, *, seed: int = 0, shifts: list[float] | None = None, **settings: object
) -> nn.Module:
    """Train `bn_mlp` and return it; into `shifts` goes how far each step moved what it measures.

    That is the mean of the inputs of the last hidden layer's sigmoids, over 500 training digits, in
    their standard deviations.
    """
    import torch

    from cnnhistory.registry import create_model
    from cnnhistory.training.recipes import SGD
    from cnnhistory.training.steps import train_steps
    from cnnhistory.visualize.descent import distribution_shift, outputs_in_training

    data = digits()
    torch.manual_seed(seed)
    network = create_model("bn_mlp", **settings)
    name = input_of_last_activation(network)
    last: list[Tensor] = []

    def look(step: int, network: nn.Module) -> None:
        assert shifts is not None
        now = outputs_in_training(network, data.images[:500], [name])[name]
        if last:
            shifts.append(distribution_shift(last.pop(), now))
        last.append(now)

    return train_steps(
        network, data.images, data.labels, SGD(rate, momentum=0.0), steps, batch_size=BATCH,
        seed=seed, after_step=None if shifts is None else look,
    )  # fmt: skip


def error(network: nn.Module) -> float:
    """Return the share of the held-out digits that are named wrongly."""
    import torch

    data = digits()
    with torch.no_grad():
        return float((network(data.held_out).argmax(1) != data.answers).float().mean())
