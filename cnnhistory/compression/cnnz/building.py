"""Building the network that a file asks for, when the file may ask for anything."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn.modules import module as hooks

from cnnhistory._util.html import printable
from cnnhistory.compression.cnnz.huffman import MalformedError
from cnnhistory.registry import create_model

LARGEST_SETTING = 1 << 16  # of a number among the settings: classes, maps, the side of an image
_DEEPEST = 8  # lists within lists
_MODULES = 64  # and as many more as there are tensors, eight times: blocks hold blocks


class Shaped(Protocol):
    """A tensor, or what stands for one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""


def build_network(
    model: str, settings: Mapping[str, Any], found: Mapping[str, Shaped]
) -> nn.Module:
    """Build a network once it is certain that it is no larger than the tensors that were found.

    It is first built without memory, on the meta device, and given up as soon as it has more
    parameters, buffers or layers than those tensors can belong to.

    Raises:
        MalformedError: there is no such model, its settings are out of bounds, or the tensors are
            not its own.
    """
    _check_settings(settings)
    try:
        with _no_more_than(len(found)), torch.device("meta"):
            draft = create_model(model, **settings)
            expected = draft.state_dict()
    except Exception as error:  # settings of a file can be anything
        text = printable(f"cannot build {model!r}: {error}")
        raise MalformedError(f"model: {text}") from error
    check_state(expected, found)
    held = [*draft.parameters(), *draft.buffers()]
    numbers, stored = (sum(math.prod(t.shape) for t in ts) for ts in (held, found.values()))
    if numbers > 2 * stored + (1 << 20):  # buffers that no state has
        raise MalformedError(f"model: expected at most {stored} numbers, got {numbers}")
    return create_model(model, **settings)


def check_state(expected: Mapping[str, Shaped], found: Mapping[str, Shaped]) -> None:
    """Refuse tensors that do not have the names and shapes of a network's.

    Raises:
        MalformedError: a tensor is missing, is one too many, or has another shape.
    """
    for key in sorted(expected.keys() | found.keys()):
        shapes = [tuple(state[key].shape) if key in state else None for state in (expected, found)]
        if shapes[0] != shapes[1]:
            raise MalformedError(
                f"tensors: expected {key!r} "
                + (f"of shape {shapes[0]}, " if shapes[0] is not None else "not to be there, ")
                + (f"got shape {shapes[1]}" if shapes[1] is not None else "got none")
            )


def _check_settings(value: object, depth: int = 0) -> None:
    """Refuse numbers that could make a builder run for ever.

    Raises:
        MalformedError: a number is too large or not finite, or lists are nested too deeply.
    """
    if isinstance(value, Mapping | list):
        if depth == _DEEPEST:
            raise MalformedError(f"settings: expected at most {_DEEPEST} levels")
        for inner in value.values() if isinstance(value, Mapping) else value:
            _check_settings(inner, depth + 1)
    # "not <=" is true of nan, too
    elif isinstance(value, int | float) and not abs(value) <= LARGEST_SETTING:
        text = f"{value:.3g}" if isinstance(value, float) else f"{value}"[:20]
        raise MalformedError(
            f"settings: expected numbers from {-LARGEST_SETTING} to {LARGEST_SETTING}, got {text}"
        )


@contextmanager
def _no_more_than(tensors: int) -> Iterator[None]:
    """Run the body, but not further than to so many parameters and buffers, and their modules."""
    most = {"parameters and buffers": tensors + _MODULES, "layers": 8 * tensors + _MODULES}
    seen = dict.fromkeys(most, 0)

    def count(kind: str) -> None:
        seen[kind] += 1
        if seen[kind] > most[kind]:
            raise MalformedError(
                f"model: expected at most {most[kind]} {kind} for {tensors} tensors"
            )

    def tensor(module: nn.Module, name: str, value: Tensor | None) -> None:
        if value is not None:
            count("parameters and buffers")

    def layer(module: nn.Module, name: str, value: nn.Module | None) -> None:
        count("layers")

    handles = [
        hooks.register_module_parameter_registration_hook(tensor),
        hooks.register_module_buffer_registration_hook(tensor),
        hooks.register_module_module_registration_hook(layer),
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
