"""How signals and gradients change on their way through a network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

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

    Shape: x and target as network and loss take them.

    Raises:
        KeyError: a name that is not a module of the network; the message lists the names.
        RuntimeError: a named module did not run for this input.

    Source: glorot2010understanding, Section 4.2: back-propagated gradients, layer by layer.
    """
    modules = dict(network.named_modules())
    for name in layers:
        if name not in modules:
            known = ", ".join(filter(None, modules))
            raise KeyError(f"layers: no module {name!r}; there are {known}")
    found: dict[str, Tensor] = {}

    def keep(name: str):  # type: ignore[no-untyped-def]
        return lambda module, args, output: found.__setitem__(name, output)

    handles = [modules[name].register_forward_hook(keep(name)) for name in layers]
    try:
        with torch.enable_grad():
            error = loss(network(x), target)
    finally:
        for handle in handles:
            handle.remove()
    if silent := [name for name in layers if name not in found]:
        raise RuntimeError(f"layers: {', '.join(silent)} did not run for this input")
    weights = {
        name: weight
        for name in layers
        if isinstance(weight := getattr(modules[name], "weight", None), Tensor)
    }
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
