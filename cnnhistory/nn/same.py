"""Windows that never lose an edge: padding as in TensorFlow."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import check_one_of


def pad_same(x: Tensor, kernel: int, stride: int, value: float = 0.0) -> Tensor:
    """Add as many rows and columns that windows with a stride cover ceil(n / stride) places.

    Of an odd number of them the larger part comes after the image.

    Shape: input (N, C, H, W), output (N, C, H + p, W + q) with p, q < kernel.

    >>> pad_same(torch.ones(1, 1, 4, 5), kernel=3, stride=2).shape
    torch.Size([1, 1, 5, 7])
    """
    pads = []
    for side in (x.shape[3], x.shape[2]):
        total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads, value=value) if any(pads) else x


class SamePool2d(nn.Module):
    """Take the maximum or the mean of every window; what lies beyond the edge does not count.

    Shape: input (N, C, H, W), output (N, C, ceil(H/stride), ceil(W/stride)).

    Raises:
        ValueError: `kind` is not "max" or "avg", or a number is below 1.
    """

    def __init__(self, kind: str, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        check_one_of("kind", kind, ("max", "avg"))
        check_counts(kernel=kernel, stride=stride)
        self.kind, self.kernel, self.stride = kind, kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        """Return the pooled maps."""
        if self.kind == "max":
            padded = pad_same(x, self.kernel, self.stride, float("-inf"))
            return F.max_pool2d(padded, self.kernel, self.stride)
        total = F.avg_pool2d(pad_same(x, self.kernel, self.stride), self.kernel, self.stride)
        # the share of each window that lies inside
        inside = pad_same(torch.ones_like(x[:1, :1]), self.kernel, self.stride)
        return total / F.avg_pool2d(inside, self.kernel, self.stride)

    def extra_repr(self) -> str:
        """Show the settings."""
        return f"{self.kind}, kernel={self.kernel}, stride={self.stride}"
