"""Running a network without leaving a trace: modes, gradients and hooks come back as they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from cnnhistory._util.lookup import unknown_id


@contextmanager
def modes_kept(network: nn.Module) -> Iterator[None]:
    """Run the body, then put every module back into the mode it was in, each its own.

    A module that was put into evaluation mode on purpose inside a training network, such as a
    frozen batch normalization, so stays there; `network.train()` would wake it.
    """
    modes = [(module, module.training) for module in network.modules()]
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Run the body with the network in evaluation mode and without gradients."""
    with modes_kept(network):
        network.eval()
        with torch.no_grad():
            yield


def modules_named(network: nn.Module, names: Sequence[str]) -> dict[str, nn.Module]:
    """Return the named modules of a network, in the order of the names.

    Raises:
        UnknownIdError: a name that is not a module of it; a KeyError that suggests the nearest.
    """
    modules = dict(network.named_modules())
    for name in names:
        if name not in modules:
            raise unknown_id("layer", name, [known for known in modules if known])
    return {name: modules[name] for name in names}


Reader = Callable[[str, Any], Any]


@contextmanager
def reading(network: nn.Module, names: Sequence[str], read: Reader) -> Iterator[None]:
    """Run the body with `read(name, output)` called after each run of a named module.

    What `read` returns, if it is not None, is passed on in place of the output. A layer behind may
    work in place and so overwrite an output: keep a copy, or return one. The hooks are gone
    afterwards, whatever happens.

    Raises:
        UnknownIdError: a name that is not a module of the network.
        RuntimeError: a named module did not run in the body.
    """
    silent = dict.fromkeys(names)

    def hook_of(name: str) -> Callable[[nn.Module, Any, Any], Any]:
        def hook(module: nn.Module, args: Any, output: Any) -> Any:
            silent.pop(name, None)
            return read(name, output)

        return hook

    handles = [
        module.register_forward_hook(hook_of(name))
        for name, module in modules_named(network, names).items()
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
    if silent:
        raise RuntimeError(f"layers: {', '.join(silent)} did not run for this input")
