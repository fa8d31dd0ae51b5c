"""A trained binary network as a sequence of operations on bits.

Between two sign functions a binary network needs no real number. The sum of n signs is a whole
number from -n to n; scale, normalization and sign make a bit of it; all of them are monotonic,
so the bit says whether the sum reaches a threshold. The thresholds are not computed from the
constants of the normalization but found by asking it, so they agree to the last bit.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from cnnhistory.compression.packed_steps import (
    BitsStep,
    PackStep,
    RealInputStep,
    ValuesStep,
    pool_sizes,
)
from cnnhistory.compression.thresholds import Sizes, real_thresholds, whole_thresholds
from cnnhistory.kernels.compiler import compiled_kernels
from cnnhistory.kernels.convolve import Thresholds
from cnnhistory.kernels.words import Pair, pack_weight
from cnnhistory.nn.binary import BinaryConv2d, BinaryLinear, ScaledSignConv2d, Sign
from cnnhistory.nn.sign import filter_scale

_IGNORED = (nn.Identity, nn.Dropout, nn.Dropout2d)


_Operation = nn.Module | PackStep | BitsStep | ValuesStep


class PackedNetwork(nn.Module):
    """A binary network for inference, on bits wherever its layers allow.

    `forward` takes and returns what the network did that it was made from, in evaluation mode.
    `operations` has the steps in order: modules of torch for the real layers, packed ones between.

    Units: `nbytes` counts bits and thresholds of the binary layers and the parameters and running
    statistics of the real ones. A binary layer with real input counts a bit for each weight,
    although it runs in torch and so keeps them as floats in memory.

    Raises:
        RuntimeError: it is put into training mode.
    """

    def __init__(self, operations: Sequence[_Operation]) -> None:
        super().__init__()
        self.operations = tuple(operations)
        self.real = nn.ModuleList(o for o in operations if isinstance(o, nn.Module))
        self.eval().requires_grad_(False)

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """Return the scores."""
        value: Any = x
        for operation in self.operations:
            value = operation(value)
        return value

    @property
    def nbytes(self) -> int:
        """Bytes of everything that the network has to keep."""
        return sum(
            _real_bytes(o) if isinstance(o, nn.Module) else o.nbytes for o in self.operations
        )

    def train(self, mode: bool = True) -> PackedNetwork:
        """Stay in evaluation mode."""
        if mode:
            raise RuntimeError("a packed network cannot be trained; train the one it was made from")
        return super().train(False)


def compile_binary(network: nn.Module, image: Tensor | None = None) -> PackedNetwork:
    """Return a network on bits that gives the same scores; `network` is not changed.

    The network has its layers in `network.layers`, one after the other. Between two signs stand a
    binary layer and, in this order and if at all, a maximum pooling without padding and a batch
    normalization; these become one step. A maximum followed by a threshold is the or of the bits;
    where a negative factor of the normalization turns the comparison round, the bits are flipped
    after it. Everything else stays as it is. Scores are equal, not just close, as far as the real
    layers compute the same for the layout in which their input reaches them.

    Args:
        network: such as `BNN` or `XNORNet`, in any mode.
        image: a batch of input, to see sizes; default: one black image of `network.image_size`.

    Raises:
        ValueError: the network has no `layers`, or they cannot be followed; with K, the scale of
            the inputs (`input_scale`), real numbers are needed between all layers.
        ImportError: numba is not installed.

    Source: courbariaux2016binarized, Section 4; rastegari2016xnor, Section 3.2.
    """
    compiled_kernels()
    if not isinstance(getattr(network, "layers", None), nn.Sequential):
        raise ValueError("network: expected one with its layers in a Sequential `layers`")
    network = copy.deepcopy(network).eval().cpu().float()
    modules = [m for m in network.layers if not isinstance(m, _IGNORED)]  # type: ignore[union-attr]
    if any(isinstance(m, ScaledSignConv2d) for m in modules):
        raise ValueError(
            "network: expected no scale of the inputs; its factors are real numbers that differ "
            "from place to place. Build the network with input_scale=False"
        )
    if image is None:
        size = network.image_size
        image = torch.zeros(1, network.in_channels, size, size)  # type: ignore[call-overload]
    sizes = _map_sizes(network, modules, image)
    operations: list[_Operation] = []
    on_bits, i, channels = False, 0, 0
    while i < len(modules):
        module = modules[i]
        if not on_bits:
            i += 1
            if isinstance(module, BinaryConv2d | BinaryLinear):
                module = RealInputStep(module)
            if not isinstance(module, Sign):
                operations.append(module)
                continue
            norm, pooling = _take(operations, nn.BatchNorm2d, nn.BatchNorm1d), None
            if isinstance(norm, nn.BatchNorm2d):
                pooling = _take(operations, nn.MaxPool2d)
            channels = sizes[module][1]
            limits, flips = real_thresholds(norm, channels, sizes)
            operations.append(PackStep(limits, flips, pooling, _border(modules, i)))  # type: ignore[arg-type]
            on_bits = True
            continue
        flatten = isinstance(module, nn.Flatten)
        layer = modules[i + flatten] if i + flatten < len(modules) else None
        if not isinstance(layer, BinaryConv2d | BinaryLinear):
            raise ValueError(f"network: expected a binary layer after a sign, got {layer}")
        i += flatten + 1
        dense = isinstance(layer, BinaryLinear)
        weight = pack_weight(layer.weight, channels if flatten else None)
        stride = (1, 1) if isinstance(layer, BinaryLinear) else layer.stride
        scale = filter_scale(layer.weight.detach()).flatten() if layer.scale else None
        pooling, norm, end = _tail(modules, i)
        if end is None:
            operations.append(ValuesStep(weight, stride, flatten, dense, scale))
            on_bits = False
            continue
        values, flips = whole_thresholds(weight, scale, norm, sizes)
        # The maximum over a window comes before the flip.
        thresholds = Thresholds(values, flips if pooling is None else None)
        i, channels = end, weight.out_channels
        border = _border(modules, i)
        operations.append(BitsStep(weight, stride, flatten, thresholds, flips, pooling, border))
    return PackedNetwork(operations)


def _map_sizes(network: nn.Module, modules: Sequence[nn.Module], image: Tensor) -> Sizes:
    """Run the network once and return the shape that each normalization and sign gets."""
    sizes: Sizes = {}
    handles = [
        m.register_forward_pre_hook(lambda m, inputs: sizes.update({m: inputs[0].shape}))
        for m in modules
        if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d | Sign)
    ]
    try:
        with torch.no_grad():
            network(image)
    finally:
        for handle in handles:
            handle.remove()
    return sizes


def _real_bytes(module: nn.Module) -> int:
    if isinstance(module, RealInputStep):
        return module.nbytes
    return sum(t.nbytes for t in [*module.parameters(), *module.buffers()])


def _take(operations: list[_Operation], *types: type[nn.Module]) -> nn.Module | None:
    """Take the last operation off the list, if it is of these types."""
    return operations.pop() if operations and isinstance(operations[-1], types) else None  # type: ignore[return-value]


def _tail(
    modules: Sequence[nn.Module], i: int
) -> tuple[nn.MaxPool2d | None, nn.Module | None, int | None]:
    """Return pooling and normalization at place i, and where the sign after them ends."""
    pooling = norm = None
    if i < len(modules) and isinstance(modules[i], nn.MaxPool2d):
        pooling, i = modules[i], i + 1
        pool_sizes(pooling)  # type: ignore[arg-type]
    if i < len(modules) and isinstance(modules[i], nn.BatchNorm1d | nn.BatchNorm2d):
        norm, i = modules[i], i + 1
    ends = i < len(modules) and isinstance(modules[i], Sign)
    return pooling, norm, i + 1 if ends else None  # type: ignore[return-value]


def _border(modules: Sequence[nn.Module], i: int) -> Pair:
    """Return the padding of the layer at place i."""
    layer = modules[i] if i < len(modules) else None
    return layer.padding if isinstance(layer, BinaryConv2d) else (0, 0)
