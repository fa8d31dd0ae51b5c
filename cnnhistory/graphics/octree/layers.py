"""The operations on octants as layers with weights."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory.graphics.octree.ops import octree_conv, octree_conv_transpose, octree_max_pool
from cnnhistory.graphics.octree.tree import Octree


class OctreeConv(nn.Module):
    """A 3³ convolution over the octants of a depth; see `octree_conv`.

    Initial weights: normal, variance 2 / (27 · in_channels).

    Shape: x (n, in_channels), one row an octant of `depth`; (n, out_channels), with stride 2 the
    rows of depth - 1.

    Raises:
        ValueError: a number is below 1, `stride` is not 1 or 2, or the input does not fit.

    Source: wang2017ocnn, Section 3.2.
    """

    def __init__(
        self, in_channels: int, out_channels: int, stride: int = 1, bias: bool = True
    ) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, out_channels=out_channels)
        check_one_of("stride", stride, (1, 2))
        self.stride = stride
        self.weight = nn.Parameter(torch.empty(27, in_channels, out_channels))
        nn.init.normal_(self.weight, std=math.sqrt(2 / (27 * in_channels)))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None

    def forward(self, x: Tensor, octree: Octree, depth: int) -> Tensor:
        """Convolve the rows of a depth."""
        y = octree_conv(x, octree, depth, self.weight, self.stride)
        return y if self.bias is None else y + self.bias

    def extra_repr(self) -> str:
        """Channels and stride, for printing."""
        return f"{self.weight.shape[1]}, {self.weight.shape[2]}, stride={self.stride}"

    def dense_weight(self) -> Tensor:
        """Return the weights in the form of `torch.nn.functional.conv3d`, (O, C, 3, 3, 3)."""
        inputs, outputs = self.weight.shape[1:]
        return self.weight.detach().permute(2, 1, 0).reshape(outputs, inputs, 3, 3, 3)


class OctreeConvTranspose(nn.Module):
    """A transposed 3³ convolution of stride 2, to the next depth; see `octree_conv_transpose`.

    Initial weights: normal, variance 2 / (27/8 · in_channels), since a child has that many ways on
    average.

    Shape: x (n, in_channels) of `depth`; the rows of depth + 1, out_channels wide.

    Raises:
        ValueError: a number is below 1, or the input does not fit.

    Source: wang2017ocnn, Section 3.2 (deconvolution).
    """

    def __init__(self, in_channels: int, out_channels: int, bias: bool = True) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, out_channels=out_channels)
        self.weight = nn.Parameter(torch.empty(27, in_channels, out_channels))
        nn.init.normal_(self.weight, std=math.sqrt(2 / (27 / 8 * in_channels)))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None

    def forward(self, x: Tensor, octree: Octree, depth: int) -> Tensor:
        """Convolve the rows of a depth to the next."""
        y = octree_conv_transpose(x, octree, depth, self.weight)
        return y if self.bias is None else y + self.bias

    def extra_repr(self) -> str:
        """Channels, for printing."""
        return f"{self.weight.shape[1]}, {self.weight.shape[2]}"


class OctreeBatchNorm(nn.BatchNorm1d):
    """Normalize each channel by its mean and variance over all octants of the depth and the batch.

    `y = γ (x - E[x]) / √(Var[x] + ε) + β`; octants without points count, as empty cells of a grid
    do.

    Shape: x (n, channels); the same.

    Raises:
        ValueError: the input has another shape, or one row while training.

    Source: wang2017ocnn, Section 4; ioffe2015batch.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalize the rows."""
        if x.dim() != 2 or x.shape[1] != self.num_features:
            raise expected("x", f"(n, {self.num_features})", tuple(x.shape))
        return super().forward(x)


class ConvUnit(nn.Module):
    """Convolution, batch normalization, ReLU: the unit of all networks here.

    Shape: x (n, in_channels) of `depth`; (n, out_channels).

    Raises:
        ValueError: as the convolution.

    Source: wang2017ocnn, Section 4.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = OctreeConv(in_channels, out_channels, bias=False)
        self.norm = OctreeBatchNorm(out_channels)

    def forward(self, x: Tensor, octree: Octree, depth: int) -> Tensor:
        """Convolve, normalize, and keep what is above 0."""
        return self.norm(self.conv(x, octree, depth)).relu()


class PooledUnit(nn.Module):
    """U_l, what O-CNN does at one depth: convolution, batch normalization, ReLU, max pooling.

    Shape: x (n, in_channels) of `depth`; the rows of depth - 1 with out_channels, and which child
    each of them came from.

    Raises:
        ValueError: as the convolution.

    Source: wang2017ocnn, Section 4.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.unit = ConvUnit(in_channels, out_channels)

    def forward(self, x: Tensor, octree: Octree, depth: int) -> tuple[Tensor, Tensor]:
        """Run the unit and pool its rows."""
        return octree_max_pool(self.unit(x, octree, depth), octree, depth)
