"""The steps of a packed network: real maps to bits, bits to bits, bits to real maps."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory.compression.thresholds import Bools
from cnnhistory.kernels.bitmaps import BitMaps, pack, pool
from cnnhistory.kernels.convolve import Thresholds, convolve_bits, convolve_values
from cnnhistory.kernels.words import PackedWeight, Pair
from cnnhistory.nn.binary import BinaryConv2d, BinaryLinear
from cnnhistory.nn.sign import filter_scale, signs


@dataclass(frozen=True, eq=False)
class PackStep:
    """Real maps to bits."""

    limits: Tensor
    flips: Bools
    pooling: nn.MaxPool2d | None
    border: Pair

    def __call__(self, x: Tensor) -> BitMaps:
        """Return the bits of real maps, or of vectors as the pixels of one image."""
        if x.dim() == 2:
            # Vectors: the images are the pixels of one image, their entries its channels.
            x = x.t()[None, :, :, None]
        if self.pooling is None:
            return pack(x, self.limits, self.flips, self.border)
        bits = pack(x, self.limits)
        size, stride = pool_sizes(self.pooling)
        return pool(bits, size, stride, self.flips, self.border)

    @property
    def nbytes(self) -> int:
        """Bytes that it has to keep."""
        return 4 * len(self.limits) + -(-len(self.flips) // 8)


@dataclass(frozen=True, eq=False)
class BitsStep:
    """Bits to bits, by a binary layer, pooling and thresholds."""

    weight: PackedWeight
    stride: Pair
    flatten: bool
    thresholds: Thresholds
    flips: Bools
    pooling: nn.MaxPool2d | None
    border: Pair

    def __call__(self, bits: BitMaps) -> BitMaps:
        """Return the bits of the next maps."""
        if self.flatten:
            bits = bits.flattened()
        if self.pooling is None:
            return convolve_bits(bits, self.weight, self.stride, self.thresholds, self.border)
        maps = convolve_bits(bits, self.weight, self.stride, self.thresholds)
        size, stride = pool_sizes(self.pooling)
        return pool(maps, size, stride, self.flips, self.border)

    @property
    def nbytes(self) -> int:
        """Bytes that it has to keep."""
        return self.weight.nbytes + 4 * len(self.thresholds.values) + -(-len(self.flips) // 8)


@dataclass(frozen=True, eq=False)
class ValuesStep:
    """Bits to real maps, by a binary layer."""

    weight: PackedWeight
    stride: Pair
    flatten: bool
    dense: bool
    scale: Tensor | None

    def __call__(self, bits: BitMaps) -> Tensor:
        """Return the real maps."""
        if self.flatten:
            bits = bits.flattened()
        y = convolve_values(bits, self.weight, self.stride, self.scale)
        # In torch's own layouts, so that what comes next rounds as it does in the network.
        if self.dense:
            return y[0, :, :, 0].t().contiguous()
        return y.contiguous(memory_format=torch.channels_last)

    @property
    def nbytes(self) -> int:
        """Bytes that it has to keep."""
        return self.weight.nbytes + (4 * len(self.scale) if self.scale is not None else 0)


class RealInputStep(nn.Module):
    """A binary layer whose input is real, with its signs as numbers ready to multiply."""

    def __init__(self, layer: BinaryConv2d | BinaryLinear) -> None:
        super().__init__()
        weight = layer.weight.detach()
        self.weight = nn.Parameter(signs(weight))
        shape = (1, -1, *[1] * (weight.dim() - 2))
        self.scale = filter_scale(weight).view(shape) if layer.scale else None
        self.settings = () if isinstance(layer, BinaryLinear) else (layer.stride, layer.padding)

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps or sums."""
        if self.settings:
            y = F.conv2d(x, self.weight, None, *self.settings)
        else:
            y = F.linear(x, self.weight)
        return y if self.scale is None else y * self.scale

    @property
    def nbytes(self) -> int:
        """Bytes that it has to keep."""
        bits = -(-self.weight.numel() // 8)
        return bits + (self.scale.nbytes if self.scale is not None else 0)


def pool_sizes(pooling: nn.MaxPool2d) -> Pair:
    """Return window and stride of a pooling.

    Raises:
        ValueError: its windows are not square, reach beyond the image, or have holes.
    """
    settings = (pooling.kernel_size, pooling.stride, pooling.padding, pooling.dilation)
    size, stride, padding, dilation = settings
    plain = padding == 0 and dilation == 1 and not pooling.ceil_mode
    if not (plain and isinstance(size, int) and isinstance(stride, int)):
        raise ValueError(f"network: expected a pooling of square windows inside, got {pooling}")
    return size, stride
