"""What the layers of a network answer to an input."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def activations(network: nn.Module, x: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
    """Run the network on `x` and return the outputs of the named modules, by name.

    The network is left in the mode it was in and without hooks. Of a module that runs more than
    once, the last output is returned.

    Shape: as the modules return them, batch first; without gradients.

    Raises:
        KeyError: a name that is not a module of the network; the message lists the names.
        RuntimeError: a named module did not run.
    """
    modules = dict(network.named_modules())
    for name in layers:
        if name not in modules:
            known = ", ".join(filter(None, modules))
            raise KeyError(f"layers: no module {name!r}; there are {known}")
    found: dict[str, Tensor] = {}

    def keep(name: str):  # type: ignore[no-untyped-def]
        return lambda module, args, output: found.__setitem__(name, output.detach().clone())

    handles = [modules[name].register_forward_hook(keep(name)) for name in layers]
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad():
            network(x)
    finally:
        network.train(was_training)
        for handle in handles:
            handle.remove()
    if silent := [name for name in layers if name not in found]:
        raise RuntimeError(f"layers: {', '.join(silent)} did not run for this input")
    return {name: found[name] for name in layers}
