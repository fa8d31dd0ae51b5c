"""The graph of a network: what it did when it ran, as operations of the browser's runtime."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from cnnhistory._util.lookup import expected
from cnnhistory._util.modes import evaluating
from cnnhistory.export.operations import (
    MODULES,
    SAME,
    Operation,
    function_operation,
    module_operation,
)

INPUT = "input"


@dataclass(frozen=True)
class Node:
    """One step: its name, what it does, and the names of the steps whose outputs it reads.

    Shape: `shape` is that of its output for one image, without the batch.
    """

    name: str
    operation: Operation
    inputs: tuple[str, ...]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Graph:
    """The steps of a network in their order; the last but for unused ones is `output`.

    `values` has the output of each step for the images that it ran on, if they were kept.
    """

    shape: tuple[int, ...]
    nodes: tuple[Node, ...]
    output: str
    values: dict[str, Tensor]


class _Recorder(TorchFunctionMode):
    """Notes calls of torch on tensors that come from the input, outside of known modules."""

    def __init__(self, x: Tensor, keep: bool) -> None:
        super().__init__()
        self.keep = keep
        self.inside = 0  # of how many known modules we are
        self.nodes: list[Node] = []
        self.values: dict[str, Tensor] = {}
        self.alive: list[Tensor] = [x]  # so that no two have the same identity
        self.names = {id(x): INPUT}

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if self.inside:
            return func(*args, **kwargs)
        inputs = self.inputs([*args, *kwargs.values()])
        out = func(*args, **kwargs)
        if inputs and isinstance(out, Tensor):
            self.note(function_operation(func, args, kwargs), inputs, out, None)
        return out

    def inputs(self, values: Sequence[Any]) -> list[str]:
        flat: list[Any] = []
        for value in values:
            flat += value if isinstance(value, list | tuple) else [value]
        found = [self.names.get(id(value)) for value in flat if isinstance(value, Tensor)]
        return [name for name in found if name is not None]

    def note(
        self, operation: Operation, inputs: Sequence[str], out: Tensor, name: str | None
    ) -> None:
        self.alive.append(out)
        if operation.name == SAME:
            self.names[id(out)] = inputs[0]
            return
        # what has no weights is named after what it is done to
        name = name or f"{inputs[0]}.{operation.name}"
        taken = {node.name for node in self.nodes}
        count = 2
        unique = name
        while unique in taken:
            unique, count = f"{name}_{count}", count + 1
        self.nodes.append(Node(unique, operation, tuple(inputs), tuple(out.shape[1:])))
        self.names[id(out)] = unique
        if self.keep:
            self.values[unique] = out.detach().clone()  # the next step may work in place


@contextmanager
def _known_modules(network: nn.Module, recorder: _Recorder) -> Iterator[None]:
    """Run the body with every known module noted as one step."""

    def watch(name: str, layer: nn.Module) -> list[Any]:
        def before(module: nn.Module, args: Any) -> None:
            recorder.inside += 1

        def after(module: nn.Module, args: Any, out: Any) -> None:
            recorder.inside -= 1
            if recorder.inside:
                return
            inputs = recorder.inputs(args)
            if inputs:
                operation = module_operation(module, name)
                recorder.note(operation, inputs, out, name if operation.tensors else None)

        return [layer.register_forward_pre_hook(before), layer.register_forward_hook(after)]

    handles = [
        handle
        for name, layer in network.named_modules()
        if type(layer) in MODULES
        for handle in watch(name or type(layer).__name__.lower(), layer)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def trace(network: nn.Module, images: Tensor, *, keep: bool = False) -> Graph:
    """Run a network on images and return what it did; with `keep` also the values of all steps.

    A step is named after its module, or, where it has no weights, after what it reads: the scaled
    tanh behind `c1` is "c1.tanh".

    Shape: images (N, ...) as the network takes them.

    Raises:
        ValueError: the network refuses the images, uses an operation that the runtime lacks, or
            its output does not come from the images.
    """
    if not isinstance(network, nn.Module):
        raise expected("network", "a torch module", type(network).__name__)
    if not isinstance(images, Tensor) or images.dim() < 2:
        raise expected("images", "a batch", getattr(images, "shape", images))
    recorder = _Recorder(images, keep)
    with evaluating(network), _known_modules(network, recorder), recorder:
        out = network(images)
    if not isinstance(out, Tensor) or id(out) not in recorder.names:
        raise expected("network", "one tensor computed from the images", type(out).__name__)
    output = recorder.names[id(out)]
    if output == INPUT:
        raise expected("network", "at least one operation", "none")
    return Graph(tuple(images.shape[1:]), tuple(recorder.nodes), output, recorder.values)


def trace_shape(network: nn.Module, shape: Sequence[int]) -> Graph:
    """Return the graph for one image of this shape.

    Raises:
        ValueError: see `trace`; or a size is below 1.
    """
    if not shape or any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in shape):
        raise expected("shape", "whole numbers, at least 1", tuple(shape))
    return trace(network, torch.zeros(1, *shape))
