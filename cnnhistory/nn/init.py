"""Weight initializations of the papers."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_finite


def lecun_uniform_(layer: nn.Conv2d | nn.Linear) -> None:
    """Draw weights and bias in place from U[-2.4/F, 2.4/F], F = inputs of one unit (fan-in).

    Source: lecun1989backprop; lecun1998gradient, Section III.
    """
    bound = 2.4 / layer.weight[0].numel()
    with torch.no_grad():
        layer.weight.uniform_(-bound, bound)
        if layer.bias is not None:
            layer.bias.uniform_(-bound, bound)


def he_normal_(network: nn.Module) -> None:
    """Draw all weights of convolutions and dense layers in place from N(0, 2 / F); biases are 0.

    F is the number of inputs of one unit (fan-in).

    Source: he2015delving, equation (10).
    """
    for layer in _layers(network):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")


def xavier_uniform_(network: nn.Module) -> None:
    """Draw all weights of convolutions and dense layers in place from U[-b, b]; biases are 0.

    b = sqrt(6 / (n_in + n_out)), with the inputs of one unit and the units that one input goes to.
    The variance b^2 / 3 = 2 / (n_in + n_out) lies between 1 / n_in, which keeps the variance of the
    values on the way forward, and 1 / n_out, which keeps that of the gradients on the way back.

    Source: glorot2010understanding, equation (16), "normalized initialization".
    """
    for layer in _layers(network):
        nn.init.xavier_uniform_(layer.weight)


def xavier_normal_(network: nn.Module) -> None:
    """Draw all weights of convolutions and dense layers in place from N(0, 2 / (n_in + n_out)).

    Biases are 0. The variance is that of `xavier_uniform_`.

    Source: glorot2010understanding, equation (12).
    """
    for layer in _layers(network):
        nn.init.xavier_normal_(layer.weight)


def sparse_(network: nn.Module, inputs: int = 15, std: float = 1.0, bias: float = 0.0) -> None:
    """Give each unit of each dense layer a few weights from N(0, std^2); the others are 0.

    Units with few inputs differ from each other without being saturated, however wide the layer
    below is. Layers with at most `inputs` inputs get all their weights.

    Units: `inputs` counts the weights of a unit that are not 0.

    Raises:
        ValueError: `inputs` is no whole number of at least 1, `std` not positive, or `bias` not
            finite.

    Source: martens2010deep; sutskever2013importance.

    >>> layer = nn.Linear(100, 7)
    >>> sparse_(layer)
    >>> (layer.weight != 0).sum(1)
    tensor([15, 15, 15, 15, 15, 15, 15])
    """
    check_counts(inputs=inputs)
    check_finite("std", std, positive=True)
    check_finite("bias", bias)
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            chosen = torch.rand(layer.weight.shape).argsort(1)[:, :inputs]
            with torch.no_grad():
                drawn = std * torch.randn(chosen.shape)
                layer.weight.zero_().scatter_(1, chosen, drawn)
            if layer.bias is not None:
                nn.init.constant_(layer.bias, bias)


def _layers(network: nn.Module) -> Iterator[nn.Conv2d | nn.Linear]:
    """Yield all convolutions and dense layers, each with its biases set to 0."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
            yield layer


def normal_(layer: nn.Conv2d | nn.Linear, std: float, bias: float = 0.0) -> None:
    """Draw weights in place from N(0, std^2) and set every bias to a constant.

    Source: krizhevsky2012imagenet, Section 5.
    """
    nn.init.normal_(layer.weight, std=std)
    if layer.bias is not None:
        nn.init.constant_(layer.bias, bias)


class Gains(NamedTuple):
    """By how much the root of 1 / F must be multiplied, F the inputs of a unit.

    Units: with the standard deviation forward / sqrt(F) of the weights, sums of mean square 1 give
    sums of mean square 1 one layer on; with backward / sqrt(F) gradients keep their mean square on
    the way back, in layers of equal width.
    """

    forward: float
    backward: float


def gains(activation: Callable[[Tensor], Tensor]) -> Gains:
    """Return the two gains of an activation function.

    For z from N(0, 1), forward = E[f(z)^2]^(-1/2) and backward = E[f'(z)^2]^(-1/2). Both are
    sqrt(2) for ReLU. The weights have to choose one where the two differ.

    Raises:
        ValueError: the function gives 0, or no finite number, for nearly all z.

    Source: he2015delving, Section 2.2, with the mean over z in place of its factor 1/2.

    >>> [round(gain**2, 4) for gain in gains(torch.relu)]
    [2.0, 2.0]
    """
    # The trapezoid rule, which is exact up to rounding for what falls off like the normal density;
    # no point at 0, where a derivative may jump.
    z = torch.linspace(-10, 10, 20_000, dtype=torch.double).requires_grad_()
    density = torch.softmax(-z.detach().square() / 2, 0)
    with torch.enable_grad():
        value = activation(z)
        (slope,) = torch.autograd.grad(value.sum(), z)
    squares = [float(density @ v.detach().square()) for v in (value, slope)]
    if not all(0 < square < float("inf") for square in squares):
        raise ValueError(f"activation: expected finite values other than 0, got squares {squares}")
    return Gains(*(square**-0.5 for square in squares))
