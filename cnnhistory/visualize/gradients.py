"""How signals and gradients change on their way through a network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cnnhistory._util.lookup import expected
from cnnhistory._util.modes import modules_named, reading

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Flow:
    """What one layer passes on, forward and backward, for one batch.

    Units: `output` is the root mean square of the layer's outputs, `gradient` that of the
    derivatives of the loss by these outputs, `weight_gradient` that of the derivatives by the
    layer's weights (0 for a layer without `weight`).
    """

    output: float
    gradient: float
    weight_gradient: float


def gradient_flow(
    network: nn.Module, x: Tensor, target: Tensor, layers: Sequence[str], loss: Loss
) -> dict[str, Flow]:
    """Run one batch forward and backward and measure the named layers, by name.

    For a layer with outputs s, root mean square over all units and examples,

        gradient = sqrt(mean (dE/ds)^2).

    The mode of the network, its weights and their `grad` are left as they were; so are its hooks.
    Outputs are measured as the layer made them, whatever a layer behind it does in place.

    Shape: x and target as network and loss take them.

    Raises:
        UnknownIdError: a name that is not a module of the network, a KeyError; the message names
            the nearest.
        RuntimeError: a named module did not run for this input.
        ValueError: the loss has no derivative by a layer: its weight is frozen, or nothing in
            front of it is trained.

    Source: glorot2010understanding, Section 4.2: back-propagated gradients, layer by layer.
    """
    weights = {
        name: weight
        for name, module in modules_named(network, layers).items()
        if isinstance(weight := getattr(module, "weight", None), Tensor)
    }
    for name, weight in weights.items():
        if not weight.requires_grad:
            raise expected("layers", "layers whose weights are trained", f"{name}, frozen")
    found: dict[str, Tensor] = {}

    def keep(name: str, output: Tensor) -> Tensor:
        found[name] = output
        return output.clone()  # what works in place behind the layer writes into the copy

    with torch.enable_grad(), reading(network, layers, keep):
        error = loss(network(x), target)
    for name, output in found.items():
        if not output.requires_grad:
            raise expected("layers", "layers behind something trained", name)
    gradients = torch.autograd.grad(error, [*found.values(), *weights.values()])
    by_output = dict(zip(found, gradients, strict=False))
    by_weight = dict(zip(weights, gradients[len(found) :], strict=True))
    return {
        name: Flow(
            _rms(found[name]),
            _rms(by_output[name]),
            _rms(by_weight[name]) if name in by_weight else 0.0,
        )
        for name in layers
    }


def _rms(values: Tensor) -> float:
    # In double precision: the square of a gradient of 1e-25 is 0 in single.
    return float(values.detach().double().square().mean().sqrt())
