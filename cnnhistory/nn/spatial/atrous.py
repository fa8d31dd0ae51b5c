"""Atrous (dilated) convolution: the taps of a kernel, some pixels apart."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import expected
from cnnhistory.nn.size import check_maps


class AtrousConv2d(nn.Module):
    """Convolve with a kernel whose taps are `rate` pixels apart, and keep the size of the maps.

    y[o, r, c] = b_o + sum over i, a, b of w[o, i, a, b] x[i, r + rate (a - h), c + rate (b - h)]
    with h = (k - 1) / 2, and 0 outside the map. The kernel covers k + (k - 1)(rate - 1) pixels
    with the weights and the work of k.

    Shape: input (N, in_channels, H, W), output (N, out_channels, H, W).

    Raises:
        ValueError: a number is below 1, `kernel_size` is even, or the input has another number of
            maps.

    Source: chen2018deeplab, Section 3.1; yu2016multi.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int = 3, rate: int = 1
    ) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, out_channels=out_channels, kernel_size=kernel_size)
        check_counts(rate=rate)
        if kernel_size % 2 == 0:
            raise expected("kernel_size", "an odd number", kernel_size)
        self.in_channels, self.kernel_size, self.rate = in_channels, kernel_size, rate
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of the shifted maps, each times the weights of its tap."""
        check_maps(x, self.in_channels)
        height, width = x.shape[2:]
        edge = self.rate * (self.kernel_size // 2)
        padded = F.pad(x, (edge, edge, edge, edge))
        y = self.bias[:, None].expand(len(x), -1, height * width)
        for a in range(self.kernel_size):
            for b in range(self.kernel_size):
                top, left = a * self.rate, b * self.rate
                shifted = padded[:, :, top : top + height, left : left + width]
                y = y + self.weight[:, :, a, b] @ shifted.flatten(2)
        return y.unflatten(2, (height, width))

    def extra_repr(self) -> str:
        """Show the settings."""
        return f"{self.in_channels}, kernel_size={self.kernel_size}, rate={self.rate}"


def stuffed_kernel(weight: Tensor, rate: int) -> Tensor:
    """Return the kernel with rate - 1 zeros between neighboring taps.

    An ordinary convolution with it is the atrous one of that rate.

    Shape: weight (..., kh, kw), result (..., kh + (kh - 1)(rate - 1), kw + (kw - 1)(rate - 1)).

    Raises:
        ValueError: `rate` is below 1, or the weight has fewer than two dimensions.

    Source: chen2018deeplab, Section 3.1 ("filters with holes").

    >>> stuffed_kernel(torch.tensor([[1.0, 2.0]]), 3).tolist()
    [[1.0, 0.0, 0.0, 2.0]]
    """
    check_counts(rate=rate)
    if weight.dim() < 2:
        raise expected("weight", "shape (..., kh, kw)", tuple(weight.shape))
    *lead, height, width = weight.shape
    stuffed = weight.new_zeros(*lead, (height - 1) * rate + 1, (width - 1) * rate + 1)
    stuffed[..., ::rate, ::rate] = weight
    return stuffed


def read_places(rates: Sequence[int], kernel_size: int = 3) -> list[int]:
    """Return which places of a row a stack of atrous layers reads, counted from its own.

    The field of the stack goes from the first to the last; places that are missing in between are
    read by no path through the layers (gridding).

    Raises:
        ValueError: no rate, one below 1, or an even kernel.

    Source: wang2018understanding.

    >>> read_places((2, 2))
    [-4, -2, 0, 2, 4]
    >>> read_places((1, 2)) == list(range(-3, 4))
    True
    """
    if not rates:
        raise expected("rates", "at least one", rates)
    check_counts(kernel_size=kernel_size)
    if kernel_size % 2 == 0:
        raise expected("kernel_size", "an odd number", kernel_size)
    found = {0}
    half = kernel_size // 2
    for rate in rates:
        check_counts(rates=rate)
        found = {place + rate * tap for place in found for tap in range(-half, half + 1)}
    return sorted(found)
