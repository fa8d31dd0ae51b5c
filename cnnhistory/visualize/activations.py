"""What the layers of a network answer to an input."""

from collections.abc import Sequence

from torch import Tensor, nn

from cnnhistory._util.modes import evaluating, reading


def activations(network: nn.Module, x: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
    """Run the network on `x` and return the outputs of the named modules, by name.

    Every module is left in the mode that it was in, and without hooks. Of a module that runs more
    than once, the last output is returned.

    Shape: as the modules return them, batch first; without gradients.

    Raises:
        UnknownIdError: a name that is not a module of the network, a KeyError; the message names
            the nearest.
        RuntimeError: a named module did not run.
    """
    found: dict[str, Tensor] = {}

    def keep(name: str, output: Tensor) -> None:
        found[name] = output.detach().clone()  # a layer behind may work in place

    with evaluating(network), reading(network, layers, keep):
        network(x)
    return {name: found[name] for name in layers}
