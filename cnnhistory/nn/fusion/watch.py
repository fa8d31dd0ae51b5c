"""Which layers of a network are sure to feed one another and nobody else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from cnnhistory.nn.fusion.conv import ACTIVATIONS

__all__ = ["Chains", "follow", "has_hooks"]

# Heights and widths that are tried, small ones first, to follow a network's tensors.
SIZES = (32, 28, 64, 128, 224, 256, 299, 331, 512)


class Chains(NamedTuple):
    """Modules of which each reads the other's output alone.

    `normalized` are convolutions with the batch normalization behind them, `activated` convolutions
    with the ReLU or ReLU6 behind them or behind that normalization; `last` is the linear layer that
    makes the output, if one does.
    """

    normalized: list[tuple[nn.Conv2d, nn.BatchNorm2d]]
    activated: list[tuple[nn.Conv2d, nn.Module]]
    last: nn.Linear | None


def follow(network: nn.Module, input_shape: tuple[int, ...] | None = None) -> Chains:
    """Run a network once on the meta device, where nothing is computed, and say what is chained.

    Every operation is watched: in a chain each module runs once, its output goes into the next one
    and nowhere else, no other operation reads its parameters, and it has no hooks.

    Args:
        network: in evaluation mode.
        input_shape: one example without the batch. By default square images of usual sizes are
            tried, with the channels of the first convolution.

    Raises:
        ValueError: `network` does not run on an input of that shape, or not on any of those tried.

    >>> net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU()).eval()
    >>> len(follow(net).normalized), len(follow(net).activated)
    (1, 1)
    """
    if input_shape is not None:
        shapes = [input_shape]
    else:
        first = next((m for m in network.modules() if isinstance(m, nn.Conv2d)), None)
        shapes = [(first.in_channels, size, size) for size in SIZES] if first else []
    errors = []
    for shape in shapes:
        try:
            return _Watch(network).run(shape)
        except (RuntimeError, ValueError, TypeError, IndexError, AssertionError) as error:
            errors.append(f"{shape}: {error}")
    raise ValueError(
        "model: cannot be followed, because it does not run on "
        + (f"an input of shape {errors[-1]}" if errors else "any image: it has no convolution")
        + ("" if input_shape else "; give the input_shape of one example that it takes")
    )


class _Watch(TorchDispatchMode):
    """Runs a network on the meta device and counts which tensor is read how often."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.reads: Counter[int] = Counter()
        self.others: Counter[int] = Counter()  # the same, without what normalizations read
        self.alive: list[Any] = []  # so that no id is given to a second tensor
        self.made: dict[int, nn.Module] = {}  # id of an output -> the layer that made it
        self.calls: Counter[nn.Module] = Counter()
        self.own: dict[nn.Module, list[Tensor]] = {}
        self.before: tuple[int, int] = (0, 0)
        self.normalized: list[tuple[nn.Conv2d, nn.BatchNorm2d, Tensor]] = []
        self.activated: list[tuple[nn.Module, nn.Module, Tensor]] = []

    def __torch_dispatch__(
        self,
        func: torch._ops.OpOverload,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        self._read((args, kwargs))
        result = func(*args, **(kwargs or {}))
        self.alive.append((args, kwargs, result))
        return result

    def _read(self, values: Any) -> None:
        for value in tree_leaves(values):
            if isinstance(value, Tensor):
                self.reads[id(value)] += 1
                self.others[id(value)] += 1

    def run(self, shape: tuple[int, ...]) -> Chains:
        network = self.network
        kinds = (nn.Conv2d, nn.BatchNorm2d, nn.Linear, *ACTIVATIONS)
        watched = [m for m in network.modules() if type(m) in kinds]
        hooked = {m for m in watched if has_hooks(m)}
        handles = []
        for module in watched:
            handles.append(module.register_forward_pre_hook(self._enter))
            handles.append(module.register_forward_hook(self._leave))
        floating = (p.dtype for p in network.parameters() if p.is_floating_point())
        dtype = next(floating, torch.get_default_dtype())
        x = torch.empty(2, *shape, dtype=dtype, device="meta")
        try:
            with torch.no_grad(), torch.device("meta"), _without_values(network), self:
                output = network(x)
        finally:
            for handle in handles:
                handle.remove()
        self._read(output)  # whoever gets the output reads it

        def alone(*modules: nn.Module) -> bool:
            own = [tensor for module in modules for tensor in self.own[module]]
            return (
                not hooked & set(modules)
                and all(self.calls[module] == 1 for module in modules)
                and all(self.reads[id(tensor)] <= 1 for tensor in own)
            )

        normalized = [
            (convolution, normalization)
            for convolution, normalization, between in self.normalized
            if self.others[id(between)] == 0 and alone(convolution, normalization)
        ]
        before = {normalization: convolution for convolution, normalization in normalized}
        activated = []
        for maker, activation, between in self.activated:
            convolution = before.get(maker, maker)  # type: ignore[call-overload]
            once = activation.inplace or self.reads[id(between)] == 1
            if once and isinstance(convolution, nn.Conv2d) and alone(convolution, activation):
                activated.append((convolution, activation))
        last = self.made.get(id(output))
        return Chains(
            normalized, activated, last if isinstance(last, nn.Linear) and alone(last) else None
        )

    def _enter(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        self.calls[module] += 1
        tensors = (*module._parameters.values(), *module._buffers.values())
        self.own[module] = [tensor for tensor in tensors if tensor is not None]
        self.before = self.reads[id(args[0])], self.others[id(args[0])]

    def _leave(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        read = args[0]
        maker = self.made.get(id(read))
        if type(module) in ACTIVATIONS:
            # What was read earlier was read without the activation.
            if self.before[0] == 0 and maker is not None:
                self.activated.append((maker, module, read))
            return
        if isinstance(module, nn.BatchNorm2d):
            self.others[id(read)] = self.before[1]
            if isinstance(maker, nn.Conv2d) and module.track_running_stats:
                self.normalized.append((maker, module, read))
        self.made[id(output)] = module


@contextmanager
def _without_values(network: nn.Module) -> Iterator[None]:
    """Run the body with every parameter and buffer on the meta device, shared ones still shared."""
    tables = [t for m in network.modules() for t in (m._parameters, m._buffers)]
    saved = [dict(table) for table in tables]
    meta: dict[int, Tensor] = {}
    for table, tensors in zip(tables, saved, strict=True):
        for name, tensor in tensors.items():
            if tensor is not None:
                empty = torch.empty_like(tensor, device="meta")
                table[name] = meta.setdefault(id(tensor), empty)  # type: ignore[assignment]
    try:
        yield
    finally:
        for table, tensors in zip(tables, saved, strict=True):
            table.update(tensors)  # type: ignore[arg-type]


def has_hooks(module: nn.Module) -> bool:
    """Return whether something is called before or after a module, or on its gradients."""
    return any(
        getattr(module, name)
        for name in (
            "_forward_hooks",
            "_forward_pre_hooks",
            "_backward_hooks",
            "_backward_pre_hooks",
        )
    )
