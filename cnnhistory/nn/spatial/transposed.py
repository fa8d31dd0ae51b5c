"""Larger maps from smaller ones: transposed convolution, and enlarging before a convolution."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory.nn.size import check_maps


class TransposedConv2d(nn.Module):
    """Multiply by the transpose of the matrix of a convolution: each value stamps its kernel.

    y = C^T x + b, where C is the matrix of the convolution with the same kernels, stride and
    padding that leads from `out_channels` maps to `in_channels`. Written out: every input value
    times its kernel is laid down around its place, `stride` pixels from the next one, and what
    overlaps is added. It has the shape of the input of that convolution, and not its values.

    Shape: input (N, in_channels, H, W), output (N, out_channels, H', W') with
    H' = (H - 1) stride - 2 padding + kernel_size, and W' likewise; `weight` (in, out, k, k).

    Raises:
        ValueError: a number is below 1 (padding: below 0), nothing would be left of the output, or
            the input has another number of maps.

    Source: dumoulin2016guide, Section 4; in networks zeiler2014visualizing, long2015fully,
    Section 3.3.

    >>> layer = TransposedConv2d(1, 1, 3, 2)
    >>> _ = layer.weight.data.fill_(1)
    >>> layer(torch.tensor([[[[1.0, 10.0]]]]))[0, 0, 0].tolist()  # the stamps share one column
    [1.0, 1.0, 11.0, 10.0, 10.0]
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, out_channels=out_channels, kernel_size=kernel_size)
        check_counts(stride=stride)
        check_counts(0, padding=padding)
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.weight = nn.Parameter(torch.empty(in_channels, out_channels, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.empty(out_channels)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights from N(0, 2 / F); of `in_channels` k^2 / stride^2 = F values is a sum."""
        inputs = self.in_channels * self.kernel_size**2 / self.stride**2
        nn.init.normal_(self.weight, std=(2 / inputs) ** 0.5)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of all stamps."""
        check_maps(x, self.in_channels)
        height, width = (
            (side - 1) * self.stride - 2 * self.padding + self.kernel_size for side in x.shape[2:]
        )
        if min(height, width) < 1:
            raise expected("input", "maps of which something is left", tuple(x.shape))
        stamps = self.weight.flatten(1).T @ x.flatten(2)  # (N, out k k, H W)
        y = F.fold(
            stamps, (height, width), self.kernel_size, padding=self.padding, stride=self.stride
        )
        return y if self.bias is None else y + self.bias[:, None, None]

    def extra_repr(self) -> str:
        """Show the settings."""
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}, padding={self.padding}"
        )


def tap_counts(size: int, kernel_size: int, stride: int, padding: int = 0) -> Tensor:
    """Return how many stamps of a transposed convolution reach each pixel of a row.

    Where the stride does not divide the kernel's side the numbers alternate: from this
    checkerboards are made. In two dimensions the counts multiply.

    Shape: ((size - 1) stride - 2 padding + kernel_size,), whole numbers.

    Raises:
        ValueError: a number is below 1, padding below 0, or nothing is left.

    Source: odena2016deconvolution.

    >>> tap_counts(4, kernel_size=3, stride=2).tolist()
    [1, 1, 2, 1, 2, 1, 2, 1, 1]
    >>> tap_counts(4, kernel_size=4, stride=2, padding=1).tolist()
    [1, 2, 2, 2, 2, 2, 2, 1]
    """
    check_counts(size=size, kernel_size=kernel_size, stride=stride)
    check_counts(0, padding=padding)
    whole = (size - 1) * stride + kernel_size
    if whole <= 2 * padding:
        raise expected("padding", f"below {whole / 2:g}", padding)
    counts = torch.zeros(whole, dtype=torch.long)
    for at in range(size):
        counts[at * stride : at * stride + kernel_size] += 1
    return counts[padding : whole - padding]


def bilinear_kernel(stride: int) -> Tensor:
    """Return the stamp with which a transposed convolution interpolates linearly.

    k[a, b] = f(a) f(b) with f a triangle of side 2 stride, 2 stride - 1 for an odd stride. FCN
    starts its layers so and lets them learn. Padding of (side - stride) / 2, rounded up, gives
    `stride` times the size for an even stride.

    Shape: (side, side), side = 2 stride - stride % 2.

    Raises:
        ValueError: `stride` is below 1.

    Source: long2015fully, Sections 3.3 and 4.

    >>> bilinear_kernel(2)[1].tolist()
    [0.1875, 0.5625, 0.5625, 0.1875]
    """
    check_counts(stride=stride)
    side = 2 * stride - stride % 2
    middle = (side - 1) / 2
    triangle = 1 - (torch.arange(side) - middle).abs() / stride
    return triangle[:, None] * triangle


class ResizeConv2d(nn.Module):
    """Enlarge maps by a fixed rule, then convolve: no pixel gets more taps than its neighbor.

    y = W * enlarge(x) + b. Near the edges alone fewer taps meet values that are not padding.

    Shape: input (N, in_channels, H, W), output (N, out_channels, scale H, scale W).

    Raises:
        ValueError: a number is below 1, `kernel_size` is even, another mode, or the input has
            another number of maps.

    Source: odena2016deconvolution.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 3,
        scale: int = 2,
        mode: str = "nearest",
    ) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, out_channels=out_channels, kernel_size=kernel_size)
        check_counts(scale=scale)
        check_one_of("mode", mode, ("nearest", "bilinear"))
        if kernel_size % 2 == 0:
            raise expected("kernel_size", "an odd number", kernel_size)
        self.scale, self.mode = scale, mode
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2)
        nn.init.kaiming_normal_(self.conv.weight, nonlinearity="relu")
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution of the enlarged maps."""
        check_maps(x, self.conv.in_channels)
        corners = None if self.mode == "nearest" else False
        return self.conv(
            F.interpolate(x, scale_factor=self.scale, mode=self.mode, align_corners=corners)
        )

    def extra_repr(self) -> str:
        """Show how maps are enlarged."""
        return f"scale={self.scale}, mode={self.mode}"
