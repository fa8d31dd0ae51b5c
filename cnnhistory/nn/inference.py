"""Making a trained network run faster without changing what it computes."""

from __future__ import annotations

import copy
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from cnnhistory._util.bfloat16 import floating_to, has_bfloat16, to_bfloat16
from cnnhistory._util.lookup import expected

__all__ = ["InferenceNetwork", "has_bfloat16", "optimize_for_inference"]

# Heights and widths that are tried, small ones first, to follow a network's tensors.
SIZES = (32, 28, 64, 128, 224, 256, 299, 331, 512)


class InferenceNetwork(nn.Module):
    """A network that only computes outputs; `network` is the rewritten copy.

    Its parameters need no gradients, so that nothing is kept for a backward pass; gradients with
    respect to the input still work. With a `dtype` it computes in that type, and gives outputs back
    in the type `outside`.

    Raises:
        RuntimeError: it is put into training mode.
    """

    def __init__(
        self,
        network: nn.Module,
        folded: Sequence[str],
        dtype: torch.dtype | None = None,
        outside: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.network = network.requires_grad_(False)
        self.folded = tuple(folded)
        self.dtype, self.outside = dtype, outside
        self.eval()

    def forward(self, *inputs: Any) -> Any:
        """Return what the network returns in evaluation mode."""
        if self.dtype is None:
            return self.network(*inputs)
        outputs = self.network(*tree_map(lambda x: floating_to(self.dtype, x), inputs))
        return tree_map(lambda y: floating_to(self.outside, y), outputs)

    def train(self, mode: bool = True) -> InferenceNetwork:
        """Stay in evaluation mode."""
        if mode:
            raise RuntimeError(
                "a network for inference cannot be trained: its batch normalization is part of "
                "the convolutions; train the network that it was made from"
            )
        return super().train(False)

    def extra_repr(self) -> str:
        """Show how many normalizations are gone, and the type."""
        return f"folded={len(self.folded)}" + (f", dtype={self.dtype}" if self.dtype else "")


def optimize_for_inference(
    model: nn.Module,
    input_shape: tuple[int, ...] | None = None,
    dtype: torch.dtype | None = None,
) -> InferenceNetwork:
    """Return a copy of a network that gives the same outputs in less time; `model` is not changed.

    Batch normalization is folded into the convolution in front of it: with the running mean m and
    variance v, gamma (W * x + b - m) / sqrt(v + eps) + beta is a convolution with the kernels
    gamma W / sqrt(v + eps) and the bias gamma (b - m) / sqrt(v + eps) + beta. Kernels are laid out
    with the channels last, which convolutions on a CPU like best.

    A pair is folded only if it is sure to be one. The copy runs once on the meta device, where
    nothing is computed, and every operation is watched: the convolution runs once, its output goes
    into that normalization and nowhere else, no other operation reads the parameters of the two,
    and neither has hooks. Other normalizations stay as they are.

    The names of the folded normalizations are in `folded`.

    With `dtype=torch.bfloat16` the copy computes in numbers of 16 bits: the range of float32, and 8
    significant bits instead of 24. Folding comes first, in the precision of the model; the
    parameters of a normalization that stays are in float32, and a linear layer that makes the
    output stays as it is. Inputs are converted, outputs come back in the model's type. A processor
    with arithmetic in bfloat16 (`has_bfloat16`) can do two multiply-adds in the time of one. On
    others the outputs are the same within rounding, but the network may be slower than in float32,
    and a warning says so.

    Shape: as `model`, in evaluation mode. Outputs differ by rounding alone, and no more than they
    already differ from those in double precision: some 1e-6 to 1e-4. With bfloat16 they differ by
    some 1e-2 of the largest.

    Args:
        model: The network, in any mode, on any device.
        input_shape: One example without the batch, to follow the tensors with. By default square
            images of usual sizes are tried, with the channels of the first convolution.
        dtype: None for the type of the model, or torch.bfloat16.

    Raises:
        TypeError: `model` is not a module.
        ValueError: `model` does not run on an input of that shape, or not on any of those tried, or
            `dtype` is another type.

    >>> net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU())
    >>> optimize_for_inference(net).folded
    ('1',)
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model: expected a torch.nn.Module, got {type(model).__name__}")
    if dtype not in (None, torch.bfloat16):
        raise expected("dtype", "None or torch.bfloat16", dtype)
    network = copy.deepcopy(model).eval()
    folded: list[str] = []
    last: nn.Module | None = None
    if dtype or any(isinstance(module, nn.BatchNorm2d) for module in network.modules()):
        pairs, last = _follow(network, input_shape)
        for convolution, normalization in pairs:
            _fold(convolution, normalization)
        gone = {normalization for _, normalization in pairs}
        # A module may be known by two names, although it runs once.
        named = list(network.named_modules(remove_duplicate=False))
        folded = [name for name, module in named if module in gone]
        for name in folded:
            network.set_submodule(name, nn.Identity())
    network.to(memory_format=torch.channels_last)
    floating = next((p for p in network.parameters() if p.is_floating_point()), None)
    if dtype is None or floating is None:
        return InferenceNetwork(network, folded)
    if not has_bfloat16(floating.device):
        warnings.warn(
            f"dtype: {floating.device} has no arithmetic in bfloat16; the network may be slower "
            "than in float32",
            stacklevel=2,
        )
    outside = floating.dtype
    to_bfloat16(network, last)
    return InferenceNetwork(network, folded, dtype, outside)


def _fold(convolution: nn.Conv2d, normalization: nn.BatchNorm2d) -> None:
    n = normalization
    assert n.running_mean is not None
    assert n.running_var is not None
    convolution.weight, convolution.bias = fuse_conv_bn_weights(
        convolution.weight, convolution.bias, n.running_mean, n.running_var, n.eps, n.weight, n.bias
    )


def _follow(
    network: nn.Module, input_shape: tuple[int, ...] | None
) -> tuple[list[tuple[nn.Conv2d, nn.BatchNorm2d]], nn.Module | None]:
    """Return the convolutions whose output only a batch normalization reads, with that one.

    Beside them the linear layer that makes the output, if one does.
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
        self.alive: list[Any] = []  # so that no id is given to a second tensor
        self.made: dict[int, nn.Module] = {}  # id of an output -> the layer that made it
        self.calls: Counter[nn.Module] = Counter()
        self.own: dict[nn.Module, list[Tensor]] = {}
        self.before = 0
        self.candidates: list[tuple[nn.Conv2d, nn.BatchNorm2d, Tensor]] = []

    def __torch_dispatch__(
        self,
        func: torch._ops.OpOverload,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        for value in tree_leaves((args, kwargs)):
            if isinstance(value, Tensor):
                self.reads[id(value)] += 1
        result = func(*args, **(kwargs or {}))
        self.alive.append((args, kwargs, result))
        return result

    def run(
        self, shape: tuple[int, ...]
    ) -> tuple[list[tuple[nn.Conv2d, nn.BatchNorm2d]], nn.Module | None]:
        network = self.network
        kinds = (nn.Conv2d, nn.BatchNorm2d, nn.Linear)
        watched = [m for m in network.modules() if type(m) in kinds]
        hooked = {m for m in watched if _has_hooks(m)}
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
        for value in tree_leaves(output):
            self.reads[id(value)] += 1  # whoever gets the output reads it

        def alone(*modules: nn.Module) -> bool:
            own = [tensor for module in modules for tensor in self.own[module]]
            return (
                not hooked & set(modules)
                and all(self.calls[module] == 1 for module in modules)
                and all(self.reads[id(tensor)] <= 1 for tensor in own)
            )

        last = self.made.get(id(output))
        pairs = [
            (convolution, normalization)
            for convolution, normalization, between in self.candidates
            if self.reads[id(between)] == 0 and alone(convolution, normalization)
        ]
        return pairs, last if isinstance(last, nn.Linear) and alone(last) else None

    def _enter(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        self.calls[module] += 1
        tensors = (*module._parameters.values(), *module._buffers.values())
        self.own[module] = [tensor for tensor in tensors if tensor is not None]
        if isinstance(module, nn.BatchNorm2d):
            self.before = self.reads[id(args[0])]

    def _leave(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        if isinstance(module, nn.Conv2d | nn.Linear):
            self.made[id(output)] = module
        elif isinstance(module, nn.BatchNorm2d):
            between = args[0]
            # Reads by the normalization itself do not count.
            self.reads[id(between)] = self.before
            convolution = self.made.get(id(between))
            if isinstance(convolution, nn.Conv2d) and module.track_running_stats:
                self.candidates.append((convolution, module, between))


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


def _has_hooks(module: nn.Module) -> bool:
    return any(
        getattr(module, name)
        for name in (
            "_forward_hooks",
            "_forward_pre_hooks",
            "_backward_hooks",
            "_backward_pre_hooks",
        )
    )
