"""What one step of training changes: inputs of layers, gradients, the loss along the gradient.

All of it is measured in the mode that the network is in, as training has it. Weights, running
averages of normalizations and gradients stay as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from cnnhistory._util.lookup import expected
from cnnhistory._util.modes import modules_named, reading

Loss = Callable[[Tensor, Tensor], Tensor]
Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Probe:
    """What was found at one distance along the gradient.

    Units: `loss` is what it is there; `cosine` that of the angle between the gradient there and
    the one at the start, 1 where it points the same way.
    """

    distance: float
    loss: float
    cosine: float


def along_gradient(
    network: nn.Module, x: Tensor, target: Tensor, distances: Sequence[float], loss: Loss
) -> list[Probe]:
    """Go from the weights w against the gradient g and look at loss and gradient on the way.

    At each distance d the weights are w - d g, so that d = rate is one step of gradient descent.

    Shape: x and target as network and loss take them.

    Raises:
        ValueError: no distance.

    Source: santurkar2018how, Section 3.1 and Figure 4 (a) and (b).

    Deviations: the angle of the gradients, where the paper has their distance, which depends on
    the size of the weights.
    """
    if not distances:
        raise expected("distances", "at least one", distances)
    start = _weights(network)
    _, gradient = _gradient(network, start, x, target, loss)
    found = []
    for distance in distances:
        there = {name: w - distance * gradient[name] for name, w in start.items()}
        value, new = _gradient(network, there, x, target, loss)
        found.append(Probe(distance, value, _cosine(gradient, new, list(start))))
    return found


def gradient_shift(
    network: nn.Module, x: Tensor, target: Tensor, layers: Sequence[str], rate: float, loss: Loss
) -> dict[str, float]:
    """Measure how much a step of the layers before turns the gradient of a layer, by name.

    For layer i let G be the derivative of the loss by its weights W_i, and G' the same after one
    step of gradient descent of all parameters that come before the layer's, W_i and later ones as
    they were. Returned is the cosine of the angle between both, 1 for no shift.

    Parameters come in the order of `network.named_parameters()`, which has to be the order in
    which they are used.

    Shape: x and target as network and loss take them.

    Raises:
        UnknownIdError: a name that is not a module of the network, a KeyError.
        ValueError: a layer without `weight`.

    Source: santurkar2018how, Definition 2.1.
    """
    start = _weights(network)
    order = list(start)
    for name in modules_named(network, layers):
        if f"{name}.weight" not in order:
            raise expected("layers", "layers with a weight that is trained", name)
    _, gradient = _gradient(network, start, x, target, loss)
    found = {}
    for name in layers:
        own = f"{name}.weight"
        before = set(order[: order.index(own)])
        moved = {n: w - rate * gradient[n] if n in before else w for n, w in start.items()}
        _, new = _gradient(network, moved, x, target, loss)
        found[name] = _cosine(gradient, new, [own])
    return found


def outputs_in_training(network: nn.Module, x: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
    """Return the outputs of the named modules in the mode that the network is in, by name.

    Shape: as the modules return them, batch first; without gradients.

    Raises:
        UnknownIdError: a name that is not a module of the network, a KeyError.
        RuntimeError: a named module did not run.
    """
    found: dict[str, Tensor] = {}

    def keep(name: str, output: Tensor) -> None:
        found[name] = output.clone()  # a layer behind may work in place

    with torch.no_grad(), reading(network, layers, keep):
        functional_call(network, _buffers(network), (x,))
    return {name: found[name] for name in layers}


def distribution_shift(before: Tensor, after: Tensor) -> float:
    """Return by how many of its standard deviations the mean of a unit moved, over all units.

    The mean over units j of |mean(after_j) - mean(before_j)| / std(before_j).

    Shape: both (N, units).
    """
    means = after.mean(0) - before.mean(0)
    return float((means.abs() / before.std(0, correction=0)).mean())


def _weights(network: nn.Module) -> Weights:
    return {name: p.detach() for name, p in network.named_parameters() if p.requires_grad}


def _buffers(network: nn.Module) -> Weights:
    """Return copies, into which a normalization in training mode may write."""
    return {name: buffer.clone() for name, buffer in network.named_buffers()}


def _gradient(
    network: nn.Module, weights: Weights, x: Tensor, target: Tensor, loss: Loss
) -> tuple[float, Weights]:
    at = {name: w.clone().requires_grad_() for name, w in weights.items()}
    with torch.enable_grad():
        value = loss(functional_call(network, at | _buffers(network), (x,)), target)
        gradients = torch.autograd.grad(value, list(at.values()))
    return value.item(), dict(zip(at, gradients, strict=True))


def _cosine(a: Weights, b: Weights, names: Sequence[str]) -> float:
    one, two = (torch.cat([part[name].flatten() for name in names]) for part in (a, b))
    return F.cosine_similarity(one, two, dim=0).item()
