"""Dense networks with five activations, on digits: what the chapter on activations compares.

Each run is made once in a process, however often it is asked for.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

from cnnhistory._util.lookup import check_one_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from cnnhistory.data.digits import DigitsDataModule

WIDTH = 100
ACTIVATIONS = ("sigmoid", "tanh", "ReLU", "PReLU", "ELU")
RATES = (0.01, 0.03, 0.1, 0.3)
WAYS = ("forward", "backward")  # which of the two gains
LAYERS, STEPS, BATCH = 5, 100, 60
EARLY = 30  # steps
TUNING_SEED = 100


@cache
def digits() -> DigitsDataModule:
    """Return 3,500 digits for training, 500 for validation, 1,000 for tests, of mean 0."""
    from cnnhistory.data.digits import DigitsDataModule

    return DigitsDataModule(scale="small", pad_to=28)


def make(activation: str, units: int = 1) -> nn.Module:
    """Return an activation by its name here, with as many parameters as units if it has any.

    Raises:
        ValueError: there is no such activation.
    """
    from torch import nn

    from cnnhistory.nn.activation import ELU, PReLU, ReLU, Sigmoid

    check_one_of("activation", activation, ACTIVATIONS)
    if activation == "PReLU":
        return PReLU(units)
    return {"sigmoid": Sigmoid, "tanh": nn.Tanh, "ReLU": ReLU, "ELU": ELU}[activation]()


def tower(activation: str, layers: int, way: str = "forward") -> nn.Sequential:
    """Return dense layers of 100 units on 784 pixels, each with an activation, and 10 scores.

    The weights of layers with an activation in front have the variance gain^2 / F for F inputs,
    with the gain by which sums ("forward") or gradients ("backward") keep their mean square; biases
    are 0.

    Raises:
        ValueError: there is no such activation, or no such way.
    """
    from torch import nn

    check_one_of("way", way, WAYS)
    parts = OrderedDict[str, nn.Module]()
    inputs, factor = 784, 1.0  # the pixels are no outputs of an activation
    for n in range(1, layers + 2):
        layer = nn.Linear(inputs, WIDTH if n <= layers else 10)
        nn.init.normal_(layer.weight, std=factor * inputs**-0.5)
        nn.init.zeros_(layer.bias)
        parts[f"fc{n}"] = layer
        if n <= layers:
            parts[f"act{n}"] = make(activation, WIDTH)
        inputs, factor = WIDTH, gain(activation, way)
    return nn.Sequential(parts)


@cache
def gain(activation: str, way: str) -> float:
    """Return the gain of an activation, of PReLU at its start."""
    from cnnhistory.nn.init import gains

    return float(getattr(gains(make(activation).double()), way))


def pixels(images: Tensor) -> Tensor:
    """Return images as rows of numbers, with mean 0 and variance 1 over all training digits."""
    std, mean = _moments()
    return ((images - mean) / std).flatten(1)


@cache
def _moments() -> tuple[Tensor, Tensor]:
    import torch

    return torch.std_mean(digits().train_set.images)


@cache
def trained(
    activation: str, rate: float, way: str, seed: int, steps: int = STEPS, layers: int = LAYERS
) -> tuple[nn.Module, list[float]]:
    """Train a tower by gradient descent with momentum; return it and its loss, every ten steps.

    The loss is the mean cross-entropy of the 500 validation digits.
    """
    import torch

    from cnnhistory.training.recipes import SGD
    from cnnhistory.training.steps import train_steps

    data, losses = digits().train_set, list[float]()

    def look(step: int, network: nn.Module) -> None:
        if step % 10 == 0:
            losses.append(loss(network))

    torch.manual_seed(seed)
    network = train_steps(
        tower(activation, layers, way), pixels(data.images), data.labels, SGD(rate), steps,
        batch_size=BATCH, seed=seed, after_step=look,
    )  # fmt: skip
    return network, losses


def loss(network: nn.Module) -> float:
    """Return the mean cross-entropy of the validation digits."""
    import torch
    from torch.nn import functional as F

    held_out = digits().val_set
    assert held_out is not None
    with torch.no_grad():
        found = float(F.cross_entropy(network(pixels(held_out.images)), held_out.labels))
    return found if found == found else float("inf")


@cache
def best(activation: str) -> tuple[float, str]:
    """Return the rate and the gain with the lowest loss at the end, from a seed of its own."""
    apart = abs(gain(activation, "forward") - gain(activation, "backward"))
    ways = WAYS if apart > 1e-6 else WAYS[:1]
    return min(
        product(RATES, ways),
        key=lambda setting: trained(activation, *setting, TUNING_SEED)[1][-1],
    )


def error(network: nn.Module) -> float:
    """Return the share of the test digits that are named wrongly."""
    import torch

    part = digits().test_set
    with torch.no_grad():
        answers = network(pixels(part.images)).argmax(1)
    return float((answers != part.labels).float().mean())


def dead(network: nn.Module, least: float = 1e-3) -> float:
    """Return the share of hidden units whose derivative is below `least` for every training digit.

    No gradient of these digits reaches the weights of such a unit.
    """
    import torch
    from torch import nn

    x, slopes = pixels(digits().train_set.images), []
    for layer in network:  # type: ignore[attr-defined]
        if isinstance(layer, nn.Linear):
            x = layer(x.detach())
        else:
            before = x.detach().requires_grad_()
            x = layer(before)
            (slope,) = torch.autograd.grad(x.sum(), before)
            slopes.append(slope.abs().amax(0))
    return float((torch.cat(slopes) < least).float().mean())
