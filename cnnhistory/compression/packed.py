"""A trained binary network as a sequence of operations on bits.

Between two sign functions a binary network needs no real number. The sum of n signs is a whole
number from -n to n; scale, normalization and sign make a bit of it; all of them are monotonic,
so the bit says whether the sum reaches a threshold. The thresholds are not computed from the
constants of the normalization but found by asking it, so they agree to the last bit.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory.compression.thresholds import Bools, Sizes, real_thresholds, whole_thresholds
from cnnhistory.kernels.bitmaps import BitMaps, pack, pool
from cnnhistory.kernels.compiler import compiled_kernels
from cnnhistory.kernels.convolve import (
    Thresholds,
    convolve_bits,
    convolve_values,
)
from cnnhistory.kernels.words import PackedWeight, Pair, pack_weight
from cnnhistory.nn.binary import (
    BinaryConv2d,
    BinaryLinear,
    ScaledSignConv2d,
    Sign,
    filter_scale,
    signs,
)

_IGNORED = (nn.Identity, nn.Dropout, nn.Dropout2d)


@dataclass(frozen=True, eq=False)
class _Pack:
    """Real maps to bits."""

    limits: Tensor
    flips: Bools
    pooling: nn.MaxPool2d | None
    border: Pair

    def __call__(self, x: Tensor) -> BitMaps:
        if x.dim() == 2:
            # Vectors: the images are the pixels of one image, their entries its channels.
            x = x.t()[None, :, :, None]
        if self.pooling is None:
            return pack(x, self.limits, self.flips, self.border)
        bits = pack(x, self.limits)
        size, stride = _pool_sizes(self.pooling)
        return pool(bits, size, stride, self.flips, self.border)

    @property
    def nbytes(self) -> int:
        return 4 * len(self.limits) + -(-len(self.flips) // 8)


@dataclass(frozen=True, eq=False)
class _Bits:
    """Bits to bits, by a binary layer, pooling and thresholds."""

    weight: PackedWeight
    stride: Pair
    flatten: bool
    thresholds: Thresholds
    flips: Bools
    pooling: nn.MaxPool2d | None
    border: Pair

    def __call__(self, bits: BitMaps) -> BitMaps:
        if self.flatten:
            bits = bits.flattened()
        if self.pooling is None:
            return convolve_bits(bits, self.weight, self.stride, self.thresholds, self.border)
        maps = convolve_bits(bits, self.weight, self.stride, self.thresholds)
        size, stride = _pool_sizes(self.pooling)
        return pool(maps, size, stride, self.flips, self.border)

    @property
    def nbytes(self) -> int:
        return self.weight.nbytes + 4 * len(self.thresholds.values) + -(-len(self.flips) // 8)


@dataclass(frozen=True, eq=False)
class _Values:
    """Bits to real maps, by a binary layer."""

    weight: PackedWeight
    stride: Pair
    flatten: bool
    dense: bool
    scale: Tensor | None

    def __call__(self, bits: BitMaps) -> Tensor:
        if self.flatten:
            bits = bits.flattened()
        y = convolve_values(bits, self.weight, self.stride, self.scale)
        # In torch's own layouts, so that what comes next rounds as it does in the network.
        if self.dense:
            return y[0, :, :, 0].t().contiguous()
        return y.contiguous(memory_format=torch.channels_last)

    @property
    def nbytes(self) -> int:
        return self.weight.nbytes + (4 * len(self.scale) if self.scale is not None else 0)


class _RealInput(nn.Module):
    """A binary layer whose input is real, with its signs as numbers ready to multiply."""

    def __init__(self, layer: BinaryConv2d | BinaryLinear) -> None:
        super().__init__()
        weight = layer.weight.detach()
        self.weight = nn.Parameter(signs(weight))
        shape = (1, -1, *[1] * (weight.dim() - 2))
        self.scale = filter_scale(weight).view(shape) if layer.scale else None
        self.settings = () if isinstance(layer, BinaryLinear) else (layer.stride, layer.padding)

    def forward(self, x: Tensor) -> Tensor:
        if self.settings:
            y = F.conv2d(x, self.weight, None, *self.settings)
        else:
            y = F.linear(x, self.weight)
        return y if self.scale is None else y * self.scale

    @property
    def nbytes(self) -> int:
        bits = -(-self.weight.numel() // 8)
        return bits + (self.scale.nbytes if self.scale is not None else 0)


_Operation = nn.Module | _Pack | _Bits | _Values


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
                module = _RealInput(module)
            if not isinstance(module, Sign):
                operations.append(module)
                continue
            norm, pooling = _take(operations, nn.BatchNorm2d, nn.BatchNorm1d), None
            if isinstance(norm, nn.BatchNorm2d):
                pooling = _take(operations, nn.MaxPool2d)
            channels = sizes[module][1]
            limits, flips = real_thresholds(norm, channels, sizes)
            operations.append(_Pack(limits, flips, pooling, _border(modules, i)))  # type: ignore[arg-type]
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
            operations.append(_Values(weight, stride, flatten, dense, scale))
            on_bits = False
            continue
        values, flips = whole_thresholds(weight, scale, norm, sizes)
        # The maximum over a window comes before the flip.
        thresholds = Thresholds(values, flips if pooling is None else None)
        i, channels = end, weight.out_channels
        border = _border(modules, i)
        operations.append(_Bits(weight, stride, flatten, thresholds, flips, pooling, border))
    return PackedNetwork(operations)


def _map_sizes(network: nn.Module, modules: Sequence[nn.Module], image: Tensor) -> Sizes:
    """Run the network once and return the shape that each normalization and sign gets."""
    sizes: Sizes = {}
    handles = [
        m.register_forward_pre_hook(lambda m, inputs: sizes.update({m: inputs[0].shape}))
        for m in modules
        if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d | Sign)
    ]
    with torch.no_grad():
        network(image)
    for handle in handles:
        handle.remove()
    return sizes


def _real_bytes(module: nn.Module) -> int:
    if isinstance(module, _RealInput):
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
        _pool_sizes(pooling)  # type: ignore[arg-type]
    if i < len(modules) and isinstance(modules[i], nn.BatchNorm1d | nn.BatchNorm2d):
        norm, i = modules[i], i + 1
    ends = i < len(modules) and isinstance(modules[i], Sign)
    return pooling, norm, i + 1 if ends else None  # type: ignore[return-value]


def _border(modules: Sequence[nn.Module], i: int) -> Pair:
    """Return the padding of the layer at place i."""
    layer = modules[i] if i < len(modules) else None
    return layer.padding if isinstance(layer, BinaryConv2d) else (0, 0)


def _pool_sizes(pooling: nn.MaxPool2d) -> Pair:
    settings = (pooling.kernel_size, pooling.stride, pooling.padding, pooling.dilation)
    size, stride, padding, dilation = settings
    plain = padding == 0 and dilation == 1 and not pooling.ceil_mode
    if not (plain and isinstance(size, int) and isinstance(stride, int)):
        raise ValueError(f"network: expected a pooling of square windows inside, got {pooling}")
    return size, stride
